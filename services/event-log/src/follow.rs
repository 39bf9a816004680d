//! Followers: who wants to know that a shard has grown (the archive, federation).

use crate::{Offset, limits::FOLLOWERS};
use domain::Shard;
use std::sync::{Arc, PoisonError, RwLock};

/// Told when a shard has grown. Called on the writer's thread, once for each shard and write: it must not block; it
/// sets a flag or wakes a task, which then reads.
pub trait Follower: Send + Sync {
    /// Records of this shard below `end` are durable.
    fn grown(&self, shard: Shard, end: Offset);
}

/// The followers of one log.
#[derive(Default)]
pub(crate) struct Followers(RwLock<Vec<Arc<dyn Follower>>>);

impl Followers {
    /// False if there are too many already.
    pub(crate) fn add(&self, follower: Arc<dyn Follower>) -> bool {
        let mut followers = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let room = followers.len() < FOLLOWERS;
        if room {
            followers.push(follower);
        }
        room
    }

    /// Tells all of them.
    pub(crate) fn grown(&self, shard: Shard, end: Offset) {
        for follower in self.0.read().unwrap_or_else(PoisonError::into_inner).iter() {
            follower.grown(shard, end);
        }
    }
}
