//! One signed-in user of the generator: what it says, what it hears, and what the server has acknowledged.
//!
//! Everything runs on one thread, so a session is shared by `Rc` and needs no lock.

mod acks;
pub(crate) mod connect;
mod drive;
pub(crate) mod sign_in;

use std::cell::{Cell, RefCell};
use std::time::Instant;

use tokio::sync::Notify;

use crate::limits;
use crate::wire::SM;
use crate::wire::stanza::Stanza;
use acks::Acks;
pub(crate) use drive::drive;

/// What a scenario does with what its sessions hear.
pub(crate) trait Ear {
    /// The session is signed in; a scenario says its first stanzas here.
    fn signed_in(&self, session: &Session);
    /// A message, presence or iq came.
    fn heard(&self, session: &Session, stanza: Stanza<'_>);
    /// The server acknowledged a stanza that was due at that moment (XEP-0198 §4).
    fn acknowledged(&self, _session: &Session, _due: Instant) {}
    /// All that one answer covers has been told; a saturating scenario says more here.
    fn refill(&self, _session: &Session) {}
}

/// One user's session.
pub(crate) struct Session {
    /// The index of the user among those of the run.
    pub(crate) user: usize,
    outbox: RefCell<Vec<u8>>,
    wake: Notify,
    overflow: Cell<bool>,
    closing: Cell<bool>,
    acks: RefCell<Acks>,
}

impl Session {
    /// A session that has just been bound.
    pub(crate) fn new(user: usize) -> Self {
        Self {
            user,
            outbox: RefCell::default(),
            wake: Notify::new(),
            overflow: Cell::new(false),
            closing: Cell::new(false),
            acks: RefCell::default(),
        }
    }

    /// Says one stanza.
    pub(crate) fn say(&self, stanza: &str) {
        self.acks.borrow_mut().sent(None);
        self.write(stanza);
    }

    /// Says one stanza that was due at that moment, to be timed until the server acknowledges it.
    pub(crate) fn say_timed(&self, stanza: &str, due: Instant) {
        self.acks.borrow_mut().sent(Some(due));
        self.write(stanza);
    }

    /// Asks the server what it has handled (`<r/>`, XEP-0198 §4). Not a stanza: it is not counted.
    pub(crate) fn ask_ack(&self) {
        self.write(&format!("<r xmlns='{SM}'/>"));
    }

    /// How many timed stanzas wait for their acknowledgement.
    pub(crate) fn unacknowledged(&self) -> usize {
        self.acks.borrow().waiting()
    }

    /// Ends the session in good order (RFC 6120 §4.4).
    pub(crate) fn sign_out(&self) {
        if !self.closing.replace(true) {
            self.write("</stream:stream>");
        }
    }

    fn write(&self, text: &str) {
        let mut outbox = self.outbox.borrow_mut();
        if outbox.len() + text.len() > limits::OUTBOX {
            self.overflow.set(true);
        } else {
            outbox.extend_from_slice(text.as_bytes());
        }
        self.wake.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outbox_that_nobody_empties_overflows() {
        let session = Session::new(0);
        let stanza = "x".repeat(limits::OUTBOX / 4);
        for _ in 0..4 {
            session.say(&stanza);
        }
        assert!(!session.overflow.get());
        session.say(&stanza);
        assert!(session.overflow.get());
        assert_eq!(session.outbox.borrow().len(), limits::OUTBOX);
    }
}
