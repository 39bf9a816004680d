//! The thread that puts the shards owned here into `linnet.state`: what has changed every few seconds, and at once where a
//! shard is handed over. Nobody waits for it but who hands over, and that not for long.

use super::{
    changes::{Changed, Changes, Term},
    pace,
    publish::{Large, Publish, PublishError},
};
use crate::{front::Parts, meters::Meters};
use domain::Shard;
use event_log::{Log, Offset, State, StateError};
use std::{
    collections::HashMap,
    io,
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};
use store::Store;
use tokio::sync::oneshot;

enum Ask {
    Now(Shard, oneshot::Sender<()>),
    Stop,
}

/// The handle of the thread.
pub(crate) struct Publisher(Sender<Ask>);

impl Publisher {
    /// Starts it.
    pub(crate) fn start(parts: &Parts, changes: &Arc<Changes>) -> io::Result<Self> {
        // One ask for each shard that is handed over, and the last word.
        let (sender, asks) = channel();
        let mut run = Run {
            log: parts.log.clone(),
            store: parts.store.clone(),
            meters: Arc::clone(&parts.meters),
            changes: Arc::clone(changes),
            state: None,
            large: HashMap::new(),
            next: Instant::now() + pace::PUBLISH_EVERY,
            compare: Instant::now(),
            is_failing: false,
        };
        thread::Builder::new().name("state".into()).spawn(move || run.run(&asks))?;
        Ok(Self(sender))
    }

    /// Puts what has changed in a shard; waits for it, but not longer than that.
    pub(crate) async fn put_now(&self, shard: Shard, patience: Duration) {
        let (done, put) = oneshot::channel();
        if self.0.send(Ask::Now(shard, done)).is_ok() && tokio::time::timeout(patience, put).await.is_err() {
            tracing::info!(shard = shard.0, "the next owner replays more: its newest state is not put yet");
        }
    }

    /// Ends it, once what it does is done.
    pub(crate) fn stop(&self) {
        // It may have ended.
        let _ = self.0.send(Ask::Stop);
    }
}

/// What was put and is not flushed yet.
struct Put {
    shard: Shard,
    term: Term,
    changed: Changed,
    checkpoint: Offset,
}

struct Run {
    log: Log,
    store: Store,
    meters: Arc<Meters>,
    changes: Arc<Changes>,
    /// None until it is needed, and after it has failed.
    state: Option<State>,
    /// By shard, with the epoch that they were put under.
    large: HashMap<Shard, (u64, Large)>,
    /// When what has changed is put again.
    next: Instant,
    /// When the next new shard is compared, if there is one.
    compare: Instant,
    is_failing: bool,
}

impl Run {
    fn run(&mut self, asks: &Receiver<Ask>) {
        loop {
            let new = self.log.shards().all().find(|shard| self.changes.is_new(*shard));
            let until = if new.is_some() { self.next.min(self.compare) } else { self.next };
            match asks.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(Ask::Now(shard, done)) => {
                    self.put(&[shard]);
                    // Who asked may have run out of patience.
                    let _ = done.send(());
                }
                Ok(Ask::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => self.turn(new),
            }
        }
    }

    fn turn(&mut self, new: Option<Shard>) {
        if self.next <= Instant::now() {
            let all: Vec<Shard> = self.log.shards().all().collect();
            self.put(&all);
            self.next = Instant::now() + pace::PUBLISH_EVERY;
        } else if let Some(shard) = new {
            let pause = if self.compare_one(shard) { pace::COMPARE_PAUSE } else { pace::PUBLISH_EVERY };
            self.compare = Instant::now() + pause;
        }
    }

    /// Puts what has changed in these shards.
    fn put(&mut self, shards: &[Shard]) {
        let mut all = Vec::new();
        let mut outcome = Ok(());
        for shard in shards {
            match self.changes_of(*shard) {
                Ok(put) => all.extend(put),
                Err(error) => {
                    outcome = Err(error);
                    break;
                }
            }
        }
        if !all.is_empty() || outcome.is_err() {
            self.settle(all, outcome);
        }
    }

