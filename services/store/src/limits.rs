//! Every bound of the store, and what happens at it.

/// Bytes of the log in memory before they become a file; then a file is written in the background.
pub const LOG_BUFFER_BYTES: usize = 64 * 1024 * 1024;
/// The same for each other column family.
pub const BUFFER_BYTES: usize = 16 * 1024 * 1024;
/// Bytes of blocks of files held in memory, all column families together; the least used go first.
pub const CACHE_BYTES: usize = 64 * 1024 * 1024;
/// Bytes of write-ahead log; beyond, the column family that holds the oldest back is written to a file.
pub const WAL_BYTES: u64 = 256 * 1024 * 1024;
/// `RocksDB`'s own information logs: how many of them, and bytes of each; the oldest is deleted.
pub const INFO_LOGS: usize = 4;
/// See [`INFO_LOGS`].
pub const INFO_LOG_BYTES: usize = 4 * 1024 * 1024;
/// Entries that one page of a listing has at most, whatever was asked.
pub const PAGE: usize = 1000;
