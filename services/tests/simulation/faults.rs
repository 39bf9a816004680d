//! What goes wrong: crashes with and without the disk, long pauses, links cut one way or both, brokers away, appends that fail
//! though they land. And how a world begins and comes to rest.

use crate::{
    device::Device,
    node::At,
    world::{Event, Slot, World},
};
use domain::{
    Address, EndpointName, Home, Shard, Timestamp,
    roster::{Contact, Subscription},
    user::Fact,
};
use event_log::{Entry, Stamp, WriterId, codec};
use std::{collections::BTreeMap, sync::Arc};

/// See the module.
#[derive(Clone, Copy)]
pub(crate) enum Fault {
    /// The next one is chosen.
    Next,
    /// The machine starts its node again.
    Restart(usize),
    /// The link between them is lost.
    Break(usize, usize),
}

impl World {
    /// Nodes, people with accounts who are contacts of each other, devices.
    pub(crate) fn begin(&mut self) {
        let nodes = self.random.within(2, 5);
        for _ in 0..nodes {
            let skew = if self.random.chance(10) { 3_600_000 } else { self.random.within(0, 50) };
            let (disks, node) = (BTreeMap::new(), None);
            self.slots.push(Slot { node, disks, paused_until: 0, skew, slow_until: 0 });
        }
        let people = self.random.within(2, 4);
        self.people = (0..people)
            .map(|number| Address::parse(&format!("u{number}@example.org")).expect("an address"))
            .collect();
        self.make_accounts();
        for person in self.people.clone() {
            for name in ["desk", "phone"].iter().take(if self.random.chance(30) { 2 } else { 1 }) {
                self.devices.push(Device::new(person.clone(), EndpointName::parse(name).expect("a name")));
            }
        }
        (0..self.slots.len()).for_each(|n| self.start(n));
        for d in 0..self.devices.len() {
            let delay = self.random.within(0, 2_000);
            self.after(delay, Event::Wake(d));
        }
        self.after(2_000, Event::Fault(Fault::Next));
    }

    /// As an earlier owner left them in the log.
    fn make_accounts(&mut self) {
        let stamp = Stamp { epoch: 1, writer: WriterId(u64::MAX) };
        self.log.shards.iter_mut().for_each(|log| log.push(codec::encode_claim(stamp)));
        for person in &self.people {
            let both = Subscription { to: true, from: true, ..Subscription::default() };
            let contact = |other: &Address| Contact {
                address: other.clone(),
                name: None,
                groups: Vec::new(),
                subscription: both,
                container: None,
            };
            let others = self.people.iter().filter(|other| *other != person);
            let mut facts = vec![Fact::AccountCreated { verifiers: Vec::new(), at: Timestamp(1) }];
            facts.extend(others.map(|other| Fact::ContactSet(Arc::new(contact(other)))));
            let Shard(shard) = Home::User(person.clone()).shard(self.count);
            self.log.shards[usize::from(shard)].push(Entry::user(person.clone(), facts).encode(stamp));
        }
    }

    pub(crate) fn befall(&mut self, fault: Fault) {
        match fault {
            Fault::Restart(n) => {
                if self.slots[n].node.is_none() {
                    self.start(n);
                }
            }
            Fault::Break(a, b) => self.break_link(a, b),
            Fault::Next if self.calm => {}
            Fault::Next => {
                self.choose();
                let delay = self.random.within(100, 2_500);
                self.after(delay, Event::Fault(Fault::Next));
            }
        }
    }

    fn choose(&mut self) {
        let n = self.random.index(self.slots.len());
        let other = (n + 1 + self.random.index(self.slots.len() - 1)) % self.slots.len();
        match self.random.within(0, 99) {
            0..20 => self.crash(n),
            20..35 => self.pause(n),
            35..55 => self.cut(n, other),
            55..65 => self.break_link(n, other),
            65..75 => self.log.away_until = self.now + self.random.within(100, 8_000),
            75..90 => self.slots[n].slow_until = self.now + self.random.within(500, 6_000),
            _ => self.fail_lines(n),
        }
    }

    /// Appends of this node fail, or so it is told.
    fn fail_lines(&mut self, n: usize) {
        self.trace(|| format!("appends of n{n} fail"));
        let lines: Vec<u64> = self
            .log
            .lines
            .iter()
            .filter(|(_, line)| line.node == n && !line.broken)
            .map(|(id, _)| *id)
            .collect();
        for line in lines {
            let waits = self.log.lines.get(&line).map_or(0, |line| line.queue.len());
            let land = self.random.index(waits + 1);
            self.log.fail(line, land);
            self.tell_outcomes_later(line);
        }
    }

    fn crash(&mut self, n: usize) {
        let up = self.slots.iter().filter(|slot| slot.node.is_some()).count();
        let Some(id) = self.slots[n].node.as_ref().map(|node| node.id.clone()).filter(|_| up > 1) else {
            return;
        };
        self.trace(|| format!("n{n} crashes"));
        self.fail_lines(n);
        for other in (0..self.slots.len()).filter(|other| *other != n) {
            self.break_link(n, other);
            let delay = self.random.within(500, 3_000);
            self.node_after(delay, other, At::Gone(id.clone(), n));
        }
        self.slots[n].node = None;
        self.slots[n].paused_until = 0;
        if self.random.chance(30) {
            self.slots[n].disks.clear();
        }
        self.connections_die(n, 0, 2_000);
        let delay = self.random.within(50, 6_000);
        self.after(delay, Event::Fault(Fault::Restart(n)));
    }

    /// The others may think it gone, and meet it again when it wakes.
    fn pause(&mut self, n: usize) {
        if self.slots[n].node.is_none() || self.slots[n].paused_until > self.now {
            return;
        }
        let length = self.random.within(20, 9_000);
        self.trace(|| format!("n{n} sleeps for {length}"));
        self.slots[n].paused_until = self.now + length;
        if length > 3_000 {
            self.connections_die(n, 2_500, 12_000);
            for other in (0..self.slots.len()).filter(|other| *other != n) {
                if self.random.chance(70) {
                    self.lose_sight(other, n, length);
                }
            }
        }
    }

    /// One thinks for a while that the other is gone.
    fn lose_sight(&mut self, n: usize, of: usize, length: u64) {
        if let Some(id) = self.slots[of].node.as_ref().map(|node| node.id.clone()) {
            let gone = self.random.within(1_500, length);
            self.node_after(gone, n, At::Gone(id.clone(), of));
            let back = length + self.random.within(1, 1_500);
            self.node_after(back, n, At::Meets(id));
        }
    }

    /// Nothing goes one way, or neither.
    fn cut(&mut self, a: usize, b: usize) {
        let length = self.random.within(100, 8_000);
        let both = self.random.chance(50);
        self.trace(|| format!("n{a} to n{b} is cut for {length}, both ways: {both}"));
        self.stall(a, b, self.now + length);
        if both {
            self.stall(b, a, self.now + length);
        }
        if length > 2_000 {
            let breaks = self.random.within(1_000, length);
            self.after(breaks, Event::Fault(Fault::Break(a, b)));
            if self.random.chance(40) {
                self.lose_sight(a, b, length);
            }
            if self.random.chance(40) {
                self.lose_sight(b, a, length);
            }
        }
    }
}
