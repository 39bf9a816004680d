//! Every bound of the log, and what happens at it.

use std::time::Duration;

/// Bytes of one record; a larger one is refused with [`crate::AppendError::TooLarge`].
pub const RECORD_BYTES: usize = 4 * 1024 * 1024;
/// Records waiting for the writer; one more is refused with [`crate::AppendError::QueueFull`].
pub const QUEUE_RECORDS: usize = 65_536;
/// Bytes waiting for the writer, all of which become one write; more are refused with
/// [`crate::AppendError::QueueFull`].
pub const QUEUE_BYTES: usize = 32 * 1024 * 1024;
/// Followers of a log; one more is refused.
pub const FOLLOWERS: usize = 16;
/// Bytes that one read gives at most, whatever was asked; a single larger record still comes, alone.
pub const READ_BYTES: usize = 8 * 1024 * 1024;
/// Free space is asked for at most this often, and so is a disk in trouble whether it works again.
pub const DISK_CHECK: Duration = Duration::from_millis(100);
/// Runs of acknowledged offsets that an owner holds back while it reads a gap; more count as a lost shard.
pub const HELD_RUNS: usize = 65_536;
