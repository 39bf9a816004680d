//! Endpoints come and go: sign-in and the end of a session (RFC 6121 §4.5.4 for an end without a word).

use super::{Effect, Fact, User, UserOut};
use crate::{
    ConversationId, EndpointId, EndpointName, Timestamp,
    conversation::{self, Departure},
    endpoint::{Ending, Endpoint, Event},
};

impl User {
    pub(super) fn attach(&mut self, now: Timestamp, name: EndpointName, out: &mut UserOut) {
        if !self.is_enabled() {
            let event = Event::Ended(Ending::AccountChanged);
            out.effects.push(Effect::ToEndpoint(name, event));
            return;
        }
        if self.endpoints.contains_key(&name) {
            let event = Event::Ended(Ending::Replaced);
            out.effects.push(Effect::ToEndpoint(name.clone(), event));
            self.detach(now, &name, out);
        } else if self.endpoints.len() >= self.policy.endpoints {
            out.effects.push(Effect::ToEndpoint(name, Event::Ended(Ending::LimitReached)));
            return;
        }
        self.endpoints.insert(name, Endpoint::new(self.inbox.next()));
    }

    pub(super) fn detach(&mut self, now: Timestamp, name: &EndpointName, out: &mut UserOut) {
        if !self.endpoints.contains_key(name) {
            return;
        }
        self.withdraw(name, &Departure::Vanished, out);
        let Some(endpoint) = self.endpoints.remove(name) else { return };
        if endpoint.state.is_some() {
            self.seen(now, out);
            self.announce_gone(name, None, out);
        }
        self.standing_changed = true;
        self.take_back(name, &endpoint, out);
    }

    /// Ends every endpoint: it is told, and is gone.
    pub(super) fn end_all(&mut self, now: Timestamp, why: Ending, out: &mut UserOut) {
        let names: Vec<_> = self.endpoints.keys().cloned().collect();
        for name in names {
            out.effects.push(Effect::ToEndpoint(name.clone(), Event::Ended(why)));
            self.detach(now, &name, out);
        }
    }

    /// What the end of an endpoint's presence ends too: conferences, and directed presence (RFC 6121 §4.6.3). Watchers
    /// are told of the end with all the others.
    pub(super) fn withdraw(&mut self, name: &EndpointName, how: &Departure, out: &mut UserOut) {
        let from = self.endpoint_id(name);
        let Some(endpoint) = self.endpoints.get_mut(name) else { return };
        let was_shown = endpoint.state.is_some();
        let directed = std::mem::take(&mut endpoint.directed);
        for conference in std::mem::take(&mut endpoint.conferences) {
            let to = ConversationId::Conference(conference);
            let gone = conversation::Command::EndpointGone { endpoint: from.clone(), how: how.clone() };
            out.effects.push(Effect::ToConversation(to, gone));
        }
        let note = match how {
            Departure::Left { note } => note,
            _ => &None,
        };
        for (to, endpoint) in directed {
            if endpoint.is_some() || !was_shown || !self.roster.is_watcher(&to) {
                let (from, note) = (from.clone(), note.clone());
                let gone = super::Command::Directed { from, endpoint, state: None, note };
                out.effects.push(Effect::ToUser(to, gone));
            }
        }
    }

    /// The last endpoint that could be seen is gone: remembers when.
    pub(super) fn seen(&mut self, now: Timestamp, out: &mut UserOut) {
        if self.account.is_some() && self.endpoints.values().all(|e| e.state.is_none()) {
            self.record(Fact::Seen(now), out);
        }
    }

    pub(super) fn endpoint_id(&self, name: &EndpointName) -> EndpointId {
        EndpointId::new(self.address.clone(), name.clone())
    }
}
