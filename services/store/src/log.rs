//! The log's column family as a medium for `event_log`: key = shard and offset, big-endian; value = the record.
//!
//! Written in order, synced; dropped by age without rewriting (FIFO compaction, whole files). Invariant: between the
//! floor of a shard and its end every offset is there, or reading says which one is not.

use crate::{Store, StoreError, meta, store::synced};
use bytes::Bytes;
use domain::{Shard, ShardCount, Timestamp};
use event_log::{Medium, Offset, Placed, ReadError, WriteError};
use rocksdb::{DBRawIterator, ReadOptions, WriteBatch};
use std::time::SystemTime;

/// The medium of the embedded log.
pub struct LogColumn {
    store: Store,
}

fn key(shard: Shard, offset: Offset) -> [u8; 10] {
    let mut key = [0; 10];
    key[..2].copy_from_slice(&shard.0.to_be_bytes());
    key[2..].copy_from_slice(&offset.0.to_be_bytes());
    key
}

fn offset_of(key: &[u8]) -> Option<Offset> {
    Some(Offset(u64::from_be_bytes(key.get(2..10)?.try_into().ok()?)))
}

fn failed(error: StoreError) -> ReadError {
    ReadError::Failed(error.0)
}

impl LogColumn {
    pub(crate) fn new(store: Store) -> Self {
        Self { store }
    }

    /// All records of one shard.
    fn iterate(&self, shard: Shard) -> DBRawIterator<'_> {
        let mut options = ReadOptions::default();
        options.set_iterate_lower_bound(key(shard, Offset(0)));
        options.set_iterate_upper_bound([&key(shard, Offset(u64::MAX))[..], &[0]].concat());
        self.store.0.db.raw_iterator_cf_opt(self.store.log_handle(), options)
    }

    /// Below it, records were dropped by age.
    fn floor(&self, shard: Shard) -> Result<Offset, StoreError> {
        let value = self.store.0.db.get_cf(self.store.meta_handle(), meta::floor_key(shard))?;
        Ok(value.and_then(|v| v.try_into().ok()).map_or(Offset(0), |v| Offset(u64::from_be_bytes(v))))
    }

    /// Nothing lies at `from`, though the shard is longer: dropped by age, or lost.
    fn why_missing(&self, shard: Shard, from: Offset, next: Option<Offset>) -> Result<ReadError, ReadError> {
        let mut before = self.iterate(shard);
        before.seek_for_prev(key(shard, from));
        before.status().map_err(|e| failed(e.into()))?;
        let first = next.unwrap_or(self.floor(shard).map_err(failed)?);
        Ok(if before.valid() || from >= first {
            ReadError::Damaged { shard, offset: from, what: "the record is missing".into() }
        } else {
            ReadError::Trimmed { shard, from, first }
        })
    }
}

impl Medium for LogColumn {
    fn shards(&self) -> ShardCount {
        self.store.shards()
    }

    fn end(&self, shard: Shard) -> Result<Offset, ReadError> {
        let mut records = self.iterate(shard);
        records.seek_to_last();
        records.status().map_err(|e| failed(e.into()))?;
        let last = records.key().and_then(offset_of);
        Ok(self.floor(shard).map_err(failed)?.max(last.map_or(Offset(0), |last| last.plus(1))))
    }

    fn write(&self, records: &[Placed]) -> Result<(), WriteError> {
        let bytes = records.iter().map(|placed| placed.record.len() + 32).sum();
        let mut batch = WriteBatch::with_capacity_bytes(bytes);
        let log = self.store.log_handle();
        for placed in records {
            batch.put_cf(log, key(placed.shard, placed.offset), &placed.record);
        }
        self.store.0.db.write_opt(batch, &synced()).map_err(|e| WriteError(e.into_string()))
    }

    fn read(&self, shard: Shard, from: Offset, max_bytes: usize) -> Result<Vec<(Offset, Bytes)>, ReadError> {
        let mut records = self.iterate(shard);
        records.seek(key(shard, from));
        let mut page = Vec::new();
        let (mut expected, mut bytes) = (from, 0);
        while let Some((key, value)) = records.item() {
            bytes += value.len();
            if bytes > max_bytes && !page.is_empty() {
                return Ok(page);
            }
            match offset_of(key) {
                Some(offset) if offset == expected => page.push((offset, Bytes::copy_from_slice(value))),
                // What was read is good; the next read begins at the hole and says so.
                _ if !page.is_empty() => return Ok(page),
                next => return Err(self.why_missing(shard, from, next)?),
            }
            expected = expected.plus(1);
            records.next();
        }
        if let Err(error) = records.status() {
            let what = error.into_string();
            return if page.is_empty() {
                Err(ReadError::Damaged { shard, offset: expected, what })
            } else {
                Ok(page)
            };
        }
        if page.is_empty() && from < self.end(shard)? {
            return Err(self.why_missing(shard, from, None)?);
        }
        Ok(page)
    }

    fn trim(&self, before: Timestamp) -> Result<(), WriteError> {
        let Some(age) = age_in_seconds(before) else {
            return Ok(());
        };
        let (db, log) = (&self.store.0.db, self.store.log_handle());
        let mut floors = WriteBatch::default();
        for shard in self.shards().all() {
            let end = self.end(shard).map_err(|e| WriteError(e.to_string()))?;
            floors.put_cf(self.store.meta_handle(), meta::floor_key(shard), end.0.to_be_bytes());
        }
        // A shard whose records are all dropped goes on where it was, not at 0.
        db.write_opt(floors, &synced()).map_err(|e| WriteError(e.into_string()))?;
        let set_ttl = |seconds: u64| {
            let seconds = seconds.to_string();
            db.set_options_cf(log, &[("ttl", seconds.as_str())]).map_err(|e| WriteError(e.into_string()))
        };
        set_ttl(age)?;
        db.compact_range_cf(log, None::<&[u8]>, None::<&[u8]>);
        // Nothing is dropped unless it is asked for: a node that was away for long reads its log first.
        set_ttl(0)
    }

    fn free_bytes(&self) -> Result<u64, WriteError> {
        let disk = rustix::fs::statvfs(self.store.path())
            .map_err(|e| WriteError(format!("{}: {e}", self.store.path().display())))?;
        Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
    }

    fn probe(&self) -> Result<(), WriteError> {
        let (db, meta) = (&self.store.0.db, self.store.meta_handle());
        db.put_cf_opt(meta, meta::PROBE_KEY, [], &synced()).map_err(|e| WriteError(e.into_string()))
    }
}

/// How long ago that was; `None` if it lies ahead, or is this very second (0 would mean: keep for ever).
fn age_in_seconds(before: Timestamp) -> Option<u64> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?.as_millis();
    let age = u64::try_from(now).ok()?.checked_sub(before.0)? / 1000;
    (age > 0).then_some(age)
}
