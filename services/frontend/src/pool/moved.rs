//! What changes in a pool while entities and sessions are in the middle of something.

use actix::Message;
use cluster::NodeId;
use domain::{Address, Home, Shard, ShardCount};
use std::sync::Arc;

/// Something changed.
#[derive(Clone, Message)]
#[rtype(result = "()")]
pub(crate) enum PoolChange {
    /// Homes have moved, or were out of reach: what was on its way to or from them is lost.
    Moved(Arc<Moved>),
    /// A node is gone, and the connections to it.
    Gone(NodeId),
}

/// Which shards have moved.
#[derive(Debug)]
pub struct Moved {
    count: ShardCount,
    shards: Vec<bool>,
}

impl Moved {
    pub(crate) fn new(count: ShardCount, moved: &[Shard]) -> Self {
        let shards = count.all().map(|shard| moved.contains(&shard)).collect();
        Self { count, shards }
    }

    /// Whether this one has.
    pub(super) fn has_shard(&self, shard: Shard) -> bool {
        self.shards.get(usize::from(shard.0)).copied().unwrap_or(false)
    }

    /// Whether this entity's home has.
    pub(crate) fn has(&self, home: &Home) -> bool {
        self.has_shard(home.shard(self.count))
    }

    /// Whether this user's home has.
    pub(crate) fn has_user(&self, user: &Address) -> bool {
        self.has(&Home::User(user.clone()))
    }
}
