//! A stream over HTTP requests (XEP-0124, XEP-0206): which request is next, which waits, what each is answered with. A
//! machine without I/O: the host brings requests and what the stream writes, and carries away the answers.
//!
//! Invariants: what a client sends reaches the stream once and in the order of its rids; every request is answered
//! exactly once, in that order; an answer that may not have arrived is kept until the client shows that it has, and
//! the same rid gets the same answer.

mod body;
#[cfg(test)]
mod property;
#[cfg(test)]
mod tests;

pub use body::{Body, Condition};

use crate::{
    limits::{BODY_PAUSE, BODY_POLLING, BODY_REQUESTS, BODY_WAITING_BYTES, STANZA_BYTES_BEFORE_SIGN_IN},
    ns,
    stanza::Tag,
};
use body::Terms;
use bytes::Bytes;
use domain::{Address, Timestamp};
use std::{collections::VecDeque, time::Duration};

/// What the host is to do.
#[derive(Debug)]
pub enum Output<S> {
    /// Answer the request that came with this slot.
    Answer(S, Bytes),
    /// The client has the first so many stanzas: [`crate::stream::Input::Arrived`].
    Arrived(u64),
    /// The client is gone or has broken the rules: [`crate::stream::Input::Lost`].
    Lost,
}

/// The machine of one session. `S` is the host's way to answer a request.
pub struct Bosh<S> {
    sid: Box<str>,
    domain: Address,
    terms: Terms,
    /// The header that the client wants, for restarts too.
    header: Header,
    /// The highest rid whose payload was taken.
    taken: u64,
    /// Requests that came before their turn; fewer than [`BODY_REQUESTS`].
    early: Vec<(Body, S)>,
    /// Requests to be answered, oldest first.
    held: VecDeque<Held<S>>,
    /// Answers that may have to be given again, oldest first.
    kept: VecDeque<Kept>,
    /// Stanzas that the client surely has.
    received: u64,
    /// Elements for the stream.
    inbound: VecDeque<Bytes>,
    /// Elements for the client.
    outbound: Vec<u8>,
    /// Whether the first answer was given.
    opened: bool,
    /// A stream error is among `outbound`.
    failed: bool,
    /// When the last request was answered, and how long there may be none.
    quiet: (Timestamp, Duration),
    /// When the last request was taken, if it carried nothing and was not answered with something.
    polled: Option<Timestamp>,
    phase: Phase,
    /// Somebody has signed in: larger requests are taken.
    signed_in: bool,
}

struct Header {
    to: String,
    lang: Option<String>,
    version: Option<String>,
}

struct Held<S> {
    rid: u64,
    slot: S,
    since: Timestamp,
    /// Its answer carries nothing, and nothing is held on (XEP-0124 §10).
    pauses: bool,
}

struct Kept {
    rid: u64,
    answer: Bytes,
    /// Stanzas that were written up to this answer.
    written: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    Open,
    /// The stream has ended, and the client has yet to hear of it.
    Ending,
    Over,
}

impl<S> Bosh<S> {
    /// A session that `body` asks for. `sid`: nobody can guess it.
    ///
    /// Errors: the request is none for a session of `domain`; the slot comes back to be answered.
    pub fn open(
        now: Timestamp,
        sid: Box<str>,
        domain: &Address,
        body: Body,
        slot: S,
    ) -> Result<Self, (S, Condition)> {
        match body.to.as_deref().map(Address::parse) {
            Some(Ok(to)) if to == *domain => {}
            Some(Ok(_)) => return Err((slot, Condition::HostUnknown)),
            None | Some(Err(_)) => return Err((slot, Condition::ImproperAddressing)),
        }
        let terms = Terms::of(&body);
        let header = Header {
            to: body.to.clone().unwrap_or_default(),
            lang: body.lang.clone(),
            version: body.version.clone(),
        };
        let mut session = Self {
            sid,
            domain: domain.clone(),
            terms,
            header,
            taken: body.rid - 1,
            early: Vec::new(),
            held: VecDeque::new(),
            kept: VecDeque::new(),
            received: 0,
            inbound: VecDeque::new(),
            outbound: Vec::new(),
            opened: false,
            failed: false,
            quiet: (now, terms.inactivity()),
            polled: None,
            phase: Phase::Open,
            signed_in: false,
        };
        session.write_header();
        session.take(now, body, slot, &mut Vec::new());
        // The request that opens a session asks for something.
        session.polled = None;
        Ok(session)
    }

