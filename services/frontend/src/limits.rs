//! Every bound of the front end, and what happens at it.

use std::time::Duration;

/// Commands on their way to one shard; more are refused with `TryLater`, soft ones dropped and counted.
pub const SHARD_MAILBOX: usize = 65_536;
/// Asks on their way to one entity; more are refused with `TryLater`, soft ones dropped and counted.
pub const ENTITY_MAILBOX: u64 = 4_096;
/// Events on their way to one session; more wait in its user's [`OVERFLOW`].
pub const INBOX: usize = 128;
/// Events that wait for a session's full inbox (presence: the newest of each source only); one more ends the
/// session, and its unconfirmed messages are kept.
pub const OVERFLOW: usize = 1_000;
/// Commands for other homes that wait for a full mailbox, of one entity; at the limit the entity refuses new asks
/// with `TryLater`.
pub const UNDELIVERED: usize = 4_096;
/// What could not be handed over is tried again after this.
pub const RETRY_DELAY: Duration = Duration::from_millis(20);
/// Changed rows are written this often; a restart replays about this much of the log.
pub const SNAPSHOT_EVERY: Duration = Duration::from_secs(10);
/// An append that the log refused (disk full) is tried again after this.
pub const APPEND_RETRY: Duration = Duration::from_millis(200);
/// Content of one turn's facts that goes into one record; what is more goes into further ones.
pub const RECORD_BYTES: usize = 1 << 20;
/// Bytes that one read of the log brings while replaying.
pub const REPLAY_BYTES: usize = 1 << 20;
/// Sessions of XEP-0124 at once (each has a place behind the gate too); one more is answered with 503.
pub const BOSH_SESSIONS: usize = 10_000;
/// Requests of one session of XEP-0124 on their way to it; one more is answered with 503.
pub const BOSH_REQUESTS: usize = 8;
/// Bytes of an HTTP request of XEP-0124 that are read at once; a longer one needs one of [`LONG_BODIES`].
pub const SHORT_BODY: usize = 16 * 1024;
/// Requests longer than [`SHORT_BODY`] that are read at the same time; one more is answered with 503.
pub const LONG_BODIES: usize = 64;
/// How long the content of one request of XEP-0124 may take to come; then it is answered with 408.
pub const BODY_TIME: Duration = Duration::from_secs(20);
