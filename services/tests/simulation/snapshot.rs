//! Writing down what changed, now and then, and handing a shard over.
//!
//! Invariant: the checkpoint is the oldest record that some entity's rows do not reflect yet.

use crate::{node::At, planted::Planted, world::World};
use cluster::ownership;
use domain::{Home, Shard};
use event_log::{Checkpoint, codec};

impl World {
    /// Rows of an entity that has nothing open.
    pub(crate) fn hand_out_rows(&mut self, n: usize, home: &Home) {
        let shard = self.shard_of(home);
        let Some(entity) = self.entity(n, home) else { return };
        entity.snapshot_wanted = false;
        entity.unsaved_from = None;
        let saved = entity.rows(home);
        if let Some(attempt) = self.attempt(n, shard) {
            attempt.unsaved.push(saved);
        }
        self.finish_release(n, shard);
    }

    fn ask_for_rows(&mut self, n: usize, shard: u16) {
        let Some(attempt) = self.attempt(n, shard) else { return };
        let unsaved = attempt.entities.iter().filter(|(_, entity)| entity.unsaved_from.is_some());
        let unsaved: Vec<Home> = unsaved.map(|(home, _)| home.clone()).collect();
        for home in unsaved {
            let Some(entity) = self.entity(n, &home) else { continue };
            // Rows must not run ahead of the log.
            if entity.waiting.is_empty() {
                self.hand_out_rows(n, &home);
            } else {
                entity.snapshot_wanted = true;
            }
        }
    }

    fn save(&mut self, n: usize, shard: u16) {
        let ahead = self.is(Planted::CheckpointAhead);
        let Some(attempt) = self.attempt(n, shard) else { return };
        let saved = std::mem::take(&mut attempt.unsaved);
        let settled = attempt.owner.checkpoint();
        let oldest = attempt.entities.values().filter_map(|entity| entity.unsaved_from).min();
        let offset = oldest.filter(|_| !ahead).map_or(settled.offset, |oldest| oldest.min(settled.offset));
        let checkpoint = Checkpoint { offset, current: settled.current };
        self.slots[n].disks.entry(shard).or_default().write(saved, checkpoint);
    }

    pub(crate) fn snapshot(&mut self, n: usize, shard: u16, line: u64) {
        let Some(attempt) = self.attempt(n, shard).filter(|attempt| attempt.line == line) else { return };
        if attempt.lost {
            return;
        }
        self.look_for_others(n, shard);
        if self.attempt(n, shard).is_some_and(|attempt| attempt.lost) {
            return self.give_up_lost(n, shard, line);
        }
        self.save(n, shard);
        if let Some(attempt) = self.attempt(n, shard) {
            attempt.entities.retain(|_, entity| !entity.is_idle() || entity.unsaved_from.is_some());
        }
        self.ask_for_rows(n, shard);
        let delay = self.random.within(300, 2_000);
        self.node_after(delay, n, At::Snapshot(shard, line));
    }

    /// Who writes nothing would never find that somebody has claimed the shard, and is gone since.
    fn look_for_others(&mut self, n: usize, shard: u16) {
        if self.log.away_until > self.now {
            return;
        }
        let Some(Checkpoint { offset, current }) =
            self.attempt(n, shard).map(|attempt| attempt.owner.checkpoint())
        else {
            return;
        };
        let claimed = self.log.read(shard, offset, usize::MAX).into_iter().any(|(_, bytes)| {
            codec::decode(bytes).is_ok_and(|record| record.is_claim() && record.stamp().epoch > current.epoch)
        });
        if let Some(attempt) = self.attempt(n, shard) {
            attempt.lost |= claimed;
        }
    }

    /// Hands a shard over: what is under way is finished and written down.
    pub(crate) fn release(&mut self, n: usize, shard: u16) {
        self.trace(|| format!("n{n} hands over {shard}"));
        match self.attempt(n, shard) {
            Some(attempt) => {
                attempt.closing = true;
                self.ask_for_rows(n, shard);
                self.finish_release(n, shard);
            }
            None => self.node_after(0, n, At::Own(ownership::Input::Released(Shard(shard)))),
        }
    }

    fn finish_release(&mut self, n: usize, shard: u16) {
        let Some(attempt) = self.attempt(n, shard).filter(|attempt| attempt.closing) else { return };
        if attempt.entities.values().all(|entity| !entity.snapshot_wanted) {
            self.save(n, shard);
            self.give_up(n, shard);
            self.node_after(0, n, At::Own(ownership::Input::Released(Shard(shard))));
        }
    }
}
