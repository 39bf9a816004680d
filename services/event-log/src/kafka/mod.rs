//! The log of a pool, on Apache Kafka: each shard is a partition of `linnet.log`, and an append is acknowledged when all
//! replicas in sync have it (DESIGN §1). The sole user of rdkafka.
//!
//! Invariants: what is told as appended is in the log at that offset, for everybody, whatever brokers die; and an empty
//! answer of [`Kafka::read`] says that nothing more had been acknowledged to anybody when it was asked for.

mod acks;
mod client;
mod deployment;
mod ends;
mod flight;
mod options;
mod producer;
mod readers;
mod state;
mod tail;
mod topics;

pub use options::{Mechanism, Options, Sasl, Tls};
pub(crate) use producer::Appender;
pub use state::{State, StateError};

use crate::{
    AppendError, Follower, Offset, ReadError, Sink,
    follow::Followers,
    limits::{CLOSE_WAIT, POLL, READ_BYTES, READ_WAIT},
};
use acks::{Counted, Inbox, Teller};
use bytes::Bytes;
use client::Health;
use domain::{Shard, ShardCount};
use ends::Ends;
use flight::Flight;
use producer::Producers;
use readers::{Readers, Span};
use std::{
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
    thread::JoinHandle,
    time::{Duration, Instant},
};
use tail::{Page, Tail};

/// Why a log on Kafka cannot be had.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ConnectError {
    /// A setting is wrong.
    #[error("Kafka's client does not take its settings: {0}")]
    Options(String),
    /// No broker answers, or not all that are needed: it may be tried again.
    #[error("Kafka cannot be reached: {0}")]
    Unreachable(String),
    /// A broker said no: it knows the user, the password or the certificate not, or gives no right to it.
    #[error("Kafka refuses: {0}")]
    Refused(String),
    /// A topic is not as it must be; the sentence holds the command that mends it.
    #[error("{0}")]
    Topic(String),
    /// The deployment was made with another number of shards.
    #[error(
        "the log has {has} shards and not {wanted}; their number is fixed when a deployment is made: say --shards {has}"
    )]
    Shards {
        /// As many as there are.
        has: usize,
        /// As many as were wanted.
        wanted: u16,
    },
    /// The topics are another pool's.
    #[error(
        "the topics {topics}.* belong to the pool of {theirs}, and this node serves {ours}: give it another --kafka-prefix"
    )]
    Domain {
        /// Their prefix.
        topics: String,
        /// Whose they are.
        theirs: String,
        /// Who wants them.
        ours: String,
    },
}

/// What a log on Kafka says of itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Numbers {
    /// Records that were acknowledged.
    pub records: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Runs of them that were acknowledged together.
    pub runs: u64,
    /// Records on their way.
    pub in_flight: usize,
    /// How long the oldest of them has been so.
    pub oldest: Duration,
    /// Records that are known to be in the log and that the tail has not seen.
    pub tail_lag: u64,
    /// Connections to brokers that were lost or could not be made.
    pub connections_lost: u64,
}

/// Cheap to clone; the last one that goes closes it.
#[derive(Clone)]
pub(crate) struct Kafka(Arc<Running>);

