//! What an endpoint asks of its user's home. Each comes with a [`crate::Ticket`] and gets exactly one answer.

use crate::{
    Address, EndpointId, EndpointName, Message, Timestamp,
    account::PushService,
    category::Settings,
    conversation,
    presentity::{Container, Source, State},
    roster::Handshake,
};
use bytes::Bytes;
use std::sync::Arc;

/// Asked by a signed-in endpoint.
#[derive(Clone, Debug)]
pub enum Command {
    /// Show this state (RFC 6121 §4.2, §4.4; RFC 3903). The first one makes the endpoint available: kept messages,
    /// pending requests and the contacts' presence follow as events.
    Publish(Arc<State>),
    /// Show nothing any more, but stay signed in (RFC 6121 §4.5).
    Unpublish {
        /// A parting note.
        note: Option<Arc<str>>,
    },
    /// Show this state, or its end, to one address only (RFC 6121 §4.6).
    Direct(Directed),
    /// Choose a state that wins over every other source until it is reset by `None`; survives a restart.
    SetManual(Option<Arc<State>>),
    /// What the calendar or a call says of the user; raises an available user to busy (MS-PRES).
    SetSource {
        /// Which of the two.
        source: Source,
        /// `None`: no meeting, no call.
        state: Option<Arc<State>>,
        /// From then on it no longer holds.
        until: Option<Timestamp>,
    },
    /// Tell this endpoint the presence of a user again, if it may be seen (RFC 6121 §4.3).
    Probe {
        /// Whose.
        to: Address,
    },
    /// Send a message to a user of any domain.
    Send {
        /// To whom.
        to: Address,
        /// To which of their endpoints; the others get a copy. `None`: to all.
        endpoint: Option<EndpointName>,
        /// What.
        message: Arc<Message>,
    },
    /// Every delivery with a serial up to and including this one has reached the user's device.
    Confirm {
        /// The highest [`super::Delivery::serial`] reached.
        serial: u64,
    },
    /// Tell this service when something waits and no endpoint can be reached (XEP-0357 §5).
    EnablePush(PushService),
    /// Tell it no longer (XEP-0357 §6).
    DisablePush {
        /// Which.
        address: EndpointId,
        /// This node of it; `None`: all.
        node: Option<Arc<str>>,
    },
    /// Read or change the roster.
    Roster(RosterCommand),
    /// Read, publish or configure a category, one's own or another user's.
    Category {
        /// Whose.
        owner: Address,
        /// What to do.
        command: CategoryCommand,
    },
    /// Carry an opaque request or answer of the door's protocol to another endpoint that speaks it
    /// (RFC 6121 §8.5.3).
    Relay {
        /// To which endpoint.
        to: EndpointId,
        /// In the sender's protocol.
        payload: Bytes,
    },
    /// Ask something of a conference.
    Conference {
        /// Its address.
        conference: Address,
        /// What.
        command: conversation::ConferenceCommand,
    },
}

/// Directed presence.
#[derive(Clone, Debug)]
pub struct Directed {
    /// To whom.
    pub to: Address,
    /// To which of their endpoints.
    pub endpoint: Option<EndpointName>,
    /// `None`: gone.
    pub state: Option<Arc<State>>,
    /// If gone: the parting note.
    pub note: Option<Arc<str>>,
}

/// About the roster.
#[derive(Clone, Debug)]
pub enum RosterCommand {
    /// The whole roster, unless the asker has this version of it; from now on this endpoint is told of changes.
    Get {
        /// What the asker has (RFC 6121 §2.6).
        version: Option<u64>,
    },
    /// Add a contact or change its name and groups.
    Set {
        /// Whom.
        address: Address,
        /// The user's name for them.
        name: Option<Arc<str>>,
        /// In these groups.
        groups: Vec<Arc<str>>,
    },
    /// Put a contact into an audience of the user's presence; `None`: where policy puts them. Into `Blocked` only
    /// [`Self::Block`] puts anyone.
    Place {
        /// Whom.
        address: Address,
        /// Into which audience.
        container: Option<Container>,
    },
    /// Remove a contact, ending both subscriptions.
    Remove {
        /// Whom.
        address: Address,
    },
    /// A step of the subscription hand-shake.
    Handshake {
        /// With whom.
        with: Address,
        /// Which step.
        step: Handshake,
        /// What the asker's protocol put beside it (a nick, a note), carried unharmed.
        carried: Bytes,
    },
    /// The blocked addresses (XEP-0191); from now on this endpoint is told of changes.
    Blocked,
    /// Block these: users, or whole domains.
    Block(Vec<Address>),
    /// Unblock these; empty: all.
    Unblock(Vec<Address>),
}

/// About a category.
#[derive(Clone, Debug)]
pub enum CategoryCommand {
    /// The names of the categories that the asker may read.
    List,
    /// Items, newest last: those named, or the last `max`, or all.
    Read {
        /// Which category.
        category: Arc<str>,
        /// Only these ids; empty: all.
        ids: Vec<Arc<str>>,
        /// At most so many, the newest.
        max: Option<u32>,
    },
    /// Publish an item; makes the category if it is new.
    Publish {
        /// In which category.
        category: Arc<str>,
        /// The item's id; one of the same id is replaced.
        id: Arc<str>,
        /// The content.
        content: Bytes,
        /// Settings that must already hold, or that a new category gets (XEP-0060 §7.1.5).
        settings: Option<Settings>,
    },
    /// Take an item back.
    Retract {
        /// From which category.
        category: Arc<str>,
        /// Which item.
        id: Arc<str>,
        /// Tell the readers even if the settings say not to.
        notify: bool,
    },
    /// Take all items back.
    Purge {
        /// Of which category.
        category: Arc<str>,
    },
    /// Make an empty category.
    Create {
        /// Its name.
        category: Arc<str>,
        /// How it behaves; `None`: as PEP does.
        settings: Option<Settings>,
    },
    /// Remove a category and its items.
    Delete {
        /// Which.
        category: Arc<str>,
    },
    /// The settings of a category.
    Settings {
        /// Which.
        category: Arc<str>,
    },
    /// Change the settings of a category.
    Configure {
        /// Which.
        category: Arc<str>,
        /// To what.
        settings: Settings,
    },
}
