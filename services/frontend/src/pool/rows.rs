//! Who may write a shard's rows into the database of this node: its actor while it is owned or being taken, else the standby
//! copy; and what stands in the way of taking it.

use super::Pool;
use crate::state::Changes;
use cluster::{Owner, Standing, ownership::rendezvous};
use domain::Shard;
use event_log::{Offset, State};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

impl Pool {
    /// What has changed in the shards owned here.
    pub(crate) fn changes(&self) -> &Arc<Changes> {
        &self.0.changes
    }

    /// The shard is taken, or owned, here; what the standby copy writes is waited for.
    pub(super) fn set_held(&self, shard: Shard, held: bool) {
        if let Some(slot) = self.0.held.get(usize::from(shard.0)) {
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = held;
        }
    }

    /// Does something with the rows of a shard that nobody here else has to do with now; `None` if somebody has.
    pub(crate) fn with_rows<T>(&self, shard: Shard, run: impl FnOnce() -> T) -> Option<T> {
        let held = self.0.held.get(usize::from(shard.0))?.lock().unwrap_or_else(PoisonError::into_inner);
        (!*held).then(run)
    }

    /// Whether this node is the next owner in line of a shard that another one has.
    pub(crate) fn is_next(&self, shard: Shard) -> bool {
        let Owner::There { node: owner, .. } = self.cluster().owner(shard) else { return false };
        let members = self.cluster().members();
        let serving = members.iter().filter(|member| member.standing == Standing::Serving);
        let others = serving.map(|member| &member.id).filter(|id| **id != owner);
        rendezvous::winner(shard, others) == Some(self.me())
    }

    /// Records that what was put of the shards owned here is behind the log, and that the standby copies are.
    pub(crate) fn lags(&self) -> (u64, u64) {
        let Some(parts) = self.started().map(|started| &started.parts) else { return (0, 0) };
        let (mut put, mut standby) = (0, 0);
        for shard in parts.log.shards().all() {
            let behind = |reached: Offset| parts.log.end(shard).0.saturating_sub(reached.0);
            if let Some(reached) = self.changes().reached(shard) {
                put += behind(reached);
            } else if self.is_next(shard) {
                standby += behind(parts.store.checkpoint(shard).unwrap_or_default().offset);
            }
        }
        (put, standby)
    }

    /// For loading, one shard after the other: each takes the readers of Kafka and the disk for itself. `None`: there is no
    /// state beside this log.
    pub(crate) fn loads(&self) -> Option<MutexGuard<'_, State>> {
        let log = &self.started()?.parts.log;
        let state = self.0.loads.get_or_init(|| log.state().map(Mutex::new)).as_ref()?;
        Some(state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Why a shard cannot be taken here for want of its state; `None`: it could.
    pub(super) fn note_gap(&self, shard: Shard, why: Option<String>) {
        let mut gaps = self.0.gaps.lock().unwrap_or_else(PoisonError::into_inner);
        match why {
            Some(why) => _ = gaps.insert(shard, why),
            None => _ = gaps.remove(&shard),
        }
    }

    /// Shards that this node cannot take for want of their state, and that nobody has.
    pub(crate) fn gaps(&self) -> Vec<String> {
        let gaps = self.0.gaps.lock().unwrap_or_else(PoisonError::into_inner);
        let homeless = gaps.iter().filter(|(shard, _)| self.cluster().owner(**shard) == Owner::Nobody);
        homeless.map(|(shard, why)| format!("shard {} cannot be taken: {why}", shard.0)).collect()
    }
}
