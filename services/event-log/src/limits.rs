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

// The log on Kafka; what was measured for the choices stands in `docs/performance.md`.

/// The producer waits so long for more records of a shard before it sends them.
pub const LINGER: Duration = Duration::from_millis(5);
/// The producer waits so long for rows of the state: nobody waits for them.
pub const STATE_LINGER: Duration = Duration::from_millis(50);
/// A thread that serves Kafka's clients looks around at least this often.
pub const POLL: Duration = Duration::from_millis(100);
/// A request that is not answered for so long is sent again, by another connection, to whoever leads then.
pub const SOCKET_WAIT: Duration = Duration::from_secs(6);
/// A broker that has a record waits so long for the other replicas, and then the record is sent again.
pub const REQUEST_WAIT: Duration = Duration::from_secs(5);
/// A broker that is away is tried again at least this often.
pub const RECONNECT_AT_MOST: Duration = Duration::from_secs(1);
/// Reading the log, or asking where it ends, gives up after so long with [`crate::ReadError::Failed`].
pub const READ_WAIT: Duration = Duration::from_secs(5);
/// What was asked of the brokers and not answered is asked again after this.
pub const ASK_AGAIN: Duration = Duration::from_millis(20);
/// Closing waits so long for what is on its way, which fails then.
pub const CLOSE_WAIT: Duration = Duration::from_secs(10);
/// Bytes of the newest records that are kept in memory, shared evenly by the shards; of each the last record stays,
/// however large. Older ones are read from Kafka.
pub const TAIL_BYTES: usize = 64 * 1024 * 1024;
/// A broker keeps the tail waiting so long for more records: what comes meanwhile shares an answer.
pub const TAIL_WAIT: Duration = Duration::from_millis(10);
/// Bytes that the tail's client fetches ahead; it waits then.
pub const TAIL_FETCH: usize = 16 * 1024 * 1024;
/// Records that the tail takes before it tells the followers.
pub const TAIL_RUN: usize = 256;
/// Readers of old records at once; one more waits, and gives up with [`crate::ReadError::Failed`].
pub const READERS: usize = 4;
/// Bytes that each of them fetches ahead; it waits then.
pub const READER_FETCH: usize = 8 * 1024 * 1024;
/// Bytes of one row of the state with its key; a larger one is refused with [`crate::StateError::TooLarge`].
pub const ROW_BYTES: usize = RECORD_BYTES;
/// Rows of one handle of the state that wait; one more is refused with [`crate::StateError::QueueFull`].
pub const STATE_QUEUE_ROWS: usize = 65_536;
/// Bytes of them; more are refused with [`crate::StateError::QueueFull`].
pub const STATE_QUEUE_BYTES: usize = 32 * 1024 * 1024;
/// Rows that are loaded before Kafka's patience begins anew.
pub const LOAD_ROWS: usize = 10_000;
