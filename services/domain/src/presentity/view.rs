//! Who sees what of a presence: the watcher's container decides (Lync's privacy relationships, MS-PRES containers).
//!
//! Invariant: a watcher in `Blocked` learns nothing that an offline user would not show.

use super::{Activity, Aggregate, Availability, Container, State};
use std::sync::Arc;

/// The views that the containers come to; watchers with the same view are told the same.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum View {
    /// Always offline.
    Nothing,
    /// Everything as it is.
    All,
    /// Everything, and a do-not-disturb as busy, reachable for urgent matters.
    ThroughDoNotDisturb,
}

impl View {
    /// What this audience sees.
    #[must_use]
    pub fn of(container: Container) -> Self {
        match container {
            Container::Blocked => Self::Nothing,
            Container::External | Container::Colleagues | Container::Friends => Self::All,
            Container::Workgroup => Self::ThroughDoNotDisturb,
        }
    }

    /// One endpoint's state in this view; `None`: it seems to be gone.
    #[must_use]
    pub fn state(self, state: &Arc<State>) -> Option<Arc<State>> {
        match (self, state.availability) {
            (Self::Nothing, _) | (_, Availability::Offline) => None,
            (Self::ThroughDoNotDisturb, Availability::DoNotDisturb) => {
                let mut seen = State::clone(state);
                (seen.availability, seen.activity) = urgent_only();
                Some(Arc::new(seen))
            }
            _ => Some(Arc::clone(state)),
        }
    }

    /// The whole in this view.
    #[must_use]
    pub fn aggregate(self, whole: &Arc<Aggregate>) -> Arc<Aggregate> {
        match (self, whole.availability) {
            (Self::Nothing, _) => Arc::new(Aggregate {
                availability: Availability::Offline,
                activity: None,
                note: None,
                last_seen: None,
            }),
            (Self::ThroughDoNotDisturb, Availability::DoNotDisturb) => {
                let mut seen = Aggregate::clone(whole);
                (seen.availability, seen.activity) = urgent_only();
                Arc::new(seen)
            }
            _ => Arc::clone(whole),
        }
    }
}

fn urgent_only() -> (Availability, Option<Activity>) {
    (Availability::Busy, Some(Activity::UrgentOnly))
}
