//! The handle of a node's part in the pool. All calls are short; none blocks.

use crate::{
    Member, NodeId, Numbers, Options, Owner, Receiver, Standing, StartError,
    conductor::{self, Conductor},
    limits,
    link::{pace, registry::Links, serve, tls, wire},
    membership::host as gossip,
    numbers::Counters,
    ownership::Input,
};
use bytes::Bytes;
use domain::{Shard, ShardCount};
use std::{
    io,
    net::{SocketAddr, TcpListener, UdpSocket},
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread,
};
use tokio::{
    runtime,
    sync::{mpsc, watch},
};

/// A shard as commands list it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ShardState {
    /// Which.
    pub shard: Shard,
    /// The highest epoch that is known; 0: never claimed.
    pub epoch: u64,
    /// The owner by that claim, also one that is gone.
    pub owner: Option<NodeId>,
    /// The owner is alive.
    pub alive: bool,
    /// The node that an operator moved it to.
    pub pinned: Option<NodeId>,
}

/// What the conductor publishes and everybody reads.
pub(crate) struct Shared {
    pub(crate) owners: RwLock<Vec<Owner>>,
    pub(crate) members: RwLock<Arc<Vec<Member>>>,
    pub(crate) shards: RwLock<Arc<Vec<ShardState>>>,
    pub(crate) owned: AtomicU64,
    pub(crate) takes: AtomicU64,
    pub(crate) moves: AtomicU64,
    pub(crate) drained: watch::Sender<bool>,
}

/// The node's part in the pool; clones are the same part. When the last is dropped, or by [`Cluster::leave`], it ends.
#[derive(Clone)]
pub struct Cluster {
    inner: Arc<Inner>,
}

struct Inner {
    me: NodeId,
    address: String,
    bound: SocketAddr,
    shards: ShardCount,
    shared: Arc<Shared>,
    links: Arc<Links>,
    counters: Arc<Counters>,
    told: mpsc::UnboundedSender<Input>,
    leave: mpsc::Sender<bool>,
    runtime: Mutex<Option<runtime::Runtime>>,
    gossip: Mutex<Option<thread::JoinHandle<()>>>,
}

