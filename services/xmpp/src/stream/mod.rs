//! One client's stream, from its first byte to bound and beyond: a machine without I/O (RFC 6120 §4 to §7, RFC 7395,
//! XEP-0198, 0352, 0386, 0388, 0440, 0484).
//!
//! Invariants: nothing of a client reaches the session before it is bound, and nothing with another's `from`; any
//! split of the bytes gives the same outputs; a stanza counts as handled (XEP-0198 `h`) only after the session said
//! so, in order; after [`Event::Close`] nothing is written.

mod bind;
mod bound;
mod close;
mod features;
mod management;
mod negotiation;
mod opening;
mod ports;
mod resume;
mod sasl1;
mod sasl2;
mod sign_in;
#[cfg(test)]
mod tests;
mod window;

pub use ports::{Answer, AskId, Carrier, Event, Input, Out, Password, Question, Settings, SignedIn, Verdict};
pub use resume::Parked;

use crate::{
    limits::{STANZA_BYTES_BEFORE_SIGN_IN, WAITING_MESSAGES},
    sasl::hmac_sha256,
    stanza::Stanza,
    wire::{Framer, Header, Piece, Scope, StreamError},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bound::Bound;
use bytes::Bytes;
use domain::{EndpointId, Timestamp};
use negotiation::{Negotiation, Step};
use std::{collections::VecDeque, sync::Arc};

/// The machine of one connection.
pub struct Stream {
    settings: Arc<Settings>,
    framer: Framer,
    /// WebSocket messages that wait for an answer of the host.
    messages: VecDeque<Bytes>,
    scope: Scope,
    /// RFC 7395: each element is a message of its own.
    framed: bool,
    seed: [u8; 32],
    drawn: u32,
    state: State,
}

enum State {
    Negotiating(Box<Negotiation>),
    Bound(Box<Bound>),
    Closed,
}

impl Stream {
    /// A stream on a fresh connection. `seed`: random, this stream's alone; its ids, nonces and tokens come from it.
    pub fn new(settings: Arc<Settings>, carrier: Carrier, seed: [u8; 32], now: Timestamp) -> Self {
        let framed = matches!(carrier, Carrier::WebSocket(_));
        let channel = match carrier {
            Carrier::Tcp => None,
            Carrier::Tls(channel) | Carrier::WebSocket(channel) => Some(channel),
        };
        let deadline = now.plus(settings.sign_in);
        Self {
            settings,
            framer: Framer::new(STANZA_BYTES_BEFORE_SIGN_IN),
            messages: VecDeque::new(),
            scope: if framed { Scope::Framed } else { Scope::Usual },
            framed,
            seed,
            drawn: 0,
            state: State::Negotiating(Box::new(Negotiation::new(channel, deadline))),
        }
    }

    /// Takes one input, and appends what follows from it.
    pub fn handle(&mut self, now: Timestamp, input: Input<'_>, out: &mut Out) {
        match input {
            Input::Bytes(bytes) => self.framer.push(bytes),
            Input::Message(message) if self.messages.len() < WAITING_MESSAGES => {
                self.messages.push_back(Bytes::copy_from_slice(message));
            }
            Input::Message(_) => self.fail(StreamError::PolicyViolation, None, out),
            Input::Secured(channel) => self.secured(channel),
            Input::Answer(ask, answer) => self.answered(now, ask, answer, out),
            Input::Done(number) => self.done(now, number, out),
            Input::Flushed => self.flushed(out),
            Input::Arrived(count) => self.arrived(count, out),
            Input::Tick => self.tick(now, out),
            Input::Lost => self.lost(now, out),
            Input::End(error, text) => self.fail(error, text, out),
        }
        self.read(now, out);
    }

    /// Sends a stanza to the client: complete, in `jabber:client` context. When it has arrived, as far as can be
    /// known, [`Event::Acked`] gives `receipt` back. Nothing happens before the stream is bound or after its end.
    pub fn send(&mut self, now: Timestamp, stanza: Bytes, receipt: Option<u64>, out: &mut Out) {
        let framed = self.framed;
        if let State::Bound(bound) = &mut self.state
            && let Err(error) = bound.send(now, stanza, receipt, framed, out)
        {
            self.fail(error, Some("too much is sent and not acknowledged"), out);
        }
    }

    /// When to give [`Input::Tick`], if nothing else comes before.
    pub fn deadline(&self) -> Option<Timestamp> {
        match &self.state {
            State::Negotiating(negotiation) => Some(negotiation.deadline),
            State::Bound(bound) => bound.deadline(),
            State::Closed => None,
        }
    }

    /// Whether more bytes are welcome; if not, stop reading the socket until the next input of another kind.
    pub fn wants_input(&self) -> bool {
        match &self.state {
            State::Negotiating(negotiation) => !negotiation.waits(),
            State::Bound(bound) => !bound.is_full(),
            State::Closed => false,
        }
    }

    /// Who is bound, if somebody is.
    pub fn endpoint(&self) -> Option<&EndpointId> {
        match &self.state {
            State::Bound(bound) => Some(&bound.me),
            State::Negotiating(_) | State::Closed => None,
        }
    }

    /// Whether the stream is over: drop it.
    pub fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }

    /// Reads on as long as nothing has to be waited for.
    fn read(&mut self, now: Timestamp, out: &mut Out) {
        while self.wants_input() {
            let next = if self.framed { self.next_message() } else { self.next_piece() };
            match next {
                Ok(Some(part)) => self.part(now, part, out),
                Ok(None) => return,
                Err(error) => return self.fail(error, None, out),
            }
        }
    }

    fn next_piece(&mut self) -> Result<Option<Part>, StreamError> {
        Ok(match self.framer.next_piece()? {
            None => None,
            Some(Piece::End) => Some(Part::End),
            Some(Piece::Header(bytes)) => Some(Part::Header(Header::parse(&bytes)?)),
            Some(Piece::Element(bytes)) => Some(Part::Element(Stanza::parse(bytes, &self.scope)?)),
        })
    }

    fn next_message(&mut self) -> Result<Option<Part>, StreamError> {
        let Some(bytes) = self.messages.pop_front() else { return Ok(None) };
        if bytes.len() > self.element_limit() {
            return Err(StreamError::PolicyViolation);
        }
        if self.expects_header() {
            return Header::parse_open(&bytes).map(|header| Some(Part::Header(header)));
        }
        let element = Stanza::parse(bytes, &Scope::Framed)?;
        let ends = element.is("close", crate::ns::FRAMING);
        Ok(Some(if ends { Part::End } else { Part::Element(element) }))
    }

    fn element_limit(&self) -> usize {
        match &self.state {
            State::Negotiating(n) if n.user.is_none() => STANZA_BYTES_BEFORE_SIGN_IN,
            _ => self.settings.stanza_bytes,
        }
    }

    fn expects_header(&self) -> bool {
        matches!(&self.state, State::Negotiating(n) if matches!(n.step, Step::Header))
    }

    fn part(&mut self, now: Timestamp, part: Part, out: &mut Out) {
        match (part, &mut self.state) {
            (Part::End, _) => self.ended_by_client(out),
            (Part::Header(header), _) => self.opened(header, out),
            (Part::Element(element), State::Negotiating(_)) => self.negotiate(now, &element, out),
            (Part::Element(element), State::Bound(_)) => self.bound_element(now, element, out),
            (Part::Element(_), State::Closed) => {}
        }
    }

    /// 32 bytes that nobody can guess, other ones at each call.
    fn draw(&mut self) -> [u8; 32] {
        self.drawn += 1;
        hmac_sha256(&self.seed, &self.drawn.to_be_bytes())
    }

    /// A name that nobody can guess: 24 characters.
    fn draw_name(&mut self) -> String {
        URL_SAFE_NO_PAD.encode(&self.draw()[..18])
    }
}

/// A piece of the stream, read.
#[expect(clippy::large_enum_variant, reason = "handed on at once; a box for each is an allocation")]
enum Part {
    Header(Header),
    Element(Stanza),
    End,
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let state = match &self.state {
            State::Negotiating(_) => "negotiating",
            State::Bound(_) => "bound",
            State::Closed => "closed",
        };
        f.debug_struct("Stream").field("state", &state).finish_non_exhaustive()
    }
}
