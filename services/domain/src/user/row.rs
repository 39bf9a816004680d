//! The durable state of a user as rows, so that a snapshot writes only what has changed.
//!
//! Invariant: loading every row that was ever taken, the newest of each key, gives the durable state at the last taking.

use super::User;
use crate::{
    Address,
    account::Account,
    category::{Item, Settings},
    endpoint::Said,
    roster::Contact,
};
use bytes::Bytes;
use std::sync::Arc;

/// One durable part of a user: its key and its value, `None` where it is gone.
#[derive(Clone, Debug, PartialEq)]
pub enum Row {
    /// The account; one row.
    Account(Option<Box<Account>>),
    /// A contact, by address.
    Contact(Address, Option<Arc<Contact>>),
    /// A subscription request without answer, by who asks: what came beside it.
    Request(Address, Option<Bytes>),
    /// The block list; one row.
    Blocked(Vec<Address>),
    /// A kept message, by its ascending number in the user.
    Kept(u64, Option<Arc<Said>>),
    /// A category, by name: its settings.
    Category(Arc<str>, Option<Settings>),
    /// An item of a category.
    Item {
        /// Of which category.
        category: Arc<str>,
        /// Its id.
        id: Arc<str>,
        /// Its place in the order of publication, and the item.
        item: Option<(u64, Arc<Item>)>,
    },
}

/// Which row.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Key {
    Account,
    Contact(Address),
    Request(Address),
    Blocked,
    Kept(u64),
    Category(Arc<str>),
    Item(Arc<str>, Arc<str>),
}

impl User {
    /// Hands out the rows that changed since the last call.
    pub fn take_changed(&mut self, f: &mut dyn FnMut(Row)) {
        for key in std::mem::take(&mut self.changed) {
            f(self.row(key));
        }
    }

    fn row(&self, key: Key) -> Row {
        match key {
            Key::Account => Row::Account(self.account.clone().map(Box::new)),
            Key::Contact(address) => {
                let contact = self.roster.contacts.get(&address).cloned();
                Row::Contact(address, contact)
            }
            Key::Request(address) => {
                let carried = self.roster.requests.get(&address).cloned();
                Row::Request(address, carried)
            }
            Key::Blocked => Row::Blocked(self.roster.blocked.iter().cloned().collect()),
            Key::Kept(seq) => Row::Kept(seq, self.inbox.kept(seq).cloned()),
            Key::Category(name) => {
                let settings = self.categories.get(&name).map(|c| c.settings.clone());
                Row::Category(name, settings)
            }
            Key::Item(category, id) => {
                let found = self.categories.get(&category).and_then(|c| c.item(&id));
                let item = found.map(|(order, item)| (order, Arc::clone(item)));
                Row::Item { category, id, item }
            }
        }
    }

    /// Takes in a row from the store, before any fact is applied. Rows may come in any order; a row that says "gone"
    /// changes nothing.
    pub fn load(&mut self, row: Row) {
        match row {
            Row::Account(Some(account)) => {
                self.inbox.start_at(account.next_kept);
                self.sources.set_manual(account.manual.clone());
                self.account = Some(*account);
            }
            Row::Contact(address, Some(contact)) => {
                self.roster.contacts.insert(address, contact);
            }
            Row::Request(address, Some(carried)) => {
                self.roster.requests.insert(address, carried);
            }
            Row::Blocked(entries) => entries.into_iter().for_each(|entry| self.roster.blocked.insert(entry)),
            Row::Kept(seq, Some(said)) => self.inbox.set_kept(seq, &self.address, &said),
            Row::Category(name, Some(settings)) => self.categories.load_settings(&name, settings),
            Row::Item { category, item: Some((order, item)), .. } => {
                self.categories.load_item(&category, order, item);
            }
            Row::Account(None)
            | Row::Contact(_, None)
            | Row::Request(_, None)
            | Row::Kept(_, None)
            | Row::Category(_, None)
            | Row::Item { item: None, .. } => {}
        }
        self.audiences = None;
    }
}
