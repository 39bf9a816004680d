//! Reading and changing the roster (RFC 6121 §2).

use super::{
    Fact, User, UserOut,
    asked::{Asked, DONE},
};
use crate::{
    Address, EndpointName, Reason, Refusal,
    endpoint::{Answer, Event},
    limits::{GROUPS_PER_CONTACT, NAME_BYTES, ROSTER_BYTES},
    presentity::{Container, View},
    roster::{Contact, Relation},
};
use std::{collections::BTreeSet, sync::Arc};

impl User {
    pub(super) fn roster_version(&self) -> u64 {
        self.account.as_ref().map_or(0, |a| a.roster_version)
    }

    pub(super) fn read_roster(&mut self, name: &EndpointName, version: Option<u64>) -> Answer {
        if let Some(endpoint) = self.endpoints.get_mut(name) {
            endpoint.wants_roster = true;
        }
        let current = self.roster_version();
        if version == Some(current) {
            return Answer::Roster(None);
        }
        Answer::Roster(Some((self.roster.contacts.values().cloned().collect(), current)))
    }

    pub(super) fn set_contact(
        &mut self,
        address: &Address,
        name: Option<Arc<str>>,
        groups: Vec<Arc<str>>,
        out: &mut UserOut,
    ) -> Asked {
        if *address == self.address {
            return Err(Refusal::because(Reason::NotAcceptable, "nobody is a contact of their own"));
        }
        check_groups(&groups)?;
        if name.as_ref().is_some_and(|name| name.len() > NAME_BYTES) {
            return Err(Refusal::because(Reason::NotAcceptable, "the name is too long"));
        }
        self.refuse_full_roster(address)?;
        let contact = Contact { name, groups, ..self.roster.with(address, self.roster.relation(address)) };
        self.refuse_large_roster(&contact)?;
        if self.roster.contacts.get(address).is_none_or(|old| **old != contact) {
            self.put_contact(contact, out);
        }
        DONE
    }

    /// The whole roster is one answer, which must not be without bounds.
    pub(super) fn refuse_large_roster(&self, new: &Contact) -> Result<(), Refusal> {
        let others = self.roster.contacts.values().filter(|old| old.address != new.address);
        let bytes: usize = others.map(|old| old.size()).sum();
        if bytes + new.size() > ROSTER_BYTES {
            return Err(Refusal::because(
                Reason::LimitReached,
                "the names and groups of the contacts are too long",
            ));
        }
        Ok(())
    }

    pub(super) fn place_contact(
        &mut self,
        address: &Address,
        container: Option<Container>,
        out: &mut UserOut,
    ) -> Asked {
        if container == Some(Container::Blocked) {
            return Err(Refusal::because(Reason::NotAcceptable, "block the address instead"));
        }
        let Some(contact) = self.roster.contacts.get(address) else {
            return Err(Refusal::because(Reason::NotFound, "no such contact"));
        };
        if contact.container == container {
            return DONE;
        }
        let contact = Contact { container, ..Contact::clone(contact) };
        let seen_before = self.view_of(address);
        self.put_contact(contact, out);
        let sees = self.view_of(address);
        if sees != seen_before && sees != View::Nothing && self.roster.is_watcher(address) {
            self.show_to(address, None, out);
        }
        DONE
    }

    pub(super) fn remove_contact(&mut self, address: &Address, out: &mut UserOut) -> Asked {
        if !self.roster.contacts.contains_key(address) {
            return Err(Refusal::because(Reason::NotFound, "no such contact"));
        }
        self.part_from(address, out);
        let Relation { requested, .. } = self.roster.relation(address);
        if requested {
            self.record(Fact::RequestDropped(address.clone()), out);
        }
        self.record(Fact::ContactRemoved(address.clone()), out);
        let event = Event::ContactRemoved { address: address.clone(), version: self.roster_version() };
        self.tell_endpoints(|e| e.wants_roster, event, out);
        DONE
    }
}

fn check_groups(groups: &[Arc<str>]) -> Result<(), Refusal> {
    if groups.len() > GROUPS_PER_CONTACT {
        return Err(Refusal::because(Reason::LimitReached, "too many groups"));
    }
    if groups.iter().any(|g| g.is_empty() || g.len() > NAME_BYTES) {
        return Err(Refusal::because(Reason::NotAcceptable, "a group's name is empty or too long"));
    }
    if groups.iter().collect::<BTreeSet<_>>().len() != groups.len() {
        return Err(Refusal::because(Reason::BadRequest, "a group is named twice"));
    }
    Ok(())
}
