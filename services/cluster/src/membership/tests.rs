//! The machine in a network of virtual time that loses, doubles and reorders.

use super::{
    identity::Identity,
    pace,
    packet::{Greeting, Packet, Seal},
    swim::{Input, Output, Swim, To},
};
use crate::{NodeId, limits, options::Secret, ownership::Random};
use domain::ShardCount;
use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

struct Node {
    id: NodeId,
    swim: Swim,
    address: SocketAddr,
    alive: bool,
    paused_until: Duration,
    replaced: bool,
    /// How often its view of the others changed.
    live: Vec<NodeId>,
    losses: usize,
}

struct Net {
    now: Duration,
    nodes: Vec<Node>,
    random: Random,
    wire: BTreeMap<(Duration, u64), (SocketAddr, SocketAddr, Vec<u8>)>,
    number: u64,
    seal: Seal,
    /// Percent of packets that are lost, doubled; and the longest delay.
    loss: u64,
    doubles: u64,
    delay: Duration,
    /// From and to: nothing passes.
    blocked: Vec<(usize, usize)>,
}

impl Net {
    fn new(seed: u64) -> Self {
        Self {
            now: Duration::ZERO,
            nodes: Vec::new(),
            random: Random::new(seed),
            wire: BTreeMap::new(),
            number: 0,
            seal: Seal::new(&Secret::new(b"a secret of the pool"), "example.org", ShardCount::DEFAULT),
            loss: 0,
            doubles: 0,
            delay: ms(3),
            blocked: Vec::new(),
        }
    }

    fn start(&mut self, name: &str, incarnation: u64) -> usize {
        let index = self.nodes.len();
        let address = SocketAddr::from(([10, 0, 0, u8::try_from(index + 1).expect("few")], 7800));
        let me = Identity { name: name.into(), incarnation, rank: 0, address: address.to_string() };
        let swim = Swim::new(me.clone(), self.random.draw(), self.now);
        let (paused_until, live) = (Duration::ZERO, Vec::new());
        let id = me.node();
        self.nodes.push(Node {
            id,
            swim,
            address,
            alive: true,
            paused_until,
            replaced: false,
            live,
            losses: 0,
        });
        index
    }

    fn pool(&mut self, count: u64) -> Vec<usize> {
        let nodes: Vec<usize> = (0..count).map(|n| self.start(&format!("n{n}"), 100 + n)).collect();
        self.run(ms(3_000));
        assert!(self.complete(&nodes), "they do not find each other");
        nodes.iter().for_each(|node| self.nodes[*node].losses = 0);
        nodes
    }

    /// Whether each of these knows all of these, and nobody else.
    fn complete(&self, nodes: &[usize]) -> bool {
        nodes.iter().all(|node| {
            let mut live = self.nodes[*node].live.clone();
            live.push(self.nodes[*node].id.clone());
            live.sort();
            let mut all: Vec<NodeId> = nodes.iter().map(|node| self.nodes[*node].id.clone()).collect();
            all.sort();
            live == all
        })
    }

    fn knows(&self, node: usize, other: &NodeId) -> bool {
        self.nodes[node].live.contains(other)
    }

    /// Runs for so long.
    fn run(&mut self, length: Duration) {
        let end = self.now + length;
        self.until(end, |_| false);
    }

    /// Runs until it is so; says how long that took.
    fn until(&mut self, end: Duration, is: impl Fn(&Self) -> bool) -> Option<Duration> {
        let start = self.now;
        while self.now < end {
            if is(self) {
                return Some(self.now.saturating_sub(start));
            }
            let due = |node: &Node| node.swim.deadline().max(node.paused_until);
            let alarm = self.nodes.iter().filter(|n| n.alive).map(due).min().unwrap_or(end);
            let packet = self.wire.first_key_value().map_or(end, |((at, _), _)| *at);
            self.now = alarm.min(packet).min(end).max(self.now);
            // Packets first, as the host does it.
            while let Some(entry) = self.wire.first_entry().filter(|entry| entry.key().0 <= self.now) {
                let (from, to, bytes) = entry.remove();
                self.arrive(from, to, bytes);
            }
            for node in 0..self.nodes.len() {
                if self.nodes[node].alive && due(&self.nodes[node]) <= self.now {
                    self.handle(node, Input::Alarm);
                }
            }
        }
        is(self).then(|| self.now.saturating_sub(start))
    }

