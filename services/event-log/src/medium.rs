//! What keeps the bytes of an embedded log: `RocksDB` (in `store`) or memory. A medium orders nothing and decides
//! nothing; the writer tells it what goes where.

use crate::Offset;
use bytes::Bytes;
use domain::{Shard, ShardCount, Timestamp};

/// A record and its place.
#[derive(Clone, Debug)]
pub struct Placed {
    /// Of which shard.
    pub shard: Shard,
    /// Where in it.
    pub offset: Offset,
    /// Its bytes.
    pub record: Bytes,
}

/// A write failed. Whether any of it will be there after a restart is unknown.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct WriteError(pub String);

/// A read failed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ReadError {
    /// The reader is slower than the log is kept: what it asks for was dropped by age.
    #[error("shard {} begins at offset {first}; {from} was dropped by age", shard.0)]
    Trimmed {
        /// Which shard.
        shard: Shard,
        /// What was asked for.
        from: Offset,
        /// The oldest that is there.
        first: Offset,
    },
    /// A record cannot be read, or is missing between others.
    #[error("shard {} is damaged at offset {offset}: {what}", shard.0)]
    Damaged {
        /// Which shard.
        shard: Shard,
        /// Where.
        offset: Offset,
        /// What is wrong, in the medium's words.
        what: String,
    },
    /// The medium does not work.
    #[error("{0}")]
    Failed(String),
}

/// Keeps the bytes of a log. All calls block.
pub trait Medium: Send + Sync + 'static {
    /// How many shards there are; fixed when the medium was made.
    fn shards(&self) -> ShardCount;

    /// The offset that the next record of this shard gets.
    fn end(&self, shard: Shard) -> Result<Offset, ReadError>;

    /// Writes all of these, atomically and durably: when it returns, they survive a loss of power. Only the writer
    /// thread calls it.
    fn write(&self, records: &[Placed]) -> Result<(), WriteError>;

    /// Records of a shard from `from` on, in order, without holes, until `max_bytes` are reached; at least one if
    /// there is one.
    fn read(&self, shard: Shard, from: Offset, max_bytes: usize) -> Result<Vec<(Offset, Bytes)>, ReadError>;

    /// Drops records that were written before that time, as far as that is cheap; some may stay.
    fn trim(&self, before: Timestamp) -> Result<(), WriteError>;

    /// Bytes that are free for it on its disk.
    fn free_bytes(&self) -> Result<u64, WriteError>;

    /// Writes something of no meaning, durably, to see whether writing works again after a failure.
    fn probe(&self) -> Result<(), WriteError>;
}
