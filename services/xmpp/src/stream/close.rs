//! How streams end (RFC 6120 §4.4, §4.9): by the client, by an error, by silence.

use super::{Event, Out, State, Stream};
use crate::{ns, sasl::SaslError, stanza::Tag, wire::StreamError};
use domain::Timestamp;

impl Stream {
    /// Ends the stream with an error; before our header, that comes first (RFC 6120 §4.9.1.2).
    pub(super) fn fail(&mut self, error: StreamError, text: Option<&str>, out: &mut Out) {
        self.fail_with(error, text, b"", out);
    }

    /// Like [`Self::fail`], with an element that says more.
    pub(super) fn fail_with(&mut self, error: StreamError, text: Option<&str>, detail: &[u8], out: &mut Out) {
        let unopened = matches!(&self.state, State::Negotiating(n) if !n.opened);
        let connected = match &self.state {
            State::Negotiating(_) => true,
            State::Bound(bound) => bound.is_connected(),
            State::Closed => return,
        };
        if connected {
            if unopened {
                self.open(None, out);
            }
            error.write(text, detail, self.framed, &mut out.bytes);
            out.end_element(self.framed);
        }
        self.finish(connected, out);
    }

    /// The client has closed the stream: so do we, and there is nothing to resume.
    pub(super) fn ended_by_client(&mut self, out: &mut Out) {
        self.finish(true, out);
    }

    fn finish(&mut self, connected: bool, out: &mut Out) {
        if connected {
            self.write_end(out);
        }
        self.shut(out);
        if connected {
            out.event(Event::Close);
        }
    }

    pub(super) fn write_end(&self, out: &mut Out) {
        if self.framed {
            Tag::open_in(&mut out.bytes, "close", ns::FRAMING).empty();
            out.end_element(true);
        } else {
            out.bytes.extend_from_slice(b"</stream:stream>");
        }
    }

    /// Nothing more comes of this stream.
    pub(super) fn shut(&mut self, out: &mut Out) {
        let signed_in = match std::mem::replace(&mut self.state, State::Closed) {
            State::Negotiating(negotiation) => {
                if let Some(user) = negotiation.abandoned() {
                    out.event(Event::SignInFailed { user: Some(user), error: SaslError::Aborted });
                }
                negotiation.is_binding()
            }
            State::Bound(_) => true,
            State::Closed => false,
        };
        if signed_in {
            out.event(Event::Ended);
        }
        self.framer.discard();
        self.messages = std::collections::VecDeque::new();
    }

    /// The connection is gone: the stream waits to be resumed if the client asked for that, else it is over.
    pub(super) fn lost(&mut self, now: Timestamp, out: &mut Out) {
        self.framer.discard();
        self.messages.clear();
        let until = now.plus(self.settings.resume);
        if let State::Bound(bound) = &mut self.state
            && let Some(id) = bound.lose(until)
        {
            return out.event(Event::Parked { id, until });
        }
        self.shut(out);
    }

    /// The deadline has come.
    pub(super) fn tick(&mut self, now: Timestamp, out: &mut Out) {
        if self.deadline().is_none_or(|deadline| deadline > now) {
            return;
        }
        let State::Bound(bound) = &mut self.state else {
            return self.fail(StreamError::ConnectionTimeout, Some("sign-in took too long"), out);
        };
        match bound.tick(now, self.framed, out) {
            super::bound::Overdue::Nothing => {}
            super::bound::Overdue::Resumption => self.shut(out),
            super::bound::Overdue::ResumeReply => self.finish_resume(now, out),
            super::bound::Overdue::Acknowledgement => {
                // The client may only be out of reach for a while: its session is kept, if it asked for that.
                self.lost(now, out);
                out.event(Event::Close);
            }
        }
    }
}
