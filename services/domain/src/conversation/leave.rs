//! Leave, by one's own wish or another's: each way out of a conference, and its end (XEP-0045 §7.14, §8.2, §9.1,
//! §10.9).
//!
//! Invariant: a conference that is not persistent ends with its last occupant.

use super::{
    Affiliation, ConferenceEvent, Departure, Fact, Output, Survivors,
    focus::{Answered, Focus},
    tell::{Portrait, View, present},
};
use crate::{Address, EndpointId, EndpointName, Timestamp, endpoint::Answer};
use std::sync::Arc;

impl Focus {
    pub(super) fn leave(
        &mut self,
        now: Timestamp,
        from: &EndpointId,
        note: Option<Arc<str>>,
        out: &mut Output,
    ) -> Answered {
        let (nick, _) = self.speaker(from)?;
        self.take_out(now, &nick, Some(from), &Departure::Left { note }, out);
        self.end_if_deserted(now, out);
        Ok(Answer::Done)
    }

    pub(super) fn gone(&mut self, now: Timestamp, endpoint: &EndpointId, how: &Departure, out: &mut Output) {
        let Some(nick) = self.seats.get(endpoint).cloned() else { return };
        self.take_out(now, &nick, Some(endpoint), how, out);
        self.end_if_deserted(now, out);
    }

    /// Takes one endpoint out, or all of this nick; tells them, and then the others.
    pub(super) fn take_out(
        &mut self,
        now: Timestamp,
        nick: &EndpointName,
        only: Option<&EndpointId>,
        how: &Departure,
        out: &mut Output,
    ) {
        let Some(before) = self.portrait(nick, only.map(|endpoint| &endpoint.name)) else { return };
        let Some(attendee) = self.attendees.get(nick) else { return };
        let affiliation = self.affiliation(&attendee.user);
        let all = attendee.seats.iter().map(|seat| EndpointId::new(attendee.user.clone(), seat.name.clone()));
        let leaving: Vec<EndpointId> = all.filter(|id| only.is_none_or(|only| only == id)).collect();
        for endpoint in &leaving {
            self.decide(Fact::Left { endpoint: endpoint.clone(), how: how.clone(), at: now }, out);
        }
        let portrait = before.departed(affiliation);
        if *how != Departure::Vanished {
            let event = Arc::new(gone(&portrait, View { own: true, sees: true }, how));
            for endpoint in &leaving {
                out.effects.push(self.tell(endpoint, event.clone()));
            }
        }
        match self.portrait(nick, None) {
            // Another endpoint of the person is still in: that is what the others see now.
            Some(rest) => {
                let all = |_: &EndpointId, theirs: &EndpointName| Some(theirs == nick);
                self.tell_all(&rest, all, |view| present(&rest, view), out);
            }
            None => self.tell_all(&portrait, |_, _| Some(false), |view| gone(&portrait, view, how), out),
        }
    }

    pub(super) fn end_if_deserted(&mut self, now: Timestamp, out: &mut Output) {
        let stays = self.made.as_ref().is_some_and(|made| made.open && made.configuration.persistent);
        if self.made.is_some() && self.attendees.is_empty() && !stays {
            self.decide(Fact::Ended { at: now, alternate: None }, out);
        }
    }

    /// Ends the conference: everyone is told where to go instead, and nobody of anybody else.
    pub(super) fn end(
        &mut self,
        now: Timestamp,
        alternate: Option<&Address>,
        reason: Option<&Arc<str>>,
        out: &mut Output,
    ) {
        if self.made.is_none() {
            return;
        }
        let how = Departure::Destroyed { alternate: alternate.cloned(), reason: reason.cloned() };
        let portraits: Vec<(EndpointId, Option<Portrait>)> =
            self.everyone().map(|(id, nick, _)| (id.clone(), self.portrait(nick, Some(&id.name)))).collect();
        for (endpoint, portrait) in portraits {
            let left = Fact::Left { endpoint: endpoint.clone(), how: how.clone(), at: now };
            self.decide(left, out);
            if let Some(portrait) = portrait {
                let own = View { own: true, sees: true };
                let event = gone(&portrait.departed(Affiliation::None), own, &how);
                out.effects.push(self.tell(&endpoint, Arc::new(event)));
            }
        }
        self.decide(Fact::Ended { at: now, alternate: alternate.cloned() }, out);
    }

    pub(super) fn destroy(
        &mut self,
        now: Timestamp,
        from: &EndpointId,
        alternate: Option<&Address>,
        reason: Option<&Arc<str>>,
        out: &mut Output,
    ) -> Answered {
        self.may(from, Affiliation::Owner)?;
        self.end(now, alternate, reason, out);
        Ok(Answer::Done)
    }

    /// A new owner of the conference settles who is still in.
    pub(super) fn resumed(&mut self, now: Timestamp, survivors: Survivors, out: &mut Output) {
        match survivors {
            Survivors::None => {
                for endpoint in self.seats.keys().cloned().collect::<Vec<_>>() {
                    self.decide(Fact::Left { endpoint, how: Departure::Vanished, at: now }, out);
                }
                self.end_if_deserted(now, out);
            }
            Survivors::Ask => self.doubt(now, &|_| true),
        }
    }
}

fn gone(portrait: &Portrait, view: View, how: &Departure) -> ConferenceEvent {
    ConferenceEvent::Gone { occupant: portrait.seen(view), own: view.own, how: how.clone() }
}
