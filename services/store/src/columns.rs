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
