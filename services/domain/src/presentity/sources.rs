//! What a user's sources other than endpoints say, and how they change what an endpoint shows: a manual state wins
//! until it is reset; the calendar and calls raise an available user to busy (MS-PRES).

use super::{Availability, Source, State};
use crate::Timestamp;
use std::{collections::BTreeMap, sync::Arc};

/// The user's choice, the calendar and the calls.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sources {
    manual: Option<Arc<State>>,
    others: BTreeMap<Source, (Arc<State>, Option<Timestamp>)>,
}

impl Sources {
    /// The user chose a state, or reset it.
    pub fn set_manual(&mut self, state: Option<Arc<State>>) {
        self.manual = state;
    }

    /// What the user chose.
    pub fn manual(&self) -> Option<&Arc<State>> {
        self.manual.as_ref()
    }

    /// The calendar or a call says this, or nothing any more; from `until` on it no longer holds.
    pub fn set(&mut self, source: Source, state: Option<Arc<State>>, until: Option<Timestamp>) {
        match state {
            Some(state) => self.others.insert(source, (state, until)),
            None => self.others.remove(&source),
        };
    }

    /// When the next of them ends by itself.
    pub fn deadline(&self) -> Option<Timestamp> {
        self.others.values().filter_map(|(_, until)| *until).min()
    }

    /// Drops those that have ended; whether there were any.
    pub fn expire(&mut self, now: Timestamp) -> bool {
        let before = self.others.len();
        self.others.retain(|_, (_, until)| until.is_none_or(|until| until > now));
        self.others.len() != before
    }

    /// What an endpoint with this state of its own shows; the same state if nothing else says otherwise.
    #[must_use]
    pub fn shown(&self, own: &Arc<State>) -> Arc<State> {
        if own.availability == Availability::Offline {
            return Arc::clone(own); // invisible: no source makes it visible
        }
        if let Some(manual) = &self.manual {
            return Arc::new(State {
                availability: manual.availability,
                activity: manual.activity,
                eager: manual.eager,
                extended: manual.extended,
                idle_since: own.idle_since,
                note: manual.note.clone().or_else(|| own.note.clone()),
                priority: own.priority,
                carried: own.carried.clone(),
            });
        }
        self.raised(own)
    }

    /// What a meeting or a call makes of this state: busy, or do-not-disturb if one of them says that, and only for
    /// somebody who is there.
    fn raised(&self, own: &Arc<State>) -> Arc<State> {
        let sources = || self.others.values().map(|(state, _)| state);
        let undisturbed = sources().any(|s| s.availability == Availability::DoNotDisturb);
        let availability = match own.availability {
            _ if self.others.is_empty() => return Arc::clone(own),
            Availability::Available | Availability::Busy if !undisturbed => Availability::Busy,
            Availability::Idle | Availability::BusyIdle if !undisturbed => Availability::BusyIdle,
            Availability::Available | Availability::Busy | Availability::Idle | Availability::BusyIdle => {
                Availability::DoNotDisturb
            }
            _ => return Arc::clone(own),
        };
        Arc::new(State {
            availability,
            activity: sources().filter_map(|s| s.activity).next_back().or(own.activity),
            eager: false,
            note: own.note.clone().or_else(|| sources().filter_map(|s| s.note.clone()).next_back()),
            ..State::clone(own)
        })
    }
}
