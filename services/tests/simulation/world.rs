//! A world: nodes, a log, links, devices of people, and what happens next. Time passes from event to event.

use crate::{
    desk::Attempt,
    device::Device,
    disk::Disk,
    links::Links,
    log::Log,
    node::{At, Node},
    planted::Planted,
    random::Random,
};
use domain::{Address, ShardCount, Timestamp};
use std::collections::{BTreeMap, VecDeque};

/// The time at which each world begins.
const DAWN: u64 = 1_700_000_000_000;

/// What happens.
pub(crate) enum Event {
    /// At a node, if it still lives that life.
    At(usize, u64, Box<At>),
    /// A record of this line reaches the log.
    Land(u64),
    /// The next of what is on its way from one node to the other arrives.
    Arrive(usize, usize),
    /// Two nodes try to link.
    Link(usize, usize),
    /// At a device, on this connection of it.
    Device(usize, u64, crate::device::Hears),
    /// At a device.
    Wake(usize),
    /// Something goes wrong, or is mended.
    Fault(crate::faults::Fault),
}

/// A machine: what outlives the process on it.
pub(crate) struct Slot {
    pub(crate) node: Option<Node>,
    pub(crate) disks: BTreeMap<u16, Disk>,
    pub(crate) paused_until: u64,
    /// What its clock is ahead.
    pub(crate) skew: u64,
    /// Its records take so much longer to the log.
    pub(crate) slow_until: u64,
}

/// See the module.
pub(crate) struct World {
    pub(crate) now: u64,
    pub(crate) random: Random,
    events: BTreeMap<(u64, u64), Event>,
    number: u64,
    pub(crate) count: ShardCount,
    pub(crate) slots: Vec<Slot>,
    pub(crate) log: Log,
    pub(crate) links: Links,
    pub(crate) people: Vec<Address>,
    pub(crate) devices: Vec<Device>,
    pub(crate) connections: u64,
    /// When anybody heard last that a shard has moved.
    pub(crate) moved_at: BTreeMap<u16, u64>,
    pub(crate) planted: Option<Planted>,
    /// No faults, no new work: everything comes to rest.
    pub(crate) calm: bool,
    pub(crate) quiet: std::time::Duration,
    pub(crate) wrong: Vec<String>,
    pub(crate) steps: u64,
    trace: Option<VecDeque<String>>,
    /// What was traced, as a number: worlds of the same seed have the same.
    pub(crate) digest: u64,
}

impl Slot {
    /// What it keeps of a shard, and its attempt to have it.
    pub(crate) fn of(&mut self, shard: u16) -> Option<(&mut Disk, &mut Attempt)> {
        let attempt = self.node.as_mut()?.attempts.get_mut(&shard)?;
        Some((self.disks.entry(shard).or_default(), attempt))
    }
}

/// Lines of a trace that are kept.
const TRACED: usize = 20_000;

impl World {
    pub(crate) fn new(seed: u64, planted: Option<Planted>, traced: bool) -> Self {
        let mut random = Random::new(seed);
        let shards = u16::try_from(random.within(2, 5)).unwrap_or(2);
        let quiet = if random.chance(50) { 2 } else { 600 };
        Self {
            now: 0,
            events: BTreeMap::new(),
            number: 0,
            count: ShardCount::new(shards).expect("not none"),
            slots: Vec::new(),
            log: Log::new(shards),
            links: Links::default(),
            people: Vec::new(),
            devices: Vec::new(),
            connections: 0,
            moved_at: BTreeMap::new(),
            planted,
            calm: false,
            quiet: std::time::Duration::from_secs(quiet),
            wrong: Vec::new(),
            steps: 0,
            trace: traced.then(VecDeque::new),
            digest: 0,
            random,
        }
    }

    /// Something happens so much later.
    pub(crate) fn after(&mut self, delay: u64, event: Event) {
        self.at(self.now + delay, event);
    }

    pub(crate) fn at(&mut self, at: u64, event: Event) {
        self.number += 1;
        self.events.insert((at.max(self.now), self.number), event);
    }

