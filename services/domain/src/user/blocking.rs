//! Blocking (XEP-0191): whoever is blocked sees the user offline, is heard no more and cannot write; whole domains too.

use super::{
    Command, Effect, Fact, User, UserOut,
    asked::{Asked, DONE},
};
use crate::{
    Address, EndpointName, Reason, Refusal,
    endpoint::{Answer, Event},
    limits::BLOCKED,
};
use std::{collections::BTreeSet, sync::Arc};

impl User {
    pub(super) fn read_blocked(&mut self, name: &EndpointName) -> Answer {
        if let Some(endpoint) = self.endpoints.get_mut(name) {
            endpoint.wants_blocked = true;
        }
        Answer::Blocked(self.roster.blocked.iter().cloned().collect())
    }

    pub(super) fn block(&mut self, entries: Vec<Address>, out: &mut UserOut) -> Asked {
        if entries.is_empty() {
            return Err(Refusal::because(Reason::BadRequest, "nobody is named"));
        }
        if entries.contains(&self.address) {
            return Err(Refusal::because(Reason::NotAcceptable, "nobody can block themselves"));
        }
        let new: BTreeSet<_> = entries.into_iter().filter(|e| !self.roster.blocked.lists(e)).collect();
        if self.roster.blocked.len() + new.len() > BLOCKED {
            return Err(Refusal::because(Reason::LimitReached, "the block list is full"));
        }
        if new.is_empty() {
            return DONE;
        }
        let watchers = self.watching();
        let entries: Vec<_> = new.into_iter().collect();
        self.record(Fact::Blocked(entries.clone()), out);
        self.standing_changed = true;
        for watcher in watchers.iter().filter(|w| self.roster.blocked.contains(w)) {
            self.hide_from(watcher, out);
        }
        self.tell_block_change(entries, true, out);
        DONE
    }

    pub(super) fn unblock(&mut self, entries: &[Address], out: &mut UserOut) -> Asked {
        let was_listed = |e: &Address| self.roster.blocked.lists(e);
        let listed: Vec<_> = entries.iter().filter(|e| was_listed(e)).cloned().collect();
        if self.roster.blocked.len() == 0 || (listed.is_empty() && !entries.is_empty()) {
            return DONE;
        }
        let (watchers, watched) = (self.watching(), self.watched());
        self.record(Fact::Unblocked(listed.clone()), out);
        self.standing_changed = true;
        for watcher in self.watching().difference(&watchers) {
            self.show_to(watcher, None, out);
        }
        let again: Arc<[Address]> = self.watched().difference(&watched).cloned().collect();
        let available = self.endpoints.iter().filter(|(_, e)| e.state.is_some() && !again.is_empty());
        for (name, _) in available {
            let probe = Command::Probe { from: self.endpoint_id(name) };
            out.effects.push(Effect::ToUsers(Arc::clone(&again), probe));
        }
        self.tell_block_change(listed, false, out);
        DONE
    }

    fn watching(&self) -> BTreeSet<Address> {
        self.roster.watchers().map(|c| c.address.clone()).collect()
    }

    fn watched(&self) -> BTreeSet<Address> {
        self.roster.watched().cloned().collect()
    }

    fn tell_block_change(&self, entries: Vec<Address>, blocked: bool, out: &mut UserOut) {
        let event = Event::BlockChanged { addresses: entries.into(), blocked };
        self.tell_endpoints(|e| e.wants_blocked, event, out);
    }
}
