//! The front end as a whole: its threads, its shards, and what sessions, the administrators' service and the web
//! listener need of it.

use crate::{
    clock,
    directory::{Directory, Unlisted},
    meters::Meters,
    peer::Peers,
    pool::{Pool, publish_log},
    process::Process,
    router::Router,
    shard::{self, ShardActor},
    upload::{Files, Slots, Terms},
};
use actix::{Addr, Arbiter};
use domain::{Address, Shard, Timestamp, conversation, user};
use event_log::{Log, Offset, WriterId};
use std::{io, path::PathBuf, sync::Arc, time::Duration};
use store::Store;
use tokio::sync::oneshot;
use transport::Gate;

/// What the front end is told at its start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The domain that is served.
    pub domain: Address,
    /// What users may.
    pub user: user::Policy,
    /// How conversations behave.
    pub conversation: conversation::Policy,
    /// Threads that run shards and sessions.
    pub workers: usize,
    /// Where uploaded files lie.
    pub uploads: PathBuf,
    /// What may be uploaded.
    pub upload_terms: Terms,
    /// `https://host:port` of the web listener as clients reach it; `None` where it is off.
    pub web: Option<String>,
    /// The domains of components, with their secrets (XEP-0114).
    pub components: Arc<xmpp::component::Components>,
    /// What the XMPP door tells and allows.
    pub xmpp: Arc<xmpp::session::Config>,
    /// Bytes that must stay free on the disk.
    pub disk_reserve: u64,
}

/// What shards and their entities need.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) log: Log,
    pub(crate) store: Store,
    pub(crate) router: Router,
    pub(crate) meters: Arc<Meters>,
    pub(crate) policy: Policy,
    pub(crate) writer: WriterId,
    /// The pool that this node is in.
    pub(crate) pool: Option<Pool>,
}

/// The policies that machines are made with.
#[derive(Clone)]
pub(crate) struct Policy {
    pub(crate) user: user::Policy,
    pub(crate) conversation: conversation::Policy,
}

/// Grants and files of XEP-0363.
pub struct Uploads {
    /// The grants.
    pub slots: Slots,
    /// The files.
    pub files: Arc<Files>,
}

/// Why the front end cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A shard cannot be taken.
    #[error("shard {0} cannot be taken: {1}")]
    Shard(u16, String),
    /// The folder of uploads cannot be used.
    #[error("the folder of uploaded files cannot be used: {0}")]
    Uploads(io::Error),
    /// No randomness.
    #[error("the system gives no randomness: {0}")]
    Randomness(getrandom::Error),
}

/// A running front end. Cheap to clone.
#[derive(Clone)]
pub struct FrontEnd(Arc<Inner>);

struct Inner {
    settings: Settings,
    parts: Parts,
    history: archive::History,
    uploads: Uploads,
    directory: Arc<Directory>,
    workers: Vec<Arbiter>,
    gate: Arc<Gate>,
    started: Timestamp,
}

impl FrontEnd {
    /// Ready for sessions when it returns: every shard is taken; in a pool those come from now on.
    pub async fn start(
        settings: Settings,
        log: Log,
        store: Store,
        history: archive::History,
        gate: Arc<Gate>,
        pool: Option<Pool>,
    ) -> Result<Self, StartError> {
        let files = Arc::new(Files::open(&settings.uploads).map_err(StartError::Uploads)?);
        let uploads = Uploads { slots: Slots::new(settings.upload_terms, Arc::clone(&files)), files };
        let writer = WriterId(getrandom::u64().map_err(StartError::Randomness)?.max(1));
        let peers = Peers::new(&settings.components, &settings.domain);
        let router = Router::new(log.clone(), peers, pool.clone());
        let policy = Policy { user: settings.user.clone(), conversation: settings.conversation.clone() };
        let parts = Parts { log, store, router, meters: Arc::default(), policy, writer, pool };
        let workers: Vec<_> = (0..settings.workers.max(1)).map(|_| Arbiter::new()).collect();
        let directory = Arc::new(Directory::new(parts.store.clone(), parts.pool.clone()));
        if let Some(pool) = &parts.pool {
            pool.start(parts.clone(), Arc::clone(&directory), &workers).await;
            parts.router.open(Vec::new());
        } else {
            let shards = take_all(&parts, &workers).await?;
            directory.open(shards.clone());
            parts.router.open(shards);
        }
        let started = clock::now();
        Ok(Self(Arc::new(Inner { settings, parts, history, uploads, directory, workers, gate, started })))
    }

    /// Where commands find their homes.
    pub fn router(&self) -> &Router {
        &self.0.parts.router
    }

    /// What it counts.
    pub fn meters(&self) -> &Arc<Meters> {
        &self.0.parts.meters
    }

    /// What it was told at its start.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// The domain that is served.
    pub fn domain(&self) -> &Address {
        &self.0.settings.domain
    }

    /// The history.
    pub fn history(&self) -> &archive::History {
        &self.0.history
    }

    /// Uploaded files.
    pub fn uploads(&self) -> &Uploads {
        &self.0.uploads
    }

    /// The threads that sessions run on.
    pub fn workers(&self) -> &[Arbiter] {
        &self.0.workers
    }

    /// The log.
    pub fn log(&self) -> &Log {
        &self.0.parts.log
    }

    /// When it started.
    pub fn started(&self) -> Timestamp {
        self.0.started
    }

