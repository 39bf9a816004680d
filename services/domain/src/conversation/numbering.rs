//! The numbers of a conversation's messages, and the client ids that were numbered already (XEP-0359 §3).
//!
//! Invariants: numbers are contiguous from 1; times never go back; a remembered id keeps its first number.

use super::{
    Fact, Readers,
    row::{Head, Remembered},
};
use crate::{
    Address, ConversationId, Message, Timestamp,
    endpoint::{Rendered, Said},
    limits::REMEMBERED_IDS,
};
use std::{collections::VecDeque, time::Duration};
use xxhash_rust::xxh3::Xxh3;

/// Where the count is.
#[derive(Default)]
pub(super) struct Numbering {
    last: u64,
    last_at: Timestamp,
    remembered: VecDeque<Remembered>,
}

impl Numbering {
    /// The number and the time that the next message gets.
    pub(super) fn next(&self, now: Timestamp) -> (u64, Timestamp) {
        (self.last + 1, now.max(self.last_at))
    }

    /// When a conference is made: later than all that was said in another one of its address, so that the time alone
    /// tells whose a message is.
    pub(super) fn made_at(&self, now: Timestamp) -> Timestamp {
        if self.last == 0 { now } else { now.max(self.last_at.plus(Duration::from_millis(1))) }
    }

    /// A conference was made then: nothing in it is earlier.
    pub(super) fn start_at(&mut self, at: Timestamp) {
        self.last_at = self.last_at.max(at);
    }

    pub(super) fn last_at(&self) -> Timestamp {
        self.last_at
    }

    /// The number and time of this message if it is a retry.
    pub(super) fn retried(&self, from: &Address, message: &Message) -> Option<(u64, Timestamp)> {
        if !message.is_durable() {
            return None;
        }
        let hash = hash(from, message.origin_id.as_deref()?);
        // Newest first: a retry follows soon.
        self.remembered.iter().rev().find(|known| known.hash == hash).map(|known| (known.number, known.at))
    }

    /// Counts what was said.
    pub(super) fn count(&mut self, said: &Said) {
        (self.last, self.last_at) = (said.number, said.at);
        let Some(id) = said.message.origin_id.as_deref() else { return };
        if self.remembered.len() >= REMEMBERED_IDS {
            self.remembered.pop_front();
        }
        let hash = hash(&said.from.user, id);
        self.remembered.push_back(Remembered { hash, number: said.number, at: said.at });
    }

    pub(super) fn save(&self, head: &mut Head) {
        (head.number, head.last_at) = (self.last, self.last_at);
        head.remembered = self.remembered.iter().copied().collect();
    }

    pub(super) fn load(&mut self, head: &Head) {
        (self.last, self.last_at) = (head.number, head.last_at);
        self.remembered = head.remembered.iter().copied().collect();
    }
}

/// Only the sender's own ids can meet, so a collision made on purpose hurts nobody else.
fn hash(from: &Address, id: &str) -> u64 {
    let mut hasher = Xxh3::new();
    hasher.update(from.as_str().as_bytes());
    hasher.update(b"\n");
    hasher.update(id.as_bytes());
    hasher.digest()
}

impl Said {
    /// The fact that this was said.
    pub(super) fn fact(&self, readers: Readers) -> Fact {
        Fact::Said {
            number: self.number,
            at: self.at,
            from: self.from.clone(),
            nick: self.nick.clone(),
            occupant_id: self.occupant_id.clone(),
            to: self.to.clone(),
            message: self.message.clone(),
            readers,
        }
    }

    /// What this fact of a conversation says was said; `None` if it is about something else.
    pub fn of(conversation: &ConversationId, fact: &Fact) -> Option<Self> {
        let Fact::Said { number, at, from, nick, occupant_id, to, message, .. } = fact else { return None };
        Some(Self {
            conversation: conversation.clone(),
            number: *number,
            at: *at,
            from: from.clone(),
            nick: nick.clone(),
            occupant_id: occupant_id.clone(),
            to: to.clone(),
            message: message.clone(),
            rendered: Rendered::default(),
        })
    }
}