    fn changes_of(&mut self, shard: Shard) -> Result<Option<Put>, PublishError> {
        let Self { changes, store, log, state, large, .. } = self;
        if changes.is_new(shard) {
            return Ok(None);
        }
        let Some(due) = changes.take(shard, store) else {
            large.remove(&shard);
            return Ok(None);
        };
        // Lost and taken again in between: it is compared first, and that sees all.
        let Some(put) = due.term.put else { return Ok(None) };
        let Some(state) = handle(state, log) else { return Ok(None) };
        let is_nothing = due.changed == Changed::default();
        let put = if is_nothing && due.view.checkpoint(shard)?.offset == put {
            return Ok(None);
        } else {
            let large = large_of(large, shard, due.term.epoch);
            Publish { shard, epoch: due.term.epoch, state, large }.changes(&due, put)
        };
        match put {
            Ok(checkpoint) => {
                Ok(Some(Put { shard, term: due.term, changed: due.changed, checkpoint: checkpoint.offset }))
            }
            Err(error) => {
                changes.give_back(shard, due.term, due.changed);
                Err(error)
            }
        }
    }

    fn differences_of(&mut self, shard: Shard) -> Result<Option<Put>, PublishError> {
        let Self { changes, store, log, state, large, .. } = self;
        let Some(due) = changes.take(shard, store) else { return Ok(None) };
        let Some(state) = handle(state, log) else { return Ok(None) };
        large.remove(&shard);
        let large = large_of(large, shard, due.term.epoch);
        let checkpoint = Publish { shard, epoch: due.term.epoch, state, large }.differences(&due)?.offset;
        Ok(Some(Put { shard, term: due.term, changed: due.changed, checkpoint }))
    }

    /// Compares what others have put of a shard that is newly owned; false if that failed.
    fn compare_one(&mut self, shard: Shard) -> bool {
        let (all, outcome) = match self.differences_of(shard) {
            Ok(put) => (put.into_iter().collect(), Ok(())),
            // What has changed meanwhile is among what differs the next time.
            Err(error) => (Vec::new(), Err(error)),
        };
        self.settle(all, outcome)
    }

    /// What was put counts when all of it is durable; false if it does not.
    fn settle(&mut self, all: Vec<Put>, outcome: Result<(), PublishError>) -> bool {
        let flushed = self.state.as_ref().map_or(Ok(()), |state| state.flush(pace::STATE_FLUSH));
        let is_durable = flushed.is_ok();
        for Put { shard, term, changed, checkpoint } in all {
            if is_durable {
                self.changes.put(shard, term, checkpoint);
            } else {
                self.changes.give_back(shard, term, changed);
            }
        }
        let failed = outcome.and_then(|()| Ok(flushed?)).err();
        if let Some(PublishError::State(StateError::Failed(_))) = &failed {
            self.state = None;
        }
        match &failed {
            Some(error) => {
                self.meters.state_failures.up();
                if !std::mem::replace(&mut self.is_failing, true) {
                    tracing::warn!(%error, "the state of this node's shards is not put into the pool's; it is tried again");
                }
            }
            None if std::mem::take(&mut self.is_failing) => {
                tracing::info!("the state of this node's shards is put into the pool's again");
            }
            None => {}
        }
        failed.is_none()
    }
}

fn handle<'a>(state: &'a mut Option<State>, log: &Log) -> Option<&'a State> {
    if state.is_none() {
        *state = log.state();
    }
    state.as_ref()
}

fn large_of(large: &mut HashMap<Shard, (u64, Large)>, shard: Shard, epoch: u64) -> &mut Large {
    let (of, large) = large.entry(shard).or_default();
    if std::mem::replace(of, epoch) != epoch {
        large.clear();
    }
    large
}
