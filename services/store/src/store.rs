//! The opened database: reading, scanning and writing bytes by column.

use crate::{
    Column, Cut, LogColumn,
    columns::{LOG, META},
};
use domain::ShardCount;
use rocksdb::{ColumnFamily, DB, IteratorMode, ReadOptions, WriteBatch, WriteOptions};
use std::{fs::File, ops::ControlFlow, path::Path, sync::Arc};

/// The disk does not do what it should; `RocksDB`'s own words.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the database failed: {0}")]
pub struct StoreError(pub(crate) String);

impl From<rocksdb::Error> for StoreError {
    fn from(error: rocksdb::Error) -> Self {
        Self(error.into_string())
    }
}

/// The database of this node. Cheap to clone.
#[derive(Clone)]
pub struct Store(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) db: DB,
    pub(crate) shards: ShardCount,
    pub(crate) cut: Option<Cut>,
    /// Released when the database is closed, which is before it: fields go in their order.
    pub(crate) _lock: File,
}

/// Which way to scan.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// From the lowest key up.
    Up,
    /// From the highest key down.
    Down,
}

impl Store {
    /// Where it lies.
    pub fn path(&self) -> &Path {
        self.0.db.path()
    }

    /// How many shards the deployment has; fixed when the database was made.
    pub fn shards(&self) -> ShardCount {
        self.0.shards
    }

    /// What was cut off at opening, since it cannot be read: mostly it was being written when the power went or the
    /// process was killed, and had not been acknowledged.
    pub fn cut(&self) -> Option<&Cut> {
        self.0.cut.as_ref()
    }

    /// The medium for the embedded log: `Log::start(store.log(), options)`.
    pub fn log(&self) -> LogColumn {
        LogColumn::new(self.clone())
    }

    /// Bytes free on its disk; `None` if the system does not say.
    pub fn free_bytes(&self) -> Option<u64> {
        let disk = rustix::fs::statvfs(self.path()).ok()?;
        Some(disk.f_bavail.saturating_mul(disk.f_frsize))
    }

    /// The value of a key.
    pub fn get(&self, column: Column, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.0.db.get_cf(self.handle(column), key)?)
    }

    /// Shows keys from `from` on and below `to`, in either direction, until `show` breaks.
    pub fn scan(
        &self,
        column: Column,
        (from, to): (&[u8], &[u8]),
        direction: Direction,
        mut show: impl FnMut(&[u8], &[u8]) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let mut options = ReadOptions::default();
        options.set_iterate_lower_bound(from);
        options.set_iterate_upper_bound(to);
        let mode = match direction {
            Direction::Up => IteratorMode::Start,
            Direction::Down => IteratorMode::End,
        };
        for entry in self.0.db.iterator_cf_opt(self.handle(column), options, mode) {
            let (key, value) = entry?;
            if show(&key, &value).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// A batch of writes that happen together or not at all.
    pub fn batch(&self) -> Batch<'_> {
        Batch { store: self, writes: WriteBatch::default() }
    }

    pub(crate) fn handle(&self, column: Column) -> &ColumnFamily {
        self.named(column.name())
    }

    pub(crate) fn log_handle(&self) -> &ColumnFamily {
        self.named(LOG)
    }

    pub(crate) fn meta_handle(&self) -> &ColumnFamily {
        self.named(META)
    }

    fn named(&self, name: &str) -> &ColumnFamily {
        self.0.db.cf_handle(name).expect("every column family is made when the database is opened")
    }
}

/// Writes that happen together.
pub struct Batch<'a> {
    store: &'a Store,
    writes: WriteBatch,
}

impl<'a> Batch<'a> {
    pub(crate) fn store(&self) -> &'a Store {
        self.store
    }

    /// Sets the value of a key.
    pub fn put(&mut self, column: Column, key: &[u8], value: &[u8]) {
        self.writes.put_cf(self.store.handle(column), key, value);
    }

    /// Removes a key, if it is there.
    pub fn delete(&mut self, column: Column, key: &[u8]) {
        self.writes.delete_cf(self.store.handle(column), key);
    }

    /// Removes all keys from `from` on and below `to`.
    pub fn delete_range(&mut self, column: Column, (from, to): (&[u8], &[u8])) {
        self.writes.delete_range_cf(self.store.handle(column), from, to);
    }

    /// Nothing to write.
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    /// Writes it. It survives the end of the process, but not a loss of power until the next synced write: right for
    /// what can be folded from the log again.
    pub fn write(self) -> Result<(), StoreError> {
        Ok(self.store.0.db.write(self.writes)?)
    }

    /// Writes it, and returns when it survives a loss of power.
    pub fn write_synced(self) -> Result<(), StoreError> {
        Ok(self.store.0.db.write_opt(self.writes, &synced())?)
    }
}

/// Durable when it returns.
pub(crate) fn synced() -> WriteOptions {
    let mut options = WriteOptions::default();
    options.set_sync(true);
    options
}
