//! What a record of the log says, in the words of the domain (DESIGN §1): a claim of its shard, or the facts of one
//! entity, decided together.

use domain::{Address, ConversationId, Home, conversation, user};
use std::fmt;

/// A place in a shard, from 0; contiguous.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Offset(pub u64);

impl Offset {
    /// The place `count` records further.
    #[must_use]
    pub fn plus(self, count: u64) -> Self {
        Self(self.0.saturating_add(count))
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One run of one node: random, made at its start, never 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct WriterId(pub u64);

/// Who wrote a record, in which term of ownership.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Stamp {
    /// The term: one higher with each claim; 0 is before any.
    pub epoch: u64,
    /// The writer.
    pub writer: WriterId,
}

/// One record.
#[derive(Clone, Debug)]
pub enum Record {
    /// The writer takes the shard.
    Claim(Stamp),
    /// An entity decided something.
    Facts(Stamp, Entry),
}

impl Record {
    /// Who wrote it, in which term.
    pub fn stamp(&self) -> Stamp {
        match self {
            Self::Claim(stamp) | Self::Facts(stamp, _) => *stamp,
        }
    }

    /// Whether it is a claim.
    pub fn is_claim(&self) -> bool {
        matches!(self, Self::Claim(_))
    }
}

/// What one entity decided in one turn: all of it counts, or none.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Which entity.
    pub home: Home,
    /// What; of the kind of `home`.
    pub facts: Facts,
}

impl Entry {
    /// Facts of a user.
    pub fn user(address: Address, facts: Vec<user::Fact>) -> Self {
        Self { home: Home::User(address), facts: Facts::User(facts) }
    }

    /// Facts of a conversation.
    pub fn conversation(id: ConversationId, facts: Vec<conversation::Fact>) -> Self {
        Self { home: Home::Conversation(id), facts: Facts::Conversation(facts) }
    }
}

/// Facts of one entity, in the order in which they were decided.
#[derive(Clone, Debug)]
pub enum Facts {
    /// Of a user.
    User(Vec<user::Fact>),
    /// Of a conversation.
    Conversation(Vec<conversation::Fact>),
}
