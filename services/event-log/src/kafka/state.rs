//! `linnet.state`: rows beside the log, of which Kafka keeps the newest of each key (compaction). What the keys and values
//! mean, and which epoch they carry, is the caller's matter.
//!
//! Invariant: of one handle and shard, a row lies there only if all that were put before it do. A handle that has failed
//! stays so: take another one, and put again what was not flushed.

use super::{
    client::{self, Context, Health},
    deployment,
    ends::Ends,
    options::Options,
    producer,
    readers::{Readers, Span, Wants},
};
use crate::{
    Offset, ReadError,
    limits::{LOAD_ROWS, READ_WAIT, ROW_BYTES, STATE_LINGER, STATE_QUEUE_BYTES, STATE_QUEUE_ROWS},
};
use bytes::Bytes;
use domain::Shard;
use rdkafka::{
    ClientContext,
    config::RDKafkaLogLevel,
    error::KafkaError,
    producer::{BaseRecord, DeliveryResult, ProducerContext, ThreadedProducer},
    topic_partition_list::Offset as At,
};
use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Why a row was not taken, or not written.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum StateError {
    /// Too many wait for Kafka. Nothing was written; try again later.
    #[error("too many rows wait for Kafka")]
    QueueFull,
    /// The row is larger than [`crate::limits::ROW_BYTES`]. Nothing was written.
    #[error("the row has {0} bytes, more than is taken")]
    TooLarge(usize),
    /// They are not all written yet.
    #[error("Kafka has not acknowledged all rows in time")]
    Late,
    /// A row of this handle failed; take another one.
    #[error("rows cannot be written: {0}")]
    Failed(String),
}

/// Rows of the pool. Cheap to clone; all clones are one handle, and one producer. Dropping the last one gives up what was
/// not flushed, and blocks for a moment.
#[derive(Clone)]
pub struct State(Arc<Inner>);

struct Inner {
    producer: Result<ThreadedProducer<Ear>, String>,
    open: Arc<Open>,
    topic: String,
    readers: Arc<Readers>,
    ends: Arc<Ends>,
}

/// What is on its way.
#[derive(Default)]
struct Open {
    state: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    rows: usize,
    bytes: usize,
    failed: Option<String>,
}

impl Open {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Ear {
    context: Context,
    open: Arc<Open>,
}

impl ClientContext for Ear {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        self.context.log(level, facility, text);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.context.error(error, reason);
    }
}

impl ProducerContext for Ear {
    /// Bytes of the row.
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, bytes: usize) {
        let mut waiting = self.open.lock();
        waiting.rows -= 1;
        waiting.bytes -= bytes;
        if let Err((error, _)) = result {
            waiting.failed.get_or_insert_with(|| client::say(error));
        }
        if waiting.rows == 0 || result.is_err() {
            self.open.changed.notify_all();
        }
    }
}

impl State {
    pub(super) fn new(
        options: &Options,
        health: &Arc<Health>,
        readers: &Arc<Readers>,
        ends: &Arc<Ends>,
    ) -> Self {
        let open = Arc::<Open>::default();
        let context = Context { of: "state", health: Arc::clone(health) };
        let mut config = producer::settings(options, STATE_LINGER.as_secs_f64() * 1000.0);
        // Nobody waits for a row, and a new owner reads all of them.
        config.set("compression.type", "zstd");
        let producer = client::make(&config, Ear { context, open: Arc::clone(&open) });
        Self(Arc::new(Inner {
            producer: producer.map_err(|error| error.to_string()),
            open,
            topic: options.state_topic(),
            readers: Arc::clone(readers),
            ends: Arc::clone(ends),
        }))
    }

    /// Puts a row into a shard, or with `None` removes it. Does not block; [`Self::flush`] says when it is there.
    pub fn put(&self, shard: Shard, key: &[u8], value: Option<&[u8]>) -> Result<(), StateError> {
        let Inner { producer, open, topic, .. } = &*self.0;
        let producer = producer.as_ref().map_err(|error| StateError::Failed(error.clone()))?;
        let bytes = key.len() + value.map_or(0, <[u8]>::len);
        if bytes > ROW_BYTES {
            return Err(StateError::TooLarge(bytes));
        }
        let mut waiting = open.lock();
        if let Some(error) = &waiting.failed {
            return Err(StateError::Failed(error.clone()));
        }
        if waiting.rows >= STATE_QUEUE_ROWS || waiting.bytes + bytes > STATE_QUEUE_BYTES {
            return Err(StateError::QueueFull);
        }
        let mut row =
            BaseRecord::<[u8], [u8], _>::with_opaque_to(topic, bytes).partition(i32::from(shard.0)).key(key);
        row.payload = value;
        // Under the lock, so that rows go in the order in which they were counted. It does not block.
        match producer.send(row) {
            Ok(()) => {
                waiting.rows += 1;
                waiting.bytes += bytes;
                Ok(())
            }
            Err((error, _)) => {
                let error = client::say(&error);
                waiting.failed = Some(error.clone());
                Err(StateError::Failed(error))
            }
        }
    }

    /// Waits until everything that was put by this handle is durable. Blocks.
    pub fn flush(&self, patience: Duration) -> Result<(), StateError> {
        let Inner { producer, open, .. } = &*self.0;
        if let Err(error) = producer {
            return Err(StateError::Failed(error.clone()));
        }
        let busy = |waiting: &mut Waiting| waiting.rows > 0 && waiting.failed.is_none();
        let (waiting, _) = open
            .changed
            .wait_timeout_while(open.lock(), patience, busy)
            .unwrap_or_else(PoisonError::into_inner);
        match &waiting.failed {
            Some(error) => Err(StateError::Failed(error.clone())),
            None if waiting.rows > 0 => Err(StateError::Late),
            None => Ok(()),
        }
    }

    /// Gives every row of a shard that was durable when this was called, oldest first; of one key the newest counts, and
    /// `None` is a row that was removed. Blocks; it is an error if Kafka is silent for [`READ_WAIT`].
    pub fn load(&self, shard: Shard, mut row: impl FnMut(Bytes, Option<Bytes>)) -> Result<(), ReadError> {
        self.load_all(shard, |key, value| {
            if key != deployment::KEY {
                row(key, value);
            }
        })
    }

    /// With the row that says whose topics these are.
    pub(super) fn load_all(
        &self,
        shard: Shard,
        mut row: impl FnMut(Bytes, Option<Bytes>),
    ) -> Result<(), ReadError> {
        let Inner { topic, readers, ends, .. } = &*self.0;
        let first = ends.ask(topic, &[shard], At::Beginning, Instant::now() + READ_WAIT)?;
        let mut next = first[0].0;
        loop {
            let mut rows = 0;
            let mut more = false;
            let deadline = Instant::now() + READ_WAIT;
            let span = Span { topic, shard, from: Offset(next), end: None, deadline };
            readers.each(&span, ends, |got| {
                if rows == LOAD_ROWS {
                    (more, next) = (true, got.offset);
                    return Ok(Wants::Enough(got));
                }
                rows += 1;
                row(got.key.unwrap_or_default(), got.value);
                Ok(Wants::More)
            })?;
            if !more {
                return Ok(());
            }
        }
    }
}
