//! What the cluster tells the node that it serves.

use crate::NodeId;
use bytes::Bytes;
use domain::Shard;

/// Hears what comes over links and what is to be done about shards. Called from the cluster's own threads, of one peer one
/// call at a time, and perhaps before [`crate::Cluster::start`] has returned; must not block. Calls of [`crate::Cluster`] are allowed from within.
pub trait Receiver: Send + Sync + 'static {
    /// A message from a peer, once and in order. One that is given back is offered again soon, and until it is taken nothing
    /// more is read from that peer.
    fn message(&self, from: &NodeId, message: Bytes) -> Result<(), Bytes>;

    /// Claim and load this shard; answer by [`crate::Cluster::taken`] or [`crate::Cluster::lost`].
    fn take(&self, shard: Shard);

    /// Quiesce this shard and let it go; answer by [`crate::Cluster::released`] (or `lost`). The next owner is probably `to`;
    /// where that has claimed it already, the log says so too.
    fn release(&self, shard: Shard, to: Option<NodeId>);

    /// Somebody owns these anew (perhaps this node), or the link to their owner was lost: what was on the way to them, or from
    /// them, may be gone. [`crate::Cluster::owner`] already says the new.
    fn moved(&self, shards: &[Shard]);

    /// A node is gone, with its sessions; its link is lost.
    fn gone(&self, node: &NodeId);

    /// A node is alive. One that was gone may join again as the same life of it (after a pause): its link begins anew.
    fn joined(&self, node: &NodeId);

    /// Another process has taken this node's name: this one takes part no more and should end.
    fn replaced(&self);
}
