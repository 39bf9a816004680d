//! Resumption (XEP-0198 §5): a session outlives its connection, and a new connection takes it over. What the client
//! has not acknowledged is sent again; it is told what is handled only after everything that had come is done.

use super::{
    Answer, Event, Out, Question, State, Step, Stream,
    bound::{Bound, Link, write_request, write_stanza},
    management::Management,
    negotiation::Pending,
    sasl2::Request,
    window::Window,
};
use crate::{
    limits::RESUME_REPLY_TIME,
    ns,
    stanza::{Condition, Stanza, Tag},
    wire::StreamError,
};
use domain::{EndpointId, Timestamp};

/// A bound stream without its connection, on its way from one [`Stream`] to another.
pub struct Parked(Bound);

impl Parked {
    /// Whose session it is.
    pub fn endpoint(&self) -> &EndpointId {
        &self.0.me
    }

    /// The stream of a client whose server is gone with all that it had sent: the client knows it under this id, and so
    /// many of its stanzas are dealt with. What the client has not received is for its session to send anew.
    pub fn restored(me: EndpointId, id: Box<str>, handled: u32) -> Box<Self> {
        let mut bound = Bound::new(me);
        bound.inbound = Window::after(handled.into());
        bound.management = Some(Box::new(Management::restored(id)));
        bound.link = Link::Down(Timestamp::default());
        Box::new(Self(bound))
    }
}

impl std::fmt::Debug for Parked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Parked").field(&self.0.me).finish()
    }
}

/// What to say to a client that wants to resume.
pub(super) struct Reply {
    /// The id that it knows.
    pub(super) id: Box<str>,
    /// How many stanzas it has handled.
    pub(super) h: u32,
    /// It asked with its sign-in by SASL2.
    pub(super) request: Option<Box<Request>>,
}

pub(super) fn write_failed(condition: Condition, out: &mut Vec<u8>) {
    Tag::open_in(out, "failed", ns::SM)
        .content(|out| Tag::open_in(out, condition.name(), ns::STANZA_ERRORS).empty());
}

impl Stream {
    /// Whether this is the stream that a client knows under this id.
    pub fn is_resumable_as(&self, id: &str) -> bool {
        let State::Bound(bound) = &self.state else { return false };
        bound.management.as_ref().is_some_and(|management| management.id.as_deref() == Some(id))
    }

    /// Under which id it may be resumed; `None`: under none.
    pub fn resumable(&self) -> Option<&str> {
        let State::Bound(bound) = &self.state else { return None };
        bound.management.as_ref()?.id.as_deref()
    }

    /// A stanza's number as the client counts it; 0 without stream management.
    pub fn count_of(&self, number: u64) -> u32 {
        let State::Bound(bound) = &self.state else { return 0 };
        let base = bound.management.as_ref().map_or(number, |management| management.base);
        u32::try_from(number.saturating_sub(base) % (1 << 32)).unwrap_or_default()
    }

    /// How many of the client's stanzas are dealt with, as it counts them.
    pub fn handled(&self) -> u32 {
        let State::Bound(bound) = &self.state else { return 0 };
        bound.handled()
    }

    /// The last stanza with a receipt that was written and is not acknowledged: its number as the client counts, and the
    /// receipt.
    pub fn last_receipt(&self) -> Option<(u32, u64)> {
        let State::Bound(bound) = &self.state else { return None };
        bound.management.as_ref()?.last_receipt()
    }

    /// Gives up a bound stream for another connection that resumes it; a connection that is still there is closed
    /// with `conflict`. `None` if the stream cannot be resumed.
    pub fn park(&mut self, out: &mut Out) -> Option<Box<Parked>> {
        let State::Bound(bound) = &self.state else { return None };
        bound.management.as_ref()?.id.as_ref()?;
        let connected = bound.is_connected();
        let State::Bound(mut bound) = std::mem::replace(&mut self.state, State::Closed) else { return None };
        bound.lose(Timestamp::default());
        if connected {
            StreamError::Conflict.write(
                Some("resumed on another connection"),
                b"",
                self.framed,
                &mut out.bytes,
            );
            out.end_element(self.framed);
            self.write_end(out);
            out.event(Event::Close);
        }
        self.shut(out);
        Some(Box::new(Parked(*bound)))
    }

