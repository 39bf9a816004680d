//! The log of Standard Edition: one process, one writer thread, no network. An append is acknowledged when the write
//! that it shared with others is synced (DESIGN §1 rule 4).

use crate::{
    Follower, Medium, Offset, ReadError, WriteError,
    follow::Followers,
    limits::READ_BYTES,
    queue::{AppendError, Line, Queue, Sink},
    writer,
};
use bytes::Bytes;
use domain::{Shard, ShardCount, Timestamp};
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

/// How the log behaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// Bytes that should stay free on the disk. With less, the log is in trouble ([`Log::trouble`]): nothing new should be
    /// begun. What was begun before that was known is finished out of the first half of the reserve; with less than
    /// half of it, appends are refused. Reading goes on.
    pub disk_reserve: u64,
    /// From the begin of one write to that of the next at least: what comes meanwhile shares a sync, each of which
    /// costs a tenth of a millisecond of processor time. A record that comes after a quiet time does not wait.
    pub pace: Duration,
}

impl Default for Options {
    /// A reserve of 256 MiB, at most 125 syncs a second: few enough to cost little, and nobody notices 8 ms.
    fn default() -> Self {
        Self { disk_reserve: 256 * 1024 * 1024, pace: Duration::from_millis(8) }
    }
}

/// Cheap to clone; the last one that goes ends the writer, after what waits is written.
#[derive(Clone)]
pub(crate) struct Embedded(Arc<Running>);

/// Shared between the log and its writer.
pub(crate) struct Shared {
    pub(crate) medium: Box<dyn Medium>,
    pub(crate) options: Options,
    pub(crate) queue: Queue,
    pub(crate) followers: Followers,
    /// For each shard the offset after the last durable record.
    ends: Vec<AtomicU64>,
    trouble: Mutex<Option<AppendError>>,
    in_trouble: AtomicBool,
    pub(crate) records: AtomicU64,
    pub(crate) syncs: AtomicU64,
}

struct Running {
    shared: Arc<Shared>,
    lines: AtomicU64,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl Embedded {
    /// Starts the log over what the medium holds.
    pub(crate) fn start(medium: impl Medium, options: Options) -> Result<Self, ReadError> {
        let ends = medium
            .shards()
            .all()
            .map(|shard| medium.end(shard).map(|end| AtomicU64::new(end.0)))
            .collect::<Result<Vec<_>, _>>()?;
        let shared = Arc::new(Shared {
            medium: Box::new(medium),
            options,
            queue: Queue::default(),
            followers: Followers::default(),
            ends,
            trouble: Mutex::new(None),
            in_trouble: AtomicBool::new(false),
            records: AtomicU64::new(0),
            syncs: AtomicU64::new(0),
        });
        let for_writer = shared.clone();
        let writer = std::thread::Builder::new()
            .name("log-writer".into())
            .spawn(move || writer::run(&for_writer))
            .map_err(|e| ReadError::Failed(format!("the log's writer cannot be started: {e}")))?;
        Ok(Self(Arc::new(Running { shared, lines: AtomicU64::new(0), writer: Mutex::new(Some(writer)) })))
    }

    pub(crate) fn shards(&self) -> ShardCount {
        self.0.shared.medium.shards()
    }

    /// A new line to the writer, for one who takes a shard. Appends by it stay in order.
    pub(crate) fn appender(&self, shard: Shard, sink: Arc<dyn Sink>) -> Appender {
        let id = self.0.lines.fetch_add(1, Ordering::Relaxed);
        let line = Arc::new(Line::new(id, shard, sink));
        Appender { line, log: self.0.shared.clone() }
    }

    /// The offset after the last durable record of a shard; 0 for a shard that is not there.
    pub(crate) fn end(&self, shard: Shard) -> Offset {
        self.0.shared.end(shard)
    }

    /// Durable records of a shard from `from` on, until `max_bytes` (at most [`READ_BYTES`]) are reached; at least
    /// one if there is one. Blocks on the disk.
    pub(crate) fn read(
        &self,
        shard: Shard,
        from: Offset,
        max_bytes: usize,
    ) -> Result<Vec<(Offset, Bytes)>, ReadError> {
        let end = self.end(shard);
        if from >= end {
            return Ok(Vec::new());
        }
        let mut records = self.0.shared.medium.read(shard, from, max_bytes.min(READ_BYTES))?;
        // What is written but not yet known to be durable is not shown.
        records.truncate(records.partition_point(|(offset, _)| *offset < end));
        Ok(records)
    }

    /// Tells this follower from now on; false if there are [`crate::limits::FOLLOWERS`] already.
    #[must_use]
    pub(crate) fn follow(&self, follower: Arc<dyn Follower>) -> bool {
        self.0.shared.followers.add(follower)
    }

    /// Drops records written before that time, where it is cheap; [`crate::Trimmer`] knows that nobody needs them.
    pub(crate) fn trim(&self, before: Timestamp) -> Result<(), WriteError> {
        self.0.shared.medium.trim(before)
    }

    /// Why appends are refused now, or are likely to be: for a polite no before anything is decided. Cheap.
    pub(crate) fn trouble(&self) -> Option<AppendError> {
        let shared = &self.0.shared;
        if shared.in_trouble.load(Ordering::Relaxed) {
            return shared.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone();
        }
        shared.queue.is_crowded().then_some(AppendError::QueueFull)
    }

    /// Records appended since the start.
    pub(crate) fn records_total(&self) -> u64 {
        self.0.shared.records.load(Ordering::Relaxed)
    }

    /// Synced writes since the start.
    pub(crate) fn syncs_total(&self) -> u64 {
        self.0.shared.syncs.load(Ordering::Relaxed)
    }

    /// Takes no more appends, writes what waits, and returns when it is durable. Blocks.
    pub(crate) fn close(&self) {
        self.0.close();
    }
}

impl Running {
    fn close(&self) {
        self.shared.queue.close();
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        // A sink may hold the last handle of the log, and then this is the writer's own thread.
        if let Some(writer) = writer.filter(|w| w.thread().id() != std::thread::current().id())
            && writer.join().is_err()
        {
            tracing::error!("the log's writer panicked");
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.close();
    }
}

impl Shared {
    pub(crate) fn end(&self, shard: Shard) -> Offset {
        self.ends.get(usize::from(shard.0)).map_or(Offset(0), |end| Offset(end.load(Ordering::Acquire)))
    }

    pub(crate) fn set_end(&self, shard: Shard, end: Offset) {
        if let Some(known) = self.ends.get(usize::from(shard.0)) {
            known.store(end.0, Ordering::Release);
        }
    }

    pub(crate) fn set_trouble(&self, trouble: Option<AppendError>) {
        self.in_trouble.store(trouble.is_some(), Ordering::Relaxed);
        let before = std::mem::replace(
            &mut *self.trouble.lock().unwrap_or_else(PoisonError::into_inner),
            trouble.clone(),
        );
        match (before, trouble) {
            (None, Some(error)) => tracing::error!(%error, "the log refuses new records"),
            (Some(_), None) => tracing::info!("the log takes new records again"),
            _ => {}
        }
    }
}

/// A line to the writer.
#[derive(Clone)]
pub(crate) struct Appender {
    line: Arc<Line>,
    log: Arc<Shared>,
}

impl Appender {
    pub(crate) fn append(&self, record: Bytes) -> Result<(), AppendError> {
        self.log.queue.push(&self.line, record)
    }

    pub(crate) fn shard(&self) -> Shard {
        self.line.shard
    }
}