    /// A request of this session has come.
    pub fn request(&mut self, now: Timestamp, body: Body, slot: S, out: &mut Vec<Output<S>>) {
        let rid = body.rid;
        if rid <= self.taken {
            return self.again(now, rid, slot, out);
        }
        if self.phase == Phase::Over || rid > self.taken + BODY_REQUESTS {
            return self.fail(Condition::ItemNotFound, Some(slot), out);
        }
        let bytes: usize = body.payload.iter().map(Bytes::len).sum();
        if !self.signed_in && bytes > STANZA_BYTES_BEFORE_SIGN_IN {
            return self.fail(Condition::PolicyViolation, Some(slot), out);
        }
        if let Some(early) = self.early.iter_mut().find(|(early, _)| early.rid == rid) {
            let first = std::mem::replace(&mut early.1, slot);
            return out.push(Output::Answer(first, body::answer(None, b"")));
        }
        self.early.push((body, slot));
        self.take_next(now, out);
    }

    /// The next element for the stream; ask only when it wants input.
    pub fn next_element(&mut self, now: Timestamp, out: &mut Vec<Output<S>>) -> Option<Bytes> {
        self.take_next(now, out);
        self.inbound.pop_front()
    }

    /// The stream has written this element.
    pub fn say(&mut self, element: &[u8]) {
        self.failed |= element.starts_with(b"<stream:error ");
        // Headers and ends are the wrapper's business.
        if !element.starts_with(b"<open ") && !element.starts_with(b"<close ") {
            self.outbound.extend_from_slice(element);
        }
    }

    /// The client has signed in. Before that one request carries at most [`STANZA_BYTES_BEFORE_SIGN_IN`].
    pub fn signed_in(&mut self) {
        self.signed_in = true;
    }

    /// The stream is over: the client hears that with what was written last.
    pub fn end(&mut self) {
        if self.phase == Phase::Open {
            self.phase = Phase::Ending;
            self.inbound.clear();
        }
    }

    /// To be called after every input, with [`crate::stream::Stream::written`]: gives the answers that are due.
    pub fn settle(&mut self, now: Timestamp, written: u64, out: &mut Vec<Output<S>>) {
        match self.phase {
            Phase::Open => self.answer_due(now, written, out),
            Phase::Ending if !self.held.is_empty() => self.say_good_bye(out),
            Phase::Ending | Phase::Over => {}
        }
        if self.phase != Phase::Over && self.quiet_until().is_some_and(|until| until <= now) {
            self.finish(out);
            out.push(Output::Lost);
        }
    }

    /// When to call [`Self::settle`], if nothing else comes before.
    pub fn deadline(&self) -> Option<Timestamp> {
        let answer = self.held.front().map(|held| held.since.plus(self.terms.wait));
        answer.or_else(|| self.quiet_until())
    }

    /// Whether so much waits for the client's next request that nothing more should be asked for.
    pub fn is_full(&self) -> bool {
        self.outbound.len() >= BODY_WAITING_BYTES
    }

