//! What is kept until a stream is bound; dropped then.

use super::{AskId, Event, Out, Question, State, Stream, bind::By, resume::Reply, sasl2::Request, sign_in};
use crate::{
    ns,
    sasl::{Channel, Mechanism, SaslError, Scram},
    stanza::{Kind, Stanza},
    stream::Answer,
    wire::StreamError,
};
use domain::{Address, EndpointId, Timestamp};

/// The state of a stream that is not bound.
pub(super) struct Negotiation {
    pub(super) step: Step,
    /// The TLS channel; `None` before STARTTLS.
    pub(super) channel: Option<Channel>,
    /// A header of ours was sent on this connection.
    pub(super) opened: bool,
    /// Who has signed in.
    pub(super) user: Option<Address>,
    /// Sign-ins that failed.
    pub(super) failures: u32,
    /// What came with a SASL2 sign-in that is under way.
    pub(super) request: Option<Box<Request>>,
    /// Questions so far.
    pub(super) asked: u64,
    pub(super) deadline: Timestamp,
}

/// What is expected next.
pub(super) enum Step {
    /// The client's header.
    Header,
    /// Whatever the features offer.
    Choice,
    /// TLS.
    Tls,
    /// The mechanism's first message, which did not come with its choice.
    Initial(Mechanism),
    /// The client's proof.
    Proof { scram: Scram, user: Address, enabled: bool },
    /// An answer of the host.
    Asked(AskId, Pending),
}

/// What an answer is waited for.
pub(super) enum Pending {
    Verifier(sign_in::Asked),
    Password(Address),
    Tokens(sign_in::TokenAsked),
    Bind(EndpointId, By),
    Resume(Reply),
}

impl Negotiation {
    pub(super) fn new(channel: Option<Channel>, deadline: Timestamp) -> Self {
        Self {
            step: Step::Header,
            channel,
            opened: false,
            user: None,
            failures: 0,
            request: None,
            asked: 0,
            deadline,
        }
    }

    /// Whether nothing may be read now.
    pub(super) fn waits(&self) -> bool {
        matches!(self.step, Step::Asked(..) | Step::Tls)
    }

    /// Whether the host was asked to sign an endpoint in.
    pub(super) fn is_binding(&self) -> bool {
        matches!(self.step, Step::Asked(_, Pending::Bind(..)))
    }

    /// Whom the client was challenged to be, if it goes away now: that is a failed try, too.
    pub(super) fn abandoned(&self) -> Option<Address> {
        match &self.step {
            Step::Proof { user, .. } => Some(user.clone()),
            _ => None,
        }
    }

    /// Asks the host; what it answers is handled as `pending` says.
    pub(super) fn ask(&mut self, question: Question, pending: Pending, out: &mut Out) {
        self.asked += 1;
        self.step = Step::Asked(AskId(self.asked), pending);
        out.event(Event::Ask(AskId(self.asked), question));
    }
}

impl Stream {
    /// An element before bound: the stream's own, or the one iq that binds.
    pub(super) fn negotiate(&mut self, now: Timestamp, element: &Stanza, out: &mut Out) {
        let State::Negotiating(negotiation) = &mut self.state else { return };
        let (secured, signed_in) = (negotiation.channel.is_some(), negotiation.user.is_some());
        match element.namespace() {
            ns::TLS if !secured => self.start_tls(element, out),
            ns::SASL if secured && !signed_in => self.sasl1(now, element, out),
            ns::SASL2 if secured && !signed_in => self.sasl2(now, element, out),
            ns::SM if signed_in => self.manage_unbound(element, out),
            ns::CLIENT if element.kind() == Kind::Iq && signed_in => self.bind_iq(element, out),
            ns::SASL if !secured => self.refuse(SaslError::EncryptionRequired, None, out),
            ns::CSI if signed_in => {}
            ns::CLIENT | ns::SM | ns::CSI => self.fail(StreamError::NotAuthorized, None, out),
            ns::TLS | ns::SASL | ns::SASL2 => self.fail(StreamError::UnsupportedStanzaType, None, out),
            _ => self.fail(misplaced(element), None, out),
        }
    }

    /// Takes the answer to a question; one that was not asked, or not any more, is dropped.
    pub(super) fn answered(&mut self, now: Timestamp, ask: AskId, answer: Answer, out: &mut Out) {
        let State::Negotiating(negotiation) = &mut self.state else {
            return self.park_again(now, answer, out);
        };
        if !matches!(&negotiation.step, Step::Asked(asked, _) if *asked == ask) {
            return;
        }
        let Step::Asked(_, pending) = std::mem::replace(&mut negotiation.step, Step::Choice) else { return };
        match pending {
            Pending::Verifier(asked) => self.verifier_answered(asked, answer, out),
            Pending::Password(user) => self.password_answered(now, user, &answer, out),
            Pending::Tokens(asked) => self.tokens_answered(now, asked, answer, out),
            Pending::Bind(endpoint, by) => self.bind_answered(endpoint, by, answer, out),
            Pending::Resume(reply) => self.resume_answered(now, reply, answer, out),
        }
    }
}

/// What is wrong with an element that no stream knows.
pub(super) fn misplaced(element: &Stanza) -> StreamError {
    let a_stanza = matches!(element.name(), "message" | "presence" | "iq");
    if a_stanza { StreamError::InvalidNamespace } else { StreamError::UnsupportedStanzaType }
}
