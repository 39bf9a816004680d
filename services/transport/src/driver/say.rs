//! The way out: session, encryption, socket. All that one round brought leaves with one write.

use super::{Connection, Layer, Phase, Turn};
use crate::session::{Closed, Session};
use std::{io, pin::Pin, task::Poll};
use tokio::io::AsyncWrite as _;

impl<S: Session> Connection<S> {
    /// Seals and writes; true if that made room or gave the session more to say, so that another round is worth it.
    pub(super) fn say(&mut self, turn: &mut Turn<'_, '_>) -> bool {
        if matches!(self.phase, Phase::Lingering(_) | Phase::Gone) {
            return false;
        }
        let was_clogged = self.is_clogged(turn);
        let mut wire = if self.unsent.is_empty() {
            std::mem::take(&mut turn.scratch.wire)
        } else {
            std::mem::take(&mut self.unsent)
        };
        let outcome = self.seal(turn, &mut wire).and_then(|()| self.write(turn, &mut wire));
        if wire.is_empty() {
            turn.scratch.wire = wire;
        } else {
            self.unsent = wire;
        }
        if outcome.is_err() {
            self.end(Closed::Lost, turn.now);
            return false;
        }
        if self.unsent.is_empty() { self.all_is_said(turn) } else { was_clogged && !self.is_clogged(turn) }
    }

    /// At the end of a turn that is not the last: what was just written waits in `unsent`, not in the shared buffer.
    pub(super) fn keep(&mut self, turn: &mut Turn<'_, '_>) {
        if turn.scratch.io.out.is_empty() {
            return;
        }
        let mut unsent = std::mem::take(&mut self.unsent);
        if unsent.is_empty() {
            self.progress = turn.at;
        }
        let outcome = self.seal(turn, &mut unsent);
        self.unsent = unsent;
        if outcome.is_err() {
            self.end(Closed::Lost, turn.now);
        }
    }

    /// Moves what the session wrote onto the wire. In a handshake, and after TLS failed, it is dropped.
    fn seal(&mut self, turn: &mut Turn<'_, '_>, wire: &mut Vec<u8>) -> io::Result<()> {
        let handshaking = self.handshaking_since().is_some();
        let out = &mut turn.scratch.io.out;
        let outcome = match &mut self.layer {
            Layer::Clear => {
                self.owes_flushed |= !out.is_empty();
                wire.append(out);
                Ok(())
            }
            Layer::Tls(layer) if handshaking || matches!(self.phase, Phase::Closing(Closed::Tls)) => {
                layer.seal(&[], wire)
            }
            Layer::Tls(layer) => {
                self.owes_flushed |= !out.is_empty();
                let sealed = layer.seal(out, wire);
                match self.phase {
                    Phase::Closing(_) => sealed.and_then(|()| layer.seal_close(wire)),
                    _ => sealed,
                }
            }
        };
        out.clear();
        outcome
    }

    /// Writes until all is written or the kernel takes no more; what it took is removed from `wire`.
    fn write(&mut self, turn: &mut Turn<'_, '_>, wire: &mut Vec<u8>) -> io::Result<()> {
        let waited = self.is_waiting;
        let mut done = 0;
        while done < wire.len() {
            match Pin::new(&mut self.stream).poll_write(turn.cx, &wire[done..]) {
                Poll::Pending => break,
                Poll::Ready(Ok(0)) => return Err(io::ErrorKind::WriteZero.into()),
                Poll::Ready(Ok(count)) => done += count,
                Poll::Ready(Err(error)) => return Err(error),
            }
        }
        wire.drain(..done);
        turn.sent += done;
        self.is_waiting = !wire.is_empty();
        if done > 0 || !waited {
            self.progress = turn.at;
        }
        Ok(())
    }

    /// The kernel has everything: tell the session or, if it closes, let it go.
    fn all_is_said(&mut self, turn: &mut Turn<'_, '_>) -> bool {
        if let Phase::Closing(why) = self.phase {
            self.tell_closed(why, turn.now);
            // An error means that the peer is gone already; reading will find out.
            let _ = Pin::new(&mut self.stream).poll_shutdown(turn.cx);
            self.phase = Phase::Lingering(turn.at + self.limits().linger);
            return true;
        }
        if self.handshaking_since().is_some() || !std::mem::take(&mut self.owes_flushed) {
            return false;
        }
        if let Some(session) = &mut self.session {
            session.flushed(turn.now, &mut turn.scratch.io);
        }
        self.obey(turn);
        true
    }
}