    /// Whether there is no such session any more.
    pub fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }

    fn quiet_until(&self) -> Option<Timestamp> {
        self.held.is_empty().then(|| self.quiet.0.plus(self.quiet.1))
    }

    /// Takes the request whose turn it is, if it is there and the stream has taken all before it.
    fn take_next(&mut self, now: Timestamp, out: &mut Vec<Output<S>>) {
        if !self.inbound.is_empty() {
            return;
        }
        if let Some(at) = self.early.iter().position(|(body, _)| body.rid == self.taken + 1) {
            let (body, slot) = self.early.swap_remove(at);
            self.take(now, body, slot, out);
        }
    }

    fn take(&mut self, now: Timestamp, body: Body, slot: S, out: &mut Vec<Output<S>>) {
        self.arrived(&body, out);
        if self.polls_too_often(now, &body) || body.pause.is_some_and(|pause| pause > BODY_PAUSE) {
            return self.fail(Condition::PolicyViolation, Some(slot), out);
        }
        self.taken = body.rid;
        self.polled = body.is_empty().then_some(now);
        self.quiet = (now, body.pause.unwrap_or_else(|| self.terms.inactivity()));
        self.held.push_back(Held { rid: body.rid, slot, since: now, pauses: body.pause.is_some() });
        if body.restarts {
            self.header.lang = body.lang.or_else(|| self.header.lang.take());
            self.write_header();
        }
        self.inbound.extend(body.payload);
        if body.terminates {
            let mut close = Vec::new();
            Tag::open_in(&mut close, "close", ns::FRAMING).empty();
            self.inbound.push_back(close.into());
        }
    }

    /// A client has at most so many requests open, so it has the answers to all before those; or it says itself.
    fn arrived(&mut self, body: &Body, out: &mut Vec<Output<S>>) {
        let open = BODY_REQUESTS + u64::from(body.terminates || body.pause.is_some());
        let surely = body.rid.saturating_sub(open);
        let said = self.terms.acknowledges.then(|| body.ack.unwrap_or(body.rid - 1).min(body.rid - 1));
        let last = said.map_or(surely, |said| said.max(surely));
        let before = self.received;
        while let Some(kept) = self.kept.pop_front_if(|kept| kept.rid <= last) {
            self.received = kept.written;
        }
        if self.received > before {
            out.push(Output::Arrived(self.received));
        }
    }

    /// XEP-0124 §11 and §12: two requests that carry nothing, one soon after the other, and nothing to say between.
    fn polls_too_often(&self, now: Timestamp, body: &Body) -> bool {
        let soon = self.polled.is_some_and(|at| now < at.plus(BODY_POLLING));
        soon && body.is_empty() && (self.terms.is_polling() || !self.held.is_empty())
    }

    /// A rid that was there before: the answer is the same (XEP-0124 §14.3).
    fn again(&mut self, now: Timestamp, rid: u64, slot: S, out: &mut Vec<Output<S>>) {
        if let Some(held) = self.held.iter_mut().find(|held| held.rid == rid) {
            // The first connection is broken, as far as the client knows.
            let first = std::mem::replace(&mut held.slot, slot);
            return out.push(Output::Answer(first, body::answer(None, b"")));
        }
        if let Some(kept) = self.kept.iter().find(|kept| kept.rid == rid) {
            self.quiet.0 = now;
            return out.push(Output::Answer(slot, kept.answer.clone()));
        }
        self.fail(Condition::ItemNotFound, Some(slot), out);
    }

    fn answer_due(&mut self, now: Timestamp, written: u64, out: &mut Vec<Output<S>>) {
        while let Some(first) = self.held.front() {
            let pausing = self.held.iter().any(|held| held.pauses);
            let due = !first.pauses && !self.outbound.is_empty()
                || self.held.len() > self.terms.hold
                || pausing
                || first.since.plus(self.terms.wait) <= now;
            if !due {
                return;
            }
            self.answer_first(now, written, out);
        }
    }

    fn answer_first(&mut self, now: Timestamp, written: u64, out: &mut Vec<Output<S>>) {
        let Some(held) = self.held.pop_front() else { return };
        let payload = if held.pauses { Vec::new() } else { std::mem::take(&mut self.outbound) };
        if !payload.is_empty() {
            self.polled = None;
        }
        let answer = if self.opened {
            let ack = (self.terms.acknowledges && self.taken != held.rid).then_some(self.taken);
            body::answer(ack, &payload)
        } else {
            self.opened = true;
            body::opening(&self.sid, held.rid, self.domain.as_str(), &self.terms, &payload)
        };
        self.kept.push_back(Kept { rid: held.rid, answer: answer.clone(), written });
        self.quiet.0 = now;
        out.push(Output::Answer(held.slot, answer));
    }

    fn say_good_bye(&mut self, out: &mut Vec<Output<S>>) {
        let mut payload = std::mem::take(&mut self.outbound);
        let condition = self.failed.then_some(Condition::RemoteStreamError);
        for held in self.held.drain(..) {
            out.push(Output::Answer(held.slot, body::end(condition, &payload)));
            payload.clear();
        }
        self.finish(out);
    }

    /// Ends the session without the stream.
    fn fail(&mut self, condition: Condition, slot: Option<S>, out: &mut Vec<Output<S>>) {
        for held in self.held.drain(..) {
            out.push(Output::Answer(held.slot, Condition::OtherRequest.body()));
        }
        out.extend(slot.map(|slot| Output::Answer(slot, condition.body())));
        self.finish(out);
        out.push(Output::Lost);
    }

    fn finish(&mut self, out: &mut Vec<Output<S>>) {
        for (_, slot) in self.early.drain(..) {
            out.push(Output::Answer(slot, Condition::OtherRequest.body()));
        }
        self.inbound.clear();
        self.phase = Phase::Over;
    }

    /// The stream begins, or begins again after SASL (XEP-0206 §5).
    fn write_header(&mut self) {
        let mut open = Vec::new();
        Tag::open_in(&mut open, "open", ns::FRAMING)
            .attr("to", &self.header.to)
            .attr_some("version", self.header.version.as_deref())
            .attr_some("xml:lang", self.header.lang.as_deref())
            .empty();
        self.inbound.push_back(open.into());
    }
}

impl<S> std::fmt::Debug for Bosh<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bosh").field("phase", &self.phase).finish_non_exhaustive()
    }
}
