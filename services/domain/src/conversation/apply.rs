//! What each fact of a conference makes of its state: live, on replay and for every other reader the same.
//!
//! Invariant: nothing here decides; a fact that does not fit is one of a two-party conversation and changes nothing.

use super::{
    Affiliation, Fact, Role,
    focus::{Attendee, Focus, Seat},
    row::{Affiliated, ConferenceHead, Topic},
};
use crate::{Address, EndpointId, EndpointName, endpoint::Said, limits::CONFERENCE_RECENT};
use std::sync::Arc;

impl Focus {
    pub(super) fn apply(&mut self, fact: &Fact) {
        match fact {
            Fact::Created { owner, at, configuration, seed } => {
                self.changes.head = true;
                self.numbering.start_at(*at);
                self.made = Some(ConferenceHead {
                    created: *at,
                    seed: *seed,
                    open: false,
                    configuration: (**configuration).clone(),
                    topic: None,
                });
                self.relate(owner, Affiliation::Owner, None);
            }
            Fact::Configured { configuration } => self.change(|made| {
                made.open = true;
                made.configuration = (**configuration).clone();
            }),
            Fact::TopicSet { topic, by, at } => self.change(|made| {
                made.topic = Some(Topic { text: topic.clone(), by: by.clone(), at: *at });
            }),
            Fact::Affiliated { who, affiliation, nick } => self.relate(who, *affiliation, nick.clone()),
            Fact::Joined { endpoint, nick, role, .. } => self.sit(endpoint, nick, *role, None),
            Fact::Renamed { endpoint, nick } => self.resit(endpoint, nick),
            Fact::RoleChanged { nick, role, .. } => self.recast(nick, *role),
            Fact::Left { endpoint, .. } => drop(self.stand(endpoint)),
            Fact::Ended { .. } => self.clear(),
            Fact::Said { .. } => {
                if let Some(said) = Said::of(&self.id, fact) {
                    self.apply_said(Arc::new(said));
                }
            }
            Fact::SessionOpened { .. } | Fact::SessionClosed { .. } | Fact::Confirmed { .. } => {}
        }
    }

    /// What `apply` does with [`Fact::Said`], for one that is at hand already.
    pub(super) fn apply_said(&mut self, said: Arc<Said>) {
        self.numbering.count(&said);
        self.changes.head = true;
        // A newcomer gets the topic by itself, after what was said (XEP-0045 §7.2.15).
        if said.to.is_some() || said.message.is_topic() {
            return;
        }
        if self.recent.len() >= CONFERENCE_RECENT
            && let Some(oldest) = self.recent.pop_front()
        {
            self.changes.recent.gone(oldest.number);
        }
        self.changes.recent.made(said.number);
        self.recent.push_back(said);
    }

    fn change(&mut self, f: impl FnOnce(&mut ConferenceHead)) {
        if let Some(made) = &mut self.made {
            f(made);
            self.changes.head = true;
        }
    }

    fn relate(&mut self, who: &Address, affiliation: Affiliation, nick: Option<EndpointName>) {
        if affiliation == Affiliation::None {
            if self.affiliations.remove(who).is_some() {
                self.changes.affiliations.gone(who.clone());
            }
        } else if self.affiliations.insert(who.clone(), Affiliated { affiliation, nick }).is_some() {
            self.changes.affiliations.changed(who.clone());
        } else {
            self.changes.affiliations.made(who.clone());
        }
    }

    /// Puts an endpoint in; the role is that of all who share the nick.
    pub(super) fn sit(&mut self, endpoint: &EndpointId, nick: &EndpointName, role: Role, seat: Option<Seat>) {
        self.seats.insert(endpoint.clone(), nick.clone());
        self.changes.seats.made(endpoint.clone());
        let seat = seat.unwrap_or_else(|| Seat { name: endpoint.name.clone(), state: None });
        let attendee = self.attendees.entry(nick.clone()).or_insert_with(|| Attendee {
            user: endpoint.user.clone(),
            role,
            seats: Vec::new(),
        });
        attendee.seats.push(seat);
    }

    fn stand(&mut self, endpoint: &EndpointId) -> Option<(Seat, Role)> {
        let nick = self.seats.remove(endpoint)?;
        self.changes.seats.gone(endpoint.clone());
        let attendee = self.attendees.get_mut(&nick)?;
        let role = attendee.role;
        let place = attendee.seats.iter().position(|seat| seat.name == endpoint.name)?;
        let seat = attendee.seats.remove(place);
        if attendee.seats.is_empty() {
            self.attendees.remove(&nick);
        }
        Some((seat, role))
    }

    fn resit(&mut self, endpoint: &EndpointId, nick: &EndpointName) {
        if let Some((seat, role)) = self.stand(endpoint) {
            self.sit(endpoint, nick, role, Some(seat));
        }
    }

    fn recast(&mut self, nick: &EndpointName, role: Role) {
        let Some(attendee) = self.attendees.get_mut(nick) else { return };
        attendee.role = role;
        for seat in &attendee.seats {
            self.changes.seats.changed(EndpointId::new(attendee.user.clone(), seat.name.clone()));
        }
    }

    /// All is gone but the count, so that no number is given twice if somebody makes the conference anew.
    fn clear(&mut self) {
        self.changes.head = true;
        self.made = None;
        self.attendees.clear();
        self.invited.clear();
        for endpoint in std::mem::take(&mut self.seats).into_keys() {
            self.changes.seats.gone(endpoint);
        }
        for who in std::mem::take(&mut self.affiliations).into_keys() {
            self.changes.affiliations.gone(who);
        }
        for said in self.recent.drain(..) {
            self.changes.recent.gone(said.number);
        }
    }
}
