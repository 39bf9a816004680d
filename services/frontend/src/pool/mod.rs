//! The front end in a pool (DESIGN §1): its shards come and go, homes and connections may be on different nodes, and what
//! was on its way when something moved is asked for or told again.
//!
//! A command for a home elsewhere goes there as a [`Message`]; so does what a home says to a session. A session has a port
//! on the node of its connection, where its home, wherever that is, finds it.

mod admin;
mod everybody;
mod inward;
mod moved;
mod numbers;
mod outward;
mod ports;
mod questions;
mod rows;
mod shards;

pub(crate) use moved::{Moved, PoolChange};
pub(crate) use numbers::publish_log;

use crate::{
    directory::Directory,
    entity::ToUser,
    front::Parts,
    limits,
    session::SessionId,
    shard::ShardActor,
    state::{Changes, Publisher, Standby},
};
use actix::{Addr, Arbiter};
use cluster::{Cluster, NodeId, Owner, wire::Message};
use domain::{Address, Home, Shard, endpoint::Event};
use event_log::State;
use ports::{Port, Ports, ToPort};
use questions::Questions;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, OnceLock, PoisonError, RwLock},
    time::Duration,
};
use tokio::{
    runtime::Handle,
    sync::{Notify, Semaphore},
};

/// This node's part in the pool. Cheap to clone.
#[derive(Clone)]
pub struct Pool(Arc<Inner>);

struct Inner {
    cluster: OnceLock<Cluster>,
    /// Where waiting is done.
    runtime: Handle,
    questions: Questions,
    /// Places for lists of everybody that are made at the same time.
    listings: Semaphore,
    /// Rings when shards have moved.
    moved: Notify,
    /// By shard: its actor, while it is owned here.
    homes: Vec<RwLock<Option<Addr<ShardActor>>>>,
    /// By shard: it is taken, or owned, here.
    held: Vec<Mutex<bool>>,
    changes: Arc<Changes>,
    /// Where shards are loaded from.
    loads: OnceLock<Option<Mutex<State>>>,
    /// Shards that cannot be taken for want of their state, and why.
    gaps: Mutex<BTreeMap<Shard, String>>,
    started: OnceLock<Started>,
}

/// What is there once the front end runs.
struct Started {
    parts: Parts,
    directory: Arc<Directory>,
    workers: Vec<actix::ArbiterHandle>,
    /// One a worker; a session's is chosen by its number.
    ports: Vec<Addr<Ports>>,
    /// None if the system gives no thread: then who takes a shard from here replays more.
    publisher: Option<Publisher>,
    standby: Option<Standby>,
}

impl Pool {
    /// Takes part in the pool; shards come once the front end has started.
    pub fn join(options: cluster::Options) -> Result<Self, cluster::StartError> {
        let homes = options.shards.all().map(|_| RwLock::new(None)).collect();
        let held = options.shards.all().map(|_| Mutex::new(false)).collect();
        let pool = Self(Arc::new(Inner {
            cluster: OnceLock::new(),
            runtime: Handle::current(),
            questions: Questions::default(),
            listings: Semaphore::new(limits::LISTINGS),
            moved: Notify::new(),
            homes,
            held,
            changes: Arc::new(Changes::new(options.shards)),
            loads: OnceLock::new(),
            gaps: Mutex::default(),
            started: OnceLock::new(),
        }));
        let cluster = Cluster::start(options, Arc::new(pool.clone()))?;
        let set = pool.0.cluster.set(cluster);
        debug_assert!(set.is_ok(), "it is started once");
        Ok(pool)
    }

    /// The membership.
    pub fn cluster(&self) -> &Cluster {
        // It calls back before its start has returned.
        self.0.cluster.wait()
    }

    /// The front end runs: from now on shards are taken.
    pub(crate) async fn start(&self, parts: Parts, directory: Arc<Directory>, workers: &[Arbiter]) {
        let mut of_workers = Vec::with_capacity(workers.len());
        for worker in workers {
            let (pool, meters) = (self.clone(), Arc::clone(&parts.meters));
            of_workers.push(Ports::start_on(worker, pool, meters).await);
        }
        let workers = workers.iter().map(Arbiter::handle).collect();
        let no_thread =
            |error: &_| tracing::error!(%error, "the system gives no thread; take-overs will be slow");
        let publisher = Publisher::start(&parts, self.changes()).inspect_err(no_thread).ok();
        let standby = Standby::start(self, &parts).inspect_err(no_thread).ok();
        let set =
            self.0.started.set(Started { parts, directory, workers, ports: of_workers, publisher, standby });
        debug_assert!(set.is_ok(), "a front end starts once");
        self.cluster().set_serving();
    }

