//! Who is whose contact, and which watchers have seen which contacts come.
//!
//! The users form a circle; a user's contacts are the half of `contacts` on either side, so being a contact is mutual.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;

use crate::session::{Ear, Session};
use crate::target::account_number;
use crate::trouble::Trouble;
use crate::wire::stanza::Stanza;

/// The circle of users.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Circle {
    /// The number of the first user's account.
    first: usize,
    /// How many users there are.
    pub(crate) users: usize,
    /// How many contacts each has: even, and fewer than there are users.
    pub(crate) contacts: usize,
}

impl Circle {
    /// Checks the numbers.
    pub(crate) fn new(first: usize, users: usize, contacts: usize) -> Result<Self, Trouble> {
        if !contacts.is_multiple_of(2) || contacts >= users {
            let reason = "--contacts must be even and less than --users; change one of them";
            return Err(Trouble::Flag(reason.into()));
        }
        Ok(Self { first, users, contacts })
    }

    /// The index of the user with that address, if it is of the circle.
    pub(crate) fn index_of(self, address: &str) -> Option<usize> {
        account_number(address)?.checked_sub(self.first).filter(|&user| user < self.users)
    }

    /// The contacts of a user.
    pub(crate) fn contacts_of(self, user: usize) -> impl Iterator<Item = usize> {
        let half = self.contacts / 2;
        (1..=half).flat_map(move |step| [(user + step) % self.users, (user + self.users - step) % self.users])
    }

    /// Whether two users are contacts.
    pub(crate) fn are_contacts(self, one: usize, other: usize) -> bool {
        let distance = (one + self.users - other) % self.users;
        distance != 0 && distance.min(self.users - distance) <= self.contacts / 2
    }
}

/// An ear that knows when every user has seen every contact available.
pub(crate) struct Audience {
    circle: Circle,
    seen: Vec<RefCell<HashSet<usize>>>,
    pairs: Cell<usize>,
}

impl Audience {
    /// Nobody has seen anyone.
    pub(crate) fn new(circle: Circle) -> Self {
        Self { circle, seen: (0..circle.users).map(|_| RefCell::default()).collect(), pairs: Cell::new(0) }
    }

    /// How many pairs of watcher and contact have not met.
    pub(crate) fn missing(&self) -> usize {
        self.circle.users * self.circle.contacts - self.pairs.get()
    }

    /// The first user who has not seen all contacts, as the trouble that this means.
    pub(crate) fn trouble(&self) -> Option<Trouble> {
        let wanted = self.circle.contacts;
        let has = |user: usize| self.seen[user].borrow().len();
        let user = (0..self.circle.users).find(|&user| has(user) < wanted)?;
        Some(Trouble::Contacts { user, has: has(user), wanted })
    }
}

impl Ear for Audience {
    /// As a client does: the roster first, then available (RFC 6121 §2.2).
    fn signed_in(&self, session: &Session) {
        session.say("<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>");
        session.say("<presence/>");
    }

    fn heard(&self, session: &Session, stanza: Stanza<'_>) {
        if stanza.name() != b"presence" || stanza.attribute("type").is_some() {
            return;
        }
        let Some(contact) = stanza.attribute("from").and_then(|from| self.circle.index_of(from)) else {
            return;
        };
        if self.circle.are_contacts(session.user, contact)
            && self.seen[session.user].borrow_mut().insert(contact)
        {
            self.pairs.set(self.pairs.get() + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contacts_are_mutual_and_as_many_as_asked() {
        let circle = Circle::new(0, 7, 4).unwrap();
        for user in 0..7 {
            let contacts: HashSet<usize> = circle.contacts_of(user).collect();
            assert_eq!(contacts.len(), 4);
            for other in 0..7 {
                assert_eq!(contacts.contains(&other), circle.are_contacts(user, other));
                assert_eq!(circle.are_contacts(user, other), circle.are_contacts(other, user));
            }
        }
        assert!(Circle::new(0, 7, 3).is_err() && Circle::new(0, 4, 4).is_err());
    }

    #[test]
    fn counts_each_pair_once() {
        let audience = Audience::new(Circle::new(10, 4, 2).unwrap());
        let session = Session::new(0);
        for from in ["u11@d/load", "u11@d/load", "u12@d/load", "u10@d/load", "u1@d/load", "someone@d"] {
            let text = format!("<presence from='{from}'/>");
            audience.heard(&session, Stanza::new(text.as_bytes()));
        }
        audience.heard(&session, Stanza::new(b"<presence type='unavailable' from='u13@d/load'/>"));
        assert_eq!(audience.missing(), 7);
        assert!(matches!(audience.trouble(), Some(Trouble::Contacts { user: 0, has: 1, wanted: 2 })));
    }
}
