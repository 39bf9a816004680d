//! Folding records into entities: what an owner's replay and the standby copy have in common.

use super::{Saved, take::TakeError, wake::Machine};
use crate::front::Parts;
use domain::Home;
use event_log::{Entry, Offset};
use std::collections::BTreeMap;

/// An entity while its facts are replayed.
pub(super) struct Replayed {
    pub(super) machine: Machine,
    /// The last record that it reflects.
    pub(super) reflects: Option<Offset>,
}

/// The entities that records were folded into.
pub(crate) struct Replay<'a> {
    parts: &'a Parts,
    /// In order, so that a replay is the same each time.
    touched: BTreeMap<Home, Replayed>,
    pub(super) records: u64,
}

impl<'a> Replay<'a> {
    /// Of none yet.
    pub(crate) fn new(parts: &'a Parts) -> Self {
        Self { parts, touched: BTreeMap::new(), records: 0 }
    }

    /// A record that counts.
    pub(crate) fn apply(&mut self, offset: Offset, entry: &Entry) -> Result<(), TakeError> {
        self.records += 1;
        let replayed = self.touch(&entry.home)?;
        // Its rows may have been written after the checkpoint: then it knows this already.
        if replayed.reflects.is_none_or(|reflects| reflects < offset) {
            replayed.machine.apply(&entry.facts);
            replayed.reflects = Some(offset);
        }
        Ok(())
    }

    /// Wakes an entity.
    pub(super) fn touch(&mut self, home: &Home) -> Result<&mut Replayed, TakeError> {
        use std::collections::btree_map::Entry as Place;
        Ok(match self.touched.entry(home.clone()) {
            Place::Occupied(known) => known.into_mut(),
            Place::Vacant(new) => new.insert(Machine::load(self.parts, home)?),
        })
    }

    /// The entities themselves.
    pub(super) fn into_entities(self) -> BTreeMap<Home, Replayed> {
        self.touched
    }

    /// Their rows that have changed.
    pub(crate) fn into_rows(self) -> Vec<Saved> {
        let saved = |(home, mut replayed): (Home, Replayed)| replayed.machine.saved(&home, replayed.reflects);
        self.touched.into_iter().map(saved).collect()
    }
}
