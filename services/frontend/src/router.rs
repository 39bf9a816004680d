//! Where every command finds the home of whom it is for: in this process, in a pool perhaps on another node. What is for an
//! address of a peer domain goes to the border of that.

#![allow(clippy::result_large_err, reason = "what is refused comes back to be tried again, and seldom is")]

use crate::shard::{ShardActor, ToShard};
use actix::Addr;
use domain::{Address, ConversationId, Home, Shard, ShardCount, conversation, user};
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use crate::{entity::ToUser, limits, peer::Peers, pool::Pool};

/// Knows the shards. Cheap to clone.
#[derive(Clone)]
pub struct Router(Arc<Inner>);

struct Inner {
    count: ShardCount,
    homes: Homes,
    log: event_log::Log,
    peers: Peers,
    /// What must not be lost and has no home, or no room, now.
    surely: Mutex<HashMap<Address, VecDeque<ToUser>>>,
}

/// Where the homes are.
enum Homes {
    /// All here. Set once, when all shards have started.
    Here(OnceLock<Vec<Addr<ShardActor>>>),
    /// On the nodes of a pool.
    Pool(Pool),
}

/// A command that could not be handed over now: the shard's mailbox is full. It comes back whole, for another try.
#[derive(Debug)]
pub struct Busy<T>(pub T);

impl Router {
    pub(crate) fn new(log: event_log::Log, peers: Peers, pool: Option<Pool>) -> Self {
        let homes = pool.map_or_else(|| Homes::Here(OnceLock::new()), Homes::Pool);
        let router =
            Self(Arc::new(Inner { count: log.shards(), homes, log, peers, surely: Mutex::default() }));
        router.peers().open(&router);
        router
    }

    /// The domains of others.
    pub(crate) fn peers(&self) -> &Peers {
        &self.0.peers
    }

    pub(crate) fn open(&self, shards: Vec<Addr<ShardActor>>) {
        if let Homes::Here(homes) = &self.0.homes {
            let set = homes.set(shards);
            debug_assert!(set.is_ok(), "the shards start once");
        }
    }

    /// The pool that this node is in.
    pub(crate) fn pool(&self) -> Option<&Pool> {
        match &self.0.homes {
            Homes::Here(_) => None,
            Homes::Pool(pool) => Some(pool),
        }
    }

    /// Whether this user's home is anybody's at the moment.
    pub(crate) fn has_home(&self, user: &Address) -> bool {
        self.pool().is_none_or(|pool| pool.has_home(Home::User(user.clone()).shard(self.0.count)))
    }

    /// Tells a user's home something that must not be lost; waits for room if there is none now. In order: the end of a
    /// session must not come before its beginning. As much waits as the user's sessions ask at once.
    pub(crate) fn tell_surely(&self, user: Address, ask: ToUser) {
        let mut surely = self.surely();
        if let Some(waiting) = surely.get_mut(&user) {
            return waiting.push_back(ask);
        }
        if let Err(Busy((user, ask))) = self.ask_user(user, ask) {
            surely.insert(user.clone(), VecDeque::from([ask]));
            let router = self.clone();
            actix::spawn(async move {
                loop {
                    tokio::time::sleep(limits::RETRY_DELAY).await;
                    if router.told_all(&user) {
                        return;
                    }
                }
            });
        }
    }

    fn surely(&self) -> MutexGuard<'_, HashMap<Address, VecDeque<ToUser>>> {
        self.0.surely.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells a home what waits for it, as far as it takes it; true if nothing waits any more.
    fn told_all(&self, user: &Address) -> bool {
        let mut surely = self.surely();
        let Some(waiting) = surely.get_mut(user) else { return true };
        while let Some(ask) = waiting.pop_front() {
            if let Err(Busy((_, back))) = self.ask_user(user.clone(), ask) {
                waiting.push_front(back);
                return false;
            }
        }
        surely.remove(user);
        true
    }

    /// Tells many users' homes the same, which is of passing interest; answers how many could not be told.
    pub(crate) fn to_users(&self, users: &[Address], command: &user::Command) -> usize {
        match &self.0.homes {
            Homes::Pool(pool) if !users.iter().any(|user| self.0.peers.of(user).is_some()) => {
                pool.tell_users(self.0.count, users, command)
            }
            _ => users.iter().filter(|user| self.to_user((*user).clone(), command.clone()).is_err()).count(),
        }
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
        match &self.0.homes {
            Homes::Here(homes) => {
                let Some(homes) = homes.get() else { return Err(Busy(message)) };
                homes[usize::from(shard.0)].try_send(message).map_err(|refused| Busy(refused.into_inner()))
            }
            Homes::Pool(pool) => pool.send(shard, message),
        }
    }
}
