//! What others say and who they are. Invariant: news merge in any order; what this node's own host holds is changed by its host
//! alone.

use super::{Hold, Output, Ownership, Peer};
use crate::{
    NodeId, Standing, limits,
    ownership::table::{News, Pin},
};
use domain::Shard;
use std::time::Duration;

impl Ownership {
    pub(super) fn joined(&mut self, node: NodeId, out: &mut Vec<Output>) {
        if node == self.me || self.peers.len() >= limits::MEMBERS || self.peers.contains_key(&node) {
            return;
        }
        // It may be back, or others have told of what it owns: until now that was nobody's.
        let theirs = self.owned_by(&node);
        self.peers.insert(node, Peer { standing: Standing::Joining, linked: false, heard: false });
        out.extend(theirs.iter().map(|shard| Output::Changed(*shard)));
        if !theirs.is_empty() {
            out.push(Output::Moved(theirs));
        }
    }

    /// The shards whose rows name this node.
    fn owned_by(&self, node: &NodeId) -> Vec<Shard> {
        let names =
            |shard: &Shard| self.table.row(*shard).is_some_and(|row| row.owner.as_ref() == Some(node));
        self.table.shards().filter(names).collect()
    }

    pub(super) fn gone(&mut self, node: &NodeId, out: &mut Vec<Output>) {
        if self.peers.remove(node).is_none() {
            return;
        }
        for shard in self.table.shards() {
            if self.table.row(shard).is_some_and(|row| row.owner.as_ref() == Some(node)) {
                out.push(Output::Changed(shard));
            }
            if let Some(pin) = self.table.pin(shard).filter(|pin| pin.node.as_ref() == Some(node)) {
                let lifted = Pin { number: pin.number, node: None };
                self.table.merge_pin(shard, lifted);
            }
        }
    }

    pub(super) fn linked(&mut self, node: &NodeId, out: &mut Vec<Output>) {
        if let Some(peer) = self.peers.get_mut(node) {
            (peer.linked, peer.heard) = (true, false);
            out.push(Output::Tell(Some(node.clone()), self.table.whole(self.standing)));
        }
    }

    pub(super) fn unlinked(&mut self, node: &NodeId, out: &mut Vec<Output>) {
        let Some(peer) = self.peers.get_mut(node) else { return };
        (peer.linked, peer.heard) = (false, false);
        let moved = self.owned_by(node);
        if !moved.is_empty() {
            out.push(Output::Moved(moved));
        }
    }

    pub(super) fn heard(&mut self, node: &NodeId, news: News, out: &mut Vec<Output>) {
        let Some(peer) = self.peers.get_mut(node) else { return };
        peer.standing = news.standing;
        peer.heard |= news.whole;
        let mut moved = Vec::new();
        for (shard, row) in news.rows {
            let owned = row.owner.is_some();
            if self.table.merge(shard, row) {
                out.push(Output::Changed(shard));
                if owned {
                    moved.push(shard);
                }
            }
        }
        for (shard, pin) in news.pins {
            self.table.merge_pin(shard, pin);
        }
        if !moved.is_empty() {
            out.push(Output::Moved(moved));
        }
    }

    pub(super) fn stand(&mut self, standing: Standing, out: &mut Vec<Output>) {
        // Nobody comes back from draining: a node that serves again is another life of it.
        if self.standing == standing || self.standing == Standing::Draining {
            return;
        }
        self.standing = standing;
        if standing == Standing::Draining {
            self.drain = Some(super::Drain::default());
        }
        self.tell(None, Vec::new(), Vec::new(), out);
    }

    /// All that this node knows, now and then to one that it is linked with: what a broken link kept from somebody comes so.
    pub(super) fn gossip(&mut self, now: Duration, out: &mut Vec<Output>) {
        if now < self.tell_at {
            return;
        }
        self.tell_at = now + limits::TELL / 2 + self.random.below(limits::TELL);
        let linked: Vec<&NodeId> =
            self.peers.iter().filter(|(_, p)| p.linked).map(|(node, _)| node).collect();
        let Ok(count @ 1..) = u64::try_from(linked.len()) else { return };
        let chosen = usize::try_from(self.random.draw() % count).unwrap_or(0);
        out.push(Output::Tell(Some(linked[chosen].clone()), self.table.whole(self.standing)));
    }

    /// The host holds the shard, yet the table names a higher claim.
    pub(super) fn superseded(&self, shard: Shard) -> bool {
        let Hold::Held { epoch, .. } = self.hold(shard) else { return false };
        self.table.row(shard).is_some_and(|row| row.epoch > epoch)
    }
}
