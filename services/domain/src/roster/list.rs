//! A user's roster as a machine's state: contacts, kept requests, blocked addresses, and the roster's version
//! (RFC 6121 §2.6).
//!
//! Invariant: the version grows by one with each change of a contact and never repeats in the life of an address.

use super::{Contact, Relation};
use crate::Address;
use bytes::Bytes;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// The roster.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Roster {
    pub(crate) contacts: BTreeMap<Address, Arc<Contact>>,
    /// Those who asked and have no answer yet, with what their protocol put beside it.
    pub(crate) requests: BTreeMap<Address, Bytes>,
    pub(crate) blocked: Blocked,
}

impl Roster {
    /// How the user and `address` stand.
    pub(crate) fn relation(&self, address: &Address) -> Relation {
        Relation {
            subscription: self.contacts.get(address).map(|c| c.subscription).unwrap_or_default(),
            requested: self.requests.contains_key(address),
        }
    }

    /// The contact with another subscription; a new contact if there was none.
    pub(crate) fn with(&self, address: &Address, relation: Relation) -> Contact {
        let mut contact = self.contacts.get(address).map_or_else(
            || Contact {
                address: address.clone(),
                name: None,
                groups: Vec::new(),
                subscription: relation.subscription,
                container: None,
            },
            |contact| Contact::clone(contact),
        );
        contact.subscription = relation.subscription;
        contact
    }

    /// Contacts whose presence the user sees, the blocked left out.
    pub(crate) fn watched(&self) -> impl Iterator<Item = &Address> {
        let seen = |c: &&Arc<Contact>| c.subscription.to && !self.blocked.contains(&c.address);
        self.contacts.values().filter(seen).map(|c| &c.address)
    }

    /// Those who were asked to show their presence and have not answered.
    pub(crate) fn asked(&self) -> impl Iterator<Item = &Address> {
        self.contacts.values().filter(|c| c.subscription.asked).map(|c| &c.address)
    }

    /// Contacts who see the user's presence, the blocked left out.
    pub(crate) fn watchers(&self) -> impl Iterator<Item = &Arc<Contact>> {
        self.contacts.values().filter(|c| c.subscription.from && !self.blocked.contains(&c.address))
    }

    /// Whether this address sees the user's presence.
    pub(crate) fn is_watcher(&self, address: &Address) -> bool {
        self.contacts.get(address).is_some_and(|c| c.subscription.from) && !self.blocked.contains(address)
    }
}

/// The block list (XEP-0191): users, and whole domains.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Blocked {
    users: BTreeSet<Address>,
    domains: BTreeSet<Address>,
}

impl Blocked {
    /// Whether nothing from or to this address may pass.
    pub(crate) fn contains(&self, address: &Address) -> bool {
        self.users.contains(address) || self.domains.iter().any(|d| d.as_str() == address.domain())
    }

    /// Whether exactly this entry is in the list.
    pub(crate) fn lists(&self, entry: &Address) -> bool {
        self.users.contains(entry) || self.domains.contains(entry)
    }

    pub(crate) fn insert(&mut self, entry: Address) {
        let part = if entry.local().is_some() { &mut self.users } else { &mut self.domains };
        part.insert(entry);
    }

    pub(crate) fn remove(&mut self, entry: &Address) {
        self.users.remove(entry);
        self.domains.remove(entry);
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn len(&self) -> usize {
        self.users.len() + self.domains.len()
    }

    /// Every entry, domains first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Address> {
        self.domains.iter().chain(&self.users)
    }
}
