//! What a conversation wants done once its facts are durable, and what endpoints learn of a conference.

use super::{Affiliation, Configuration, Role};
use crate::{
    Address, EndpointId, EndpointName, Refusal, Ticket, Timestamp,
    endpoint::{Answer, Said},
    user,
};
use bytes::Bytes;
use std::sync::Arc;

/// To be done by the host.
#[derive(Debug)]
pub enum Effect {
    /// Tell the home of this user; the answer to a ticket is [`user::Command::Answer`] and goes this way too.
    Tell {
        /// Which user.
        user: Address,
        /// What.
        command: user::Command,
    },
    /// Ask how `of` can be reached by `towards`: the answer is [`super::Command::Standing`].
    AskStanding {
        /// Of whom.
        of: Address,
        /// Towards whom.
        towards: Address,
    },
}

impl Effect {
    /// The answer to a ticket, on its way to the asker's home.
    pub(super) fn answer(to: EndpointId, ticket: Ticket, answer: Result<Answer, Refusal>) -> Self {
        let command = user::Command::Answer { endpoint: to.name, ticket, answer };
        Self::Tell { user: to.user, command }
    }

    /// The polite no.
    pub(super) fn refuse(to: EndpointId, ticket: Ticket, why: Refusal) -> Self {
        Self::answer(to, ticket, Err(why))
    }
}

/// How somebody left a conference.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Departure {
    /// By their own wish.
    Left {
        /// A parting note.
        note: Option<Arc<str>>,
    },
    /// Their endpoint is gone.
    Vanished,
    /// Kicked.
    Kicked {
        /// By whom.
        by: EndpointName,
        /// Why.
        reason: Option<Arc<str>>,
    },
    /// Banned.
    Banned {
        /// By whom, if they are in.
        by: Option<EndpointName>,
        /// Why.
        reason: Option<Arc<str>>,
    },
    /// Lost the membership that the conference now requires (XEP-0045 statuses 321, 322).
    NotMember,
    /// The conference was destroyed.
    Destroyed {
        /// Where to go instead.
        alternate: Option<Address>,
        /// Why.
        reason: Option<Arc<str>>,
    },
    /// The server is shutting down (status 332).
    Shutdown,
}

/// An occupant as the others see it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Occupant {
    /// The name in the conference.
    pub nick: EndpointName,
    /// The address behind it; `None` where the receiver may not know.
    pub endpoint: Option<EndpointId>,
    /// An id that stays the same for this person in this conference (XEP-0421).
    pub occupant_id: Arc<str>,
    /// Lasting relation.
    pub affiliation: Affiliation,
    /// What it may do now.
    pub role: Role,
    /// Its presence.
    pub state: Arc<crate::presentity::State>,
}

/// Told to an endpoint that is in a conference (or invited to it).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ConferenceEvent {
    /// Somebody is in, came in, or shows another state, role or affiliation.
    Present {
        /// Who.
        occupant: Occupant,
        /// It is the receiver (status 110).
        own: bool,
        /// The conference was made by this join and waits for its configuration (status 201).
        created: bool,
        /// The receiver's address is shown to everyone (status 100), told once with the own presence.
        whois_everyone: bool,
        /// The nick was changed by the service (status 210).
        nick_assigned: bool,
    },
    /// Somebody went out.
    Gone {
        /// Who, as they last were; affiliation and role as they are now.
        occupant: Occupant,
        /// It is the receiver.
        own: bool,
        /// How.
        how: Departure,
    },
    /// Somebody has a new nick (status 303); a `Present` with it follows.
    Renamed {
        /// Who, under the old nick.
        occupant: Occupant,
        /// The new one.
        nick: EndpointName,
        /// It is the receiver.
        own: bool,
    },
    /// The topic, at the end of a join and whenever it changes.
    Topic {
        /// Empty: none.
        topic: Arc<str>,
        /// Who set it.
        by: Option<EndpointName>,
        /// When, if that was before the receiver came.
        at: Option<Timestamp>,
        /// What was said to set it, if that was just now.
        said: Option<Arc<Said>>,
    },
    /// The configuration changed (status 104, and 170–173 for archive and whois).
    Reconfigured {
        /// As it is now.
        configuration: Box<Configuration>,
    },
    /// Somebody not in the conference has another affiliation now (told to moderators).
    Affiliated {
        /// Who.
        who: Address,
        /// What.
        affiliation: Affiliation,
    },
    /// The receiver is invited.
    Invited {
        /// By whom.
        from: EndpointId,
        /// Why.
        reason: Option<Arc<str>>,
        /// The password, if one is needed.
        password: Option<Arc<str>>,
        /// Continues a two-party conversation.
        continues: Option<Arc<str>>,
    },
    /// Somebody said no to the receiver's invitation.
    Declined {
        /// Who.
        from: Address,
        /// Why.
        reason: Option<Arc<str>>,
    },
    /// An occupant asks for voice (told to moderators).
    VoiceRequested {
        /// Who.
        endpoint: EndpointId,
        /// Under which nick.
        nick: EndpointName,
    },
    /// An opaque request or answer from an occupant.
    Relay {
        /// From whom.
        nick: EndpointName,
        /// In the sender's protocol.
        payload: Bytes,
    },
}

/// A conference's answer to a command that asks for something.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ConferenceAnswer {
    /// To `GetConfiguration`.
    Configuration(Box<Configuration>),
    /// To `ListAffiliation`: who, and a reserved nick.
    Affiliations(Vec<(Address, Affiliation, Option<EndpointName>)>),
    /// To `ListRole`.
    Roles(Vec<Occupant>),
    /// To `ReservedNick`.
    ReservedNick(Option<EndpointName>),
    /// To `Describe`.
    Description {
        /// The configuration (the door leaves the password out).
        configuration: Box<Configuration>,
        /// How many are in.
        occupants: u32,
        /// The topic.
        topic: Arc<str>,
    },
    /// To `Occupants`.
    Occupants(Vec<EndpointName>),
    /// To `ReadHistory`: it may be read from then on. What was said before in a conference of this address was said in
    /// another one.
    History {
        /// When the conference was made.
        since: Timestamp,
    },
}
