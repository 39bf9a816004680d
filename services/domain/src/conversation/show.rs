//! Show: another state or another nick of somebody who is in (XEP-0045 §7.6, §7.7).
//!
//! Invariant: the endpoints of a person under one nick change it together, so a nick stays one person's.

use super::{
    ConferenceEvent, Fact, Output,
    focus::{Answered, Focus, Showing},
};
use crate::{EndpointId, EndpointName, endpoint::Answer, presentity::State};
use std::sync::Arc;

impl Focus {
    pub(super) fn show(&mut self, showing: &Showing<'_>, out: &mut Output) -> Answered {
        let (old, _) = self.speaker(showing.endpoint)?;
        if old != showing.nick {
            self.may_use_nick(showing.endpoint, &showing.nick)?;
        }
        self.set_state(showing.endpoint, showing.state.clone());
        if old != showing.nick {
            self.rename(&old, &showing.nick, out);
        }
        self.tell_present(&showing.nick, out);
        Ok(Answer::Done)
    }

    fn rename(&mut self, old: &EndpointName, nick: &EndpointName, out: &mut Output) {
        let (Some(portrait), Some(attendee)) = (self.portrait(old, None), self.attendees.get(old)) else {
            return;
        };
        let id = |name: &EndpointName| EndpointId::new(attendee.user.clone(), name.clone());
        let moved: Vec<EndpointId> = attendee.seats.iter().map(|seat| id(&seat.name)).collect();
        for endpoint in &moved {
            self.decide(Fact::Renamed { endpoint: endpoint.clone(), nick: nick.clone() }, out);
        }
        let all = |to: &EndpointId, _: &EndpointName| Some(moved.contains(to));
        let event = |view: super::tell::View| ConferenceEvent::Renamed {
            occupant: portrait.seen(view),
            nick: nick.clone(),
            own: view.own,
        };
        self.tell_all(&portrait, all, event, out);
    }

    /// What this endpoint shows, which is from now on what the others see of its person.
    pub(super) fn set_state(&mut self, endpoint: &EndpointId, state: Arc<State>) {
        let Some(attendee) = self.seats.get(endpoint).and_then(|nick| self.attendees.get_mut(nick)) else {
            return;
        };
        if let Some(place) = attendee.seats.iter().position(|seat| seat.name == endpoint.name) {
            attendee.seats[place..].rotate_left(1);
            if let Some(last) = attendee.seats.last_mut() {
                last.state = Some(state);
            }
        }
    }
}
