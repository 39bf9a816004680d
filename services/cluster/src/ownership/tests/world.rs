//! A pool of machines under a seeded scheduler: a log that decides claims, news that come late, twice and in any order, nodes
//! that are killed, paused, restarted, drained.

use crate::{
    NodeId, Owner, Standing,
    ownership::{Input, Options, Output, Ownership, backoff::Random, rendezvous, table::News},
};
use domain::{Shard, ShardCount};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

pub(super) const SHARDS: u16 = 16;

pub(super) fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[derive(Clone, Debug)]
enum Event {
    Hears(usize, Input),
    /// The claim lands in the log.
    Claims(usize, Shard),
    /// The host has read its own claim, or a higher one.
    Reads(usize, Shard, u64),
    LetsGo(usize, Shard),
    /// The owner appends, and finds out.
    Appends(usize),
    Rings(usize),
}

pub(super) struct Node {
    pub(super) id: NodeId,
    pub(super) machine: Ownership,
    pub(super) alive: bool,
    paused_until: Duration,
    rings_at: Duration,
    links: BTreeSet<NodeId>,
    /// What its host holds: the claim's epoch.
    pub(super) holds: BTreeMap<u16, u64>,
    pub(super) drained: bool,
}

pub(super) struct World {
    pub(super) now: Duration,
    pub(super) random: Random,
    pub(super) nodes: Vec<Node>,
    /// Epoch and index of the node of each shard's current claim.
    pub(super) log: BTreeMap<u16, (u64, usize)>,
    pub(super) claims: u64,
    pub(super) moved: u64,
    events: BTreeMap<(Duration, u64), Event>,
    number: u64,
    /// Whether news are late, doubled, lost with their order.
    pub(super) faulty: bool,
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            now: Duration::ZERO,
            random: Random::new(seed),
            nodes: Vec::new(),
            log: BTreeMap::new(),
            claims: 0,
            moved: 0,
            events: BTreeMap::new(),
            number: 0,
            faulty: true,
        }
    }

    pub(super) fn chance(&mut self, percent: u64) -> bool {
        self.random.draw() % 100 < percent
    }

    fn soon(&mut self, most: u64) -> Duration {
        self.now + ms(1) + self.random.below(ms(most))
    }

    fn at(&mut self, at: Duration, event: Event) {
        self.number += 1;
        self.events.insert((at, self.number), event);
    }

    /// A node starts and serves; the others hear of it.
    pub(super) fn start(&mut self, name: &str) -> usize {
        let me = NodeId::new(name, self.random.draw());
        let shards = ShardCount::new(SHARDS).expect("not none");
        let options = Options { me: me.clone(), shards, expects_others: true, seed: self.random.draw() };
        let machine = Ownership::new(options, self.now);
        let node = self.nodes.len();
        let (paused_until, rings_at) = (Duration::ZERO, Duration::ZERO);
        self.nodes.push(Node {
            id: me,
            machine,
            alive: true,
            paused_until,
            rings_at,
            links: BTreeSet::new(),
            holds: BTreeMap::new(),
            drained: false,
        });
        for other in self.alive() {
            if other != node {
                self.meet(node, other);
            }
        }
        self.at(self.now, Event::Hears(node, Input::Stand(Standing::Serving)));
        self.at(self.now, Event::Rings(node));
        self.at(self.now, Event::Appends(node));
        node
    }

    /// Each hears of the other in its time; once both have, they are linked.
    fn meet(&mut self, one: usize, other: usize) {
        let ids = [one, other].map(|node| self.nodes[node].id.clone());
        let joins = [self.soon(300), self.soon(300)];
        let linked = joins[0].max(joins[1]) + self.random.below(ms(300));
        for (node, (peer, joins)) in [one, other].into_iter().zip(ids.into_iter().rev().zip(joins)) {
            self.at(joins, Event::Hears(node, Input::Joined(peer.clone())));
            self.at(linked, Event::Hears(node, Input::Linked(peer)));
        }
    }

    pub(super) fn alive(&self) -> Vec<usize> {
        (0..self.nodes.len()).filter(|node| self.nodes[*node].alive).collect()
    }

    fn lives(&self, id: &NodeId) -> bool {
        self.nodes.iter().any(|node| node.id == *id && node.alive)
    }

    /// A node dies; the others hear of it, each in its time.
    pub(super) fn kill(&mut self, node: usize) {
        self.nodes[node].alive = false;
        self.gone(node);
    }

    fn gone(&mut self, node: usize) {
        let id = self.nodes[node].id.clone();
        for other in self.alive() {
            let at = self.soon(2_000);
            if other != node {
                self.at(at, Event::Hears(other, Input::Gone(id.clone())));
            }
        }
    }

    /// A node stops for so long; if the others think it gone they meet again when it wakes.
    /// One after the other: of two that sleep at once this world could not say who thinks what of whom.
    pub(super) fn pause(&mut self, node: usize, length: Duration) {
        if self.nodes.iter().any(|node| node.paused_until + ms(3_000) > self.now && node.paused_until > ms(0))
        {
            return;
        }
        self.nodes[node].paused_until = self.now + length;
        if length < ms(2_500) {
            return;
        }
        self.gone(node);
        let (wakes, id) = (self.now + length, self.nodes[node].id.clone());
        for other in self.alive() {
            if other != node {
                let at = wakes + self.random.below(ms(500));
                self.at(at, Event::Hears(other, Input::Joined(id.clone())));
                let peer = self.nodes[other].id.clone();
                self.at(at, Event::Hears(node, Input::Unlinked(peer.clone())));
                let linked = at + self.random.below(ms(300));
                self.at(linked, Event::Hears(node, Input::Linked(peer)));
                self.at(linked, Event::Hears(other, Input::Linked(id.clone())));
            }
        }
    }

    pub(super) fn tell(&mut self, node: usize, input: Input) {
        self.at(self.now, Event::Hears(node, input));
    }

    /// Runs until then.
    pub(super) fn run(&mut self, until: Duration) {
        while let Some(entry) = self.events.first_entry().filter(|entry| entry.key().0 <= until) {
            let ((at, _), event) = entry.remove_entry();
            self.now = self.now.max(at);
            let node = event.node();
            if !self.nodes[node].alive {
                continue;
            }
            let paused = self.nodes[node].paused_until;
            // A claim on its way lands whether its node runs or not.
            if paused > self.now && !matches!(event, Event::Claims(..)) {
                self.at(paused, event);
                continue;
            }
            self.play(node, event);
        }
        self.now = until;
    }

    fn play(&mut self, node: usize, event: Event) {
        match event {
            // Of who died meanwhile nobody says that it lives.
            Event::Hears(_, Input::Joined(peer) | Input::Linked(peer)) if !self.lives(&peer) => {}
            Event::Hears(_, input) => self.handle(node, input),
            Event::Claims(_, shard) => {
                let claim = self.log.entry(shard.0).or_insert((0, node));
                *claim = (claim.0 + 1, node);
                let epoch = claim.0;
                self.claims += 1;
                let at = self.soon(100);
                self.at(at, Event::Reads(node, shard, epoch));
            }
            Event::Reads(_, shard, epoch) => {
                if self.log[&shard.0] == (epoch, node) {
                    self.nodes[node].holds.insert(shard.0, epoch);
                    self.handle(node, Input::Taken(shard, epoch));
                } else {
                    self.handle(node, Input::Lost(shard));
                }
            }
            Event::LetsGo(_, shard) => {
                if self.nodes[node].holds.remove(&shard.0).is_some() {
                    self.handle(node, Input::Released(shard));
                }
            }
            Event::Appends(_) => {
                let holds = self.nodes[node].holds.clone();
                for (shard, epoch) in holds {
                    if self.log[&shard] != (epoch, node) {
                        self.nodes[node].holds.remove(&shard);
                        self.handle(node, Input::Lost(Shard(shard)));
                    }
                }
                let at = self.soon(1_000);
                self.at(at, Event::Appends(node));
            }
            Event::Rings(_) => self.handle(node, Input::Alarm),
        }
    }

    fn handle(&mut self, node: usize, input: Input) {
        match &input {
            Input::Linked(peer) => drop(self.nodes[node].links.insert(peer.clone())),
            Input::Unlinked(peer) | Input::Gone(peer) => drop(self.nodes[node].links.remove(peer)),
            _ => {}
        }
        let mut out = Vec::new();
        self.nodes[node].machine.handle(self.now, input, &mut out);
        for output in out {
            self.act(node, output);
        }
        let at = self.nodes[node].machine.deadline().max(self.now + ms(1));
        if self.nodes[node].rings_at != at {
            self.nodes[node].rings_at = at;
            self.at(at, Event::Rings(node));
        }
    }

    fn act(&mut self, node: usize, output: Output) {
        match output {
            Output::Take(shard) => {
                assert!(!self.nodes[node].holds.contains_key(&shard.0), "asked to take what it holds");
                let at = self.soon(100);
                self.at(at, Event::Claims(node, shard));
            }
            Output::Release(shard, _) => {
                let at = self.soon(100);
                self.at(at, Event::LetsGo(node, shard));
            }
            Output::Tell(to, news) => self.spread(node, to.as_ref(), &news),
            Output::Moved(shards) => self.moved += shards.len() as u64,
            Output::Changed(_) => {}
            Output::Drained => self.nodes[node].drained = true,
        }
    }

    fn spread(&mut self, node: usize, to: Option<&NodeId>, news: &News) {
        let from = self.nodes[node].id.clone();
        for other in self.alive() {
            let linked = self.nodes[node].links.contains(&self.nodes[other].id);
            if !linked || to.is_some_and(|to| *to != self.nodes[other].id) {
                continue;
            }
            let times = if self.faulty && self.chance(20) { 2 } else { 1 };
            for _ in 0..times {
                let at = if self.faulty { self.soon(400) } else { self.soon(5) };
                self.at(at, Event::Hears(other, Input::Heard(from.clone(), news.clone())));
            }
        }
    }

    /// Where operators moved shards, as one node knows it.
    pub(super) fn pins(&self) -> BTreeMap<u16, NodeId> {
        let machine = &self.nodes[self.alive()[0]].machine;
        (0..SHARDS).filter_map(|shard| Some((shard, machine.pinned(Shard(shard))?))).collect()
    }

    /// Whether every shard has one owner, the one that should, which all know; and the same host holds it.
    pub(super) fn trouble(&self, pins: &BTreeMap<u16, NodeId>) -> Option<String> {
        let alive = self.alive();
        let serving: BTreeSet<&NodeId> = alive
            .iter()
            .filter(|n| self.nodes[**n].machine.standing(&self.nodes[**n].id) == Standing::Serving)
            .map(|n| &self.nodes[*n].id)
            .collect();
        for shard in (0..SHARDS).map(Shard) {
            let pinned = pins.get(&shard.0).filter(|pin| serving.contains(pin));
            let winner = pinned.or_else(|| rendezvous::winner(shard, serving.iter().copied()))?;
            let holders: Vec<&NodeId> = alive
                .iter()
                .map(|n| &self.nodes[*n])
                .filter(|n| n.holds.contains_key(&shard.0))
                .map(|n| &n.id)
                .collect();
            if holders != [winner] {
                return Some(format!("{shard:?} is held by {holders:?}, and should be by {winner:?}"));
            }
            for node in alive.iter().map(|n| &self.nodes[*n]) {
                let named = match node.machine.owner(shard) {
                    Owner::Here { .. } => Some(node.id.clone()),
                    Owner::There { node, .. } => Some(node),
                    Owner::Nobody => None,
                };
                if named.as_ref() != Some(winner) {
                    return Some(format!("{:?} names {named:?} for {shard:?}, not {winner:?}", node.id));
                }
            }
        }
        None
    }
}

impl Event {
    fn node(&self) -> usize {
        match self {
            Self::Hears(node, _)
            | Self::Claims(node, _)
            | Self::Reads(node, ..)
            | Self::LetsGo(node, _)
            | Self::Appends(node)
            | Self::Rings(node) => *node,
        }
    }
}
