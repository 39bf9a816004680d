//! Homes that move (DESIGN §1): endpoints of this user attach again to a new home of theirs, and what contacts told is
//! asked for again when theirs have moved.
//!
//! Invariant: what an endpoint had not confirmed is handed to it again, and every watcher ends with what is shown now.

use super::{Again, Command, Effect, User, UserOut};
use crate::{
    Address, EndpointName, Timestamp,
    endpoint::{Ending, Endpoint, Event},
    limits::REHOMED_GRACE,
    roster::Handshake,
};
use std::{collections::BTreeSet, sync::Arc};

/// Contacts whose homes have moved.
#[derive(Debug, Default)]
pub(super) struct Rehomed {
    contacts: BTreeSet<Address>,
    due: Option<Timestamp>,
}

impl Rehomed {
    pub(super) fn due(&self) -> Option<Timestamp> {
        self.due
    }
}

impl User {
    pub(super) fn attach_again(&mut self, name: EndpointName, again: Again, out: &mut UserOut) {
        let known = self.endpoints.remove(&name);
        let refused = if self.is_enabled() {
            (known.is_none() && self.endpoints.len() >= self.policy.endpoints)
                .then_some(Ending::LimitReached)
        } else {
            Some(Ending::AccountChanged)
        };
        if let Some(why) = refused {
            return out.effects.push(Effect::ToEndpoint(name, Event::Ended(why)));
        }
        let was_shown = known.as_ref().is_some_and(|endpoint| endpoint.state.is_some());
        let mut endpoint = known.unwrap_or_else(|| Endpoint::new(self.inbox.next()));
        for place in endpoint.let_go() {
            endpoint.next_place = endpoint.next_place.min(place);
            if let Some(entry) = self.inbox.get_mut(place) {
                entry.holders.retain(|holder| *holder != name);
                entry.late = true;
            }
        }
        if !endpoint.takes_messages() {
            endpoint.next_place = 0;
        }
        let Again { state, roster, blocked, conferences } = again;
        endpoint.state = state;
        endpoint.parked = false;
        endpoint.wants_roster = roster;
        endpoint.wants_blocked = blocked;
        endpoint.conferences = conferences.into_iter().collect();
        let is_shown = endpoint.state.is_some();
        self.endpoints.insert(name.clone(), endpoint);
        self.standing_changed = true;
        if is_shown {
            self.announce(&name, out);
            // What they told meanwhile went nowhere.
            let watched: Arc<[Address]> = self.roster.watched().cloned().collect();
            if !watched.is_empty() {
                let probe = Command::Probe { from: self.endpoint_id(&name) };
                out.effects.push(Effect::ToUsers(watched, probe));
            }
        } else if was_shown {
            self.announce_gone(&name, None, out);
        }
        self.hand_out(&name, out);
    }

    /// What another node must know of an endpoint to take its session up.
    pub fn describe_endpoint(&self, name: &EndpointName) -> Again {
        let Some(endpoint) = self.endpoints.get(name) else { return Again::default() };
        Again {
            state: endpoint.state.clone(),
            roster: endpoint.wants_roster,
            blocked: endpoint.wants_blocked,
            conferences: endpoint.conferences.iter().cloned().collect(),
        }
    }

    /// The homes of these have moved, or were out of reach: what they told in between is lost. They are asked again after
    /// a while, when their own endpoints have attached again.
    pub fn moved(&mut self, now: Timestamp, has_moved: &dyn Fn(&Address) -> bool) {
        let concerned = |address: &&Address| has_moved(address);
        let asked = self.roster.asked().filter(concerned).cloned();
        self.rehomed.contacts.extend(asked);
        if self.endpoints.values().any(|endpoint| endpoint.state.is_some()) {
            self.rehomed.contacts.extend(self.roster.watched().filter(concerned).cloned());
        }
        if !self.rehomed.contacts.is_empty() {
            self.rehomed.due.get_or_insert(now.plus(REHOMED_GRACE));
        }
    }

    pub(super) fn ask_rehomed(&mut self, now: Timestamp, out: &mut UserOut) {
        if self.rehomed.due.is_none_or(|due| due > now) {
            return;
        }
        let contacts = std::mem::take(&mut self.rehomed).contacts;
        for contact in &contacts {
            // A request that its home may never have heard; one that it knows changes nothing.
            if self.roster.relation(contact).subscription.asked {
                self.tell_step(contact, Handshake::Subscribe, bytes::Bytes::new(), out);
            }
        }
        let watched: Arc<[Address]> = contacts.into_iter().filter(|contact| self.watches(contact)).collect();
        if watched.is_empty() {
            return;
        }
        let shown: Vec<_> =
            self.endpoints.iter().filter(|(_, e)| e.state.is_some()).map(|(name, _)| name.clone()).collect();
        for name in shown {
            let probe = Command::Probe { from: self.endpoint_id(&name) };
            out.effects.push(Effect::ToUsers(Arc::clone(&watched), probe));
        }
    }
}
