//! How fast membership goes: a killed process is to be known in a fraction of a second, a dead machine in two, and a busy one is
//! to be left alone.

use std::time::Duration;

/// Each period one other node is asked whether it lives.
pub(crate) const PROBE: Duration = Duration::from_millis(400);
/// … and if it has not answered by then, others ask it.
pub(crate) const PROBE_ANSWER: Duration = Duration::from_millis(150);
/// A suspect that does not object by then is gone.
pub(crate) const SUSPECT: Duration = Duration::from_secs(1);
/// News of membership go out this often.
pub(crate) const GOSSIP: Duration = Duration::from_millis(100);
/// Nodes that are thought gone are asked this often, so that two halves find together again.
pub(crate) const ASK_GONE: Duration = Duration::from_secs(5);
/// A node that is gone is forgotten after this.
pub(crate) const FORGET: Duration = Duration::from_hours(1);
/// The addresses to join are asked this often while alone …
pub(crate) const ASK_ALONE: Duration = Duration::from_millis(500);
/// … and this often otherwise.
pub(crate) const ASK: Duration = Duration::from_secs(10);
/// A resolved name counts for this long.
pub(crate) const RESOLVED: Duration = Duration::from_secs(10);
/// A node whose port is closed, which nothing was heard from for this long, …
pub(crate) const CLOSED: Duration = Duration::from_millis(150);
/// … and which has refused so often, is gone.
pub(crate) const CLOSED_TIMES: u32 = 3;
/// A process that is younger takes its name over from another; an older one gives way.
pub(crate) const YOUNG: Duration = Duration::from_secs(5);
/// So many packets are read before the timers have their turn, though more have come.
pub(crate) const PACKETS_IN_A_ROW: u32 = 1_024;
/// Who was thought gone asks whether its name was taken, and comes back after this.
pub(crate) const ASK_BACK: Duration = Duration::from_millis(200);
/// So many nodes are asked, and the addresses to join.
pub(crate) const ASKED_BACK: usize = 8;
