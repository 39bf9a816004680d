//! What to take and what to hand over, a bounded number at once.

use super::{Hold, Output, Ownership};
use crate::{NodeId, Owner, Standing, limits};
use domain::Shard;
use std::time::Duration;

impl Ownership {
    pub(super) fn plan(&mut self, now: Duration, out: &mut Vec<Output>) {
        let settled = self.settled(now);
        let mut takes = self.holds.iter().filter(|hold| **hold == Hold::Taking).count();
        let mut releases = self.holds.iter().filter(|hold| matches!(hold, Hold::Releasing { .. })).count();
        for shard in self.table.shards() {
            match self.hold(shard) {
                Hold::Held { epoch, .. } => {
                    // Another has it by the log: there is nothing to hand over, only to let go.
                    let superseded = self.superseded(shard);
                    let room = superseded || releases < limits::RELEASES;
                    if room && self.should_release(shard) {
                        releases += 1;
                        let to = self.next_owner(shard);
                        self.set_hold(shard, Hold::Releasing { epoch });
                        out.push(Output::Release(shard, to));
                    }
                }
                Hold::Idle if settled && takes < limits::TAKES && self.should_take(now, shard) => {
                    takes += 1;
                    self.set_hold(shard, Hold::Taking);
                    out.push(Output::Take(shard));
                }
                Hold::Idle | Hold::Taking | Hold::Releasing { .. } => {}
            }
        }
        self.finish_draining(now, out);
    }

    /// Who should own the shard: whom it was moved to, else the winner of those that serve.
    pub(super) fn winner(&self, shard: Shard) -> Option<&NodeId> {
        let serves = |node: &&NodeId| self.standing(node) == Standing::Serving;
        let pinned = self.table.pin(shard).and_then(|pin| pin.node.as_ref()).filter(serves);
        pinned.or_else(|| {
            let all = self.peers.keys().chain([&self.me]);
            super::rendezvous::winner(shard, all.filter(serves))
        })
    }

    fn should_release(&self, shard: Shard) -> bool {
        let draining = self.standing == Standing::Draining;
        match self.winner(shard) {
            _ if self.superseded(shard) => true,
            Some(node) if *node == self.me => false,
            // Who could not hear of it would leave the shard with nobody.
            Some(node) => draining || self.peers.get(node).is_some_and(|peer| peer.linked),
            None => draining,
        }
    }

    /// To whom the shard that this node holds is to go.
    fn next_owner(&self, shard: Shard) -> Option<NodeId> {
        if self.superseded(shard) {
            return self.table.row(shard).and_then(|row| row.owner.clone());
        }
        self.winner(shard).cloned()
    }

    fn should_take(&self, now: Duration, shard: Shard) -> bool {
        let free = match self.table.row(shard).and_then(|row| row.owner.as_ref()) {
            Some(owner) => *owner == self.me || !self.peers.contains_key(owner),
            None => true,
        };
        let rested = self.backoffs.get(usize::from(shard.0)).is_some_and(|backoff| backoff.over(now));
        let sure =
            self.doubts.get(usize::from(shard.0)).is_some_and(|doubt| doubt.is_none_or(|until| now >= until));
        free && sure && rested && self.winner(shard) == Some(&self.me)
    }

    /// Whether this node knows what the others know, or has waited for it long enough.
    fn settled(&mut self, now: Duration) -> bool {
        let Some(settle) = &self.settle else { return true };
        let heard = !self.peers.is_empty() && self.peers.values().all(|peer| peer.heard);
        let over = now >= settle.until || (settle.early && heard);
        if over {
            self.settle = None;
        }
        over
    }

    fn finish_draining(&mut self, now: Duration, out: &mut Vec<Output>) {
        let free = self.holds.iter().all(|hold| *hold == Hold::Idle);
        let serving = self.peers.values().any(|peer| peer.standing == Standing::Serving);
        let orphan = self.table.shards().any(|shard| self.owner(shard) == Owner::Nobody);
        let Some(drain) = self.drain.as_mut().filter(|drain| free && !drain.told) else { return };
        let until = *drain.until.get_or_insert(now + limits::DRAINED);
        if !serving || !orphan || now >= until {
            drain.told = true;
            out.push(Output::Drained);
        }
    }
}
