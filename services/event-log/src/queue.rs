//! The way from many actors to the one writer: a bounded queue that the writer empties at once, so that one sync
//! serves everything that waited. Order within one line (an appender) is kept.

use crate::{
    Offset,
    limits::{QUEUE_BYTES, QUEUE_RECORDS, RECORD_BYTES},
};
use bytes::Bytes;
use domain::Shard;
use std::{
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// Why records were not appended, or may not have been.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AppendError {
    /// Too much waits for the writer. Nothing was written.
    #[error("the log's queue is full; the disk, or Kafka, does not keep up")]
    QueueFull,
    /// The record is larger than [`crate::limits::RECORD_BYTES`]. Nothing was written.
    #[error("the record has {0} bytes, more than the log takes")]
    TooLarge(usize),
    /// Less than the reserve is free; as the outcome of an append: less than half of it, and nothing was written.
    #[error("the disk is full: {free} bytes free, {reserve} kept in reserve")]
    DiskFull {
        /// Bytes free.
        free: u64,
        /// Bytes that must stay free.
        reserve: u64,
    },
    /// Writing failed. Whether the records are in the log is unknown until the shard is taken anew.
    #[error("the log cannot be written: {0}")]
    Failed(String),
    /// Kafka has not acknowledged a record for longer than `hold`; nothing is lost, it waits and goes on by itself. Only
    /// from [`crate::Log::trouble`].
    #[error("Kafka has acknowledged nothing of some shard for {} s; {why}", since.as_secs())]
    Unreachable {
        /// How long the oldest record waits.
        since: Duration,
        /// What Kafka's client said last.
        why: String,
    },
    /// An earlier record of the same appender failed, so this one must not follow it. Nothing was written.
    #[error("an earlier record of this shard was not written")]
    Broken,
    /// The log is closed. Nothing was written.
    #[error("the log is closed")]
    Closed,
}

/// Where the outcomes of one appender go. Called on the writer's thread, in the order of the appends, at most once for
/// each write: it must not block; it hands the outcome to the actors' thread.
pub trait Sink: Send + Sync {
    /// The next `count` records of the appender are durable, at `first` and the offsets after it.
    fn appended(&self, shard: Shard, first: Offset, count: u32);

    /// The next `count` records of the appender failed, and all that are appended later will: make a new appender.
    fn failed(&self, shard: Shard, count: u32, error: &AppendError);
}

/// One appender's line to the writer.
pub(crate) struct Line {
    /// Unique in the process.
    pub(crate) id: u64,
    pub(crate) shard: Shard,
    pub(crate) sink: Arc<dyn Sink>,
    /// An append was refused: what comes later could build on what is not there. Set by the appender's side.
    pub(crate) refused: AtomicBool,
    /// The writer failed to write a record of this line. Set by the writer.
    pub(crate) failed: AtomicBool,
}

impl Line {
    pub(crate) fn new(id: u64, shard: Shard, sink: Arc<dyn Sink>) -> Self {
        Self { id, shard, sink, refused: AtomicBool::new(false), failed: AtomicBool::new(false) }
    }

    /// Whether nothing more of it may follow.
    pub(crate) fn is_broken(&self) -> bool {
        self.refused.load(Ordering::Acquire) || self.failed.load(Ordering::Acquire)
    }
}

/// A record on its way.
pub(crate) struct Waiting {
    pub(crate) line: Arc<Line>,
    pub(crate) record: Bytes,
}

#[derive(Default)]
struct State {
    waiting: Vec<Waiting>,
    bytes: usize,
    closed: bool,
    writer_sleeps: bool,
}

/// The queue.
#[derive(Default)]
pub(crate) struct Queue {
    state: Mutex<State>,
    wake: Condvar,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a record in; an error breaks its line.
    pub(crate) fn push(&self, line: &Arc<Line>, record: Bytes) -> Result<(), AppendError> {
        let pushed = self.try_push(line, record);
        if pushed.is_err() {
            line.refused.store(true, Ordering::Release);
        }
        pushed
    }

    fn try_push(&self, line: &Arc<Line>, record: Bytes) -> Result<(), AppendError> {
        if line.is_broken() {
            return Err(AppendError::Broken);
        }
        if record.len() > RECORD_BYTES {
            return Err(AppendError::TooLarge(record.len()));
        }
        let mut state = self.lock();
        if state.closed {
            return Err(AppendError::Closed);
        }
        if state.waiting.len() >= QUEUE_RECORDS || state.bytes + record.len() > QUEUE_BYTES {
            return Err(AppendError::QueueFull);
        }
        state.bytes += record.len();
        state.waiting.push(Waiting { line: line.clone(), record });
        let wake = std::mem::take(&mut state.writer_sleeps);
        drop(state);
        if wake {
            self.wake.notify_one();
        }
        Ok(())
    }

    /// Swaps everything that waits into the empty `batch`, but not before `pace`; waits for something, at most that
    /// long. False: the queue is closed and empty.
    pub(crate) fn take(&self, batch: &mut Vec<Waiting>, pace: Instant, at_most: Option<Duration>) -> bool {
        let mut state = self.lock();
        if state.waiting.is_empty() && !state.closed {
            state.writer_sleeps = true;
            state = match at_most {
                None => self.wake.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(time) => self.wake.wait_timeout(state, time).unwrap_or_else(PoisonError::into_inner).0,
            };
            state.writer_sleeps = false;
        }
        let early = pace.saturating_duration_since(Instant::now());
        if !early.is_zero() {
            // Only `close` cuts it short: those who append see that the writer does not wait for them.
            let paced = self.wake.wait_timeout_while(state, early, |state| !state.closed);
            state = paced.unwrap_or_else(PoisonError::into_inner).0;
        }
        std::mem::swap(&mut state.waiting, batch);
        state.bytes = 0;
        !(state.closed && batch.is_empty())
    }

    /// Nothing more is taken; what waits is still written.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.wake.notify_one();
    }

    /// Whether more than half of the room is used: the time to refuse new work politely.
    pub(crate) fn is_crowded(&self) -> bool {
        let state = self.lock();
        state.waiting.len() > QUEUE_RECORDS / 2 || state.bytes > QUEUE_BYTES / 2
    }
}
