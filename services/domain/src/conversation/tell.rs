//! Telling those who are in: each event is made once for all who may see the same of it.
//!
//! Invariant: an address is shown to moderators, to its owner, and to all only where the configuration says so
//! (XEP-0045 §7.2.3).

use super::{
    Affiliation, ConferenceEvent, Effect, Occupant, Output, Role,
    focus::{Attendee, Focus, Seat},
};
use crate::{
    Address, EndpointId, EndpointName,
    endpoint::Said,
    presentity::{Availability, State},
    user,
};
use sha2::{Digest as _, Sha256};
use std::{fmt::Write as _, sync::Arc};

/// Who looks at an occupant.
#[derive(Clone, Copy)]
pub(super) struct View {
    /// It is the occupant.
    pub(super) own: bool,
    /// May see the address.
    pub(super) sees: bool,
}

/// An occupant as it is or was, before a view is applied.
#[derive(Clone)]
pub(super) struct Portrait(Occupant);

impl Portrait {
    pub(super) fn seen(&self, view: View) -> Occupant {
        let mut occupant = self.0.clone();
        if !view.sees {
            occupant.endpoint = None;
        }
        occupant
    }

    /// As somebody who is no longer in.
    pub(super) fn departed(mut self, affiliation: Affiliation) -> Self {
        (self.0.role, self.0.affiliation) = (Role::None, affiliation);
        self
    }

    fn user(&self) -> Option<&Address> {
        self.0.endpoint.as_ref().map(|endpoint| &endpoint.user)
    }
}

impl Focus {
    /// The endpoints that are in, by nick.
    pub(super) fn everyone(&self) -> impl Iterator<Item = (EndpointId, &EndpointName, &Attendee)> {
        self.attendees.iter().flat_map(|(nick, attendee)| {
            let id = |seat: &Seat| EndpointId::new(attendee.user.clone(), seat.name.clone());
            attendee.seats.iter().map(move |seat| (id(seat), nick, attendee))
        })
    }

    /// The occupant of this nick by the endpoint that it shows, or by the one named.
    pub(super) fn portrait(&self, nick: &EndpointName, seat: Option<&EndpointName>) -> Option<Portrait> {
        let attendee = self.attendees.get(nick)?;
        let shown = match seat {
            Some(name) => attendee.seats.iter().find(|seat| seat.name == *name)?,
            None => attendee.seats.last()?,
        };
        Some(Portrait(Occupant {
            nick: nick.clone(),
            endpoint: Some(EndpointId::new(attendee.user.clone(), shown.name.clone())),
            occupant_id: self.occupant_id(&attendee.user),
            affiliation: self.affiliation(&attendee.user),
            role: attendee.role,
            state: shown.state.clone().unwrap_or_else(unknown_state),
        }))
    }

    pub(super) fn view(&self, portrait: &Portrait, own: bool, viewer: &Address, role: Role) -> View {
        let whois = self.made.as_ref().is_some_and(|made| made.configuration.whois_everyone);
        View { own, sees: portrait.user() == Some(viewer) || whois || role == Role::Moderator }
    }

    /// Tells those for whom `to` says whether it is about themselves, in the order of the nicks.
    pub(super) fn tell_all(
        &self,
        about: &Portrait,
        to: impl Fn(&EndpointId, &EndpointName) -> Option<bool>,
        event: impl Fn(View) -> ConferenceEvent,
        out: &mut Output,
    ) {
        let mut made: [Option<Arc<ConferenceEvent>>; 4] = Default::default();
        for (endpoint, nick, attendee) in self.everyone() {
            if let Some(own) = to(&endpoint, nick) {
                let view = self.view(about, own, &attendee.user, attendee.role);
                let slot = &mut made[usize::from(view.own) * 2 + usize::from(view.sees)];
                let event = slot.get_or_insert_with(|| Arc::new(event(view)));
                out.effects.push(self.tell(&endpoint, event.clone()));
            }
        }
    }

    /// Tells everyone how this occupant is now.
    pub(super) fn tell_present(&self, nick: &EndpointName, out: &mut Output) {
        if let Some(portrait) = self.portrait(nick, None) {
            self.tell_all(&portrait, |_, theirs| Some(theirs == nick), |view| present(&portrait, view), out);
        }
    }

    /// Tells the same to all whose role is at least this.
    pub(super) fn tell_same(&self, least: Role, event: ConferenceEvent, out: &mut Output) {
        let event = Arc::new(event);
        for (endpoint, _, attendee) in self.everyone() {
            if attendee.role >= least {
                out.effects.push(self.tell(&endpoint, event.clone()));
            }
        }
    }

    pub(super) fn deliver(to: EndpointId, said: Arc<Said>, late: bool) -> Effect {
        let command = user::Command::Deliver { endpoint: Some(to.name), said, late };
        Effect::Tell { user: to.user, command }
    }

    /// XEP-0421: the same for a person in this conference as long as it exists, and nothing outside it. The seed
    /// is random and secret, so an address cannot be found by trying.
    pub(super) fn occupant_id(&self, user: &Address) -> Arc<str> {
        let seed = self.made.as_ref().map_or(0, |made| made.seed);
        let mut hasher = Sha256::new();
        hasher.update(seed.to_be_bytes());
        hasher.update(self.address.as_str());
        hasher.update(b"\n");
        hasher.update(user.as_str());
        let mut id = String::with_capacity(32);
        for byte in &hasher.finalize()[..16] {
            // Writing to a string cannot fail.
            let _ = write!(id, "{byte:02x}");
        }
        id.into()
    }
}

pub(super) fn present(portrait: &Portrait, view: View) -> ConferenceEvent {
    ConferenceEvent::Present {
        occupant: portrait.seen(view),
        own: view.own,
        created: false,
        whois_everyone: false,
        nick_assigned: false,
    }
}

/// After a restart, until the endpoint shows itself: it is here, no more is known.
fn unknown_state() -> Arc<State> {
    Arc::new(State::of(Availability::Available))
}
