//! The roster: a user's contacts, and the subscription table of RFC 6121 (§3 and appendix A).

mod list;
mod subscription;
#[cfg(test)]
mod tests;

pub(crate) use list::Roster;
pub use subscription::{Inbound, Outbound, Relation};

use crate::{Address, presentity::Container};
use std::sync::Arc;

/// A subscription as both sides see it (RFC 6121 §2.1.2.5).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[allow(clippy::struct_excessive_bools, reason = "the standard's own attributes of a roster item")]
pub struct Subscription {
    /// The user sees the contact's presence.
    pub to: bool,
    /// The contact sees the user's presence.
    pub from: bool,
    /// The user asked to see the contact's presence and waits for the answer (`ask='subscribe'`).
    pub asked: bool,
    /// The user will say yes when the contact asks (`approved='true'`, RFC 6121 §3.4).
    pub approved: bool,
}

/// One contact.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Contact {
    /// Who.
    pub address: Address,
    /// What the user calls them.
    pub name: Option<Arc<str>>,
    /// The groups that the user sorted them into, in the user's order, no one twice.
    pub groups: Vec<Arc<str>>,
    /// Who sees whom.
    pub subscription: Subscription,
    /// The audience that the user put them into; `None`: what policy says (the same domain: colleagues).
    pub container: Option<Container>,
}

impl Contact {
    /// Bytes that it holds.
    pub(crate) fn size(&self) -> usize {
        let name = self.name.as_ref().map_or(0, |name| name.len());
        self.address.as_str().len() + name + self.groups.iter().map(|group| group.len()).sum::<usize>()
    }
}

/// A step in the subscription hand-shake, from one user's home to the other's (RFC 6121 §3).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Handshake {
    /// May I see your presence?
    Subscribe,
    /// You may.
    Subscribed,
    /// I no longer want to.
    Unsubscribe,
    /// You may not, or no longer.
    Unsubscribed,
}