struct Running {
    options: Arc<Options>,
    health: Arc<Health>,
    flight: Arc<Flight>,
    inbox: Arc<Inbox>,
    producers: Arc<Producers>,
    counted: Arc<Counted>,
    ends: Arc<Ends>,
    tail: Arc<Tail>,
    readers: Arc<Readers>,
    followers: Arc<Followers>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Kafka {
    pub(crate) fn connect(options: Options) -> Result<Self, ConnectError> {
        let deadline = Instant::now() + options.patience;
        let options = Arc::new(options);
        let health = Arc::<Health>::default();
        let ends = Arc::new(Ends::new(&options, &health)?);
        topics::prepare(&options, &ends, deadline)?;
        let readers = Arc::new(Readers::new(&options, &health));
        deployment::settle(&options, &State::new(&options, &health, &readers, &ends), deadline)?;
        let shards: Vec<_> = options.shards.all().collect();
        let now = ends.of(&shards, deadline).map_err(|error| ConnectError::Unreachable(error.to_string()))?;
        let flight = Arc::new(Flight::new(options.shards));
        let inbox = Arc::<Inbox>::default();
        let log = Running {
            producers: Arc::new(Producers::new(&options, &health, &inbox, &flight)),
            tail: Arc::new(Tail::new(options.shards, &now)),
            counted: Arc::default(),
            followers: Arc::default(),
            threads: Mutex::default(),
            options,
            health,
            flight,
            inbox,
            ends,
            readers,
        };
        log.begin()?;
        Ok(Self(Arc::new(log)))
    }

    pub(crate) fn shards(&self) -> ShardCount {
        self.0.options.shards
    }

    pub(crate) fn appender(&self, shard: Shard, sink: Arc<dyn Sink>) -> Appender {
        self.0.producers.appender(shard, sink)
    }

    pub(crate) fn end(&self, shard: Shard) -> Offset {
        self.0.tail.end(shard)
    }

    pub(crate) fn latest(&self) -> Result<Vec<Offset>, ReadError> {
        let shards: Vec<_> = self.shards().all().collect();
        self.0.ends.of(&shards, Instant::now() + READ_WAIT)
    }

    pub(crate) fn read(
        &self,
        shard: Shard,
        from: Offset,
        max_bytes: usize,
    ) -> Result<Vec<(Offset, Bytes)>, ReadError> {
        let Running { tail, ends, readers, options, .. } = &*self.0;
        let (deadline, max_bytes) = (Instant::now() + READ_WAIT, max_bytes.min(READ_BYTES));
        if shard.0 >= options.shards.get() {
            return Ok(Vec::new());
        }
        let mut page = tail.page(shard, from, max_bytes)?;
        if matches!(page, Page::AtEnd) {
            // Only the brokers know whether somebody has appended more.
            let end = ends.of(&[shard], deadline)?[0];
            if from >= end {
                return Ok(Vec::new());
            }
            if !tail.wait(shard, end, deadline) {
                return Err(ReadError::Failed(format!(
                    "shard {} is not followed as fast as it grows",
                    shard.0
                )));
            }
            page = tail.page(shard, from, max_bytes)?;
        }
        match page {
            Page::Records(records) => Ok(records),
            Page::AtEnd => Ok(Vec::new()),
            Page::Older => {
                let (topic, end) = (&options.log_topic(), Some(tail.end(shard)));
                readers.page(&Span { topic, shard, from, end, deadline }, max_bytes, ends)
            }
        }
    }

    pub(crate) fn follow(&self, follower: Arc<dyn Follower>) -> bool {
        self.0.followers.add(follower)
    }

    pub(crate) fn trouble(&self) -> Option<AppendError> {
        let since = self.0.flight.oldest();
        if since >= self.0.options.hold {
            return Some(AppendError::Unreachable { since, why: self.0.health.last() });
        }
        self.0.flight.is_crowded().then_some(AppendError::QueueFull)
    }

    pub(crate) fn numbers(&self) -> Numbers {
        let log = &*self.0;
        let lag = |shard| log.ends.heard(shard).0.saturating_sub(log.tail.end(shard).0);
        Numbers {
            records: log.counted.records.load(Ordering::Relaxed),
            bytes: log.counted.bytes.load(Ordering::Relaxed),
            runs: log.counted.runs.load(Ordering::Relaxed),
            in_flight: log.flight.records(),
            oldest: log.flight.oldest(),
            tail_lag: self.shards().all().map(lag).sum(),
            connections_lost: log.health.lost.load(Ordering::Relaxed),
        }
    }

    pub(crate) fn state(&self) -> State {
        let Running { options, health, readers, ends, .. } = &*self.0;
        State::new(options, health, readers, ends)
    }

    pub(crate) fn close(&self) {
        self.0.close();
    }
}

impl Running {
    fn begin(&self) -> Result<(), ConnectError> {
        let follow = tail::Follow::new(&self.options, &self.health, &self.tail, &self.ends, &self.followers)?;
        let teller = Teller {
            inbox: Arc::clone(&self.inbox),
            flight: Arc::clone(&self.flight),
            producers: Arc::clone(&self.producers),
            ends: Arc::clone(&self.ends),
            counted: Arc::clone(&self.counted),
        };
        self.spawn("kafka-tail", move || follow.run())?;
        self.spawn("kafka-acks", move || teller.run())
    }

    fn spawn(&self, name: &str, run: impl FnOnce() + Send + 'static) -> Result<(), ConnectError> {
        let thread = std::thread::Builder::new().name(name.into()).spawn(run);
        let thread =
            thread.map_err(|error| ConnectError::Options(format!("no thread for {name}: {error}")))?;
        self.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        Ok(())
    }

    fn close(&self) {
        self.producers.closed.store(true, Ordering::Release);
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        // A sink or a follower may hold the last handle of the log: then this is one of those threads.
        let mine = std::thread::current().id();
        let on_own = threads.iter().any(|thread| thread.thread().id() == mine);
        let until = Instant::now() + CLOSE_WAIT;
        while !on_own && self.flight.records() > 0 && Instant::now() < until {
            std::thread::sleep(POLL / 10);
        }
        // What is still open fails now.
        self.producers.end();
        self.tail.closed.store(true, Ordering::Release);
        let until = Instant::now() + CLOSE_WAIT;
        while !on_own && self.flight.records() > 0 && Instant::now() < until {
            std::thread::sleep(POLL / 10);
        }
        self.inbox.close();
        for thread in threads.into_iter().filter(|thread| thread.thread().id() != mine) {
            if thread.join().is_err() {
                tracing::error!("a thread of the log panicked");
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.close();
    }
}
