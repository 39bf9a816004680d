//! What the database says of itself: its format and its number of shards, written when it is made.

use domain::ShardCount;
use rocksdb::{ColumnFamily, DB, IteratorMode, WriteBatch};

/// The format that this program writes, and the only one that it opens.
pub(crate) const FORMAT: u32 = 2;

const FORMAT_KEY: &[u8] = b"format";
const SHARDS_KEY: &[u8] = b"shards";
/// Followed by the shard: below it, records were dropped by age.
const FLOOR_KEY: &[u8] = b"floor";
/// Written to see whether writing works.
pub(crate) const PROBE_KEY: &[u8] = b"probe";

pub(crate) enum MetaError {
    UnknownFormat(String),
    OtherShards(u16),
    Damaged(&'static str),
    Failed(String),
}

impl From<rocksdb::Error> for MetaError {
    fn from(error: rocksdb::Error) -> Self {
        Self::Failed(error.into_string())
    }
}

/// The key of a shard's floor: the offset that the shard goes on from when all its records were dropped.
pub(crate) fn floor_key(shard: domain::Shard) -> Vec<u8> {
    [FLOOR_KEY, &shard.0.to_be_bytes()].concat()
}

/// Compares what is there with what is known, or writes it into a new database.
pub(crate) fn check(db: &DB, meta: &ColumnFamily, shards: ShardCount) -> Result<(), MetaError> {
    let number = |value: &[u8]| value.try_into().ok().map(u32::from_be_bytes);
    let Some(format) = db.get_cf(meta, FORMAT_KEY)? else {
        return make(db, meta, shards);
    };
    match number(&format) {
        Some(FORMAT) => {}
        Some(found) => return Err(MetaError::UnknownFormat(found.to_string())),
        None => return Err(MetaError::UnknownFormat("that is no number".into())),
    }
    let found = db.get_cf(meta, SHARDS_KEY)?.as_deref().and_then(number);
    match found.and_then(|found| u16::try_from(found).ok()) {
        Some(found) if found == shards.get() => Ok(()),
        Some(found) => Err(MetaError::OtherShards(found)),
        None => Err(MetaError::Damaged("it does not say how many shards it has")),
    }
}

/// A new database, or one whose making was interrupted before anything was written.
fn make(db: &DB, meta: &ColumnFamily, shards: ShardCount) -> Result<(), MetaError> {
    for name in crate::columns::names() {
        let written =
            db.cf_handle(name).is_some_and(|cf| db.iterator_cf(cf, IteratorMode::Start).next().is_some());
        if written {
            return Err(MetaError::Damaged("it holds data but does not say of which format"));
        }
    }
    let mut batch = WriteBatch::default();
    batch.put_cf(meta, SHARDS_KEY, u32::from(shards.get()).to_be_bytes());
    batch.put_cf(meta, FORMAT_KEY, FORMAT.to_be_bytes());
    Ok(db.write_opt(batch, &crate::store::synced())?)
}