    /// Waits until every shard has an owner, but not longer than that.
    pub async fn settled(&self, patience: Duration) {
        let all = async {
            loop {
                let changed = self.0.moved.notified();
                if self.cluster().shards().all().all(|shard| self.cluster().owner(shard) != Owner::Nobody) {
                    return;
                }
                changed.await;
            }
        };
        if tokio::time::timeout(patience, all).await.is_err() {
            tracing::warn!("not every shard has an owner yet; commands for those that have none wait");
        }
    }

    /// Hands over every shard; others take them.
    pub async fn drain(&self) {
        self.cluster().drain().await;
    }

    /// Takes part no more.
    pub async fn leave(&self) {
        if let Some(started) = self.started() {
            started.publisher.iter().for_each(Publisher::stop);
            started.standby.iter().for_each(Standby::stop);
        }
        self.cluster().leave().await;
    }

    fn started(&self) -> Option<&Started> {
        self.0.started.get()
    }

    fn me(&self) -> &NodeId {
        self.cluster().me()
    }

    /// The actor of a shard that is owned here.
    fn home(&self, shard: Shard) -> Option<Addr<ShardActor>> {
        let home = self.0.homes.get(usize::from(shard.0))?;
        home.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_home(&self, shard: Shard, actor: Option<Addr<ShardActor>>) {
        if let Some(home) = self.0.homes.get(usize::from(shard.0)) {
            *home.write().unwrap_or_else(PoisonError::into_inner) = actor;
        }
    }

    /// The actors of all shards that are owned here.
    pub(crate) fn homes(&self) -> Vec<Addr<ShardActor>> {
        let homes = self.0.homes.iter();
        homes.filter_map(|home| home.read().unwrap_or_else(PoisonError::into_inner).clone()).collect()
    }

    /// The ports that a session of this number is at.
    fn ports(&self, number: u64) -> Option<&Addr<Ports>> {
        let ports = &self.started()?.ports;
        let count = u64::try_from(ports.len()).unwrap_or(1).max(1);
        ports.get(usize::try_from(number % count).unwrap_or(0))
    }

    /// Tells a session; the event comes back if there is no room on the way.
    pub(crate) fn tell_session(&self, node: &NodeId, session: SessionId, event: Event) -> Result<(), Event> {
        if node == self.me() {
            let home = Some(self.me().clone());
            return self.tell_port(session.number, home, ToPort::Event(event)).map_err(|back| match back {
                ToPort::Event(event) => event,
                _ => unreachable!("what was sent comes back"),
            });
        }
        let message = Message::Event { session, event };
        match self.cluster().send(node, message.encode(None)) {
            Ok(()) => Ok(()),
            Err(_) => match message {
                Message::Event { event, .. } => Err(event),
                _ => unreachable!("it was made above"),
            },
        }
    }

    /// Says something to a node that it can do without: a link that is full will be noticed by other means.
    pub(crate) fn tell_node(&self, node: &NodeId, message: Message) {
        if node == self.me() {
            self.hear_session(node, message);
        } else if self.cluster().send(node, message.encode(None)).is_err() {
            tracing::warn!(%node, "a link is full; a session there waits in vain and tries again");
        }
    }

    /// From a session here, or from others of its connections.
    fn to_port(&self, number: u64, what: ToPort) -> Result<(), ToPort> {
        self.tell_port(number, None, what)
    }

    /// From its home on this node.
    fn tell_port(&self, number: u64, home: Option<NodeId>, what: ToPort) -> Result<(), ToPort> {
        match self.ports(number) {
            Some(ports) => {
                ports.try_send(Port { number, home, what }).map_err(|refused| refused.into_inner().what)
            }
            None => Err(what),
        }
    }

    /// Whether the home of this user is on that node, as far as is known here.
    fn is_home_of(&self, node: &NodeId, user: &Address) -> bool {
        match self.cluster().owner(Home::User(user.clone()).shard(self.cluster().shards())) {
            Owner::Here { .. } => node == self.me(),
            Owner::There { node: owner, .. } => owner == *node,
            Owner::Nobody => false,
        }
    }

    /// What a session here asks of its home, from a port.
    fn ask_home(&self, user: &Address, ask: ToUser) {
        self.tell_surely(user.clone(), ask);
    }

    /// Tells a user's home something that must not be lost; waits for room, or for a home, if there is none now.
    fn tell_surely(&self, user: Address, ask: ToUser) {
        if let Some(started) = self.started() {
            started.parts.router.tell_surely(user, ask);
        }
    }
}
