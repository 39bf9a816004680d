//! What the cluster counts, to be read by whoever shows metrics.

use std::sync::atomic::AtomicU64;

/// Counters that hosts add to.
#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) packets: AtomicU64,
    pub(crate) packets_refused: AtomicU64,
    pub(crate) sent: AtomicU64,
    pub(crate) refused_full: AtomicU64,
}

/// A look at the counts.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Numbers {
    /// Live nodes, this one among them.
    pub members: usize,
    /// Links with a session.
    pub links: usize,
    /// Items that wait on links until peers have taken them.
    pub queued: usize,
    /// … and their bytes.
    pub queued_bytes: usize,
    /// Messages given to links since the start.
    pub sent: u64,
    /// Messages given back since a link was full, or there was none.
    pub sent_back: u64,
    /// Items sent more than once, after a reconnect.
    pub sent_again: u64,
    /// Links that were lost with what was on the way.
    pub links_lost: u64,
    /// Connections refused on the cluster port: full, garbage, another deployment or version.
    pub strangers: u64,
    /// Gossip packets received, and of these refused.
    pub packets: u64,
    /// Gossip packets that did not verify, or were too large.
    pub packets_refused: u64,
    /// Shards that this node owns.
    pub shards_owned: usize,
    /// Shards taken since the start.
    pub takes: u64,
    /// Shards handed over since the start.
    pub moves: u64,
}