    /// How many shards are owned here; in Standard Edition all that the deployment has.
    pub fn shards(&self) -> usize {
        self.0.directory.homes().len()
    }

    /// Which run of the front end this is: random, made at its start.
    pub(crate) fn run(&self) -> u64 {
        self.0.parts.writer.0
    }

    /// Who is let in.
    pub fn gate(&self) -> &Arc<Gate> {
        &self.0.gate
    }

    /// The ways for web clients, by their names in XEP-0156; XEP-0206 needs HTTPS.
    pub fn web_ways(&self) -> Option<Vec<(&'static str, String)>> {
        let web = self.0.settings.web.as_ref()?;
        let mut ways = vec![("websocket", format!("{}/xmpp-websocket", web.replacen("http", "ws", 1)))];
        if web.starts_with("https:") {
            ways.push(("xbosh", format!("{web}/http-bind")));
        }
        Some(ways)
    }

    /// Bytes free on the disk of the data; 0 if that is not known.
    pub fn disk_free(&self) -> u64 {
        self.0.parts.store.free_bytes().unwrap_or(0)
    }

    /// Bytes of the disk that files may take. They leave twice the reserve, so that messages, which need the reserve
    /// itself to be free, go on when files do not.
    pub fn disk_spare(&self) -> u64 {
        let keep = self.settings().disk_reserve.saturating_mul(2);
        self.0.parts.store.free_bytes().map_or(u64::MAX, |free| free.saturating_sub(keep))
    }

    /// Up to where every reader of the log has come, shard by shard: the rows of the entities, and the archive. Blocks.
    pub fn log_read(&self) -> Result<Vec<Offset>, store::RowError> {
        let store = &self.0.parts.store;
        let both = self.log().shards().all().zip(self.history().reached());
        both.map(|(shard, folded)| Ok(store.checkpoint(shard)?.offset.min(folded))).collect()
    }

    /// To be called once a second: what is counted elsewhere is read, and rates are made.
    pub fn sample(&self) {
        self.0.parts.meters.syncs.set(self.log().syncs_total());
        self.0.parts.meters.sample();
    }

    /// Hands every number to the `metrics` recorder, for `/metrics`.
    pub fn publish_meters(&self) {
        let (meters, process) = (&self.0.parts.meters, Process::read());
        meters.shards.set(self.log().shards().get().into());
        meters.shards_owned.set(self.shards() as u64);
        if let Some(pool) = &self.0.parts.pool {
            let (put, standby) = pool.lags();
            meters.state_lag.set(put);
            meters.standby_lag.set(standby);
        }
        meters.resident.set(process.resident);
        meters.cpu_millis.set(process.cpu_millis);
        meters.publish();
        if let Some(pool) = &self.0.parts.pool {
            pool.publish();
        }
        if let Some(numbers) = self.log().kafka_numbers() {
            publish_log(&numbers);
        }
    }

    /// What does not work now, a sentence each.
    pub fn troubles(&self) -> Vec<String> {
        let log = self.log().trouble().map(|trouble| trouble.to_string());
        let stuck = self.meters().shards_stuck.get();
        let stuck = (stuck > 0).then(|| format!("{stuck} shards take no records; the server's log says why"));
        let archive = self.history().trouble().map(|trouble| format!("the history is behind: {trouble}"));
        let gaps = self.0.parts.pool.as_ref().map(Pool::gaps).unwrap_or_default();
        log.into_iter().chain(stuck).chain(archive).chain(gaps).collect()
    }

    /// A page of the users, in the order of their addresses, including those just made; in a pool of all nodes.
    pub async fn users_after(&self, after: Option<&Address>, max: usize) -> Result<Vec<Address>, Unlisted> {
        self.0.directory.users(after, max).await
    }

    /// The conferences that show themselves, with how many are in; in a pool of all nodes.
    pub async fn public_conferences(&self) -> Result<Vec<xmpp::session::Listed>, Unlisted> {
        self.0.directory.conferences().await
    }

    /// How many users have an account, including those just made; in a pool of all nodes.
    pub async fn count_users(&self) -> Result<u64, Unlisted> {
        self.0.directory.count_users().await
    }

    /// Writes down what has changed; with `close`, the shards then stop. Waits at most that long.
    pub async fn write_down(&self, close: bool, patience: Duration) {
        self.0.directory.write_down(close, patience).await;
    }
}

/// Takes every shard, each on the thread where it will run.
async fn take_all(parts: &Parts, workers: &[Arbiter]) -> Result<Vec<Addr<ShardActor>>, StartError> {
    let mut taken = Vec::new();
    for shard in parts.log.shards().all() {
        let (done, outcome) = oneshot::channel();
        let parts = parts.clone();
        let worker = &workers[usize::from(shard.0) % workers.len()];
        // A worker that has ended drops the sender, and that is seen below.
        worker.spawn_fn(move || {
            let started = shard::take(shard, &parts).and_then(|taken| ShardActor::start(taken, &parts));
            drop(done.send(started.map_err(|error| error.to_string())));
        });
        taken.push((shard, outcome));
    }
    let mut shards = Vec::with_capacity(taken.len());
    for (Shard(shard), outcome) in taken {
        let outcome = outcome.await.unwrap_or_else(|_| Err("its thread has ended".to_owned()));
        shards.push(outcome.map_err(|problem| StartError::Shard(shard, problem))?);
    }
    Ok(shards)
}
