//! Deliveries that the client must confirm, numbered anew: a home that has moved counts from where it likes and hands
//! out again what its predecessor was not told of.
//!
//! Invariant: the door sees ascending serials and each message once; the home hears of a serial after all before it.

use crate::{ConversationId, endpoint::Delivery, limits::PASSED_ON};
use std::collections::{HashSet, VecDeque};
use xxhash_rust::xxh3::xxh3_64;

/// What to do with a delivery.
#[derive(Debug)]
pub(super) enum Passed {
    /// Pass it on, under a serial of ours.
    On(Delivery),
    /// It was passed on before; tell the home so up to this serial of its own, if the client has all before it.
    Before(Option<u64>),
}

/// A message and where it is said: enough to know it again.
type Key = (u64, u64);

/// One delivery of the home that is now.
#[derive(Debug)]
struct Open {
    /// The home's serial.
    home: u64,
    /// Ours; `None`: the client has it.
    door: Option<u64>,
}

#[derive(Debug, Default)]
pub(super) struct Deliveries {
    last: u64,
    /// By the home's serial, ascending.
    open: VecDeque<Open>,
    /// Passed on to the client and not confirmed by it, by our serial.
    on_the_way: VecDeque<(u64, Key)>,
    /// What was passed on, the oldest first; at [`PASSED_ON`] it is forgotten.
    passed: VecDeque<Key>,
    known: HashSet<Key>,
}

fn key(delivery: &Delivery) -> Key {
    let said = &delivery.said;
    let conversation = match &said.conversation {
        ConversationId::Between(lower, higher) => {
            xxh3_64(format!("{}\n{}", lower.as_str(), higher.as_str()).as_bytes())
        }
        ConversationId::Conference(address) => xxh3_64(address.as_str().as_bytes()),
    };
    (conversation, said.number)
}

impl Deliveries {
    pub(super) fn passes(&mut self, mut delivery: Delivery) -> Passed {
        let key = key(&delivery);
        let home = delivery.serial;
        if self.known.contains(&key) {
            let door =
                self.on_the_way.iter().find(|(_, on_the_way)| *on_the_way == key).map(|(door, _)| *door);
            self.open.push_back(Open { home, door });
            return Passed::Before(self.settle());
        }
        self.last += 1;
        delivery.serial = self.last;
        self.open.push_back(Open { home, door: Some(self.last) });
        self.on_the_way.push_back((self.last, key));
        self.remember(key);
        Passed::On(delivery)
    }

    fn remember(&mut self, key: Key) {
        self.known.insert(key);
        self.passed.push_back(key);
        if self.passed.len() > PASSED_ON
            && let Some(oldest) = self.passed.pop_front()
        {
            self.known.remove(&oldest);
        }
    }

    /// The client has everything up to this serial of ours: what the home is to be told.
    pub(super) fn confirmed(&mut self, serial: u64) -> Option<u64> {
        while self.on_the_way.pop_front_if(|(door, _)| *door <= serial).is_some() {}
        for open in &mut self.open {
            if open.door.is_some_and(|door| door <= serial) {
                open.door = None;
            }
        }
        self.settle()
    }

    /// Up to which of the home's serials everything was passed on with this serial of ours or before.
    pub(super) fn reached(&self, serial: u64) -> u64 {
        let written = self.open.iter().take_while(|open| open.door.is_none_or(|door| door <= serial));
        written.last().map_or(0, |open| open.home)
    }

    /// Drops what the client has from the front: up to which of the home's serials that is.
    fn settle(&mut self) -> Option<u64> {
        let mut reached = None;
        while let Some(open) = self.open.pop_front_if(|open| open.door.is_none()) {
            reached = Some(open.home);
        }
        reached
    }

    /// Another home: its serials are others.
    pub(super) fn start_again(&mut self) {
        self.open.clear();
    }
}
