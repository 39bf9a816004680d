//! Behind the log: one thread that folds what is new, shard by shard, its rows and how far it is in one batch. A kill
//! at any moment leaves no gap and no double.

use crate::{fold::Fold, keys, limits};
use domain::Shard;
use event_log::{Checkpoint, Follower, Log, Offset, ReadError, Record, Stamp, Validity, Verdict, codec};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};
use store::{Column, Store, StoreError};

/// Why the fold does not go on.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The log cannot be read.
    #[error("{0}")]
    Log(#[from] ReadError),
    /// The rows cannot be read or written.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// A record cannot be understood: the fold stops rather than leave it out.
    #[error("shard {shard}, offset {offset}: {problem}")]
    Record {
        /// Of which shard.
        shard: u16,
        /// Where.
        offset: Offset,
        /// What is wrong.
        problem: String,
    },
    /// The system gives no thread.
    #[error("the archive's thread cannot be started: {0}")]
    Thread(std::io::Error),
    /// The log has too many followers.
    #[error("the log has too many followers")]
    Followers,
}

/// The fold behind a log; it ends when this is dropped.
pub struct Follow {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// How far it is, seen from all sides.
pub(crate) struct Shared {
    state: Mutex<State>,
    /// Rings for the fold.
    grown: Condvar,
    /// Rings for those who wait for the fold.
    folded: Condvar,
    /// The fold was rung and has not looked yet.
    rung: AtomicBool,
}

struct State {
    /// For each shard: how far it is folded.
    progress: Vec<Checkpoint>,
    /// Shards that cannot be folded at the moment, and why.
    stuck: BTreeMap<Shard, String>,
    waiting: usize,
    ended: bool,
}

impl State {
    /// The shards that are not folded up to these ends.
    fn behind(&self, ends: &[Offset]) -> impl Iterator<Item = Shard> {
        let shards = (0..).map(Shard).zip(&self.progress).zip(ends);
        shards.filter(|((_, folded), end)| folded.offset < **end).map(|((shard, _), _)| shard)
    }

    fn is_behind(&self, ends: &[Offset]) -> bool {
        self.behind(ends).next().is_some()
    }

    /// Whether it does not help to wait for these ends.
    fn is_hopeless(&self, ends: &[Offset]) -> bool {
        self.ended || self.behind(ends).any(|shard| self.stuck.contains_key(&shard))
    }
}

impl Follower for Shared {
    fn grown(&self, _: Shard, _: Offset) {
        if !self.rung.swap(true, Ordering::AcqRel) {
            // Under the lock, so that the fold cannot miss it between looking and sleeping.
            let _guard = self.lock();
            self.grown.notify_one();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until every shard is folded to where the log ended for anybody when this was called. False: not within the
    /// limit, or one of them cannot be folded, or the log does not say where it ends.
    pub(crate) fn wait_for(&self, log: &Log) -> bool {
        let Ok(ends) = log.latest() else { return false };
        let waits = |state: &mut State| state.is_behind(&ends) && !state.is_hopeless(&ends);
        let mut state = self.lock();
        if !waits(&mut state) {
            return !state.is_behind(&ends);
        }
        state.waiting += 1;
        self.grown.notify_one();
        let (mut state, _) = self
            .folded
            .wait_timeout_while(state, limits::PATIENCE, waits)
            .unwrap_or_else(PoisonError::into_inner);
        state.waiting -= 1;
        !state.is_behind(&ends)
    }

    /// How far each shard is folded.
    pub(crate) fn reached(&self) -> Vec<Offset> {
        self.lock().progress.iter().map(|folded| folded.offset).collect()
    }

    /// Why some shard cannot be folded at the moment.
    pub(crate) fn trouble(&self) -> Option<String> {
        self.lock().stuck.values().next().cloned()
    }
}

impl Follow {
    /// Starts it where it stopped last.
    pub fn start(log: Log, store: Store) -> Result<Self, FollowError> {
        let mut progress = Vec::new();
        for shard in log.shards().all() {
            let value = store.get(Column::History, &keys::progress(shard))?;
            progress.push(value.and_then(|value| keys::decode_progress(&value)).unwrap_or_default());
        }
        let shared = Arc::new(Shared {
            state: Mutex::new(State { progress, stuck: BTreeMap::new(), waiting: 0, ended: false }),
            grown: Condvar::new(),
            folded: Condvar::new(),
            rung: AtomicBool::new(true),
        });
        if !log.follow(Arc::<Shared>::clone(&shared) as _) {
            return Err(FollowError::Followers);
        }
        let folder = Folder { log, store, shared: Arc::clone(&shared) };
        let thread = std::thread::Builder::new()
            .name("archive".into())
            .spawn(move || folder.run())
            .map_err(FollowError::Thread)?;
        Ok(Self { shared, thread: Some(thread) })
    }

    pub(crate) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }
}

impl Drop for Follow {
    fn drop(&mut self) {
        self.shared.lock().ended = true;
        self.shared.grown.notify_all();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the archive's thread panicked");
        }
    }
}

struct Folder {
    log: Log,
    store: Store,
    shared: Arc<Shared>,
}

impl Folder {
    fn run(self) {
        let mut tried = Instant::now();
        while self.sleep() {
            self.shared.rung.store(false, Ordering::Release);
            let again = tried.elapsed() >= limits::RETRY;
            if again {
                tried = Instant::now();
            }
            for shard in self.log.shards().all() {
                // What cannot be folded holds up no other shard, and is not tried all the time.
                if again || !self.shared.lock().stuck.contains_key(&shard) {
                    self.try_to_fold(shard);
                }
            }
            self.shared.folded.notify_all();
        }
    }

