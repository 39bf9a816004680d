//! Every bound of the front end, and what happens at it.

use std::time::Duration;

/// Commands on their way to one shard; more are refused with `TryLater`, soft ones dropped and counted.
pub const SHARD_MAILBOX: usize = 65_536;
/// Asks on their way to one entity; of a conversation more are refused with `TryLater`, soft ones for a user are dropped
/// and counted. What else comes to a user is limited where it comes from: sessions ask so much at once, and
/// conversations hold what is not confirmed.
pub const ENTITY_MAILBOX: u64 = 4_096;
/// Entities awake in one shard; from then on, whenever twice as many are awake as were busy last time, the idle ones are
/// put away at once and not with the next snapshot.
pub const AWAKE: usize = 1_024;
/// Events that wait for a session's full inbox ([`transport::limits::INBOX`]), presence apart; one more ends the session,
/// and its unconfirmed messages are kept.
pub const OVERFLOW: usize = 1_000;
/// Notices of presence that wait there, the newest of each source only; then as for [`OVERFLOW`].
pub const NOTICES: usize = 2 * domain::limits::CONTACTS;
/// A user whose home is nobody's is waited for so long; then who asks is told to try later.
pub const HOMELESS: Duration = Duration::from_secs(10);
/// What a home remembers of how far a session on another node is; the oldest is forgotten first.
pub const REACHED: usize = 64;
/// After a delivery the home of a session on another node is told so soon how far it came, so that what a client has is not
/// handed to it again when it resumes elsewhere.
pub const REPORT_DELAY: Duration = Duration::from_millis(50);
/// What is under way in a shard that is handed over is waited for so long; then it goes as it is.
pub const RELEASE: Duration = Duration::from_secs(5);
/// A list of everybody takes so long at most, whoever must be asked for it; then there is an error.
pub const LISTING: Duration = Duration::from_secs(10);
/// Lists of everybody that a node of a pool makes at the same time; one more is asked for again a little later.
pub const LISTINGS: usize = 8;
/// Entries that a list of everybody brings at once; more come with the next question.
pub const LISTED_AT_ONCE: usize = store::limits::PAGE;
/// Conferences that a list shows at most; those behind them in the order of addresses are not shown.
pub const LISTED_CONFERENCES: usize = 1_000;
/// How often ports look for sessions that nobody came to resume.
pub const PARKED_CHECK: Duration = Duration::from_secs(5);
/// Commands for other homes that wait for a full mailbox, of one entity; at the limit it refuses with `TryLater` what it
/// is asked, a user what its own endpoints ask.
pub const UNDELIVERED: usize = 4_096;
/// What could not be handed over is tried again after this.
pub const RETRY_DELAY: Duration = Duration::from_millis(20);
/// Changed rows are written this often; a restart replays about this much of the log.
pub const SNAPSHOT_EVERY: Duration = Duration::from_secs(10);
/// Entities of a shard that are remembered as changed since they were last put; at the limit the rows of all are looked at.
pub const CHANGED: usize = 65_536;
/// Bytes of an entity in one record of the state; a larger one is cut into parts of this size.
pub const STATE_PART: usize = 1 << 20;
/// Large entities of a shard whose old parts are removed when new ones are put; those of more are removed by the next
/// owner.
pub const LARGE_ENTITIES: usize = 10_000;
/// Bytes of parts whose entity has not come yet, while the state of a shard is read; with more the reading fails.
pub const STATE_PARTS_BYTES: usize = 512 * 1024 * 1024;
/// Bytes of entities that are written into the database at once while the state of a shard is loaded.
pub const LOAD_BYTES: usize = 4 * 1024 * 1024;
/// A shard whose appends have failed so often in a row counts as one that takes no records, and the node as not ready.
pub const STUCK_AFTER: u32 = 5;
/// An append that the log refused (disk full) is tried again after this.
pub const APPEND_RETRY: Duration = Duration::from_millis(200);
/// Content of one turn's facts that goes into one record; what is more goes into further ones.
pub const RECORD_BYTES: usize = 1 << 20;
/// Bytes that one read of the log brings while replaying.
pub const REPLAY_BYTES: usize = 1 << 20;
/// Questions about the past that are answered at once, of all sessions; more wait for [`HISTORY_WAIT`].
pub const HISTORY_AT_ONCE: usize = 16;
/// A question about the past that has not come to its turn after this is refused with `TryLater`.
pub const HISTORY_WAIT: Duration = Duration::from_secs(20);
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
