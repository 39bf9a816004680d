//! Nodes for plays: each claims its shards in a log that they share, and notes what it hears.

#![allow(dead_code, reason = "each test file plays another part of it")]

pub(crate) mod proxy;

use bytes::Bytes;
use cluster::{Cluster, NodeId, Options, Owner, Receiver, Secret};
use domain::{Shard, ShardCount};
use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    sync::{Arc, Mutex, OnceLock},
    thread,
    time::{Duration, Instant},
};

/// The log's part in it: the epoch of each shard's last claim, and whose it is.
#[derive(Default)]
pub(crate) struct Log(Mutex<BTreeMap<u16, (u64, String)>>);

/// A host that claims as it is asked.
pub(crate) struct Host {
    name: String,
    log: Arc<Log>,
    cluster: OnceLock<Cluster>,
    pub(crate) received: Mutex<Vec<(NodeId, Bytes)>>,
    pub(crate) notes: Mutex<Vec<String>>,
    pub(crate) refusing: Mutex<bool>,
}

impl Host {
    fn note(&self, what: String) {
        self.notes.lock().expect("not poisoned").push(what);
    }
}

impl Receiver for Host {
    fn message(&self, from: &NodeId, message: Bytes) -> Result<(), Bytes> {
        if *self.refusing.lock().expect("not poisoned") {
            return Err(message);
        }
        self.received.lock().expect("not poisoned").push((from.clone(), message));
        Ok(())
    }

    fn take(&self, shard: Shard) {
        let mut claims = self.log.0.lock().expect("not poisoned");
        let claim = claims.entry(shard.0).or_default();
        *claim = (claim.0 + 1, self.name.clone());
        self.cluster.wait().taken(shard, claim.0);
    }

    fn release(&self, shard: Shard, _to: Option<NodeId>) {
        self.cluster.wait().released(shard);
    }

    fn moved(&self, _shards: &[Shard]) {}

    fn gone(&self, node: &NodeId) {
        self.note(format!("gone {}", node.name));
    }

    fn joined(&self, node: &NodeId) {
        self.note(format!("joined {}", node.name));
    }

    fn replaced(&self) {
        self.note("replaced".into());
    }
}

pub(crate) struct Node {
    pub(crate) cluster: Cluster,
    pub(crate) host: Arc<Host>,
}

impl Node {
    pub(crate) fn received(&self) -> Vec<(NodeId, Bytes)> {
        self.host.received.lock().expect("not poisoned").clone()
    }

    pub(crate) fn notes(&self) -> Vec<String> {
        self.host.notes.lock().expect("not poisoned").clone()
    }

    /// The shards that it owns by its own word.
    pub(crate) fn shards(&self) -> BTreeSet<u16> {
        let here = |shard: &u16| matches!(self.cluster.owner(Shard(*shard)), Owner::Here { .. });
        (0..64).filter(here).collect()
    }

    /// Ends without a word to anybody.
    pub(crate) fn kill(self) {
        self.cluster.abandon();
    }
}

pub(crate) fn options(name: &str, join: &[String]) -> Options {
    Options {
        name: name.into(),
        release: "1.0.0".into(),
        domain: "example.org".into(),
        shards: ShardCount::DEFAULT,
        listen: ([127, 0, 0, 1], 0).into(),
        advertise: "127.0.0.1:0".into(),
        join: join.to_vec(),
        secret: Secret::new(b"the secret of this pool"),
        tls: None,
    }
}

fn host(name: &str, log: &Arc<Log>) -> Arc<Host> {
    Arc::new(Host {
        name: name.into(),
        log: log.clone(),
        cluster: OnceLock::new(),
        received: Mutex::default(),
        notes: Mutex::default(),
        refusing: Mutex::new(false),
    })
}

/// A host that is never given its cluster.
pub(crate) fn deaf() -> Arc<dyn Receiver> {
    host("deaf", &Arc::default())
}

pub(crate) fn start(options: Options, log: &Arc<Log>) -> Node {
    let host = host(&options.name, log);
    let cluster = Cluster::start(options, host.clone()).expect("starts");
    assert!(host.cluster.set(cluster.clone()).is_ok());
    Node { cluster, host }
}

/// So many nodes that serve; the first is whom the others ask.
pub(crate) fn pool(count: usize) -> Vec<Node> {
    let log = Arc::new(Log::default());
    let mut nodes = vec![start(options("front-0", &[]), &log)];
    let seed = nodes[0].cluster.address().to_owned();
    for n in 1..count {
        nodes.push(start(options(&format!("front-{n}"), std::slice::from_ref(&seed)), &log));
    }
    for node in &nodes {
        node.cluster.set_serving();
    }
    until("all know all", || nodes.iter().all(|node| node.cluster.members().len() == count));
    nodes
}

/// Every shard has one owner, which says so itself, and all others name it.
pub(crate) fn agreed(nodes: &[&Node]) -> bool {
    (0..64).map(Shard).all(|shard| {
        let here: Vec<_> =
            nodes.iter().filter(|n| matches!(n.cluster.owner(shard), Owner::Here { .. })).collect();
        let [owner] = here[..] else { return false };
        nodes.iter().all(|node| match node.cluster.owner(shard) {
            Owner::Here { .. } => true,
            Owner::There { node, .. } => node == *owner.cluster.me(),
            Owner::Nobody => false,
        })
    })
}

/// Waits for a condition; fails by its name.
pub(crate) fn until(what: &str, mut is: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !is() {
        assert!(Instant::now() < end, "{what}");
        thread::sleep(Duration::from_millis(2));
    }
}

pub(crate) fn seconds(act: impl FnOnce()) -> Duration {
    let start = Instant::now();
    act();
    start.elapsed()
}

pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(future)
}
