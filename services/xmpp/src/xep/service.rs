//! One iq to one of our services: what was asked, what must be done, what the answer is (RFC 6120 §8.2.3). A service is
//! a function from an [`Iq`] to a [`Step`]; steps follow each other until one is a reply or a refusal, so each request
//! gets exactly one answer.

use super::{adhoc, disco, history, last, pep, ping, private, push, time, upload, vcard, version};
use crate::{
    ns,
    session::{self, Addressee, Config, Escalation, Output, Question, Session, Turn},
    stanza::{Condition, Element, ErrorKind, Stanza, Tag},
};
use bytes::Bytes;
use domain::{Address, EndpointId, Refusal, Timestamp, endpoint};

/// Who asks, when, and of what server.
#[derive(Clone, Copy)]
pub(crate) struct Context<'c> {
    pub(crate) now: Timestamp,
    pub(crate) me: &'c EndpointId,
    pub(crate) config: &'c Config,
}

/// A get or set, addressed to something that we answer for.
#[derive(Clone, Copy)]
pub(crate) struct Iq<'c> {
    pub(crate) context: Context<'c>,
    pub(crate) to: &'c Addressee,
    /// A set, not a get.
    pub(crate) set: bool,
    /// The one child of the iq.
    pub(crate) payload: &'c Element,
}

/// What comes next.
pub(crate) enum Step {
    /// The request is done: these stanzas go out, then the result with this in it.
    Reply(Vec<Bytes>, Option<Element>),
    /// The request is refused.
    Refuse(Error),
    /// Ask the user's home, and go on with its answer.
    Command(endpoint::Command, Then),
    /// Ask the host, and go on with its answer; a refusal ends the request.
    Ask(Question, Told),
    /// Turn a talk into a conference, and go on with its address; a refusal ends the request.
    Escalate(Escalation, Moved),
}