    fn arrive(&mut self, from: SocketAddr, to: SocketAddr, bytes: Vec<u8>) {
        let Some(node) = self.nodes.iter().position(|node| node.address == to && node.alive) else { return };
        if self.nodes[node].paused_until > self.now {
            // The kernel keeps it.
            let at = self.nodes[node].paused_until;
            self.number += 1;
            self.wire.insert((at, self.number), (from, to, bytes));
            return;
        }
        let packet = self.seal.open(&bytes).expect("was sealed here");
        self.handle(node, Input::Packet(from, packet));
    }

    fn handle(&mut self, node: usize, input: Input) {
        let mut out = Vec::new();
        let now = self.now;
        self.nodes[node].swim.handle(now, input, &mut out);
        for output in out {
            match output {
                Output::Send(To::Node(id), packet) => {
                    self.send(node, id.address.parse().expect("literal"), &packet);
                }
                Output::Send(To::Address(to), packet) => self.send(node, to, &packet),
                Output::Send(To::Seeds, packet) => {
                    let seeds: Vec<SocketAddr> = self.nodes.iter().take(2).map(|node| node.address).collect();
                    seeds.into_iter().for_each(|seed| self.send(node, seed, &packet));
                }
                Output::Heard(..) => {}
                Output::Changed => {
                    let live: Vec<NodeId> = self.nodes[node].swim.members().map(Identity::node).collect();
                    let node = &mut self.nodes[node];
                    node.losses += node.live.iter().filter(|id| !live.contains(id)).count();
                    node.live = live;
                }
                Output::Replaced => self.nodes[node].replaced = true,
            }
        }
    }

    fn send(&mut self, from: usize, to: SocketAddr, packet: &Packet) {
        let target = self.nodes.iter().position(|node| node.address == to);
        let blocked = target.is_some_and(|target| self.blocked.contains(&(from, target)));
        if blocked || self.random.draw() % 100 < self.loss {
            return;
        }
        let bytes = self.seal.seal(packet).expect("fits");
        assert!(bytes.len() <= limits::PACKET_BYTES);
        let copies = 1 + u64::from(self.random.draw() % 100 < self.doubles);
        for _ in 0..copies {
            self.number += 1;
            let at = self.now + ms(1) + self.random.below(self.delay);
            self.wire.insert((at, self.number), (self.nodes[from].address, to, bytes.clone()));
        }
    }
}

/// How long it takes all others to know that a killed node is gone; `refused`: its port is knocked at, as links do.
fn detection(seed: u64, refused: bool) -> Duration {
    let mut net = Net::new(seed);
    let nodes = net.pool(3);
    let dead = net.nodes[nodes[2]].id.clone();
    let pause = ms(1) + net.random.below(ms(1_000));
    net.run(pause);
    net.nodes[nodes[2]].alive = false;
    let start = net.now;
    for knock in 0..200 {
        let known = net
            .until(start + ms(50) * knock, |net| !net.knows(nodes[0], &dead) && !net.knows(nodes[1], &dead));
        if known.is_some() {
            break;
        }
        if refused {
            net.handle(nodes[0], Input::Refused(dead.clone()));
            net.handle(nodes[1], Input::Refused(dead.clone()));
        }
    }
    assert_eq!(net.nodes[nodes[0]].losses + net.nodes[nodes[1]].losses, 2);
    net.now.saturating_sub(start)
}

#[test]
fn a_killed_process_is_known_to_be_gone_in_a_fraction_of_a_second_and_a_dead_machine_in_two() {
    let mut closed: Vec<Duration> = (0..50).map(|seed| detection(seed, true)).collect();
    closed.sort();
    assert!(closed[25] < ms(250) && closed[49] < ms(500), "{:?} {:?}", closed[25], closed[49]);
    let mut silent: Vec<Duration> = (0..50).map(|seed| detection(seed, false)).collect();
    silent.sort();
    assert!(silent[25] < ms(2_000) && silent[49] < ms(3_000), "{:?} {:?}", silent[25], silent[49]);
}

#[test]
fn a_closed_port_of_a_node_that_answers_does_not_make_it_gone() {
    let mut net = Net::new(1);
    let nodes = net.pool(3);
    let closed = net.nodes[nodes[2]].id.clone();
    for _ in 0..200 {
        net.handle(nodes[0], Input::Refused(closed.clone()));
        net.run(ms(50));
    }
    assert!(net.complete(&nodes));
    assert!(nodes.iter().all(|node| net.nodes[*node].losses == 0));
}

#[test]
fn nobody_is_thought_gone_with_packets_doubled_reordered_and_some_lost() {
    for seed in 0..10 {
        let mut net = Net::new(seed);
        let nodes = net.pool(5);
        (net.loss, net.doubles, net.delay) = (5, 30, ms(80));
        net.run(ms(60_000));
        assert!(nodes.iter().all(|node| net.nodes[*node].losses == 0), "seed {seed}");
    }
}

