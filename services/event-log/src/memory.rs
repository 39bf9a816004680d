//! The log's medium in memory, for tests: the same order and the same answers as the disk's, and faults on demand.

use crate::{Medium, Offset, Placed, ReadError, WriteError};
use bytes::Bytes;
use domain::{Shard, ShardCount, Timestamp};
use std::{
    collections::VecDeque,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

/// What a test may make go wrong with a write.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// It fails, and nothing of it is there.
    Lost,
    /// It fails, and all of it is there.
    Unknown,
}

/// A medium in memory. Clones are the same medium, so that a test keeps one to look and to meddle.
#[derive(Clone)]
pub struct Memory(Arc<Inner>);

struct Inner {
    shards: ShardCount,
    state: Mutex<State>,
    released: Condvar,
}

struct State {
    records: Vec<VecDeque<(Timestamp, Bytes)>>,
    /// How many records of each shard were trimmed.
    trimmed: Vec<u64>,
    faults: VecDeque<Fault>,
    held: bool,
    broken: bool,
    free: u64,
}

impl Memory {
    /// An empty one.
    pub fn new(shards: ShardCount) -> Self {
        let count = usize::from(shards.get());
        let state = State {
            records: vec![VecDeque::new(); count],
            trimmed: vec![0; count],
            faults: VecDeque::new(),
            held: false,
            broken: false,
            free: u64::MAX,
        };
        Self(Arc::new(Inner { shards, state: Mutex::new(state), released: Condvar::new() }))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next write that has no fault in store goes wrong like this.
    pub fn fail_next(&self, fault: Fault) {
        self.lock().faults.push_back(fault);
    }

    /// Writes fail (like [`Fault::Lost`]) and probes too, until it is unset.
    pub fn set_broken(&self, broken: bool) {
        self.lock().broken = broken;
    }

    /// Writes wait from now on.
    pub fn hold(&self) {
        self.lock().held = true;
    }

    /// Writes go on.
    pub fn release(&self) {
        self.lock().held = false;
        self.0.released.notify_all();
    }

    /// So much is free from now on.
    pub fn set_free_bytes(&self, free: u64) {
        self.lock().free = free;
    }
}

impl Medium for Memory {
    fn shards(&self) -> ShardCount {
        self.0.shards
    }

    fn end(&self, shard: Shard) -> Result<Offset, ReadError> {
        let state = self.lock();
        let index = usize::from(shard.0);
        let held = state.records.get(index).map_or(0, |records| records.len() as u64);
        Ok(Offset(state.trimmed.get(index).copied().unwrap_or(0) + held))
    }

    fn write(&self, records: &[Placed]) -> Result<(), WriteError> {
        let state = self.lock();
        let mut state =
            self.0.released.wait_while(state, |state| state.held).unwrap_or_else(PoisonError::into_inner);
        let fault = if state.broken { Some(Fault::Lost) } else { state.faults.pop_front() };
        if fault == Some(Fault::Lost) {
            return Err(WriteError("lost by the test".into()));
        }
        let now = now();
        for placed in records {
            let index = usize::from(placed.shard.0);
            let at = usize::try_from(placed.offset.0 - state.trimmed[index]).unwrap_or(usize::MAX);
            let records = &mut state.records[index];
            // Like a key that is written again: the newer value is what counts.
            records.truncate(at);
            assert_eq!(records.len(), at, "the writer leaves no holes");
            records.push_back((now, placed.record.clone()));
        }
        fault.map_or(Ok(()), |_| Err(WriteError("written, but the test says unknown".into())))
    }

    fn read(&self, shard: Shard, from: Offset, max_bytes: usize) -> Result<Vec<(Offset, Bytes)>, ReadError> {
        let state = self.lock();
        let index = usize::from(shard.0);
        let (Some(records), Some(&trimmed)) = (state.records.get(index), state.trimmed.get(index)) else {
            return Ok(Vec::new());
        };
        let Some(skip) = from.0.checked_sub(trimmed) else {
            return Err(ReadError::Trimmed { shard, from, first: Offset(trimmed) });
        };
        let mut bytes = 0;
        let mut page = Vec::new();
        for (offset, (_, record)) in
            (trimmed..).zip(records).skip(usize::try_from(skip).unwrap_or(usize::MAX))
        {
            bytes += record.len();
            if bytes > max_bytes && !page.is_empty() {
                break;
            }
            page.push((Offset(offset), record.clone()));
        }
        Ok(page)
    }

    fn trim(&self, before: Timestamp) -> Result<(), WriteError> {
        let mut state = self.lock();
        let State { records, trimmed, .. } = &mut *state;
        for (records, trimmed) in records.iter_mut().zip(trimmed) {
            while records.pop_front_if(|(at, _)| *at < before).is_some() {
                *trimmed += 1;
            }
        }
        Ok(())
    }

    fn free_bytes(&self) -> Result<u64, WriteError> {
        Ok(self.lock().free)
    }

    fn probe(&self) -> Result<(), WriteError> {
        if self.lock().broken { Err(WriteError("broken by the test".into())) } else { Ok(()) }
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
