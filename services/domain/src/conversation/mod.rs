//! A conversation: who is in it (the focus, RFC 4353) and the order of what is said (the IM MCU).
//!
//! Invariants: numbers are contiguous from 1; a number is given once; a message leaves only after its fact is
//! durable; a retry with an origin id that was numbered already gets the first number again.

mod affiliation;
mod apply;
mod changed;
mod command;
mod configure;
mod confirm;
mod describe;
mod doubts;
mod effect;
mod escalate;
mod fact;
mod focus;
mod history;
mod invite;
mod join;
mod leave;
mod live;
mod numbering;
mod pair;
mod policy;
mod privilege;
mod role;
mod row;
mod say;
mod send;
mod session;
mod show;
mod standing;
mod stored;
mod tell;
#[cfg(test)]
mod tests;
mod topic;

pub use command::{Command, ConferenceCommand, Configuration, HistoryWish, WhoMayInvite};
pub use effect::{ConferenceAnswer, ConferenceEvent, Departure, Effect, Occupant};
pub use fact::{Affiliation, Fact, Readers, Role};
pub use live::Conversation;
pub use policy::{Creators, Policy, Survivors};
pub use row::{Affiliated, ConferenceHead, Head, Remembered, Row, Seated, Topic};

use crate::{Address, Out};
use std::fmt;

/// What a turn of a conversation appends to.
type Output = Out<Fact, Effect>;

/// Which conversation.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConversationId {
    /// The two-party conversation of these two, the lower address first: make it with [`ConversationId::between`].
    Between(Address, Address),
    /// The conference of this address.
    Conference(Address),
}

impl ConversationId {
    /// The two-party conversation of `a` and `b`, whichever of them asks.
    #[must_use]
    pub fn between(a: Address, b: Address) -> Self {
        if a <= b { Self::Between(a, b) } else { Self::Between(b, a) }
    }

    /// The text that decides the shard: the lower address, or the conference's own.
    pub fn home_key(&self) -> &str {
        match self {
            Self::Between(lower, _) => lower.as_str(),
            Self::Conference(address) => address.as_str(),
        }
    }
}

impl fmt::Display for ConversationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Between(lower, higher) => write!(f, "{lower} {higher}"),
            Self::Conference(address) => write!(f, "{address}"),
        }
    }
}

impl fmt::Debug for ConversationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
