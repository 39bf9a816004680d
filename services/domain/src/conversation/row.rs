//! The durable state of a conversation as rows: what the store keeps of it, part by part.
//!
//! Invariant: the rows loaded into a new machine, or the facts applied to one, make the same durable state.

use super::{Affiliation, Configuration, Role};
use crate::{Address, EndpointId, EndpointName, Timestamp, endpoint::Said};
use std::sync::Arc;

/// One part of the durable state: its key, and its value or `None` where it is gone.
#[derive(Clone, Debug)]
pub enum Row {
    /// The only part that every conversation has; never gone.
    Head(Box<Head>),
    /// Two-party: a message that the other's home has not confirmed, by number.
    Pending(u64, Option<Arc<Said>>),
    /// Conference: one of the last messages, for those who join, by number.
    Recent(u64, Option<Arc<Said>>),
    /// Conference: a person's lasting relation to it.
    Affiliation(Address, Option<Affiliated>),
    /// Conference: an endpoint that is in.
    Occupant(EndpointId, Option<Seated>),
}

/// What there is once in a conversation.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Head {
    /// The last number given; 0: none yet. It is kept when a conference ends, so that no number is given twice.
    pub number: u64,
    /// When that was, or when the conference was made if that was later.
    pub last_at: Timestamp,
    /// Two-party: the latest session; 0: there was none.
    pub session: u64,
    /// Whether that session is still open.
    pub session_open: bool,
    /// The client message ids that are remembered, oldest first.
    pub remembered: Vec<Remembered>,
    /// Conference: while there is one.
    pub conference: Option<ConferenceHead>,
}

/// A client's message id that was numbered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Remembered {
    /// Of the sender's address and the id, 64 bits.
    pub hash: u64,
    /// The number it got.
    pub number: u64,
    /// When.
    pub at: Timestamp,
}

/// What there is once in a conference.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConferenceHead {
    /// When it was made.
    pub created: Timestamp,
    /// Of [`super::Fact::Created`].
    pub seed: u64,
    /// Configured for the first time, and so open for others.
    pub open: bool,
    /// How it behaves.
    pub configuration: Configuration,
    /// The topic that was set last.
    pub topic: Option<Topic>,
}

/// A topic that was set.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Topic {
    /// Empty: it was taken away.
    pub text: Arc<str>,
    /// Who set it, by nick.
    pub by: EndpointName,
    /// When.
    pub at: Timestamp,
}

/// A person's lasting relation to a conference.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Affiliated {
    /// Which; never `None`.
    pub affiliation: Affiliation,
    /// The nick that the person has reserved.
    pub nick: Option<EndpointName>,
}

/// An endpoint that is in a conference.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seated {
    /// Under which nick; the endpoints of one person may share one.
    pub nick: EndpointName,
    /// As what.
    pub role: Role,
}
