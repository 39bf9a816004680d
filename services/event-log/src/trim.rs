//! Dropping old records, but none that a reader may still need.
//!
//! Invariant: a record goes only after every reader was seen behind it. Records have no time that could be asked for, so
//! it is the other way round: how long the log was at a known time, and whether all have read that far since.

use crate::{Log, Offset, WriteError};
use domain::Timestamp;
use std::time::Duration;

/// A record may be on its way to the disk when the length of the log is looked at, and disks count in seconds.
const SETTLED: Duration = Duration::from_mins(1);

/// See the module. It knows nothing of the time before it was made, so what is made at each start drops nothing until
/// all have caught up with that start.
pub struct Trimmer {
    log: Log,
    marked: Timestamp,
    ends: Vec<Offset>,
}

impl Trimmer {
    /// From now on.
    pub fn new(log: Log, now: Timestamp) -> Self {
        let ends = ends(&log);
        Self { log, marked: now, ends }
    }

    /// Drops records written before `before`, as far as `read` allows: up to where the slowest reader of each shard is.
    /// Answers the time of what some reader has not read yet: then nothing was dropped. Blocks on the disk.
    pub fn trim(
        &mut self,
        now: Timestamp,
        before: Timestamp,
        read: &[Offset],
    ) -> Result<Option<Timestamp>, WriteError> {
        let all_have =
            read.len() == self.ends.len() && read.iter().zip(&self.ends).all(|(at, end)| at >= end);
        if !all_have {
            return Ok(Some(self.marked));
        }
        let settled = self.marked.0.saturating_sub(SETTLED.as_millis().try_into().unwrap_or(u64::MAX));
        self.log.trim(before.min(Timestamp(settled)))?;
        (self.marked, self.ends) = (now, ends(&self.log));
        Ok(None)
    }
}

fn ends(log: &Log) -> Vec<Offset> {
    log.shards().all().map(|shard| log.end(shard)).collect()
}
