//! Where every command finds the home of whom it is for. In Standard Edition all homes are in this process; what is for
//! an address of a peer domain goes to the border of that.

#![allow(clippy::result_large_err, reason = "what is refused comes back to be tried again, and seldom is")]

use crate::shard::{ShardActor, ToShard};
use actix::Addr;
use domain::{Address, ConversationId, Home, Shard, ShardCount, conversation, user};
use std::sync::{Arc, OnceLock};

use crate::{entity::ToUser, peer::Peers};

/// Knows the shards. Cheap to clone.
#[derive(Clone)]
pub struct Router(Arc<Inner>);

struct Inner {
    count: ShardCount,
    /// Set once, when all shards have started.
    shards: OnceLock<Vec<Addr<ShardActor>>>,
    log: event_log::Log,
    peers: Peers,
}

/// A command that could not be handed over now: the shard's mailbox is full. It comes back whole, for another try.
#[derive(Debug)]
pub struct Busy<T>(pub T);

impl Router {
    pub(crate) fn new(count: ShardCount, log: event_log::Log, peers: Peers) -> Self {
        let router = Self(Arc::new(Inner { count, shards: OnceLock::new(), log, peers }));
        router.peers().open(&router);
        router
    }

    /// The domains of others.
    pub(crate) fn peers(&self) -> &Peers {
        &self.0.peers
    }

    pub(crate) fn open(&self, shards: Vec<Addr<ShardActor>>) {
        let set = self.0.shards.set(shards);
        debug_assert!(set.is_ok(), "the shards start once");
    }

    /// Whether new facts can be made durable now; false while the disk is full.
    pub fn log_is_writable(&self) -> bool {
        self.0.log.trouble().is_none()
    }

    /// Tells a user's home.
    pub fn to_user(
        &self,
        address: Address,
        command: user::Command,
    ) -> Result<(), Busy<(Address, user::Command)>> {
        self.ask_user(address, ToUser::Command(command)).map_err(|Busy((address, ask))| match ask {
            ToUser::Command(command) => Busy((address, command)),
            _ => unreachable!("what was sent comes back"),
        })
    }

    pub(crate) fn ask_user(&self, address: Address, ask: ToUser) -> Result<(), Busy<(Address, ToUser)>> {
        if let Some(border) = self.0.peers.of(&address) {
            return border.ask(address, ask);
        }
        let shard = Home::User(address.clone()).shard(self.0.count);
        self.send(shard, ToShard::User(address, ask)).map_err(|Busy(message)| match message {
            ToShard::User(address, ask) => Busy((address, ask)),
            ToShard::Conversation(..) => unreachable!("what was sent comes back"),
        })
    }

    /// Tells a conversation's home.
    pub fn to_conversation(
        &self,
        id: ConversationId,
        command: conversation::Command,
    ) -> Result<(), Busy<(ConversationId, conversation::Command)>> {
        let shard = Home::Conversation(id.clone()).shard(self.0.count);
        self.send(shard, ToShard::Conversation(id, command)).map_err(|Busy(message)| match message {
            ToShard::Conversation(id, command) => Busy((id, command)),
            ToShard::User(..) => unreachable!("what was sent comes back"),
        })
    }

    fn send(&self, shard: Shard, message: ToShard) -> Result<(), Busy<ToShard>> {
        let Some(shards) = self.0.shards.get() else { return Err(Busy(message)) };
        shards[usize::from(shard.0)].try_send(message).map_err(|refused| Busy(refused.into_inner()))
    }
}
