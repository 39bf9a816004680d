//! Categories: named things that a user publishes for others or keeps for itself (MS-PRES categories; XMPP: PEP
//! nodes, vCards, private storage). The content is opaque here.

mod store;

pub(crate) use store::{Categories, Category, Reader, is_name};

use crate::{Address, EndpointId};
use bytes::Bytes;
use std::sync::Arc;

/// Who may read a category (XEP-0060 §4.5).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Access {
    /// Everyone.
    Open,
    /// Those who may see the user's presence.
    #[default]
    Presence,
    /// Contacts in the named roster groups; until lists of groups are kept, the same as `Whitelist`.
    Roster,
    /// The user alone.
    Whitelist,
}

/// How a category behaves (the part of XEP-0060 §16.4.4's node configuration that is offered).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settings {
    /// Who may read.
    pub access: Access,
    /// Items kept; the oldest goes first. At least 1, at most [`crate::limits::ITEMS_PER_CATEGORY`].
    pub max_items: u32,
    /// Whether items outlive the sign-in of their publisher and are given to those who come later.
    pub persist: bool,
    /// Whether the last item is sent to a subscriber who comes online.
    pub send_last: bool,
    /// Whether a retraction is told to subscribers.
    pub notify_retract: bool,
}

impl Default for Settings {
    /// As XEP-0163 §2.3.1 wants a category that comes into being by its first publication.
    fn default() -> Self {
        Self { access: Access::Presence, max_items: 1, persist: true, send_last: true, notify_retract: true }
    }
}

/// One item of a category.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Item {
    /// Its id, unique in the category.
    pub id: Arc<str>,
    /// Which endpoint published it.
    pub publisher: EndpointId,
    /// The content as its door wrote it.
    pub content: Bytes,
}

/// What the readers of a category are told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CategoryNotice {
    /// Whose category.
    pub owner: Address,
    /// Which one.
    pub category: Arc<str>,
    /// What happened.
    pub change: Change,
}

/// What happened in a category.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Change {
    /// An item is new, or replaced the one of the same id.
    Published(Arc<Item>),
    /// The item of this id is gone.
    Retracted(Arc<str>),
    /// All items are gone.
    Purged,
    /// The category itself is gone.
    Deleted,
}
