//! The answer that a stanza of a client still has to get (RFC 6120 §8.2.3, §8.3): whoever holds the [`Request`] owes
//! it, and giving it away consumes it.

use super::{Output, Session, Turn};
use crate::stanza::{Condition, Kind, Stanza, Tag, write_error};
use domain::Refusal;

/// A stanza that is not yet answered: enough of it to answer.
#[derive(Debug)]
#[must_use = "a stanza must be answered or reported as handled"]
pub(crate) struct Request {
    seq: u64,
    kind: Kind,
    /// An iq that is no answer, or a message or presence that is no error.
    answerable: bool,
    to: Option<Box<str>>,
    id: Option<Box<str>>,
}

impl Request {
    pub(super) fn of(seq: u64, stanza: &Stanza) -> Self {
        let answerable = match stanza.kind() {
            Kind::Iq => !matches!(stanza.type_(), Some("result" | "error")),
            Kind::Message | Kind::Presence => stanza.type_() != Some("error"),
            Kind::Nonza => false,
        };
        let (to, id) = (stanza.to().map(Into::into), stanza.id().map(Into::into));
        Self { seq, kind: stanza.kind(), answerable, to, id }
    }

    /// Nothing is owed any more.
    fn into_seq(self) -> u64 {
        self.seq
    }

    fn name(&self) -> &'static str {
        match self.kind {
            Kind::Message => "message",
            Kind::Presence => "presence",
            Kind::Iq | Kind::Nonza => "iq",
        }
    }
}

impl Turn<'_> {
    /// It is dealt with and needs no answer: a message, a presence, an answer to somebody's iq.
    pub(crate) fn handled(&mut self, request: Request) {
        self.out.push(Output::Handled(request.into_seq()));
    }
}

impl Session {
    /// Answers an iq request; `payload` appends what is in it.
    pub(crate) fn result(
        &mut self,
        turn: &mut Turn<'_>,
        request: Request,
        payload: impl FnOnce(&mut Vec<u8>),
    ) {
        self.reply(turn, request, "result", payload);
    }

    /// Answers an iq request with nothing in it.
    pub(crate) fn empty_result(&mut self, turn: &mut Turn<'_>, request: Request) {
        self.result(turn, request, |_| {});
    }

    /// Says no, in the words of RFC 6120 §8.3.3.
    pub(crate) fn refuse(&mut self, turn: &mut Turn<'_>, request: Request, refusal: &Refusal) {
        self.fault_with(turn, request, |xml| write_error(refusal.reason.into(), refusal.text, xml));
    }

    /// Says no with this condition.
    pub(crate) fn fault(&mut self, turn: &mut Turn<'_>, request: Request, condition: Condition) {
        self.fault_with(turn, request, |xml| write_error(condition, None, xml));
    }

    /// Says no with this condition and a sentence for a person.
    pub(crate) fn fault_because(
        &mut self,
        turn: &mut Turn<'_>,
        request: Request,
        condition: Condition,
        text: &str,
    ) {
        self.fault_with(turn, request, |xml| write_error(condition, Some(text), xml));
    }

    /// Says no; `error` appends the `<error/>`.
    pub(crate) fn fault_with(
        &mut self,
        turn: &mut Turn<'_>,
        request: Request,
        error: impl FnOnce(&mut Vec<u8>),
    ) {
        self.reply(turn, request, "error", error);
    }

    fn reply(
        &mut self,
        turn: &mut Turn<'_>,
        request: Request,
        type_: &str,
        content: impl FnOnce(&mut Vec<u8>),
    ) {
        if request.answerable {
            let mut xml = Vec::with_capacity(192);
            Tag::open(&mut xml, request.name())
                .attr("type", type_)
                .attr_some("id", request.id.as_deref())
                .attr_some("from", request.to.as_deref())
                .attr_shown("to", &self.me)
                .content(content);
            self.send(turn, xml, || crate::xep::csi::Urgency::Now);
        }
        turn.handled(request);
    }
}
