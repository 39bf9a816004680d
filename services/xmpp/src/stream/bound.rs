//! A bound stream: stanzas in, with their `from` checked (RFC 6120 §8.1.2.1) and counted; stanzas out; stream
//! management (XEP-0198) and client state (XEP-0352).

use super::{
    Event, Out, State, Stream,
    bind::is_true,
    management::{Management, TooHigh},
    negotiation::misplaced,
    resume::{Reply, write_failed},
    window::Window,
};
use crate::{
    limits::{IN_FLIGHT, UNACKED_STANZAS},
    ns,
    stanza::{Condition, Kind, Stanza, Tag},
    wire::StreamError,
};
use bytes::Bytes;
use domain::{EndpointId, Timestamp, address::parse_full};
use std::time::Duration;

/// The state of a bound stream; small, for most of them are idle.
pub(super) struct Bound {
    pub(super) me: EndpointId,
    pub(super) link: Link,
    pub(super) inbound: Window,
    pub(super) management: Option<Box<Management>>,
    /// The client asked what is handled, first and last when so many had come: answered when they are done.
    asked: Option<(u64, u64)>,
    /// Without stream management: receipts of what the network has not taken yet.
    flushing: Vec<u64>,
    /// How many receipts were given back before those.
    flushed: u64,
}

/// The connection under a bound stream.
pub(super) enum Link {
    Up,
    /// A new one is there; the reply waits until what came over the old one is done, or until then.
    Resuming(Reply, Timestamp),
    /// Gone; until then it may be resumed.
    Down(Timestamp),
}

/// What a deadline means.
pub(super) enum Overdue {
    Nothing,
    /// Nobody came to resume.
    Resumption,
    /// What is still in work counts as not handled.
    ResumeReply,
    /// The client does not acknowledge.
    Acknowledgement,
}

impl Bound {
    pub(super) fn new(me: EndpointId) -> Self {
        Self {
            me,
            link: Link::Up,
            inbound: Window::default(),
            management: None,
            asked: None,
            flushing: Vec::new(),
            flushed: 0,
        }
    }

    pub(super) fn is_connected(&self) -> bool {
        !matches!(self.link, Link::Down(_))
    }

    /// Whether nothing more may be read for now.
    pub(super) fn is_full(&self) -> bool {
        self.inbound.in_flight() >= IN_FLIGHT || !matches!(self.link, Link::Up)
    }

    /// Switches stream management on and appends what to tell the client.
    pub(super) fn enable(&mut self, id: Option<Box<str>>, resume: Duration, out: &mut Vec<u8>) {
        let tag = Tag::open_in(out, "enabled", ns::SM);
        match &id {
            Some(id) => {
                tag.attr("id", id).attr("resume", "true").attr_shown("max", resume.as_secs()).empty();
            }
            None => tag.empty(),
        }
        self.management = Some(Box::new(Management::new(id, self.inbound.last())));
    }

    /// How many stanzas of the client are handled, as it counts them.
    pub(super) fn handled(&self) -> u32 {
        let base = self.management.as_ref().map_or(0, |management| management.base);
        let handled = self.inbound.done().saturating_sub(base) % (1 << 32);
        u32::try_from(handled).unwrap_or_default()
    }

    pub(super) fn send(
        &mut self,
        now: Timestamp,
        stanza: Bytes,
        receipt: Option<u64>,
        framed: bool,
        out: &mut Out,
    ) -> Result<(), StreamError> {
        let up = matches!(self.link, Link::Up);
        if up {
            write_stanza(&stanza, framed, out);
        }
        match (&mut self.management, receipt) {
            (Some(management), _) => {
                management.keep(now, stanza, receipt)?;
                if up && management.asks(now) {
                    write_request(framed, out);
                }
            }
            (None, Some(_)) if self.flushing.len() >= UNACKED_STANZAS => {
                return Err(StreamError::ResourceConstraint);
            }
            (None, Some(receipt)) => self.flushing.push(receipt),
            (None, None) => {}
        }
        Ok(())
    }

