//! The way in: socket, decryption, session.

use super::{Connection, Layer, Phase, Turn};
use crate::{
    meters::Meters,
    session::{Closed, Session},
    tls::{Fed, failure_kind},
};
use std::{pin::Pin, task::Poll};
use tokio::io::{AsyncRead as _, ReadBuf};

impl<S: Session> Connection<S> {
    /// Whether the socket is to be read.
    pub(super) fn listens(&self, turn: &Turn<'_, '_>) -> bool {
        match (&self.phase, &self.session) {
            // During a handshake nothing of what comes is for the session.
            (Phase::Open, Some(session)) => {
                self.handshaking_since().is_some() || (session.wants_more_input() && !self.is_clogged(turn))
            }
            (Phase::Lingering(_), _) => true,
            _ => false,
        }
    }

    /// Reads once, if the session wants it; true if there may be more.
    pub(super) fn hear(&mut self, turn: &mut Turn<'_, '_>) -> bool {
        if !self.listens(turn) {
            return false;
        }
        let mut read = std::mem::take(&mut turn.scratch.read);
        let mut buffer = ReadBuf::new(&mut read);
        let outcome = Pin::new(&mut self.stream).poll_read(turn.cx, &mut buffer);
        let heard = match (outcome, buffer.filled()) {
            (Poll::Pending, _) => false,
            (Poll::Ready(Err(_)), _) => self.hung_up(Closed::Lost, turn),
            (Poll::Ready(Ok(())), []) => self.hung_up(Closed::ByPeer, turn),
            (Poll::Ready(Ok(())), bytes) => {
                turn.received += bytes.len();
                if matches!(self.phase, Phase::Open) {
                    self.received(bytes, turn);
                }
                true
            }
        };
        turn.scratch.read = read;
        heard
    }

    /// Nothing more will come.
    fn hung_up(&mut self, why: Closed, turn: &Turn<'_, '_>) -> bool {
        if self.handshaking_since().is_some() {
            Meters::handshake_failed("closed");
        }
        self.end(why, turn.now);
        false
    }

    fn received(&mut self, bytes: &[u8], turn: &mut Turn<'_, '_>) {
        if let Layer::Clear = self.layer {
            if let Some(session) = &mut self.session {
                session.received(turn.now, bytes, &mut turn.scratch.io);
            }
            self.obey(turn);
        } else {
            self.decrypt(bytes, turn);
        }
    }

    fn decrypt(&mut self, mut bytes: &[u8], turn: &mut Turn<'_, '_>) {
        while !bytes.is_empty() && matches!(self.phase, Phase::Open) {
            let Layer::Tls(layer) = &mut self.layer else { return };
            let fed = match layer.feed(&mut bytes) {
                Ok(fed) => fed,
                Err(error) => return self.refuse_tls(&error),
            };
            if let Fed::Secured(facts) = fed {
                self.permit.gate().meters.secured();
                if let Some(session) = &mut self.session {
                    session.secured(turn.now, facts, &mut turn.scratch.io);
                }
                self.obey(turn);
            } else if let Fed::Closed = fed {
                // RFC 8446 §6.1: answer with our own close_notify; nothing can be read any more.
                self.phase = Phase::Closing(Closed::ByPeer);
                return;
            }
            self.hand_over(turn);
        }
    }

    /// Gives the session all plaintext there is, unless it closes.
    fn hand_over(&mut self, turn: &mut Turn<'_, '_>) {
        while matches!(self.phase, Phase::Open) {
            let (Layer::Tls(layer), Some(session)) = (&mut self.layer, &mut self.session) else { return };
            let Some(plain) = layer.plaintext() else { return };
            let count = plain.len();
            session.received(turn.now, plain, &mut turn.scratch.io);
            layer.consume(count);
            self.obey(turn);
        }
    }

    /// The alert that says why is still to be written.
    fn refuse_tls(&mut self, error: &rustls::Error) {
        if self.handshaking_since().is_some() {
            Meters::handshake_failed(failure_kind(error));
        }
        tracing::debug!(%error, "TLS failed");
        self.phase = Phase::Closing(Closed::Tls);
    }
}
