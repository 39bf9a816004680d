//! What a user shows: publications of its endpoints, the manual state, calendar and calls, directed presence
//! (RFC 6121 §4.2, §4.4–4.6; RFC 3903).

use super::{Command, Effect, Fact, User, UserOut, asked::Asked, asked::DONE};
use crate::{
    Address, EndpointName, Reason, Refusal, Timestamp,
    conversation::Departure,
    endpoint::{Directed, Event},
    limits::{DIRECTED, PUBLICATION_BYTES},
    presentity::{Source, State},
    roster::Handshake,
};
use std::sync::Arc;

/// Whether this is small enough to be shown.
pub(super) fn fits(state: &State) -> Result<(), Refusal> {
    let bytes = state.carried.len() + state.note.as_ref().map_or(0, |note| note.len());
    if bytes > PUBLICATION_BYTES {
        return Err(Refusal::because(Reason::LimitReached, "this presence is too large"));
    }
    Ok(())
}

fn fits_parting(note: Option<&Arc<str>>) -> Result<(), Refusal> {
    if note.is_some_and(|note| note.len() > PUBLICATION_BYTES) {
        return Err(Refusal::because(Reason::LimitReached, "this note is too long"));
    }
    Ok(())
}

impl User {
    pub(super) fn publish(&mut self, name: &EndpointName, state: Arc<State>, out: &mut UserOut) -> Asked {
        fits(&state)?;
        let next = self.inbox.next();
        let Some(endpoint) = self.endpoints.get_mut(name) else { return DONE };
        let took_messages = endpoint.takes_messages();
        let is_new = endpoint.state.replace(state).is_none();
        let takes_messages = endpoint.takes_messages();
        if takes_messages && !took_messages {
            (endpoint.next_place, endpoint.available_from) = (0, next);
        }
        self.standing_changed |= takes_messages != took_messages;
        self.announce(name, out);
        if is_new {
            self.welcome(name, out);
        }
        if takes_messages && !took_messages {
            self.hand_out(name, out);
        }
        DONE
    }

    /// What a newly available endpoint is told (RFC 6121 §4.2.2, §4.3.1, §3.1.3): the presence of its siblings, requests
    /// without answer, the user's own categories; and its contacts' presence is asked for.
    fn welcome(&self, name: &EndpointName, out: &mut UserOut) {
        for notice in self.siblings_of(name) {
            out.effects.push(Effect::ToEndpoint(name.clone(), Event::Notice(notice)));
        }
        for (from, carried) in &self.roster.requests {
            let event =
                Event::Handshake { from: from.clone(), step: Handshake::Subscribe, carried: carried.clone() };
            out.effects.push(Effect::ToEndpoint(name.clone(), event));
        }
        for notice in self.last_items(crate::category::Reader::Owner) {
            out.effects.push(Effect::ToEndpoint(name.clone(), Event::Category(notice)));
        }
        let watched: Arc<[Address]> = self.roster.watched().cloned().collect();
        if !watched.is_empty() {
            out.effects.push(Effect::ToUsers(watched, Command::Probe { from: self.endpoint_id(name) }));
        }
    }

    pub(super) fn unpublish(
        &mut self,
        now: Timestamp,
        name: &EndpointName,
        note: Option<&Arc<str>>,
        out: &mut UserOut,
    ) -> Asked {
        fits_parting(note)?;
        self.withdraw(name, &Departure::Left { note: note.cloned() }, out);
        let Some(endpoint) = self.endpoints.get_mut(name) else { return DONE };
        if endpoint.state.take().is_some() {
            self.standing_changed = true;
            self.seen(now, out);
            self.announce_gone(name, note, out);
        }
        DONE
    }

    pub(super) fn direct(&mut self, name: &EndpointName, directed: Directed, out: &mut UserOut) -> Asked {
        let Directed { to, endpoint, state, note } = directed;
        self.refuse_blocked(&to)?;
        if let Some(state) = &state {
            fits(state)?;
        }
        fits_parting(note.as_ref())?;
        let Some(asking) = self.endpoints.get_mut(name) else { return DONE };
        let key = (to, endpoint);
        if state.is_none() {
            asking.directed.remove(&key);
        } else if asking.directed.len() >= DIRECTED && !asking.directed.contains(&key) {
            return Err(Refusal::because(Reason::LimitReached, "directed presence to too many addresses"));
        } else {
            asking.directed.insert(key.clone());
        }
        let (to, endpoint) = key;
        let command = Command::Directed { from: self.endpoint_id(name), endpoint, state, note };
        out.effects.push(Effect::ToUser(to, command));
        DONE
    }

    pub(super) fn set_manual(&mut self, state: Option<Arc<State>>, out: &mut UserOut) -> Asked {
        if let Some(state) = &state {
            fits(state)?;
        }
        if self.sources.manual() != state.as_ref() {
            self.record(Fact::ManualSet(state), out);
            self.announce_all(out);
        }
        DONE
    }

    pub(super) fn set_source(
        &mut self,
        now: Timestamp,
        source: Source,
        state: Option<Arc<State>>,
        until: Option<Timestamp>,
        out: &mut UserOut,
    ) -> Asked {
        if let Some(state) = &state {
            fits(state)?;
        }
        let state = state.filter(|_| until.is_none_or(|until| until > now));
        self.sources.set(source, state, until);
        self.announce_all(out);
        DONE
    }
}