    /// The connection is gone; the id if the stream can be resumed.
    pub(super) fn lose(&mut self, until: Timestamp) -> Option<Box<str>> {
        let management = self.management.as_mut()?;
        let id = management.id.clone()?;
        management.disconnect();
        self.asked = None;
        // One that is down already stays so no longer than was said first.
        if !matches!(self.link, Link::Down(_)) {
            self.link = Link::Down(until);
        }
        Some(id)
    }

    pub(super) fn deadline(&self) -> Option<Timestamp> {
        match &self.link {
            Link::Up => self.management.as_ref().and_then(|management| management.deadline()),
            Link::Resuming(_, until) | Link::Down(until) => Some(*until),
        }
    }

    pub(super) fn tick(&mut self, now: Timestamp, framed: bool, out: &mut Out) -> Overdue {
        match (&self.link, &mut self.management) {
            (Link::Down(_), _) => Overdue::Resumption,
            (Link::Resuming(..), _) => Overdue::ResumeReply,
            (Link::Up, Some(management)) if management.is_overdue(now) => Overdue::Acknowledgement,
            (Link::Up, Some(management)) => {
                if management.asks(now) {
                    write_request(framed, out);
                }
                Overdue::Nothing
            }
            (Link::Up, None) => Overdue::Nothing,
        }
    }

    /// Whether a `from` is the client's own, bare or full.
    fn is_own(&self, from: &str) -> bool {
        if from == self.me.user.as_str() {
            return true;
        }
        parse_full(from)
            .is_ok_and(|(user, name)| user == self.me.user && name.is_none_or(|name| name == self.me.name))
    }

    /// Answers `<r/>`, as far as everything that came before it is done.
    fn answer_requests(&mut self, framed: bool, out: &mut Out) {
        let done = self.inbound.done();
        if self.asked.is_some_and(|(first, _)| first <= done) && matches!(self.link, Link::Up) {
            self.asked = self.asked.filter(|(_, last)| *last > done).map(|(_, last)| (last, last));
            Tag::open_in(&mut out.bytes, "a", ns::SM).attr_shown("h", self.handled()).empty();
            out.end_element(framed);
        }
    }
}

impl Stream {
    /// An element of a bound client.
    pub(super) fn bound_element(&mut self, now: Timestamp, element: Stanza, out: &mut Out) {
        match (element.kind(), element.namespace()) {
            (Kind::Nonza, ns::SM) => self.manage(now, &element, out),
            (Kind::Nonza, ns::CSI) => match element.name() {
                "active" => out.event(Event::Active(true)),
                "inactive" => out.event(Event::Active(false)),
                _ => self.fail(StreamError::UnsupportedStanzaType, None, out),
            },
            (Kind::Nonza, _) => self.fail(misplaced(&element), None, out),
            _ => self.stanza(now, element, out),
        }
    }

    fn stanza(&mut self, now: Timestamp, stanza: Stanza, out: &mut Out) {
        let State::Bound(bound) = &mut self.state else { return };
        if stanza.from().is_some_and(|from| !bound.is_own(from)) {
            return self.fail(StreamError::InvalidFrom, None, out);
        }
        let number = bound.inbound.take();
        if stanza.kind() != Kind::Iq || stanza.child("session", ns::SESSION).is_none() {
            return out.event(Event::Stanza(number, stanza));
        }
        // RFC 3921 §3: clients of old ask for a session; they have it.
        let mut reply = Vec::new();
        Tag::open(&mut reply, "iq").attr("type", "result").attr_some("id", stanza.id()).empty();
        self.send(now, reply.into(), None, out);
        self.done(now, number, out);
    }

    fn manage(&mut self, now: Timestamp, element: &Stanza, out: &mut Out) {
        let State::Bound(bound) = &mut self.state else { return };
        match (element.name(), &mut bound.management) {
            ("r", Some(_)) => {
                let last = bound.inbound.last();
                bound.asked = Some((bound.asked.map_or(last, |(first, _)| first), last));
                bound.answer_requests(self.framed, out);
            }
            ("a", Some(_)) => match element.attribute("h").and_then(|h| h.parse().ok()) {
                Some(h) => self.acknowledged(now, h, out),
                None => self.fail(StreamError::BadFormat, None, out),
            },
            ("enable", None) => self.enable(element, out),
            ("enable" | "resume", _) => {
                write_failed(Condition::UnexpectedRequest, &mut out.bytes);
                out.end_element(self.framed);
            }
            // Acknowledgements of nothing.
            ("r" | "a", None) => {}
            _ => self.fail(StreamError::UnsupportedStanzaType, None, out),
        }
    }

