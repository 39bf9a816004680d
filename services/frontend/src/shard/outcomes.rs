//! From the log's writer thread to the shard's thread: what became of appends, in order. The writer never waits: it
//! leaves the outcomes here and rings once.

use super::{News, ShardActor};
use actix::Addr;
use domain::Shard;
use event_log::{AppendError, Offset, Outcome, Sink};
use std::sync::{Condvar, Mutex, OnceLock, PoisonError};

/// The sink of one appender.
#[derive(Default)]
pub(crate) struct Outcomes {
    waiting: Mutex<Vec<(Outcome, Option<AppendError>)>>,
    arrived: Condvar,
    shard: OnceLock<Addr<ShardActor>>,
}

impl Outcomes {
    /// Rings there from now on.
    pub(crate) fn ring(&self, shard: Addr<ShardActor>) {
        // A second time would be the same actor.
        let _ = self.shard.set(shard);
    }

    /// Swaps what waits into `taken`, which is empty.
    pub(crate) fn take(&self, taken: &mut Vec<(Outcome, Option<AppendError>)>) {
        std::mem::swap(taken, &mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Waits for an outcome and takes all there are; for the start, when no actor runs yet.
    pub(crate) fn wait(&self) -> Vec<(Outcome, Option<AppendError>)> {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let mut waiting =
            self.arrived.wait_while(waiting, |w| w.is_empty()).unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *waiting)
    }

    fn put(&self, outcome: Outcome, error: Option<AppendError>) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let first = waiting.is_empty();
        waiting.push((outcome, error));
        drop(waiting);
        self.arrived.notify_one();
        // A full mailbox is no loss: the actor looks here with every message that it handles.
        if first && let Some(shard) = self.shard.get() {
            let _ = shard.try_send(News);
        }
    }
}

impl Sink for Outcomes {
    fn appended(&self, _: Shard, first: Offset, count: u32) {
        self.put(Outcome::Appended { first, count }, None);
    }

    fn failed(&self, _: Shard, _: u32, error: &AppendError) {
        self.put(Outcome::Failed, Some(error.clone()));
    }
}
