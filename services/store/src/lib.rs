//! What a node keeps on its disk: one `RocksDB` database with a column family for each use. The sole owner of `rocksdb`.
//!
//! [`Store::log`] is the medium of the embedded log (`event_log::Medium`): synced writes, dropped by age without
//! rewriting. [`Store::snapshot`] writes the changed rows of a shard's entities with the checkpoint that they reflect,
//! in one batch; [`Store::load_user`] and [`Store::load_conversation`] read them back; [`Store::view`] reads whole entities,
//! which other nodes of a pool put into their own database. [`Batch`], [`Store::get`] and
//! [`Store::scan`] are for those who keep folds of the log of their own (the archive).
//!
//! Invariant: what is read reflects a prefix of what was written, also after a crash: all column families share one
//! write-ahead log, so rows never reflect records of the log that are not there.

mod columns;
mod copied;
#[doc(hidden)]
pub mod fuzz;
pub mod limits;
mod log;
mod meta;
mod open;
mod reflects;
mod rows;
mod snapshot;
mod store;
mod wal;

pub use columns::Column;
pub use copied::{CopyKey, EntityRows, Value, View, decode_checkpoint, encode_checkpoint};
pub use log::LogColumn;
pub use open::{OpenError, Options};
pub use rows::RowError;
pub use snapshot::Snapshot;
pub use store::{Batch, Direction, Store, StoreError};
pub use wal::Cut;
