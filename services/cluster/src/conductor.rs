//! The host of ownership: one task through which everything passes that is about shards, so that its order is one.

use crate::{
    Member, NodeId, Receiver,
    cluster::{ShardState, Shared},
    limits,
    link::{
        dial,
        registry::{Event, Heard, Links},
        wire,
    },
    membership::host::Live,
    ownership::{self, Input, Output, Ownership},
};
use domain::{Shard, ShardCount};
use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, atomic::Ordering::Relaxed},
};
use tokio::{
    sync::{mpsc, watch},
    task::AbortHandle,
};

/// What the conductor works with.
pub(crate) struct Parts {
    pub(crate) links: Arc<Links>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) receiver: Arc<dyn Receiver>,
    pub(crate) address: String,
}

/// What it listens to.
pub(crate) struct Ears {
    pub(crate) told: mpsc::UnboundedReceiver<Input>,
    pub(crate) heard: mpsc::Receiver<Heard>,
    pub(crate) live: watch::Receiver<Live>,
    pub(crate) replaced: watch::Receiver<bool>,
}

/// A peer and the task that tends its link.
struct Peer {
    address: Arc<str>,
    release: Arc<str>,
    serial: u64,
    tend: AbortHandle,
}

pub(crate) struct Conductor {
    parts: Parts,
    ownership: Ownership,
    peers: HashMap<NodeId, Peer>,
}

impl Conductor {
    pub(crate) fn new(parts: Parts, expects_others: bool, shards: ShardCount, seed: u64) -> Self {
        let me = parts.links.introduction.me.clone();
        let options = ownership::Options { me, shards, expects_others, seed };
        let ownership = Ownership::new(options, parts.links.now());
        let conductor = Self { parts, ownership, peers: HashMap::new() };
        conductor.publish_members();
        conductor.publish_shards();
        conductor
    }

    pub(crate) async fn run(mut self, mut ears: Ears) {
        loop {
            let due = self.ownership.deadline().saturating_sub(self.parts.links.now());
            tokio::select! {
                changed = ears.live.changed() => {
                    if changed.is_err() {
                        break;
                    }
                    if *ears.replaced.borrow() {
                        break;
                    }
                    let live = ears.live.borrow_and_update().clone();
                    self.meet(&live);
                }
                _ = ears.replaced.changed() => break,
                Some(input) = ears.told.recv() => self.step(input),
                Some(heard) = ears.heard.recv() => self.hear(heard),
                () = tokio::time::sleep(due) => self.step(Input::Alarm),
            }
        }
        // This node has left, or has lost its name: that nobody is seen any more does not make every shard its own.
        for (node, peer) in self.peers.drain() {
            peer.tend.abort();
            self.parts.links.close(&node);
        }
        self.parts.shared.drained.send_replace(true);
        if *ears.replaced.borrow() {
            self.parts.receiver.replaced();
        }
    }

    /// Compares who lives with who did.
    fn meet(&mut self, live: &Live) {
        let gone: Vec<NodeId> =
            self.peers.keys().filter(|peer| !live.iter().any(|(id, _)| id == *peer)).cloned().collect();
        for node in gone {
            if let Some(peer) = self.peers.remove(&node) {
                peer.tend.abort();
            }
            tracing::info!(peer = %node, "a node is gone");
            self.parts.links.close(&node);
            self.step(Input::Gone(node.clone()));
            self.publish_members();
            self.parts.receiver.gone(&node);
        }
        for (node, address) in live.iter().take(limits::MEMBERS) {
            if self.peers.contains_key(node) {
                continue;
            }
            tracing::info!(peer = %node, %address, "a node is alive");
            let link = self.parts.links.open(node, address);
            let serial = link.serial;
            let tend = tokio::spawn(dial::tend(self.parts.links.clone(), link)).abort_handle();
            let peer = Peer { address: address.clone(), release: "".into(), serial, tend };
            self.peers.insert(node.clone(), peer);
            self.step(Input::Joined(node.clone()));
            self.publish_members();
            self.parts.receiver.joined(node);
        }
    }

