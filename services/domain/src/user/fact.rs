//! What a user's home decides: what the user chose, and what must not be lost.

use crate::{
    Address, EndpointId, Timestamp,
    account::{PushService, Token, Verifier},
    category::{Item, Settings},
    endpoint::Said,
    presentity::State,
    roster::Contact,
};
use bytes::Bytes;
use std::sync::Arc;

/// Decided by a user's home.
#[derive(Clone, Debug)]
pub enum Fact {
    /// The account exists.
    AccountCreated {
        /// Of its password.
        verifiers: Vec<Verifier>,
        /// When.
        at: Timestamp,
    },
    /// Another password; sign-in tokens are void.
    PasswordSet {
        /// Of it.
        verifiers: Vec<Verifier>,
    },
    /// May sign in, or not.
    EnabledSet(bool),
    /// The account and all that is the user's own is gone.
    AccountRemoved,
    /// A sign-in token is new or was used.
    TokenSet(Token),
    /// A sign-in token is void.
    TokenRemoved {
        /// Of which client.
        client: String,
    },
    /// A push service is enabled.
    PushEnabled(Arc<PushService>),
    /// A push service is not, or no longer: this node of it, or all.
    PushDisabled {
        /// Which.
        address: EndpointId,
        /// `None`: all.
        node: Option<Arc<str>>,
    },
    /// A contact is this now; the roster's version is one higher.
    ContactSet(Arc<Contact>),
    /// A contact is gone; the roster's version is one higher.
    ContactRemoved(Address),
    /// Somebody who is not approved asks to see the presence; kept until the user answers (RFC 6121 §3.1.3).
    RequestKept {
        /// Who.
        from: Address,
        /// What their protocol put beside it.
        carried: Bytes,
    },
    /// The request was answered or withdrawn.
    RequestDropped(Address),
    /// Blocked.
    Blocked(Vec<Address>),
    /// Unblocked; empty: everyone.
    Unblocked(Vec<Address>),
    /// The manual state, which wins until reset.
    ManualSet(Option<Arc<State>>),
    /// The last endpoint signed out.
    Seen(Timestamp),
    /// A message is kept until an endpoint confirms it.
    Kept {
        /// Ascending in the user.
        seq: u64,
        /// What.
        said: Arc<Said>,
    },
    /// Kept messages up to and including this one were confirmed.
    KeptDropped {
        /// The highest one.
        seq: u64,
    },
    /// A category exists with these settings.
    CategorySet {
        /// Its name.
        category: Arc<str>,
        /// How it behaves.
        settings: Settings,
    },
    /// A category and its items are gone.
    CategoryRemoved(Arc<str>),
    /// An item is new or replaces the one of the same id.
    ItemSet {
        /// In which category.
        category: Arc<str>,
        /// What.
        item: Arc<Item>,
    },
    /// An item is gone.
    ItemRemoved {
        /// From which category.
        category: Arc<str>,
        /// Which.
        id: Arc<str>,
    },
    /// All items of a category are gone.
    Purged(Arc<str>),
}
