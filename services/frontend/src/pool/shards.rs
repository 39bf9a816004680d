//! Shards come and go: the membership says which to take and which to hand over, the log decides.

use super::{Pool, Started};
use crate::{
    limits,
    shard::{self, ShardActor, TakeError, Taken, WriteDown},
    state::pace,
};
use cluster::NodeId;
use domain::Shard;
use event_log::LostBy;
use tokio::sync::oneshot;

impl Pool {
    /// Takes a shard, on a thread of its own since the log and the disk are waited for, and starts it.
    pub(super) fn take_shard(&self, shard: Shard) {
        let Some(Started { parts, .. }) = self.started() else {
            return self.cluster().lost(shard, "there is no front end yet");
        };
        let (pool, parts) = (self.clone(), parts.clone());
        let run = move || {
            // From here on the standby copy lets the rows alone; what it does is waited for.
            pool.set_held(shard, true);
            match shard::take(shard, &parts) {
                Ok(taken) => pool.start_shard(taken, shard),
                Err(error) => pool.not_taken(shard, &error),
            }
        };
        let thread = std::thread::Builder::new().name(format!("take-{}", shard.0)).spawn(run);
        if let Err(error) = thread {
            tracing::error!(shard = shard.0, %error, "a shard cannot be taken: the system gives no thread");
            self.cluster().lost(shard, "the system gives no thread");
        }
    }

    fn start_shard(&self, taken: Taken, shard: Shard) {
        let Some(Started { parts, workers, .. }) = self.started() else { return };
        let (pool, parts, stamp) = (self.clone(), parts.clone(), taken.stamp());
        let replayed = taken.replayed();
        let worker = &workers[usize::from(shard.0) % workers.len()];
        worker.spawn_fn(move || match ShardActor::start(taken, &parts) {
            Ok(actor) => {
                tracing::info!(shard = shard.0, epoch = stamp.epoch, replayed, "the shard is ours");
                parts.meters.replayed.add(replayed);
                pool.changes().set_owned(shard, Some(stamp.epoch));
                pool.note_gap(shard, None);
                pool.set_home(shard, Some(actor));
                pool.cluster().taken(shard, stamp.epoch);
            }
            Err(error) => pool.not_taken(shard, &error),
        });
    }

    fn not_taken(&self, shard: Shard, error: &TakeError) {
        if !matches!(error, TakeError::Lost(_)) {
            tracing::error!(shard = shard.0, %error, "a shard cannot be taken");
        }
        self.note_gap(shard, matches!(error, TakeError::Gap { .. }).then(|| error.to_string()));
        self.set_held(shard, false);
        self.cluster().lost(shard, &error.to_string());
    }

    /// The shard's actor has found that it is owned no longer.
    pub(crate) fn shard_lost(&self, shard: Shard, by: LostBy) {
        self.set_home(shard, None);
        self.changes().set_owned(shard, None);
        self.set_held(shard, false);
        self.cluster().lost(shard, by.as_str());
    }

    /// Hands a shard over: what is under way is finished and written down, then nobody has it.
    pub(super) fn release_shard(&self, shard: Shard, to: Option<&NodeId>) {
        let Some(actor) = self.home(shard) else { return self.cluster().released(shard) };
        tracing::info!(shard = shard.0, to = to.map(tracing::field::display), "the shard is handed over");
        // Nothing new reaches it from here on: what does not is asked again of its next owner.
        self.set_home(shard, None);
        let pool = self.clone();
        self.0.runtime.spawn(async move {
            let (done, written) = oneshot::channel();
            let written = async {
                if actor.send(WriteDown { done, close: true }).await.is_ok() {
                    // One that ends in between has nothing more to write.
                    let _ = written.await;
                }
            };
            if tokio::time::timeout(limits::RELEASE, written).await.is_err() {
                // Its next owner folds the log; what is under way here counts as long as nobody has claimed the shard.
                tracing::warn!(shard = shard.0, "a shard is handed over while the log does not answer");
            }
            if let Some(publisher) = pool.started().and_then(|started| started.publisher.as_ref()) {
                publisher.put_now(shard, pace::RELEASE_FLUSH).await;
            }
            pool.changes().set_owned(shard, None);
            pool.set_held(shard, false);
            pool.cluster().released(shard);
        });
    }
}
