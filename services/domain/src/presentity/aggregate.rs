//! Aggregation: one presence out of all that a user's sources publish (MS-PRES aggregation).
//!
//! Invariants: the order of the publications does not matter; a better publication never makes the whole worse
//! ([`Rank`]); a manual state wins as long as an endpoint is there; without one the user is offline.

use super::{Aggregate, Availability, Sources, State};
use crate::Timestamp;
use std::sync::Arc;

/// How much a publication counts: an active endpoint before one that nobody touches, then the more available. The
/// lowest rank of all endpoints is the whole's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Rank {
    /// Nobody is at the device.
    pub inactive: bool,
    /// What it says, an untouched device taken into account.
    pub availability: Availability,
}

impl Rank {
    /// Of this publication.
    #[must_use]
    pub fn of(state: &State) -> Self {
        let availability = match (state.availability, state.idle_since) {
            (Availability::Available, Some(_)) => Availability::Idle,
            (Availability::Busy, Some(_)) => Availability::BusyIdle,
            (said, _) => said,
        };
        let active =
            matches!(availability, Availability::Available | Availability::Busy | Availability::DoNotDisturb);
        Self { inactive: !active, availability }
    }
}

/// The whole, of what the endpoints publish (invisible ones count as absent) and the other sources.
#[must_use]
pub fn aggregate<'a>(
    endpoints: impl Iterator<Item = &'a Arc<State>>,
    sources: &Sources,
    last_seen: Option<Timestamp>,
) -> Aggregate {
    let visible = endpoints.filter(|s| s.availability != Availability::Offline);
    // Ties are broken by what is shown, not by who came first.
    let best = visible.min_by(|a, b| {
        let key = |s: &State| (Rank::of(s), std::cmp::Reverse(s.priority), s.idle_since);
        key(a).cmp(&key(b)).then_with(|| a.note.cmp(&b.note)).then_with(|| a.activity.cmp(&b.activity))
    });
    let Some(best) = best else {
        return Aggregate { availability: Availability::Offline, activity: None, note: None, last_seen };
    };
    let ranked = State { availability: Rank::of(best).availability, ..State::clone(best) };
    let shown = sources.shown(&Arc::new(ranked));
    Aggregate {
        availability: shown.availability,
        activity: shown.activity,
        note: shown.note.clone(),
        last_seen: None,
    }
}
