//! What a conversation decides: the records of its shard that every reader folds.

use super::Configuration;
use crate::{Address, EndpointId, EndpointName, Message, Timestamp};
use std::sync::Arc;

/// A lasting relation of a person to a conference (XEP-0045 §5.2; Lync: presenter by invitation).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Affiliation {
    /// May not enter.
    Outcast,
    /// None in particular.
    #[default]
    None,
    /// May enter a members-only conference.
    Member,
    /// May ban and grant membership.
    Admin,
    /// May do everything.
    Owner,
}

/// What an occupant may do while in (XEP-0045 §5.1; Lync: attendee, presenter).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Role {
    /// Not in.
    #[default]
    None,
    /// Listens.
    Visitor,
    /// Speaks (Lync: attendee).
    Participant,
    /// Runs it (Lync: presenter).
    Moderator,
}

/// Whose history a message is in (XMPP: XEP-0313). All of it is in the log, whoever may read it back.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Readers {
    /// The conversation's: both of the two, or all who may read the conference's.
    #[default]
    All,
    /// A whisper: the speaker's own and that of this user, who heard it; not the conference's.
    Whispered(Address),
    /// Nobody's: the conference keeps no history.
    Nobody,
}

/// Decided by a conversation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fact {
    /// A two-party session began: the first message after a quiet time.
    SessionOpened {
        /// Ascending in the conversation, from 1.
        session: u64,
        /// Who spoke first.
        by: EndpointId,
        /// When.
        at: Timestamp,
    },
    /// It ended.
    SessionClosed {
        /// Which.
        session: u64,
        /// When its last message was said.
        at: Timestamp,
    },
    /// A message was accepted and numbered. The archive's and the history's only source.
    Said {
        /// Contiguous in the conversation, from 1.
        number: u64,
        /// When; never before the one with a lower number.
        at: Timestamp,
        /// By which endpoint.
        from: EndpointId,
        /// In a conference: the speaker's nick.
        nick: Option<EndpointName>,
        /// In a conference: the speaker's lasting id there (XEP-0421).
        occupant_id: Option<Arc<str>>,
        /// To one endpoint in particular (two-party), or to one occupant's nick (conference whisper).
        to: Option<EndpointName>,
        /// What.
        message: Arc<Message>,
        /// Whose history it is in.
        readers: Readers,
    },
    /// These numbers reached the recipient's device or were kept by its home.
    Confirmed {
        /// Whose.
        by: Address,
        /// Ascending.
        numbers: Vec<u64>,
    },
    /// A conference was made.
    Created {
        /// Its first owner.
        owner: Address,
        /// When.
        at: Timestamp,
        /// How.
        configuration: Box<Configuration>,
        /// Random; the occupants' ids are made with it (XEP-0421), so it is never shown.
        seed: u64,
    },
    /// Its configuration is this now; also: the new conference is open for others.
    Configured {
        /// All of it.
        configuration: Box<Configuration>,
    },
    /// An endpoint came in.
    Joined {
        /// Which.
        endpoint: EndpointId,
        /// Under which nick.
        nick: EndpointName,
        /// As what.
        role: Role,
        /// When.
        at: Timestamp,
    },
    /// An occupant changed its nick.
    Renamed {
        /// Who.
        endpoint: EndpointId,
        /// To what.
        nick: EndpointName,
    },
    /// An occupant's role changed.
    RoleChanged {
        /// Whose.
        nick: EndpointName,
        /// To what.
        role: Role,
        /// By whom.
        by: Address,
    },
    /// An endpoint went out.
    Left {
        /// Which.
        endpoint: EndpointId,
        /// How.
        how: super::Departure,
        /// When.
        at: Timestamp,
    },
    /// Somebody's affiliation changed.
    Affiliated {
        /// Whose.
        who: Address,
        /// To what; `None` removes the entry.
        affiliation: Affiliation,
        /// A reserved nick that goes with it.
        nick: Option<EndpointName>,
    },
    /// The topic is this now.
    TopicSet {
        /// Empty: none.
        topic: Arc<str>,
        /// Who set it, by nick.
        by: EndpointName,
        /// When.
        at: Timestamp,
    },
    /// The conference is over and gone.
    Ended {
        /// When.
        at: Timestamp,
        /// Where people should go instead.
        alternate: Option<Address>,
    },
}
