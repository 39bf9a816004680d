//! The column families and how each is tuned: the log is appended and dropped by age, the others are read and
//! overwritten.

use crate::limits::{BUFFER_BYTES, CACHE_BYTES, INFO_LOG_BYTES, INFO_LOGS, LOG_BUFFER_BYTES, WAL_BYTES};
use rocksdb::{
    BlockBasedOptions, Cache, ColumnFamilyDescriptor, DBCompactionStyle, DBCompressionType, DBRecoveryMode,
    FifoCompactOptions, LogLevel, Options,
};

/// The name of the log's column family; its keys are the log's alone.
pub(crate) const LOG: &str = "log";
/// The name of the column family of format versions and the like.
pub(crate) const META: &str = "meta";

/// A column family that others keep things in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Column {
    /// Rows of entities and checkpoints: written through [`crate::Snapshot`].
    State,
    /// What was said: the archive's.
    History,
    /// Where to find it: the archive's.
    Index,
}

impl Column {
    const ALL: [Self; 3] = [Self::State, Self::History, Self::Index];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::History => "history",
            Self::Index => "index",
        }
    }
}

/// Every column family there is.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    ["default", LOG, META].into_iter().chain(Column::ALL.map(Column::name))
}

/// How the database as a whole behaves.
pub(crate) fn database() -> Options {
    let mut options = Options::default();
    options.create_if_missing(true);
    options.create_missing_column_families(true);
    // `wal` has cut off what was being written when the power went; anything else that is wrong is an error.
    options.set_wal_recovery_mode(DBRecoveryMode::TolerateCorruptedTailRecords);
    options.set_max_total_wal_size(WAL_BYTES);
    // Dropping by age looks at every file, so RocksDB wants all of them open.
    options.set_max_open_files(-1);
    options.set_max_background_jobs(2);
    // Waiting for another's sync must not burn a processor.
    options.set_enable_write_thread_adaptive_yield(false);
    options.set_stats_dump_period_sec(0);
    options.set_stats_persist_period_sec(0);
    options.set_log_level(LogLevel::Warn);
    options.set_keep_log_file_num(INFO_LOGS);
    options.set_max_log_file_size(INFO_LOG_BYTES);
    options
}

/// How each column family behaves.
pub(crate) fn descriptors() -> Vec<ColumnFamilyDescriptor> {
    let cache = Cache::new_lru_cache(CACHE_BYTES);
    names()
        .map(|name| {
            let options = if name == LOG { log(&cache) } else { leveled(&cache) };
            ColumnFamilyDescriptor::new(name, options)
        })
        .collect()
}

fn blocks(cache: &Cache) -> BlockBasedOptions {
    let mut blocks = BlockBasedOptions::default();
    blocks.set_block_cache(cache);
    blocks.set_block_size(16 * 1024);
    // All files are open; what is held of each stays within the cache's limit.
    blocks.set_cache_index_and_filter_blocks(true);
    blocks
}

fn log(cache: &Cache) -> Options {
    let mut options = Options::default();
    options.set_block_based_table_factory(&blocks(cache));
    options.set_write_buffer_size(LOG_BUFFER_BYTES);
    options.set_compaction_style(DBCompactionStyle::Fifo);
    let mut fifo = FifoCompactOptions::default();
    // Never dropped because there is much of it: only `trim` drops, by age.
    fifo.set_max_table_files_size(u64::MAX);
    options.set_fifo_compaction_options(&fifo);
    options.set_ttl(0);
    options.set_compression_type(DBCompressionType::Lz4);
    options
}

fn leveled(cache: &Cache) -> Options {
    let mut blocks = blocks(cache);
    blocks.set_bloom_filter(10.0, false);
    let mut options = Options::default();
    options.set_block_based_table_factory(&blocks);
    options.set_write_buffer_size(BUFFER_BYTES);
    options.set_level_compaction_dynamic_level_bytes(true);
    let mut levels = [DBCompressionType::Lz4; 7];
    levels[0] = DBCompressionType::None;
    options.set_compression_per_level(&levels);
    options
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Options, Store};
    use std::fs;

    /// What `RocksDB` says that it runs with: by section, `name=value`.
    fn effective(folder: &std::path::Path) -> String {
        let files = fs::read_dir(folder).expect("readable").map(|entry| entry.expect("readable").path());
        let newest = files.filter(|file| file.to_string_lossy().contains("OPTIONS-")).max();
        fs::read_to_string(newest.expect("there is one")).expect("text")
    }

    fn section<'a>(options: &'a str, name: &str) -> &'a str {
        let (_, section) = options.split_once(name).expect("a section of that name");
        section.split("\n[").next().unwrap_or_default()
    }

    /// Each bound that `RocksDB` keeps for us is one that it knows of; what happens at it is its business.
    #[test]
    fn rocksdb_keeps_to_the_limits() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path(), Options::default()).expect("opens");
        let options = effective(folder.path());
        let database = section(&options, "[DBOptions]");
        for (name, limit) in [
            ("max_total_wal_size", WAL_BYTES),
            ("keep_log_file_num", INFO_LOGS as u64),
            ("max_log_file_size", INFO_LOG_BYTES as u64),
        ] {
            assert!(database.contains(&format!(" {name}={limit}\n")), "{name}");
        }
        for name in names().filter(|name| *name != "default") {
            let limit = if name == LOG { LOG_BUFFER_BYTES } else { BUFFER_BYTES };
            let family = section(&options, &format!("[CFOptions \"{name}\"]"));
            assert!(family.contains(&format!(" write_buffer_size={limit}\n")), "{name}");
            let handle = store.0.db.cf_handle(name).expect("open");
            let cache = store.0.db.property_int_value_cf(handle, "rocksdb.block-cache-capacity");
            assert_eq!(cache.expect("known"), Some(CACHE_BYTES as u64), "{name}");
        }
    }

    /// A full buffer becomes a file, so that memory does not grow with what is written.
    #[test]
    fn what_is_written_becomes_files() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path(), Options::default()).expect("opens");
        let value = vec![b'x'; 1 << 20];
        let in_memory = || {
            let handle = store.0.db.cf_handle(Column::State.name()).expect("open");
            let found = store.0.db.property_int_value_cf(handle, "rocksdb.cur-size-all-mem-tables");
            usize::try_from(found.expect("known").expect("a number")).expect("fits")
        };
        for n in 0..4 * BUFFER_BYTES / value.len() {
            let mut batch = store.batch();
            batch.put(Column::State, &n.to_be_bytes(), &value);
            batch.write().expect("written");
            // One that is being filled, and those that are on their way to the disk.
            assert!(in_memory() <= 3 * BUFFER_BYTES, "{}", in_memory());
        }
    }
}