    fn hear(&mut self, heard: Heard) {
        let Heard { peer: node, serial, event } = heard;
        let Some(peer) = self.peers.get_mut(&node).filter(|peer| peer.serial == serial) else { return };
        match event {
            Event::News(news) => self.step(Input::Heard(node, news)),
            Event::Linked(release) => {
                peer.release = release.into();
                self.step(Input::Linked(node));
            }
            Event::Unlinked => {
                self.step(Input::Unlinked(node.clone()));
                // A new session may have begun before this was read.
                if self.parts.links.get(&node).is_some_and(|link| link.established()) {
                    self.step(Input::Linked(node));
                }
            }
        }
        self.publish_members();
    }

    fn step(&mut self, input: Input) {
        let mut out = Vec::new();
        self.ownership.handle(self.parts.links.now(), input, &mut out);
        let changed = out.iter().any(|output| matches!(output, Output::Changed(_)));
        if changed {
            self.publish_owners(&out);
        }
        if !out.is_empty() {
            self.publish_shards();
        }
        for output in out {
            self.act(output);
        }
    }

    fn act(&self, output: Output) {
        let Parts { links, receiver, shared, .. } = &self.parts;
        match output {
            Output::Take(shard) => receiver.take(shard),
            Output::Release(shard, to) => receiver.release(shard, to),
            Output::Moved(shards) => receiver.moved(&shards),
            Output::Changed(_) => {}
            Output::Drained => {
                shared.drained.send_replace(true);
            }
            Output::Tell(to, news) => {
                let bytes = wire::encode_news(&news);
                let to = match to {
                    Some(node) => links.get(&node).into_iter().collect(),
                    None => links.all(),
                };
                for link in to.into_iter().filter(|link| link.established()) {
                    links.tell(&link, bytes.clone());
                }
            }
        }
    }

    /// The new owners are there to be read before anybody is told that they are new.
    fn publish_owners(&self, out: &[Output]) {
        let mut owners = self.parts.shared.owners.write().unwrap_or_else(PoisonError::into_inner);
        for output in out {
            if let Output::Changed(shard) = output
                && let Some(owner) = owners.get_mut(usize::from(shard.0))
            {
                *owner = self.ownership.owner(*shard);
            }
        }
    }

    fn publish_shards(&self) {
        let shared = &self.parts.shared;
        let (takes, moves) = self.ownership.counts();
        shared.owned.store(self.ownership.owned() as u64, Relaxed);
        shared.takes.store(takes, Relaxed);
        shared.moves.store(moves, Relaxed);
        let states: Vec<ShardState> = self.ownership.shards().map(|shard| self.shard_state(shard)).collect();
        *shared.shards.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(states);
    }

    fn shard_state(&self, shard: Shard) -> ShardState {
        let row = self.ownership.row(shard);
        ShardState {
            shard,
            epoch: row.epoch,
            owner: row.owner,
            alive: self.ownership.owner(shard) != crate::Owner::Nobody,
            pinned: self.ownership.pinned(shard),
        }
    }

    fn publish_members(&self) {
        let introduction = &self.parts.links.introduction;
        let me = Member {
            id: introduction.me.clone(),
            address: self.parts.address.as_str().into(),
            standing: self.ownership.standing(&introduction.me),
            release: introduction.release.as_str().into(),
            linked: true,
        };
        let mut peers: Vec<(&NodeId, &Peer)> = self.peers.iter().collect();
        peers.sort_by_key(|(id, _)| *id);
        let others = peers.into_iter().map(|(id, peer)| self.member(id, peer));
        let members = [me].into_iter().chain(others).collect();
        *self.parts.shared.members.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(members);
    }

    fn member(&self, id: &NodeId, peer: &Peer) -> Member {
        Member {
            id: id.clone(),
            address: peer.address.clone(),
            standing: self.ownership.standing(id),
            release: peer.release.clone(),
            linked: self.parts.links.get(id).is_some_and(|link| link.established()),
        }
    }
}
