//! What a user's home remembers of one signed-in endpoint. Soft: gone with the session, rebuilt by signing in.
//!
//! Invariant: serials ascend from 1, and `held` names what was handed out under each, in that order.

use crate::{
    Address, EndpointName,
    limits::{UNCONFIRMED, UNCONFIRMED_BYTES},
    presentity::State,
};
use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
};

/// One endpoint.
#[derive(Debug, Default)]
pub(crate) struct Endpoint {
    /// What it publishes; `None`: signed in, but not available (RFC 6121 §4.1).
    pub(crate) state: Option<Arc<State>>,
    /// Its session has lost its connection and waits to be resumed: nobody sees what it gets.
    pub(crate) parked: bool,
    /// It read the roster and is told of changes ("interested", RFC 6121 §2.2).
    pub(crate) wants_roster: bool,
    /// It read the block list and is told of changes (XEP-0191 §3.2).
    pub(crate) wants_blocked: bool,
    /// Whom it showed itself to directly (RFC 6121 §4.6).
    pub(crate) directed: BTreeSet<(Address, Option<EndpointName>)>,
    /// The conferences that it is in, or asked to enter.
    pub(crate) conferences: BTreeSet<Address>,
    /// The lowest place of the inbox that was not offered to it yet.
    pub(crate) next_place: u64,
    /// Before this place only kept messages are for it: the rest came when it was not there.
    pub(crate) available_from: u64,
    held: VecDeque<Held>,
    held_bytes: usize,
    last_serial: u64,
}

/// Handed out and not confirmed.
#[derive(Debug)]
struct Held {
    serial: u64,
    /// In the inbox.
    place: u64,
    bytes: usize,
}

impl Endpoint {
    /// Newly signed in, when the next message of the inbox will be at `place`.
    pub(crate) fn new(place: u64) -> Self {
        Self { next_place: place, available_from: place, ..Self::default() }
    }

    /// Whether messages to the user's bare address are for it (RFC 6121 §8.5.2).
    pub(crate) fn takes_messages(&self) -> bool {
        self.state.as_ref().is_some_and(|s| s.priority >= 0)
    }

    /// Whether one more message may be handed out to it before it confirms some.
    pub(crate) fn has_room(&self) -> bool {
        self.held.len() < UNCONFIRMED && self.held_bytes < UNCONFIRMED_BYTES
    }

    /// Notes that the message of so many `bytes` at `place` is handed out to it, and gives the serial.
    pub(crate) fn hold(&mut self, place: u64, bytes: usize) -> u64 {
        self.last_serial += 1;
        self.held.push_back(Held { serial: self.last_serial, place, bytes });
        self.held_bytes += bytes;
        self.last_serial
    }

    /// The places of what it has not confirmed.
    pub(crate) fn held(&self) -> impl Iterator<Item = u64> {
        self.held.iter().map(|held| held.place)
    }

    /// What it was handed counts as not handed out: the places of that.
    pub(crate) fn let_go(&mut self) -> Vec<u64> {
        self.held_bytes = 0;
        self.held.drain(..).map(|held| held.place).collect()
    }

    /// It has everything up to `serial`: the places of these.
    pub(crate) fn confirm(&mut self, serial: u64) -> Vec<u64> {
        let reached = self.held.partition_point(|held| held.serial <= serial);
        let confirmed = self.held.drain(..reached);
        confirmed
            .map(|held| {
                self.held_bytes -= held.bytes;
                held.place
            })
            .collect()
    }
}
