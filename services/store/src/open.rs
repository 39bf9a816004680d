//! Opening the database: looks at the write-ahead log first, refuses a format or a number of shards that is not its
//! own by name.

use crate::{
    Store, columns,
    meta::{self, MetaError},
    store::Inner,
    wal,
};
use domain::ShardCount;
use rocksdb::{DB, Options as Rocks};
use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
    sync::Arc,
};

/// How to open.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// How many shards the deployment has; written when the database is made, compared ever after.
    pub shards: ShardCount,
}

impl Default for Options {
    fn default() -> Self {
        Self { shards: ShardCount::DEFAULT }
    }
}

/// Why the database was not opened. Nothing was changed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process works with it.
    #[error("{} is in use by another process", path.display())]
    InUse {
        /// Which.
        path: PathBuf,
    },
    /// Written by a newer program.
    #[error("{} has format {found}; this program knows format {known}", path.display())]
    UnknownFormat {
        /// Which.
        path: PathBuf,
        /// Its format.
        found: String,
        /// The one that this program knows.
        known: u32,
    },
    /// Made for another number of shards.
    #[error("{} was made with {found} shards and cannot be opened with {asked}", path.display())]
    OtherShards {
        /// Which.
        path: PathBuf,
        /// It has so many.
        found: u16,
        /// So many were asked for.
        asked: u16,
    },
    /// Damaged, and more would be lost than what was being written at the end.
    #[error("{} is damaged: {what}", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong, and what can be done.
        what: String,
    },
    /// It cannot be opened, for another reason.
    #[error("{} cannot be opened: {what}", path.display())]
    Failed {
        /// Which.
        path: PathBuf,
        /// In `RocksDB`'s or the operating system's words.
        what: String,
    },
}

impl Store {
    /// Opens the database in this directory, or makes it. Blocks while the write-ahead log is read.
    pub fn open(path: &Path, options: Options) -> Result<Self, OpenError> {
        let failed = |what: String| OpenError::Failed { path: path.into(), what };
        std::fs::create_dir_all(path).map_err(|e| failed(e.to_string()))?;
        let lock = lock(path)?;
        refuse_unknown_columns(path)?;
        let cut = wal::repair(path)?;
        let db = DB::open_cf_descriptors(&columns::database(), path, columns::descriptors())
            .map_err(|e| from_rocks(path, e.into_string()))?;
        let meta =
            db.cf_handle(columns::META).ok_or_else(|| failed("no column family for versions".into()))?;
        meta::check(&db, meta, options.shards).map_err(|error| match error {
            MetaError::UnknownFormat(found) => {
                OpenError::UnknownFormat { path: path.into(), found, known: meta::FORMAT }
            }
            MetaError::OtherShards(found) => {
                OpenError::OtherShards { path: path.into(), found, asked: options.shards.get() }
            }
            MetaError::Damaged(what) => OpenError::Damaged { path: path.into(), what: what.into() },
            MetaError::Failed(what) => failed(what),
        })?;
        if let Some(cut) = &cut {
            tracing::warn!(file = %cut.file.display(), bytes = cut.bytes, "an unfinished write was cut off");
        }
        Ok(Self(Arc::new(Inner { db, shards: options.shards, cut, _lock: lock })))
    }
}

/// Held as long as the database is open: `wal` must not look at what another process is writing.
fn lock(path: &Path) -> Result<File, OpenError> {
    let failed = |what: String| OpenError::Failed { path: path.into(), what };
    let lock = File::create(path.join("linnet.lock")).map_err(|e| failed(e.to_string()))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse { path: path.into() }),
        Err(TryLockError::Error(e)) => Err(failed(e.to_string())),
    }
}

/// A column family that this program does not know comes from a newer one.
fn refuse_unknown_columns(path: &Path) -> Result<(), OpenError> {
    if !path.join("CURRENT").exists() {
        return Ok(());
    }
    let found = DB::list_cf(&Rocks::default(), path).map_err(|e| from_rocks(path, e.into_string()))?;
    match found.iter().find(|found| !columns::names().any(|name| name == found.as_str())) {
        None => Ok(()),
        Some(unknown) => Err(OpenError::UnknownFormat {
            path: path.into(),
            found: format!("with a column family \"{unknown}\""),
            known: meta::FORMAT,
        }),
    }
}

fn from_rocks(path: &Path, what: String) -> OpenError {
    let path = path.into();
    if what.starts_with("Corruption") {
        OpenError::Damaged { path, what }
    } else {
        OpenError::Failed { path, what }
    }
}