    /// Stream management before bound: only resumption makes sense.
    pub(super) fn manage_unbound(&mut self, element: &Stanza, out: &mut Out) {
        let State::Negotiating(negotiation) = &mut self.state else { return };
        let previous = element.attribute("previd").filter(|_| element.name() == "resume");
        let h = element.attribute("h").and_then(|h| h.parse().ok());
        if let (Some(id), Some(h), Some(user)) = (previous, h, negotiation.user.clone()) {
            let id: Box<str> = id.into();
            let reply = Reply { id: id.clone(), h, request: None };
            return negotiation.ask(Question::Resume { user, id, h }, Pending::Resume(reply), out);
        }
        write_failed(Condition::UnexpectedRequest, &mut out.bytes);
        out.end_element(self.framed);
    }

    pub(super) fn resume_answered(&mut self, now: Timestamp, reply: Reply, answer: Answer, out: &mut Out) {
        let State::Negotiating(negotiation) = &mut self.state else { return };
        let found = match answer {
            Answer::Parked(Some(parked)) if negotiation.user.as_ref() == Some(&parked.0.me.user) => {
                Some(parked)
            }
            _ => None,
        };
        let Some(parked) = found else {
            return self.not_resumed(reply, out);
        };
        let mut bound = parked.0;
        let done = bound.inbound.in_flight() == 0;
        bound.link = Link::Resuming(reply, now.plus(RESUME_REPLY_TIME));
        self.state = State::Bound(Box::new(bound));
        if done {
            self.finish_resume(now, out);
        }
    }

    fn not_resumed(&mut self, reply: Reply, out: &mut Out) {
        if let Some(mut request) = reply.request {
            request.resume_failed();
            return self.go_on(request, out);
        }
        if let State::Negotiating(negotiation) = &mut self.state {
            negotiation.step = Step::Choice;
        }
        write_failed(Condition::ItemNotFound, &mut out.bytes);
        out.end_element(self.framed);
    }

    /// The client is told, and gets again what it has not handled.
    pub(super) fn finish_resume(&mut self, now: Timestamp, out: &mut Out) {
        let State::Bound(bound) = &mut self.state else { return };
        let Link::Resuming(reply, _) = std::mem::replace(&mut bound.link, Link::Up) else { return };
        let Some(management) = &mut bound.management else { return };
        out.event(Event::Resumed(bound.me.clone()));
        // XEP-0352 §5: a resumed client is in use until it says otherwise.
        out.event(Event::Active(true));
        let outcome = management.acknowledge(reply.h, |receipt| out.events.push(Event::Acked(receipt)));
        if let Err(error) = outcome {
            return self.too_high(&error, out);
        }
        let handled = bound.handled();
        let resumed = |out: &mut Vec<u8>| {
            Tag::open_in(out, "resumed", ns::SM).attr_shown("h", handled).attr("previd", &reply.id).empty();
        };
        match &reply.request {
            Some(request) => request.write_success(&bound.me.to_string(), &mut out.bytes, resumed),
            None => resumed(&mut out.bytes),
        }
        out.end_element(self.framed);
        if reply.request.is_some() {
            self.write_features(out);
        }
        self.send_again(now, out);
    }

    fn send_again(&mut self, now: Timestamp, out: &mut Out) {
        let State::Bound(bound) = &mut self.state else { return };
        let Some(management) = &mut bound.management else { return };
        management.unacked().for_each(|stanza| write_stanza(stanza, self.framed, out));
        if management.unacked().len() > 0 {
            management.ask(now);
            write_request(self.framed, out);
        }
    }

    /// A session came too late for a connection that has ended meanwhile: it waits here for the next one.
    pub(super) fn park_again(&mut self, now: Timestamp, answer: Answer, out: &mut Out) {
        if let (Answer::Parked(Some(parked)), State::Closed) = (answer, &self.state) {
            self.state = State::Bound(Box::new(parked.0));
            self.lost(now, out);
        }
    }
}
