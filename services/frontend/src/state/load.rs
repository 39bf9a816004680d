//! Loading the entities of a shard from `linnet.state` into the database of this node.
//!
//! Invariant: a crash at any time leaves rows that are right: entities come whole, each in the place of an older one, and
//! the checkpoint last. Entities that are newer than the checkpoint are passed over by the replay.

use super::{
    fold::{Fold, FoldError},
    topic::Topic,
};
use crate::{front::Parts, limits, pool::Pool};
use domain::{Home, Shard};
use event_log::{Checkpoint, ReadError};
use std::collections::HashSet;
use store::{EntityRows, RowError, Snapshot, Store};

/// Why a shard cannot be loaded now.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    /// Kafka does not give its records.
    #[error("the state cannot be read: {0}")]
    Read(#[from] ReadError),
    /// They cannot be used.
    #[error(transparent)]
    Fold(#[from] FoldError),
    /// The disk failed.
    #[error(transparent)]
    Store(#[from] RowError),
}

/// Loads what is newer there; returns the checkpoint that there is then. For a shard that is not owned here, and that
/// nobody else here writes rows of.
pub(crate) fn load(shard: Shard, parts: &Parts) -> Result<Checkpoint, LoadError> {
    let own = parts.store.checkpoint(shard)?;
    let Some(state) = parts.pool.as_ref().and_then(Pool::loads) else { return Ok(own) };
    let newer = into_store(shard, &*state, &parts.store)?;
    Ok(newer.unwrap_or(own))
}

/// The checkpoint that was loaded, if it is newer.
pub(super) fn into_store(
    shard: Shard,
    state: &impl Topic,
    store: &Store,
) -> Result<Option<Checkpoint>, LoadError> {
    let mut loading = Loading::new(shard, store);
    let mut outcome = Ok(());
    state.load(shard, |key, value| {
        if outcome.is_ok() {
            outcome = loading.record(&key, value.as_deref());
        }
    })?;
    outcome?;
    loading.end()
}

/// What is on its way into the database.
struct Loading<'a> {
    shard: Shard,
    store: &'a Store,
    fold: Fold,
    snapshot: Snapshot<'a>,
    /// Entities in the snapshot, and their bytes.
    homes: HashSet<Home>,
    bytes: usize,
}

impl<'a> Loading<'a> {
    fn new(shard: Shard, store: &'a Store) -> Self {
        let snapshot = store.snapshot(shard);
        Self { shard, store, fold: Fold::default(), snapshot, homes: HashSet::new(), bytes: 0 }
    }

    fn record(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<(), LoadError> {
        let Some((home, rows)) = self.fold.record(key, value)? else { return Ok(()) };
        if self.bytes > limits::LOAD_BYTES || self.homes.contains(&home) {
            self.write()?;
        }
        self.put(&home, &rows)?;
        self.bytes += value.map_or(0, <[u8]>::len);
        self.homes.insert(home);
        Ok(())
    }

    fn put(&mut self, home: &Home, rows: &EntityRows) -> Result<(), LoadError> {
        if home.shard(self.store.shards()) != self.shard {
            return Err(FoldError::Record(RowError::Key).into());
        }
        self.snapshot.replace(home, rows)?;
        Ok(())
    }

    fn write(&mut self) -> Result<(), LoadError> {
        let full = std::mem::replace(&mut self.snapshot, self.store.snapshot(self.shard));
        full.commit_rows().map_err(RowError::from)?;
        self.homes.clear();
        self.bytes = 0;
        Ok(())
    }

    fn end(mut self) -> Result<Option<Checkpoint>, LoadError> {
        self.write()?;
        let own = self.store.checkpoint(self.shard)?;
        let newer = self.fold.checkpoint()?.filter(|checkpoint| checkpoint.offset > own.offset);
        if let Some(checkpoint) = newer {
            self.snapshot.commit(checkpoint).map_err(RowError::from)?;
        }
        Ok(newer)
    }
}
