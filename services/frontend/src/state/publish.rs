//! Putting the entities of one shard into `linnet.state`: what has changed, or for a new owner what differs from what is
//! there.

use super::{
    changes::{Changed, Due},
    fold::{Fold, FoldError},
    pace,
    topic::Topic,
};
use crate::limits;
use domain::{Home, Shard};
use event_log::{Checkpoint, Offset, ReadError, StateError};
use std::collections::HashMap;
use store::{CopyKey, EntityRows, RowError, encode_checkpoint};

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub(super) enum PublishError {
    /// Kafka does not take it.
    #[error(transparent)]
    State(#[from] StateError),
    /// Kafka does not give what is there.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// What is there cannot be used.
    #[error(transparent)]
    Fold(#[from] FoldError),
    /// The disk failed.
    #[error(transparent)]
    Store(#[from] RowError),
}

/// The parts that the newest record of a large entity lies in.
pub(super) type Large = HashMap<Home, (Offset, u32)>;

/// Puts rows of one shard under one epoch.
pub(super) struct Publish<'a, T> {
    pub(super) shard: Shard,
    pub(super) epoch: u64,
    pub(super) state: &'a T,
    pub(super) large: &'a mut Large,
}

impl<T: Topic> Publish<'_, T> {
    /// Puts what has changed, then the checkpoint. It counts once it is flushed.
    pub(super) fn changes(&mut self, due: &Due<'_>, put: Offset) -> Result<Checkpoint, PublishError> {
        let homes: Vec<Home> = match &due.changed {
            Changed::Entities(homes) => homes.iter().cloned().collect(),
            // All that was written since then reflects that much: it was not reflected at that time.
            Changed::Many => self.entities(due, |_, reflects| reflects >= put)?,
        };
        self.entities_of(due, &homes)?;
        self.checkpoint(due)
    }

    /// Puts what differs from what lies there, then the checkpoint; and once that is durable, what nobody needs any more
    /// goes.
    pub(super) fn differences(&mut self, due: &Due<'_>) -> Result<Checkpoint, PublishError> {
        let mut fold = Fold::default();
        let mut outcome = Ok(());
        self.state.load(self.shard, |key, value| {
            if outcome.is_ok() {
                outcome = fold.record(&key, value.as_deref()).map(|_| ());
            }
        })?;
        outcome?;
        let is_newer = |home: &Home, reflects| fold.reflects(home).is_none_or(|there| there < reflects);
        let homes = self.entities(due, is_newer)?;
        self.entities_of(due, &homes)?;
        let checkpoint = self.checkpoint(due)?;
        self.state.flush(pace::STATE_FLUSH)?;
        let garbage = fold.garbage(self.epoch);
        tracing::debug!(
            shard = self.shard.0,
            differ = homes.len(),
            gone = garbage.len(),
            "the state of a shard was compared with the pool's"
        );
        garbage.iter().try_for_each(|key| self.put(key, None))?;
        Ok(checkpoint)
    }

    fn entities(
        &self,
        due: &Due<'_>,
        wanted: impl Fn(&Home, Offset) -> bool,
    ) -> Result<Vec<Home>, PublishError> {
        let mut homes = Vec::new();
        due.view.entities(self.shard, |home, reflects| {
            if wanted(&home, reflects) {
                homes.push(home);
            }
        })?;
        Ok(homes)
    }

    fn entities_of(&mut self, due: &Due<'_>, homes: &[Home]) -> Result<(), PublishError> {
        for home in homes {
            // One that was woken and never had a fact has no rows.
            if let Some(rows) = due.view.entity(home)? {
                self.entity(home, &rows)?;
            }
        }
        Ok(())
    }

    fn entity(&mut self, home: &Home, rows: &EntityRows) -> Result<(), PublishError> {
        let (epoch, reflects) = (self.epoch, rows.reflects);
        let key = CopyKey::Entity { home: home.clone(), epoch };
        let bytes = rows.encode();
        let part = |reflects, index| CopyKey::Part { home: home.clone(), reflects, index, epoch };
        let parts = if bytes.len() > limits::STATE_PART {
            let mut count = 0;
            for bytes in bytes.chunks(limits::STATE_PART) {
                self.put(&part(reflects, count), Some(bytes))?;
                count += 1;
            }
            self.put(&key, Some(&EntityRows::encode_parts(reflects, count)))?;
            Some((reflects, count))
        } else {
            self.put(&key, Some(&bytes))?;
            None
        };
        if let Some((old, count)) = self.large.remove(home)
            && old != reflects
        {
            (0..count).try_for_each(|index| self.put(&part(old, index), None))?;
        }
        if let Some(parts) = parts
            && self.large.len() < limits::LARGE_ENTITIES
        {
            self.large.insert(home.clone(), parts);
        }
        Ok(())
    }

    fn checkpoint(&self, due: &Due<'_>) -> Result<Checkpoint, PublishError> {
        let checkpoint = due.view.checkpoint(self.shard)?;
        self.put(&CopyKey::Checkpoint { epoch: self.epoch }, Some(&encode_checkpoint(checkpoint)))?;
        Ok(checkpoint)
    }

    /// Waits for room.
    fn put(&self, key: &CopyKey, value: Option<&[u8]>) -> Result<(), PublishError> {
        let key = key.encode();
        loop {
            match self.state.put(self.shard, &key, value) {
                Err(StateError::QueueFull) => self.state.flush(pace::STATE_FLUSH)?,
                done => return Ok(done?),
            }
        }
    }
}
