//! The one handle of the log, whichever is inside: the embedded one of Standard Edition, or Kafka. Who uses it does not
//! know which.

use crate::{
    Follower, Medium, Offset, Options, ReadError, State, WriteError,
    embedded::{self, Embedded},
    kafka::{self, ConnectError, Kafka},
    queue::{AppendError, Sink},
};
use bytes::Bytes;
use domain::{Shard, ShardCount, Timestamp};
use std::sync::Arc;

/// The log. Cheap to clone; the last one that goes closes it.
#[derive(Clone)]
pub struct Log(Inside);

#[derive(Clone)]
enum Inside {
    Embedded(Embedded),
    Kafka(Kafka),
}

impl Log {
    /// Starts the log of one process over what the medium holds.
    pub fn start(medium: impl Medium, options: Options) -> Result<Self, ReadError> {
        Embedded::start(medium, options).map(|log| Self(Inside::Embedded(log)))
    }

    /// The log of a pool, on Kafka: its topics are made if they are not there, and checked. Blocks; gives up after
    /// [`kafka::Options::patience`].
    pub fn connect(options: kafka::Options) -> Result<Self, ConnectError> {
        Kafka::connect(options).map(|log| Self(Inside::Kafka(log)))
    }

    /// How many shards there are.
    pub fn shards(&self) -> ShardCount {
        match &self.0 {
            Inside::Embedded(log) => log.shards(),
            Inside::Kafka(log) => log.shards(),
        }
    }

    /// A new line to the writer, for one who takes a shard. Appends by it stay in order.
    pub fn appender(&self, shard: Shard, sink: Arc<dyn Sink>) -> Appender {
        Appender(match &self.0 {
            Inside::Embedded(log) => Line::Embedded(log.appender(shard, sink)),
            Inside::Kafka(log) => Line::Kafka(log.appender(shard, sink)),
        })
    }

    /// The offset after the last durable record of a shard that this process knows of; 0 for a shard that is not
    /// there. Cheap. On Kafka others write too: [`Self::latest`] asks.
    pub fn end(&self, shard: Shard) -> Offset {
        match &self.0 {
            Inside::Embedded(log) => log.end(shard),
            Inside::Kafka(log) => log.end(shard),
        }
    }

    /// For each shard the offset after everything that was acknowledged to anybody before this was called. Kafka's
    /// brokers are asked: it blocks, at most [`crate::limits::READ_WAIT`].
    pub fn latest(&self) -> Result<Vec<Offset>, ReadError> {
        match &self.0 {
            Inside::Embedded(log) => Ok(log.shards().all().map(|shard| log.end(shard)).collect()),
            Inside::Kafka(log) => log.latest(),
        }
    }

    /// Durable records of a shard from `from` on, in order, until `max_bytes` (at most
    /// [`crate::limits::READ_BYTES`]) are reached; at least one if there is one. None at all: nothing from there on had
    /// been acknowledged to anybody when this was called. Blocks on the disk, or on Kafka: at most
    /// [`crate::limits::READ_WAIT`], and then it is an error.
    pub fn read(
        &self,
        shard: Shard,
        from: Offset,
        max_bytes: usize,
    ) -> Result<Vec<(Offset, Bytes)>, ReadError> {
        match &self.0 {
            Inside::Embedded(log) => log.read(shard, from, max_bytes),
            Inside::Kafka(log) => log.read(shard, from, max_bytes),
        }
    }

    /// Tells this follower from now on; false if there are [`crate::limits::FOLLOWERS`] already.
    #[must_use]
    pub fn follow(&self, follower: Arc<dyn Follower>) -> bool {
        match &self.0 {
            Inside::Embedded(log) => log.follow(follower),
            Inside::Kafka(log) => log.follow(follower),
        }
    }

    /// Drops records written before that time, where it is cheap; [`crate::Trimmer`] knows that nobody needs them.
    /// Kafka does so by itself, by the topic's `retention.ms`.
    pub(crate) fn trim(&self, before: Timestamp) -> Result<(), WriteError> {
        match &self.0 {
            Inside::Embedded(log) => log.trim(before),
            Inside::Kafka(_) => Ok(()),
        }
    }

    /// Why appends are refused now, or are likely to be, or will not come back soon: for a polite no before anything
    /// is decided. Cheap.
    pub fn trouble(&self) -> Option<AppendError> {
        match &self.0 {
            Inside::Embedded(log) => log.trouble(),
            Inside::Kafka(log) => log.trouble(),
        }
    }

    /// Records appended since the start.
    pub fn records_total(&self) -> u64 {
        match &self.0 {
            Inside::Embedded(log) => log.records_total(),
            Inside::Kafka(log) => log.numbers().records,
        }
    }

    /// Synced writes since the start; on Kafka, runs of records that were acknowledged together.
    pub fn syncs_total(&self) -> u64 {
        match &self.0 {
            Inside::Embedded(log) => log.syncs_total(),
            Inside::Kafka(log) => log.numbers().runs,
        }
    }

    /// What only a log on Kafka can say of itself.
    pub fn kafka_numbers(&self) -> Option<kafka::Numbers> {
        match &self.0 {
            Inside::Embedded(_) => None,
            Inside::Kafka(log) => Some(log.numbers()),
        }
    }

    /// The rows of the pool beside the log (`linnet.state`); the embedded log has none.
    pub fn state(&self) -> Option<State> {
        match &self.0 {
            Inside::Embedded(_) => None,
            Inside::Kafka(log) => Some(log.state()),
        }
    }

    /// Takes no more appends, writes what waits, and returns when it is durable. Blocks. On Kafka what is not
    /// acknowledged within [`crate::limits::CLOSE_WAIT`] fails: it may still be written.
    pub fn close(&self) {
        match &self.0 {
            Inside::Embedded(log) => log.close(),
            Inside::Kafka(log) => log.close(),
        }
    }
}

/// Appends to one shard, in order, without blocking. Cheap to clone; all clones are one line.
#[derive(Clone)]
pub struct Appender(Line);

#[derive(Clone)]
enum Line {
    Embedded(embedded::Appender),
    Kafka(kafka::Appender),
}

impl Appender {
    /// Hands a record to the writer; its outcome goes to the sink. With an error nothing of it was or will be
    /// written, no outcome follows, and all that is appended later is refused as [`AppendError::Broken`], since it
    /// could build on what is missing: take the shard anew with another appender.
    pub fn append(&self, record: Bytes) -> Result<(), AppendError> {
        match &self.0 {
            Line::Embedded(line) => line.append(record),
            Line::Kafka(line) => line.append(&record),
        }
    }

    /// Which shard it appends to.
    pub fn shard(&self) -> Shard {
        match &self.0 {
            Line::Embedded(line) => line.shard(),
            Line::Kafka(line) => line.shard(),
        }
    }
}