    fn try_to_fold(&self, shard: Shard) {
        let outcome = self.fold(shard);
        let mut state = self.shared.lock();
        match outcome {
            Ok(()) => {
                if state.stuck.remove(&shard).is_some() {
                    tracing::info!(shard = shard.0, "the archive follows the log again");
                }
            }
            Err(error) => {
                if state.stuck.insert(shard, error.to_string()).is_none() {
                    tracing::error!(shard = shard.0, %error, "the archive is behind the log; it tries again");
                }
            }
        }
    }

    /// Until there is something to do, and a little longer so that more comes together. False: it is over.
    fn sleep(&self) -> bool {
        let state = self.shared.lock();
        let idle = |state: &mut State| {
            !state.ended && state.waiting == 0 && !self.shared.rung.load(Ordering::Acquire)
        };
        let patience = if state.stuck.is_empty() { Duration::MAX } else { limits::RETRY };
        let (state, _) = self
            .shared
            .grown
            .wait_timeout_while(state, patience, idle)
            .unwrap_or_else(PoisonError::into_inner);
        let gathering = |state: &mut State| !state.ended && state.waiting == 0;
        let (state, _) = self
            .shared
            .grown
            .wait_timeout_while(state, limits::GATHER, gathering)
            .unwrap_or_else(PoisonError::into_inner);
        !state.ended
    }

    /// Where to begin in a log whose beginning is gone, with it the claim that counts there. Facts that count carry that
    /// claim's stamp, and those that do not a lower one: the highest before the next claim, which is one above it. If what
    /// is there does not fit that, nothing counts before that claim.
    fn begin_at(&self, shard: Shard, first: Offset) -> Result<Checkpoint, FollowError> {
        let mut current = Stamp::default();
        for (_, bytes) in self.log.read(shard, first, limits::FOLD_BYTES)? {
            // What cannot be understood is said when it is folded.
            let Ok(record) = codec::decode(bytes) else { break };
            let stamp = record.stamp();
            if record.is_claim() && stamp.epoch > current.epoch {
                current = if stamp.epoch == current.epoch + 1 { current } else { Stamp::default() };
                break;
            } else if !record.is_claim() && stamp.epoch > current.epoch {
                current = stamp;
            }
        }
        Ok(Checkpoint { offset: first, current })
    }

    /// Folds one shard to its end.
    fn fold(&self, shard: Shard) -> Result<(), FollowError> {
        let index = usize::from(shard.0);
        loop {
            let from = self.shared.lock().progress[index];
            if from.offset >= self.log.end(shard) {
                return Ok(());
            }
            let records = match self.log.read(shard, from.offset, limits::FOLD_BYTES) {
                // A log of one process is only trimmed below what is folded: there it is damage.
                Err(ReadError::Trimmed { first, .. }) if self.log.kafka_numbers().is_some() => {
                    let begin = self.begin_at(shard, first)?;
                    tracing::warn!(
                        shard = shard.0,
                        from = %from.offset,
                        %first,
                        "the log is not kept so long: what this node's history misses in between is in the copies of other nodes"
                    );
                    self.shared.lock().progress[index] = begin;
                    continue;
                }
                read => read?,
            };
            let mut validity = Validity::from(from);
            let mut fold = Fold::new(&self.store);
            for (offset, bytes) in records {
                let record = codec::decode(bytes.clone()).map_err(|problem| FollowError::Record {
                    shard: shard.0,
                    offset,
                    problem: problem.to_string(),
                })?;
                let verdict = validity.fold(offset, record.stamp(), record.is_claim());
                if let (Verdict::Valid, Record::Facts(stamp, entry)) = (verdict, &record) {
                    fold.take(*stamp, entry, &bytes)?;
                }
            }
            let reached = validity.checkpoint();
            fold.write(shard, reached)?;
            self.shared.lock().progress[index] = reached;
        }
    }
}