/// What answers the requests of a namespace.
pub(crate) type Service = fn(&Iq<'_>) -> Step;

/// Goes on with the answer of a home.
pub(crate) type Then = Box<dyn FnOnce(Context<'_>, Result<endpoint::Answer, Refusal>) -> Step + Send>;
/// Goes on with the address of a new conference.
pub(crate) type Moved = Box<dyn FnOnce(Context<'_>, Address) -> Step + Send>;
/// Goes on with the answer of the host.
pub(crate) type Told = Box<dyn FnOnce(Context<'_>, session::Answer) -> Step + Send>;

/// A stanza error (RFC 6120 §8.3).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Error {
    pub(crate) condition: Condition,
    /// Where it is not the one that the condition usually has.
    pub(crate) kind: Option<ErrorKind>,
    /// For people.
    pub(crate) text: Option<&'static str>,
    /// An extension's own condition beside it.
    pub(crate) specific: Option<Box<Element>>,
}

impl Step {
    /// Done, with this in the answer.
    pub(crate) fn reply(payload: Element) -> Self {
        Self::Reply(Vec::new(), Some(payload))
    }

    /// Done, nothing to say.
    pub(crate) fn done() -> Self {
        Self::Reply(Vec::new(), None)
    }

    pub(crate) fn refuse(condition: Condition) -> Self {
        Self::Refuse(condition.into())
    }

    /// Refused, with a sentence for people.
    pub(crate) fn because(condition: Condition, text: &'static str) -> Self {
        Self::Refuse(Error::because(condition, text))
    }

    /// Asks the user's home and goes on with its answer.
    pub(crate) fn command(
        command: endpoint::Command,
        then: impl FnOnce(Context<'_>, Result<endpoint::Answer, Refusal>) -> Self + Send + 'static,
    ) -> Self {
        Self::Command(command, Box::new(then))
    }

    /// Asks the host and goes on with its answer.
    pub(crate) fn ask(
        question: Question,
        then: impl FnOnce(Context<'_>, session::Answer) -> Self + Send + 'static,
    ) -> Self {
        Self::Ask(question, Box::new(then))
    }

    /// Turns a talk into a conference and goes on with its address.
    pub(crate) fn escalate(
        escalation: Escalation,
        then: impl FnOnce(Context<'_>, Address) -> Self + Send + 'static,
    ) -> Self {
        Self::Escalate(escalation, Box::new(then))
    }

    /// The home or the host answered something else than what was asked.
    pub(crate) fn confused() -> Self {
        Self::refuse(Condition::InternalServerError)
    }

    /// Carries the step out for the one who asked.
    pub(crate) fn run(self, session: &mut Session, turn: &mut Turn<'_>, request: session::Request) {
        match self {
            Self::Reply(before, payload) => {
                let send = |stanza| Output::Send { stanza, serial: None };
                turn.out.extend(before.into_iter().map(send));
                session.result(turn, request, |xml| {
                    if let Some(payload) = &payload {
                        payload.write(ns::CLIENT, xml);
                    }
                });
            }
            Self::Refuse(error) => session.fault_with(turn, request, |xml| error.write(xml)),
            Self::Command(command, then) => {
                session.command_either(turn, request, command, move |session, turn, request, answer| {
                    let step = then(session.context(turn.now), answer);
                    step.run(session, turn, request);
                });
            }
            Self::Escalate(escalation, then) => {
                session.escalate(turn, request, escalation, move |session, turn, request, conference| {
                    let step = then(session.context(turn.now), conference);
                    step.run(session, turn, request);
                });
            }
            Self::Ask(question, then) => {
                session.question(turn, request, question, move |session, turn, request, answer| {
                    let step = then(session.context(turn.now), answer);
                    step.run(session, turn, request);
                });
            }
        }
    }
}

/// The service that answers requests of this namespace; `None`: it is not offered.
pub(crate) fn of(namespace: &str) -> Option<Service> {
    Some(match namespace {
        disco::INFO | disco::ITEMS => disco::request,
        pep::NS | pep::OWNER => pep::request,
        history::NS => history::request,
        vcard::NS => vcard::request,
        private::NS => private::request,
        push::NS => push::request,
        upload::NS => upload::request,
        adhoc::NS => adhoc::request,
        ping::NS => ping::request,
        time::NS => time::request,
        version::NS => version::request,
        last::NS => last::request,
        _ => return None,
    })
}

impl Session {
    /// Has a request answered by a service.
    pub(crate) fn serve(
        &mut self,
        turn: &mut Turn<'_>,
        request: session::Request,
        stanza: &Stanza,
        to: &Addressee,
        service: Service,
    ) {
        let Some(payload) = stanza.payload().map(|child| child.element()) else {
            return self.fault(turn, request, Condition::BadRequest);
        };
        let (set, context) = (stanza.type_() == Some("set"), self.context(turn.now));
        let step = service(&Iq { context, to, set, payload: &payload });
        step.run(self, turn, request);
    }

    fn context(&self, now: Timestamp) -> Context<'_> {
        Context { now, me: self.me(), config: self.config() }
    }
}

impl Error {
    /// This condition, with a sentence for people.
    pub(crate) fn because(condition: Condition, text: &'static str) -> Self {
        Self { text: Some(text), ..condition.into() }
    }

    /// This error with an extension's own condition beside it.
    pub(crate) fn with(mut self, specific: Element) -> Self {
        self.specific = Some(Box::new(specific));
        self
    }

    /// Appends the `<error/>`.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let kind = self.kind.unwrap_or_else(|| self.condition.kind());
        Tag::open(out, "error").attr("type", kind.name()).content(|out| {
            Tag::open_in(out, self.condition.name(), ns::STANZA_ERRORS).empty();
            if let Some(text) = self.text {
                Tag::open_in(out, "text", ns::STANZA_ERRORS).attr("xml:lang", "en").text(text);
            }
            if let Some(specific) = &self.specific {
                specific.write(ns::CLIENT, out);
            }
        });
    }
}

impl From<Condition> for Error {
    fn from(condition: Condition) -> Self {
        Self { condition, kind: None, text: None, specific: None }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self { text: refusal.text, ..Condition::from(refusal.reason).into() }
    }
}
