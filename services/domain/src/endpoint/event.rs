//! What an endpoint is told by its user's home.

use super::Rendered;
use crate::{
    Address, ConversationId, EndpointId, EndpointName, Message, Refusal, Ticket, Timestamp,
    category::{CategoryNotice, Item, Settings},
    conversation::{ConferenceAnswer, ConferenceEvent},
    presentity::{Notice, State},
    roster::{Contact, Handshake},
};
use bytes::Bytes;
use std::sync::Arc;

/// Told to one endpoint.
#[derive(Clone, Debug)]
pub enum Event {
    /// The command with this ticket was carried out, and what it changed is durable.
    Done(Ticket, Answer),
    /// The command with this ticket was refused; nothing of it was done.
    Refused(Ticket, Refusal),
    /// A message.
    Delivery(Delivery),
    /// The presence of somebody that the user watches, or of another endpoint of the user.
    Notice(Arc<Notice>),
    /// Directed presence from somebody (RFC 6121 §4.6).
    Directed {
        /// From which endpoint.
        from: EndpointId,
        /// `None`: gone.
        state: Option<Arc<State>>,
        /// If gone: the parting note.
        note: Option<Arc<str>>,
    },
    /// Somebody's step in the subscription hand-shake that the user should know of.
    Handshake {
        /// Whose.
        from: Address,
        /// Which step.
        step: Handshake,
        /// What their protocol put beside it.
        carried: Bytes,
    },
    /// A contact was added or changed (RFC 6121 §2.1.6).
    ContactChanged {
        /// The contact as it is now.
        contact: Arc<Contact>,
        /// The roster's version with this change.
        version: u64,
    },
    /// A contact was removed.
    ContactRemoved {
        /// Who it was.
        address: Address,
        /// The roster's version with this change.
        version: u64,
    },
    /// These were blocked or unblocked by the user (XEP-0191 §3.2); with `blocked` false and none named: all unblocked.
    BlockChanged {
        /// Who.
        addresses: Arc<[Address]>,
        /// Whether they are blocked now.
        blocked: bool,
    },
    /// Something in a category that the user may read, its own or a contact's.
    Category(Arc<CategoryNotice>),
    /// An opaque request or answer from another endpoint.
    Relay {
        /// From whom.
        from: EndpointId,
        /// In the sender's protocol.
        payload: Bytes,
    },
    /// Something happened in a conference that this endpoint is in, or is invited to.
    Conference {
        /// Its address.
        conference: Address,
        /// What.
        event: Arc<ConferenceEvent>,
    },
    /// This endpoint is signed out by the server.
    Ended(Ending),
}

/// Why the server signed an endpoint out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// Another session signed in with the same endpoint name.
    Replaced,
    /// The account was disabled or removed, or its password changed.
    AccountChanged,
    /// The user has as many endpoints as policy allows already.
    LimitReached,
    /// The session does not take what it is told.
    TooSlow,
    /// This node is shutting down.
    Draining,
    /// The home of the user moved or was restarted.
    HomeMoved,
}

/// What a carried-out command gives back.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Nothing more to say.
    Done,
    /// The message was accepted: its place and time in the conversation. `number` is 0 for one that is only relayed.
    Accepted {
        /// Its number.
        number: u64,
        /// When.
        at: Timestamp,
    },
    /// The roster; `None`: the asker has it already.
    Roster(Option<(Vec<Arc<Contact>>, u64)>),
    /// The blocked addresses.
    Blocked(Vec<Address>),
    /// Names of categories.
    Categories(Vec<Arc<str>>),
    /// Items of a category; `complete` is false if a limit cut them.
    Items {
        /// Oldest first.
        items: Vec<Arc<Item>>,
        /// Whether these are all that were asked for.
        complete: bool,
    },
    /// The settings of a category.
    Settings(Settings),
    /// From a conference.
    Conference(ConferenceAnswer),
}

/// What was said, once, in a conversation; shared by all who get it.
#[derive(PartialEq, Eq, Debug)]
pub struct Said {
    /// Where.
    pub conversation: ConversationId,
    /// Its number in the conversation, from 1; 0 for what is only relayed (typing, signals).
    pub number: u64,
    /// When the conversation accepted it.
    pub at: Timestamp,
    /// By which endpoint.
    pub from: EndpointId,
    /// In a conference: the speaker's name there.
    pub nick: Option<EndpointName>,
    /// In a conference: the speaker's lasting id there (XEP-0421).
    pub occupant_id: Option<Arc<str>>,
    /// To which endpoint in particular.
    pub to: Option<EndpointName>,
    /// What.
    pub message: Arc<Message>,
    /// What a door made of it; [`Rendered::default`] in a new one.
    pub rendered: Rendered,
}

/// How a message comes to an endpoint.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum How {
    /// It is for this endpoint.
    Direct,
    /// A copy of what another endpoint of the user received (XEP-0280 `received`).
    ReceivedElsewhere,
    /// A copy of what another endpoint of the user sent (XEP-0280 `sent`).
    SentElsewhere,
}

/// One message on its way to one endpoint.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// What was said.
    pub said: Arc<Said>,
    /// How it comes here.
    pub how: How,
    /// It was kept while no endpoint was there, or is repeated from the past: show its time.
    pub late: bool,
    /// Ascending in each endpoint; 0 where no confirmation is wanted.
    pub serial: u64,
}
