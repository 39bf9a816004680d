//! The nodes of the pool and who owns which shard, as administrators ask for them: what answers is a [`Pool`], and
//! [`Alone`] where there is none.

use domain::{Shard, ShardCount};
use proto::admin::{self, NodeState};
use tonic::Status;

/// What knows the nodes and moves shards between them.
#[tonic::async_trait]
pub trait Pool: Send + Sync {
    /// Every node that is known, this one too, in any order.
    fn members(&self) -> Vec<Member>;
    /// Every shard.
    fn shards(&self) -> Vec<Owned>;
    /// Lets the node of that name hand over all its shards and take none; returns when it has begun.
    async fn drain(&self, node: &str) -> Result<(), Unmoved>;
    /// Lets the node of that name take the shard and keep it until it is gone; returns when it has begun.
    async fn move_shard(&self, shard: Shard, node: &str) -> Result<(), Unmoved>;
}

/// A node of the pool.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Member {
    /// Its own in the pool.
    pub name: String,
    /// Where other nodes reach it; empty where there are none.
    pub address: String,
    /// What it is at.
    pub stage: Stage,
    /// The program's version.
    pub release: String,
    /// It is this node.
    pub here: bool,
    /// There is a link to it, or it is this node.
    pub linked: bool,
}

/// What a node is at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// It has started and takes no shards yet.
    Joining,
    /// It owns shards.
    Serving,
    /// It hands them over.
    Draining,
}

/// A shard and its owner.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Owned {
    /// Which.
    pub shard: Shard,
    /// Of the latest claim, where that is known here.
    pub epoch: Option<u64>,
    /// The name of the node that owns it; `None`: nobody for now.
    pub owner: Option<String>,
    /// The name of the node that is about to take it.
    pub next: Option<String>,
    /// An administrator moved it there.
    pub pinned: bool,
}

/// Why nothing is moved.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unmoved {
    /// No node has that name.
    #[error("there is no node {0}; `linnet node list` shows them")]
    NoSuchNode(String),
    /// It cannot be done in this edition or this state of the pool.
    #[error("{0}")]
    Cannot(String),
    /// The node that must do it does not answer.
    #[error("{0} does not answer; try again")]
    Unreachable(String),
}

/// Standard Edition: one node, which owns every shard and keeps them.
#[derive(Clone, Debug)]
pub struct Alone {
    name: String,
    shards: ShardCount,
}

impl Alone {
    /// Under this name.
    pub fn new(name: String, shards: ShardCount) -> Self {
        Self { name, shards }
    }

    fn refuse(&self, node: &str) -> Unmoved {
        if node == self.name {
            Unmoved::Cannot("this is Standard Edition: there is no other node to take shards".to_owned())
        } else {
            Unmoved::NoSuchNode(node.to_owned())
        }
    }
}

#[tonic::async_trait]
impl Pool for Alone {
    fn members(&self) -> Vec<Member> {
        let release = env!("CARGO_PKG_VERSION").to_owned();
        let (name, address) = (self.name.clone(), String::new());
        vec![Member { name, address, stage: Stage::Serving, release, here: true, linked: true }]
    }

    fn shards(&self) -> Vec<Owned> {
        let here = Some(&self.name);
        let owned = |shard| Owned { shard, epoch: None, owner: here.cloned(), next: None, pinned: false };
        self.shards.all().map(owned).collect()
    }

    async fn drain(&self, node: &str) -> Result<(), Unmoved> {
        Err(self.refuse(node))
    }

    async fn move_shard(&self, _: Shard, node: &str) -> Result<(), Unmoved> {
        Err(self.refuse(node))
    }
}

pub(super) fn nodes(pool: &dyn Pool) -> Vec<admin::Node> {
    let shards = pool.shards();
    let owned_by = |name: &str| shards.iter().filter(|shard| shard.owner.as_deref() == Some(name)).count();
    let node = |member: Member| admin::Node {
        shards: u32::try_from(owned_by(&member.name)).unwrap_or(u32::MAX),
        state: match member.stage {
            Stage::Joining => NodeState::Joining,
            Stage::Serving => NodeState::Serving,
            Stage::Draining => NodeState::Draining,
        }
        .into(),
        name: member.name,
        address: member.address,
        release: member.release,
        answers: member.here,
        linked: member.linked,
    };
    let mut nodes: Vec<_> = pool.members().into_iter().map(node).collect();
    nodes.sort_by(|a, b| a.name.cmp(&b.name));
    nodes
}

pub(super) fn shards(pool: &dyn Pool) -> Vec<admin::Shard> {
    let shard = |owned: Owned| admin::Shard {
        number: owned.shard.0.into(),
        epoch: owned.epoch,
        owner: owned.owner.unwrap_or_default(),
        next: owned.next.unwrap_or_default(),
        pinned: owned.pinned,
    };
    let mut shards: Vec<_> = pool.shards().into_iter().map(shard).collect();
    shards.sort_by_key(|shard| shard.number);
    shards
}

pub(super) fn status(unmoved: &Unmoved) -> Status {
    let text = unmoved.to_string();
    match unmoved {
        Unmoved::NoSuchNode(_) => Status::not_found(text),
        Unmoved::Cannot(_) => Status::failed_precondition(text),
        Unmoved::Unreachable(_) => Status::unavailable(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[actix::test]
    async fn alone_owns_everything_and_moves_nothing() {
        let alone = Alone::new("here".to_owned(), ShardCount::DEFAULT);
        let listed = nodes(&alone);
        assert_eq!((listed.len(), listed[0].shards, listed[0].answers), (1, 64, true));
        let listed = shards(&alone);
        assert_eq!(listed.iter().map(|shard| shard.number).collect::<Vec<_>>(), (0..64).collect::<Vec<_>>());
        assert_eq!(listed.iter().map(|shard| shard.owner.as_str()).collect::<HashSet<_>>(), ["here"].into());
        let refused = status(&alone.drain("here").await.expect_err("refused"));
        assert_eq!(refused.code(), tonic::Code::FailedPrecondition);
        let unknown = status(&alone.move_shard(Shard(0), "there").await.expect_err("refused"));
        assert_eq!(unknown.code(), tonic::Code::NotFound);
    }
}