impl Cluster {
    /// Takes part: listens, asks to join, links. Shards come once [`Cluster::set_serving`] was said. A receiver that keeps
    /// the handle keeps it alive: say [`Cluster::leave`] in the end.
    pub fn start(mut options: Options, receiver: Arc<dyn Receiver>) -> Result<Self, StartError> {
        options.check()?;
        if let Some(tls) = &options.tls {
            tls::check(tls).map_err(StartError::Tls)?;
        }
        let (tcp, udp) = bind(options.listen).map_err(|error| StartError::Listen(options.listen, error))?;
        let bound = tcp.local_addr().map_err(StartError::System)?;
        if let Some(host) = options.advertise.strip_suffix(":0") {
            options.advertise = format!("{host}:{}", bound.port());
        }
        let me = NodeId::new(&options.name, random()?);
        let (events, heard) = mpsc::channel(limits::NEWS_WAITING);
        let (knocks, closed) = mpsc::channel(limits::MEMBERS);
        let (told, words) = mpsc::unbounded_channel();
        let (leave, farewell) = mpsc::channel(1);
        let (live_out, live) = watch::channel(gossip::Live::default());
        let (replaced_out, replaced) = watch::channel(false);

        let introduction = introduction(&me, &options);
        let links = Arc::new(Links::new(introduction, receiver.clone(), events, knocks, options.tls.clone()));
        let shared = Arc::new(Shared::new(options.shards));
        let counters = Arc::new(Counters::default());
        let (address, shards) = (options.advertise.clone(), options.shards);
        let parts = conductor::Parts {
            links: links.clone(),
            shared: shared.clone(),
            receiver,
            address: address.clone(),
        };
        let conductor = Conductor::new(parts, !options.join.is_empty(), shards, random()?);

        let ears = gossip::Ears { closed, leave: farewell };
        let mouth = gossip::Mouth { live: live_out, replaced: replaced_out };
        let gossip = gossip_options(&me, options, counters.clone())?;
        let gossip = spawn_gossip(gossip, udp, ears, mouth).map_err(StartError::System)?;
        let ears = conductor::Ears { told: words, heard, live, replaced };
        let runtime = spawn_links(links.clone(), tcp, conductor, ears).map_err(StartError::System)?;
        let (runtime, gossip) = (Mutex::new(Some(runtime)), Mutex::new(Some(gossip)));
        let inner =
            Inner { me, address, bound, shards, shared, links, counters, told, leave, runtime, gossip };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// This life of this node.
    pub fn me(&self) -> &NodeId {
        &self.inner.me
    }

    /// Where the others reach it.
    pub fn address(&self) -> &str {
        &self.inner.address
    }

    /// Where it listens.
    pub fn bound(&self) -> SocketAddr {
        self.inner.bound
    }

    /// The deployment's shards.
    pub fn shards(&self) -> ShardCount {
        self.inner.shards
    }

    /// The live nodes, this one first.
    pub fn members(&self) -> Arc<Vec<Member>> {
        self.inner.shared.members.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Who owns a shard now, as far as this node knows. For every message: a short lock.
    pub fn owner(&self, shard: Shard) -> Owner {
        let owners = self.inner.shared.owners.read().unwrap_or_else(PoisonError::into_inner);
        owners.get(usize::from(shard.0)).cloned().unwrap_or(Owner::Nobody)
    }

    /// All shards, for commands that list them.
    pub fn shard_states(&self) -> Arc<Vec<ShardState>> {
        self.inner.shared.shards.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Gives a message to the link to a node. It comes once and in order, or the link is lost ([`Receiver::moved`],
    /// [`Receiver::gone`]). Given back where the link is full, or there is no such node.
    pub fn send(&self, to: &NodeId, message: Bytes) -> Result<(), Bytes> {
        let sent = self.inner.links.send(to, message);
        let counters = &self.inner.counters;
        if sent.is_ok() { &counters.sent } else { &counters.refused_full }.fetch_add(1, Relaxed);
        sent
    }

    /// The shard was claimed and loaded: it is owned by a claim of this epoch.
    pub fn taken(&self, shard: Shard, epoch: u64) {
        self.tell(Input::Taken(shard, epoch));
    }

    /// The shard is not owned (any more), or could not be taken: a higher claim, or trouble with the log.
    pub fn lost(&self, shard: Shard, why: &str) {
        tracing::info!(shard = shard.0, why, "a shard was lost");
        self.tell(Input::Lost(shard));
    }

    /// The shard was let go as asked.
    pub fn released(&self, shard: Shard) {
        self.tell(Input::Released(shard));
    }

    /// From now on this node takes shards.
    pub fn set_serving(&self) {
        self.tell(Input::Stand(Standing::Serving));
    }

    /// Hands over all shards and takes none. Returns when all are handed over (and taken by others, or after a bounded wait).
    /// Without a node to take them they are let go.
    pub async fn drain(&self) {
        let mut drained = self.inner.shared.drained.subscribe();
        self.tell(Input::Stand(Standing::Draining));
        // Closed: it has ended, and owns nothing.
        let _ended = drained.wait_for(|drained| *drained).await;
    }

    /// An operator's move: the shard goes to this node and stays as long as that lives. `false`: no such live node.
    pub fn move_shard(&self, shard: Shard, name: &str) -> bool {
        let members = self.members();
        let Some(node) = members.iter().find(|member| &*member.id.name == name) else { return false };
        let exists = shard.0 < self.inner.shards.get();
        if exists {
            self.tell(Input::Move(shard, node.id.clone()));
        }
        exists
    }

    /// Waits a bounded time until the peers have taken what waits on links, tells them that this node goes, and ends its threads.
    pub async fn leave(&self) {
        let asked = tokio::time::Instant::now();
        while self.inner.links.depths().0 > 0 && asked.elapsed() < limits::FLUSH {
            tokio::time::sleep(pace::RETRY_TAKE).await;
        }
        self.inner.end(true);
    }

    /// Ends at once and without a word, as a killed process does.
    pub fn abandon(&self) {
        self.inner.end(false);
    }

    /// What there is to count.
    pub fn numbers(&self) -> Numbers {
        let Inner { shared, links, counters, .. } = &*self.inner;
        let (queued, queued_bytes, sent_again) = links.depths();
        Numbers {
            members: self.members().len(),
            links: links.all().iter().filter(|link| link.established()).count(),
            queued,
            queued_bytes,
            sent: counters.sent.load(Relaxed),
            sent_back: counters.refused_full.load(Relaxed),
            sent_again,
            links_lost: links.lost.load(Relaxed),
            strangers: links.rejected.load(Relaxed),
            packets: counters.packets.load(Relaxed),
            packets_refused: counters.packets_refused.load(Relaxed),
            shards_owned: usize::try_from(shared.owned.load(Relaxed)).unwrap_or(usize::MAX),
            takes: shared.takes.load(Relaxed),
            moves: shared.moves.load(Relaxed),
        }
    }

    /// Bounded by what was asked of the host: one answer for each take and release, and an operator's few words.
    fn tell(&self, input: Input) {
        let _ended = self.inner.told.send(input);
    }
}

impl Inner {
    fn end(&self, farewell: bool) {
        let _ended = self.leave.try_send(farewell);
        let gossip = self.gossip.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(gossip) = gossip {
            let _panicked = gossip.join();
        }
        let runtime = self.runtime.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(runtime) = runtime {
            runtime.shutdown_background();
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.end(false);
    }
}

fn random() -> Result<u64, StartError> {
    getrandom::u64().map_err(|error| StartError::System(io::Error::other(error)))
}

fn introduction(me: &NodeId, options: &Options) -> wire::Introduction {
    wire::Introduction {
        me: me.clone(),
        release: options.release.clone(),
        domain: options.domain.clone(),
        shards: options.shards,
        protocol: wire::PROTOCOL,
    }
}

fn gossip_options(
    me: &NodeId,
    options: Options,
    counters: Arc<Counters>,
) -> Result<gossip::Options, StartError> {
    Ok(gossip::Options {
        me: me.clone(),
        seal: crate::membership::Seal::new(&options.secret, &options.domain, options.shards),
        address: options.advertise,
        seeds: options.join,
        seed: random()?,
        counters,
    })
}

fn spawn_links(
    links: Arc<Links>,
    listener: TcpListener,
    conductor: Conductor,
    ears: conductor::Ears,
) -> io::Result<runtime::Runtime> {
    let mut builder = runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(2).thread_name("cluster").enable_all().build()?;
    runtime.spawn(conductor.run(ears));
    runtime.spawn(async move {
        match tokio::net::TcpListener::from_std(listener) {
            Ok(listener) => serve::serve(links, listener).await,
            Err(error) => tracing::error!(%error, "the cluster port cannot be served"),
        }
    });
    Ok(runtime)
}

fn spawn_gossip(
    options: gossip::Options,
    socket: UdpSocket,
    ears: gossip::Ears,
    mouth: gossip::Mouth,
) -> io::Result<thread::JoinHandle<()>> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    thread::Builder::new().name("gossip".into()).spawn(move || {
        if let Err(error) = runtime.block_on(gossip::run(options, socket, ears, mouth)) {
            tracing::error!(%error, "gossip ended");
        }
        runtime.shutdown_background();
    })
}

/// TCP and UDP on the same number; with port 0 one that is free for both.
fn bind(address: SocketAddr) -> io::Result<(TcpListener, UdpSocket)> {
    const ATTEMPTS: usize = 16;
    let mut last = io::Error::from(io::ErrorKind::AddrInUse);
    for _ in 0..ATTEMPTS {
        let kind = socket2::Domain::for_address(address);
        let tcp = socket2::Socket::new(kind, socket2::Type::STREAM, None)?;
        tcp.set_reuse_address(true)?;
        tcp.bind(&address.into())?;
        tcp.listen(128)?;
        tcp.set_nonblocking(true)?;
        let tcp = TcpListener::from(tcp);
        match UdpSocket::bind(tcp.local_addr()?) {
            Ok(udp) => return Ok((tcp, udp)),
            Err(error) => last = error,
        }
        if address.port() != 0 {
            break;
        }
    }
    Err(last)
}

impl Shared {
    fn new(shards: ShardCount) -> Self {
        Self {
            owners: RwLock::new(vec![Owner::Nobody; usize::from(shards.get())]),
            members: RwLock::default(),
            shards: RwLock::default(),
            owned: AtomicU64::new(0),
            takes: AtomicU64::new(0),
            moves: AtomicU64::new(0),
            drained: watch::Sender::new(false),
        }
    }
}