    fn enable(&mut self, element: &Stanza, out: &mut Out) {
        let resumable = is_true(element.attribute("resume").as_deref());
        let id = resumable.then(|| self.draw_name().into_boxed_str());
        if let State::Bound(bound) = &mut self.state {
            bound.enable(id, self.settings.resume, &mut out.bytes);
        }
        out.end_element(self.framed);
    }

    /// The client has handled `h` stanzas.
    fn acknowledged(&mut self, now: Timestamp, h: u32, out: &mut Out) {
        let State::Bound(bound) = &mut self.state else { return };
        let Some(management) = &mut bound.management else { return };
        match management.acknowledge(h, |receipt| out.events.push(Event::Acked(receipt))) {
            Ok(()) if management.asks(now) => write_request(self.framed, out),
            Ok(()) => {}
            Err(error) => self.too_high(&error, out),
        }
    }

    pub(super) fn too_high(&mut self, error: &TooHigh, out: &mut Out) {
        let mut detail = Vec::new();
        Tag::open_in(&mut detail, "handled-count-too-high", ns::SM)
            .attr_shown("h", error.h)
            .attr_shown("send-count", error.sent)
            .empty();
        self.fail_with(StreamError::UndefinedCondition, None, &detail, out);
    }

    /// The session has dealt with a stanza.
    pub(super) fn done(&mut self, now: Timestamp, number: u64, out: &mut Out) {
        let State::Bound(bound) = &mut self.state else { return };
        bound.inbound.finish(number);
        if matches!(bound.link, Link::Resuming(..)) && bound.inbound.in_flight() == 0 {
            return self.finish_resume(now, out);
        }
        bound.answer_requests(self.framed, out);
    }

    /// How many stanzas with a receipt were written so far without stream management; for [`super::Input::Arrived`].
    pub fn written(&self) -> u64 {
        match &self.state {
            State::Bound(bound) => bound.flushed + bound.flushing.len() as u64,
            State::Negotiating(_) | State::Closed => 0,
        }
    }

    /// The network has taken everything: without stream management, that is as good as it gets.
    pub(super) fn flushed(&mut self, out: &mut Out) {
        self.arrived(self.written(), out);
    }

    /// The client has the first so many of [`Self::written`].
    pub(super) fn arrived(&mut self, count: u64, out: &mut Out) {
        let State::Bound(bound) = &mut self.state else { return };
        let new = usize::try_from(count.saturating_sub(bound.flushed)).unwrap_or(usize::MAX);
        let receipts = if new < bound.flushing.len() {
            bound.flushing.drain(..new).collect()
        } else {
            std::mem::take(&mut bound.flushing)
        };
        bound.flushed += receipts.len() as u64;
        out.events.extend(receipts.into_iter().map(Event::Acked));
    }
}

/// Writes a stanza; on a WebSocket it must name its namespace (RFC 7395 §3.3.3).
pub(super) fn write_stanza(stanza: &Bytes, framed: bool, out: &mut Out) {
    if !framed {
        return out.bytes.extend_from_slice(stanza);
    }
    let name = stanza.iter().position(|b| matches!(b, b' ' | b'/' | b'>')).unwrap_or(stanza.len());
    out.bytes.extend_from_slice(&stanza[..name]);
    out.bytes.extend_from_slice(b" xmlns='jabber:client'");
    out.bytes.extend_from_slice(&stanza[name..]);
    out.end_element(true);
}

/// Asks the client what it has handled.
pub(super) fn write_request(framed: bool, out: &mut Out) {
    Tag::open_in(&mut out.bytes, "r", ns::SM).empty();
    out.end_element(framed);
}
