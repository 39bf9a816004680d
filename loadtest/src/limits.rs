//! Every bound of the load generator in one place, each with what happens when it is reached.

use std::time::Duration;

/// Most users of a run. More is refused at the command line.
pub(crate) const USERS: usize = 50_000;
/// Most contacts of one user. More is refused at the command line.
pub(crate) const CONTACTS: usize = 1_000;
/// Most occupants of one conference. More is refused at the command line.
pub(crate) const OCCUPANTS: usize = 1_000;
/// Highest rate of a timetable, in events a second. More is refused at the command line.
pub(crate) const RATE: f64 = 1_000_000.0;
/// Longest measured part of a run, in seconds. More is refused at the command line.
pub(crate) const SECONDS: u64 = 24 * 3600;
/// Most unacknowledged messages of a saturating sender, and unapproved contact requests. More is refused at the command line.
pub(crate) const WINDOW: usize = 1_000;
/// Most padding in a message body, in bytes. More is refused at the command line.
pub(crate) const BODY: usize = 64 * 1024;
/// Largest stanza read from a server, in bytes. A larger one ends the session with an error.
pub(crate) const STANZA: usize = 1024 * 1024;
/// Most bytes waiting to be written on one session. At it the session ends: the server has stopped reading.
pub(crate) const OUTBOX: usize = 8 * 1024 * 1024;
/// Most messages of one session waiting for an acknowledgement. Those beyond are sent, but not timed.
pub(crate) const UNACKNOWLEDGED: usize = 1_000_000;
/// Most missing sequence numbers remembered per sender. Those beyond are counted as lost for good.
pub(crate) const GAPS: u64 = 100_000;
/// Most SCRAM keys kept. At it the cache starts anew, and the keys are derived again.
pub(crate) const KEYS: usize = 2 * USERS;
/// Highest SCRAM iteration count accepted from a server. More fails the sign-in.
pub(crate) const ITERATIONS: u32 = 1_000_000;
/// Longest wait for one sign-in or registration. At it the run fails.
pub(crate) const SIGN_IN: Duration = Duration::from_mins(2);
/// Longest wait for a server to close a stream after ours is closed. At it the connection is dropped.
pub(crate) const SIGN_OUT: Duration = Duration::from_secs(5);
/// Longest run of one provisioning command. At it the command is ended and the run fails.
pub(crate) const COMMAND: Duration = Duration::from_mins(1);
/// Most bytes of a report file read by `table`. A larger file is refused.
pub(crate) const REPORT: u64 = 1024 * 1024;
/// Most events sent in a row before the readers get their turn.
pub(crate) const BURST: usize = 64;
