//! Where the bytes of a connection come from and go to: the transport's driver, or what carries messages instead of bytes.

use super::{Client, channel};
use crate::session::SessionEvent;
use domain::Timestamp;
use std::sync::Arc;
use transport::{Closed, Io, TlsFacts};
use xmpp::{
    stream::{Carrier, Input, Stream},
    wire::StreamError,
};

/// Where the bytes of a connection go: a socket takes them as they are, a WebSocket message by message.
pub(crate) trait Sink {
    /// Takes the bytes; `ends` says where messages end.
    fn take(&mut self, bytes: &mut Vec<u8>, ends: &mut Vec<usize>);
    /// See [`Io::start_tls`].
    fn start_tls(&mut self);
    /// See [`Io::signed_in`].
    fn signed_in(&mut self);
    /// See [`Io::close`].
    fn close(&mut self);
    /// See [`Io::abandon`].
    fn abandon(&mut self);
}

impl Sink for Io {
    fn take(&mut self, bytes: &mut Vec<u8>, ends: &mut Vec<usize>) {
        self.write(bytes);
        bytes.clear();
        ends.clear();
    }

    fn start_tls(&mut self) {
        Io::start_tls(self);
    }

    fn signed_in(&mut self) {
        Io::signed_in(self);
    }

    fn close(&mut self) {
        Io::close(self);
    }

    fn abandon(&mut self) {
        Io::abandon(self);
    }
}

/// Ends what the client reads, while the session goes on.
pub(super) fn say_good_bye(error: StreamError, text: Option<&str>, sink: &mut impl Sink) {
    let mut bytes = Vec::new();
    error.write(text, b"", false, &mut bytes);
    bytes.extend_from_slice(b"</stream:stream>");
    sink.take(&mut bytes, &mut Vec::new());
}

impl transport::Session for Client {
    type Event = SessionEvent;

    fn received(&mut self, now: Timestamp, bytes: &[u8], io: &mut Io) {
        self.feed(now, Input::Bytes(bytes), io);
    }

    fn event(&mut self, now: Timestamp, event: SessionEvent, io: &mut Io) {
        self.take(now, event, io);
    }

    fn deadline(&self) -> Option<Timestamp> {
        Client::deadline(self)
    }

    fn tick(&mut self, now: Timestamp, io: &mut Io) {
        self.feed(now, Input::Tick, io);
    }

    fn secured(&mut self, now: Timestamp, facts: TlsFacts, io: &mut Io) {
        let channel = channel(&facts);
        if self.direct {
            // Nothing was said yet: the stream begins here.
            self.stream = Stream::new(Arc::clone(&self.shared.stream), Carrier::Tls(channel), self.seed, now);
        } else {
            self.feed(now, Input::Secured(channel), io);
        }
    }

    fn flushed(&mut self, now: Timestamp, io: &mut Io) {
        self.feed(now, Input::Flushed, io);
    }

    fn draining(&mut self, now: Timestamp, io: &mut Io) {
        if self.recall.is_some() && self.stream.resumable().is_some() {
            // Its client goes on with the session at another node.
            self.report();
            say_good_bye(StreamError::SystemShutdown, None, io);
            Io::close(io);
        } else {
            self.feed(now, Input::End(StreamError::SystemShutdown, None), io);
        }
    }

    fn closed(&mut self, now: Timestamp, _: Closed) {
        if self.leaving.is_none() {
            self.feed(now, Input::Lost, &mut Io::new());
        }
        if let Some((id, until)) = self.leaving.take() {
            return self.park(now, id, until);
        }
        // A client that was not bound when it went, or whose stream was over already.
        self.detach();
    }

    fn wants_more_input(&self) -> bool {
        self.wants_input()
    }
}