#[test]
fn a_path_that_is_broken_one_way_makes_nobody_gone_while_others_see_both() {
    for seed in 0..10 {
        let mut net = Net::new(seed);
        let nodes = net.pool(4);
        net.blocked.push((nodes[0], nodes[3]));
        net.run(ms(60_000));
        assert!(nodes.iter().all(|node| net.nodes[*node].losses == 0), "seed {seed}");
    }
}

#[test]
fn who_sleeps_half_a_minute_is_gone_and_then_back_as_the_same_life() {
    for seed in 0..10 {
        let mut net = Net::new(seed);
        let nodes = net.pool(3);
        let id = net.nodes[nodes[1]].id.clone();
        net.nodes[nodes[1]].paused_until = net.now + ms(30_000);
        net.run(ms(29_000));
        assert!(!net.knows(nodes[0], &id) && !net.knows(nodes[2], &id), "seed {seed}");
        net.run(ms(5_000));
        assert!(net.complete(&nodes) && !net.nodes[nodes[1]].replaced, "seed {seed}");
    }
}

#[test]
fn two_halves_find_together_again() {
    for seed in 0..10 {
        let mut net = Net::new(seed);
        let nodes = net.pool(4);
        let across = [(0, 2), (0, 3), (1, 2), (1, 3)];
        net.blocked.extend(across.iter().flat_map(|(a, b)| [(*a, *b), (*b, *a)]));
        net.run(ms(20_000));
        assert!(net.complete(&nodes[..2]) && net.complete(&nodes[2..]), "seed {seed}");
        net.blocked.clear();
        net.run(ms(20_000));
        assert!(net.complete(&nodes), "seed {seed}");
    }
}

#[test]
fn a_restarted_node_replaces_its_former_life_whatever_number_it_drew() {
    for (seed, incarnation) in (0..20).zip([1, u64::MAX, 50, 150].into_iter().cycle()) {
        let mut net = Net::new(seed);
        let nodes = net.pool(3);
        net.nodes[nodes[2]].alive = false;
        let again = net.start("n2", incarnation);
        net.run(ms(4_000));
        assert!(net.complete(&[nodes[0], nodes[1], again]), "seed {seed}");
    }
}

#[test]
fn of_two_processes_with_one_name_the_older_gives_way() {
    for (seed, incarnation) in (0..20).zip([1, u64::MAX].into_iter().cycle()) {
        let mut net = Net::new(seed);
        let nodes = net.pool(3);
        net.run(pace::YOUNG);
        // It sleeps, its name is taken over, it wakes.
        net.nodes[nodes[2]].paused_until = net.now + ms(10_000);
        net.run(ms(4_000));
        let again = net.start("n2", incarnation);
        net.run(ms(20_000));
        assert!(net.nodes[nodes[2]].replaced && !net.nodes[again].replaced, "seed {seed}");
        assert!(net.complete(&[nodes[0], nodes[1], again]), "seed {seed}");
    }
}

#[test]
fn who_leaves_is_gone_at_once() {
    let mut net = Net::new(1);
    let nodes = net.pool(3);
    net.handle(nodes[2], Input::Leave);
    net.run(ms(300));
    assert!(net.complete(&nodes[..2]));
}

#[test]
fn one_node_more_than_a_pool_may_have_is_not_heard() {
    let mut net = Net::new(1);
    let host = net.start("host", 1);
    for n in 0..limits::MEMBERS + 10 {
        // Each answers a greeting, is announced to, and announces itself.
        let address = SocketAddr::from(([10, 9, 9, 9], 1));
        let mut peer = Net::new(1);
        let index = peer.start(&format!("n{n}"), 1);
        let mut out = Vec::new();
        let host_id =
            Identity { name: "host".into(), incarnation: 1, rank: 0, address: "10.0.0.1:7800".into() };
        let to_peer = Packet::Greeting(Greeting { from: host_id, asks: false, rival: None });
        peer.nodes[index].swim.handle(ms(0), Input::Packet(address, to_peer), &mut out);
        let announced = out.into_iter().find_map(|output| match output {
            Output::Send(To::Node(_), packet @ Packet::Swim(_)) => Some(packet),
            _ => None,
        });
        net.handle(host, Input::Packet(address, announced.expect("announces itself")));
    }
    assert_eq!(net.nodes[host].swim.members().count(), limits::MEMBERS);
}
