//! Folding the records of one partition of `linnet.state`: of each entity the newest counts, of the checkpoints the
//! highest, and all else may go.
//!
//! Invariant: what comes out does not depend on the order of the records of different writers, nor on what compaction has
//! taken: of each entity the record that reflects most.

use crate::limits;
use domain::Home;
use event_log::{Checkpoint, Offset};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use store::{CopyKey, EntityRows, RowError, Value, decode_checkpoint};

/// An entity as one writer has put it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
struct Version {
    reflects: Offset,
    epoch: u64,
}

/// Why the records of a shard cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FoldError {
    /// One cannot be read.
    #[error("a record of the state cannot be read: {0}")]
    Record(#[from] RowError),
    /// Parts of a large entity are missing: it was read while it was written.
    #[error("an entity of the state is not whole now")]
    Torn,
    /// More parts wait for their entity than are held.
    #[error(
        "the state holds more than {} bytes of parts of entities that are not whole",
        limits::STATE_PARTS_BYTES
    )]
    Parts,
}

/// By number; without the bytes once they were used.
type Parts = BTreeMap<u32, Option<Vec<u8>>>;

/// See the module.
#[derive(Default)]
pub(crate) struct Fold {
    entities: HashMap<Home, BTreeMap<u64, (Offset, bool)>>,
    /// Every part that lies there; those whose entity has not come yet with their bytes.
    parts: HashMap<(Home, Version), Parts>,
    held: usize,
    checkpoints: BTreeMap<u64, Checkpoint>,
}

impl Fold {
    /// The next record; an entity that is newer than all that was seen of it is returned.
    pub(crate) fn record(
        &mut self,
        key: &[u8],
        value: Option<&[u8]>,
    ) -> Result<Option<(Home, EntityRows)>, FoldError> {
        match (CopyKey::decode(key)?, value) {
            (None, _) => {}
            (Some(CopyKey::Checkpoint { epoch }), Some(value)) => {
                self.checkpoints.insert(epoch, decode_checkpoint(value)?);
            }
            (Some(CopyKey::Checkpoint { epoch }), None) => _ = self.checkpoints.remove(&epoch),
            (Some(CopyKey::Part { home, reflects, index, epoch }), value) => {
                self.part(home, Version { reflects, epoch }, index, value)?;
            }
            (Some(CopyKey::Entity { home, epoch }), Some(value)) => return self.entity(home, epoch, value),
            (Some(CopyKey::Entity { home, epoch }), None) => {
                if let Some(versions) = self.entities.get_mut(&home) {
                    versions.remove(&epoch);
                }
            }
        }
        Ok(None)
    }

    fn part(
        &mut self,
        home: Home,
        version: Version,
        index: u32,
        value: Option<&[u8]>,
    ) -> Result<(), FoldError> {
        let parts = self.parts.entry((home, version)).or_default();
        let old = match value {
            Some(value) => parts.insert(index, Some(value.to_vec())),
            None => parts.remove(&index),
        };
        self.held += value.map_or(0, <[u8]>::len);
        self.held -= old.flatten().map_or(0, |old| old.len());
        if self.held > limits::STATE_PARTS_BYTES { Err(FoldError::Parts) } else { Ok(()) }
    }

    fn entity(
        &mut self,
        home: Home,
        epoch: u64,
        value: &[u8],
    ) -> Result<Option<(Home, EntityRows)>, FoldError> {
        let newest = self.reflects(&home);
        let (reflects, rows) = match EntityRows::decode(value)? {
            Value::Whole(rows) => (rows.reflects, Some(rows)),
            Value::Parts { reflects, parts } => {
                (reflects, self.assemble(&home, Version { reflects, epoch }, parts)?)
            }
        };
        self.entities.entry(home.clone()).or_default().insert(epoch, (reflects, rows.is_some()));
        Ok(rows.filter(|_| newest.is_none_or(|newest| newest < reflects)).map(|rows| (home, rows)))
    }

    /// From its parts, which are let go; `None` if they are not all there.
    fn assemble(
        &mut self,
        home: &Home,
        version: Version,
        count: u32,
    ) -> Result<Option<EntityRows>, FoldError> {
        let Some(parts) = self.parts.get_mut(&(home.clone(), version)) else { return Ok(None) };
        let mut bytes = Vec::new();
        for index in 0..count {
            let Some(part) = parts.get_mut(&index).and_then(Option::take) else { return Ok(None) };
            self.held -= part.len();
            bytes.extend_from_slice(&part);
        }
        match EntityRows::decode(&bytes)? {
            Value::Whole(rows) if rows.reflects == version.reflects => Ok(Some(rows)),
            _ => Err(RowError::Key.into()),
        }
    }

    fn newest(&self, home: &Home) -> Option<Version> {
        let versions = self.entities.get(home)?;
        versions.iter().map(|(epoch, (reflects, _))| Version { reflects: *reflects, epoch: *epoch }).max()
    }

    /// All was read: up to where the entities together reflect the log, if anybody has said so.
    pub(crate) fn checkpoint(&self) -> Result<Option<Checkpoint>, FoldError> {
        for home in self.entities.keys() {
            let is_torn = |newest: Version| {
                let versions = &self.entities[home];
                // Another writer's record of the same time is as good.
                !versions.values().any(|(reflects, whole)| *whole && *reflects == newest.reflects)
            };
            if self.newest(home).is_some_and(is_torn) {
                return Err(FoldError::Torn);
            }
        }
        Ok(self.checkpoints.values().max_by_key(|checkpoint| checkpoint.offset).copied())
    }

    /// The last record that the newest of an entity reflects.
    pub(crate) fn reflects(&self, home: &Home) -> Option<Offset> {
        let versions = self.entities.get(home)?;
        versions.values().filter(|(_, whole)| *whole).map(|(reflects, _)| *reflects).max()
    }

    /// Keys that nobody needs any more, entities before their parts, for an owner of this epoch whose own are not among
    /// them, and whose checkpoint lies there.
    pub(crate) fn garbage(self, epoch: u64) -> Vec<CopyKey> {
        let mut entities = BTreeSet::new();
        let mut kept = BTreeSet::new();
        for (home, versions) in &self.entities {
            let whole = versions.iter().filter(|(_, (_, whole))| *whole);
            let best =
                whole.max_by_key(|(epoch, (reflects, _))| (*reflects, **epoch)).map(|(epoch, _)| *epoch);
            for (of, (reflects, _)) in versions {
                if Some(*of) == best || *of >= epoch {
                    kept.insert((home.clone(), Version { reflects: *reflects, epoch: *of }));
                } else {
                    entities.insert(CopyKey::Entity { home: home.clone(), epoch: *of });
                }
            }
        }
        let checkpoints = self.checkpoints.keys().filter(|of| **of < epoch);
        let mut garbage: Vec<CopyKey> = checkpoints.map(|of| CopyKey::Checkpoint { epoch: *of }).collect();
        garbage.extend(entities);
        for ((home, version), parts) in self.parts {
            let Version { reflects, epoch: of } = version;
            if of < epoch && !kept.contains(&(home.clone(), version)) {
                let key = |index| CopyKey::Part { home: home.clone(), reflects, index, epoch: of };
                garbage.extend(parts.into_keys().map(key));
            }
        }
        garbage
    }
}