    /// At a node, in its life of now.
    pub(crate) fn node_after(&mut self, delay: u64, n: usize, at: At) {
        if let Some(node) = &self.slots[n].node {
            let life = node.id.incarnation;
            self.after(delay, Event::At(n, life, Box::new(at)));
        }
    }

    pub(crate) fn is(&self, planted: Planted) -> bool {
        self.planted == Some(planted)
    }

    /// The clock of a node.
    pub(crate) fn clock(&self, n: usize) -> Timestamp {
        Timestamp(DAWN + self.slots[n].skew + self.now)
    }

    /// How long until that node's clock shows this.
    pub(crate) fn until(&self, n: usize, at: Timestamp) -> u64 {
        at.0.saturating_sub(self.clock(n).0)
    }

    pub(crate) fn trace(&mut self, line: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            if trace.len() >= TRACED {
                trace.pop_front();
            }
            trace.push_back(format!("{:>6} {}", self.now, line()));
        }
    }

    pub(crate) fn traced(&self) -> impl Iterator<Item = &String> {
        self.trace.iter().flatten()
    }

    pub(crate) fn wrong(&mut self, what: String) {
        if self.wrong.len() < 20 {
            self.trace(|| format!("WRONG {what}"));
            self.wrong.push(what);
        }
    }

    /// Runs until then, or until something is wrong.
    pub(crate) fn run(&mut self, until: u64) {
        while self.wrong.is_empty()
            && let Some(entry) = self.events.first_entry().filter(|entry| entry.key().0 <= until)
        {
            let ((at, number), event) = entry.remove_entry();
            self.now = self.now.max(at);
            self.steps += 1;
            self.digest = (self.digest ^ at ^ number).wrapping_mul(0x0100_0000_01b3).rotate_left(17);
            self.play(number, event);
        }
        self.now = self.now.max(until);
    }

    fn play(&mut self, number: u64, event: Event) {
        match event {
            Event::At(n, life, at) => {
                if self.slots[n].node.as_ref().is_none_or(|node| node.id.incarnation != life) {
                    return;
                }
                let paused = self.slots[n].paused_until;
                if paused > self.now {
                    // In the order in which it would have come.
                    self.events.insert((paused, number), Event::At(n, life, at));
                } else {
                    self.happens(n, *at);
                }
            }
            Event::Land(line) => self.land(line),
            Event::Arrive(from, to) => self.arrive(from, to),
            Event::Link(a, b) => self.try_link(a, b),
            Event::Device(device, connection, hears) => self.device_hears(device, connection, hears),
            Event::Wake(device) => self.wake_device(device),
            Event::Fault(fault) => self.befall(fault),
        }
    }

    /// A record is handed to the log.
    pub(crate) fn append(&mut self, n: usize, line: u64, record: bytes::Bytes) -> bool {
        if !self.log.append(self.now, line, record) {
            return false;
        }
        let slow = if self.slots[n].slow_until > self.now { self.random.within(0, 3_000) } else { 0 };
        let delay = self.random.within(1, 8) + slow;
        let Some(known) = self.log.lines.get_mut(&line) else { return false };
        known.lands_at = known.lands_at.max(self.now + delay);
        let at = known.lands_at;
        self.at(at, Event::Land(line));
        true
    }

    fn land(&mut self, line: u64) {
        let away = self.log.away_until;
        if away > self.now {
            return self.at(away, Event::Land(line));
        }
        self.log.land(line);
        self.tell_outcomes_later(line);
    }

    pub(crate) fn tell_outcomes_later(&mut self, line: u64) {
        let delay = self.random.within(0, 6);
        let Some(known) = self.log.lines.get_mut(&line) else { return };
        known.tells_at = known.tells_at.max(self.now + delay);
        let (at, n, shard) = (known.tells_at, known.node, known.shard);
        if let Some(node) = &self.slots[n].node {
            let incarnation = node.id.incarnation;
            self.at(at, Event::At(n, incarnation, Box::new(At::Outcomes(shard, line))));
        }
    }
}
