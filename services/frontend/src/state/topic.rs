//! What `linnet.state` does for this crate: Kafka's, and in tests one in memory.

use bytes::Bytes;
use domain::Shard;
use event_log::{ReadError, State, StateError};
use std::time::Duration;

/// See [`State`].
pub(super) trait Topic {
    /// See [`State::put`].
    fn put(&self, shard: Shard, key: &[u8], value: Option<&[u8]>) -> Result<(), StateError>;

    /// See [`State::flush`].
    fn flush(&self, patience: Duration) -> Result<(), StateError>;

    /// See [`State::load`].
    fn load(&self, shard: Shard, row: impl FnMut(Bytes, Option<Bytes>)) -> Result<(), ReadError>;
}

impl Topic for State {
    fn put(&self, shard: Shard, key: &[u8], value: Option<&[u8]>) -> Result<(), StateError> {
        Self::put(self, shard, key, value)
    }

    fn flush(&self, patience: Duration) -> Result<(), StateError> {
        Self::flush(self, patience)
    }

    fn load(&self, shard: Shard, row: impl FnMut(Bytes, Option<Bytes>)) -> Result<(), ReadError> {
        Self::load(self, shard, row)
    }
}
