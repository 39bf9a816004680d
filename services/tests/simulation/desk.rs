//! A shard while a node has it, as `frontend::shard` does it: appends in order, and what the owner machine says of their
//! outcomes; what fails loses the shard for good.

use crate::{
    disk::Saved,
    entity::{Act, Entity, Turn, entry},
    node::At,
    planted::Planted,
    world::World,
};
use domain::Home;
use event_log::{Entry, Input, Offset, Outcome, Output, Owner, Record, Stamp, codec};
use std::collections::{BTreeMap, VecDeque};

/// One attempt to have a shard: being taken, had, handed over.
#[allow(clippy::struct_excessive_bools, reason = "independent of each other")]
pub(crate) struct Attempt {
    pub(crate) line: u64,
    pub(crate) owner: Owner,
    /// It is had: entities may be woken.
    pub(crate) runs: bool,
    /// Nothing new reaches it.
    pub(crate) closing: bool,
    pub(crate) lost: bool,
    /// Its claim is on its way, or there.
    pub(crate) claims: bool,
    /// While it is taken: the page that was read last.
    pub(crate) page: Vec<(Offset, Record)>,
    open: VecDeque<(Home, Entry)>,
    handed: usize,
    pub(crate) entities: BTreeMap<Home, Entity>,
    pub(crate) unsaved: Vec<Saved>,
}

impl Attempt {
    pub(crate) fn new(line: u64, owner: Owner) -> Self {
        Self {
            line,
            owner,
            runs: false,
            closing: false,
            lost: false,
            claims: false,
            page: Vec::new(),
            open: VecDeque::new(),
            handed: 0,
            entities: BTreeMap::new(),
            unsaved: Vec::new(),
        }
    }

    /// Something may be said to it.
    pub(crate) fn is_open(&self) -> bool {
        self.runs && !self.closing
    }
}

/// What the owner wants to see of records.
pub(crate) fn stamps(page: &[(Offset, Record)]) -> Vec<(Offset, Stamp, bool)> {
    page.iter().map(|(offset, record)| (*offset, record.stamp(), record.is_claim())).collect()
}

impl World {
    pub(crate) fn attempt(&mut self, n: usize, shard: u16) -> Option<&mut Attempt> {
        self.slots[n].node.as_mut()?.attempts.get_mut(&shard)
    }

    pub(crate) fn shard_of(&self, home: &Home) -> u16 {
        home.shard(self.count).0
    }

    pub(crate) fn entity(&mut self, n: usize, home: &Home) -> Option<&mut Entity> {
        let shard = self.shard_of(home);
        self.attempt(n, shard).filter(|attempt| attempt.runs)?.entities.get_mut(home)
    }

    /// Appends what an entity decided; it is told when that is durable.
    pub(crate) fn desk_append(&mut self, n: usize, home: &Home, entry: Entry) {
        let shard = self.shard_of(home);
        if let Some(attempt) = self.attempt(n, shard) {
            attempt.open.push_back((home.clone(), entry));
            self.hand_over(n, shard);
        }
    }

    fn hand_over(&mut self, n: usize, shard: u16) {
        while let Some(attempt) = self.attempt(n, shard) {
            let Some(stamp) = attempt.owner.stamp().filter(|_| !attempt.lost) else { return };
            let Some((_, entry)) = attempt.open.get(attempt.handed) else { return };
            let (line, record) = (attempt.line, entry.encode(stamp));
            let taken = self.hand_to_log(n, line, record);
            let Some(attempt) = self.attempt(n, shard) else { return };
            if taken {
                attempt.handed += 1;
            } else {
                attempt.lost = true;
                self.node_after(0, n, At::Outcomes(shard, line));
            }
        }
    }

    /// Outcomes of appends wait.
    pub(crate) fn outcomes(&mut self, n: usize, shard: u16, line: u64) {
        if self.attempt(n, shard).is_none_or(|attempt| attempt.line != line) {
            return;
        }
        for outcome in self.log.outcomes(line) {
            self.drive(n, shard, line, Input::Outcome(outcome));
        }
        self.give_up_lost(n, shard, line);
    }

    pub(crate) fn give_up_lost(&mut self, n: usize, shard: u16, line: u64) {
        if self.attempt(n, shard).is_some_and(|attempt| attempt.lost && attempt.line == line) {
            self.give_up(n, shard);
            self.own(n, cluster::ownership::Input::Lost(domain::Shard(shard)));
        }
    }

    /// Nothing that is pending is acknowledged, nobody is answered.
    pub(crate) fn give_up(&mut self, n: usize, shard: u16) {
        self.trace(|| format!("n{n} gives up {shard}"));
        if let Some(node) = &mut self.slots[n].node {
            node.attempts.remove(&shard);
        }
    }

    /// Feeds the owner, and does what it says.
    pub(crate) fn drive(&mut self, n: usize, shard: u16, line: u64, input: Input<'_>) {
        let blind = self.is(Planted::NoContiguity);
        let Some(attempt) = self.attempt(n, shard).filter(|attempt| attempt.line == line) else { return };
        if let (Input::Outcome(Outcome::Appended { first, count }), true, true) = (input, blind, attempt.runs)
        {
            return self.acknowledge(n, shard, line, first, count);
        }
        let mut out = Vec::new();
        attempt.owner.handle(input, &mut out);
        for output in out {
            self.obey(n, shard, line, output);
        }
    }

    fn obey(&mut self, n: usize, shard: u16, line: u64, output: Output) {
        match output {
            Output::Read(from) => self.read_later(n, shard, line, from),
            Output::Apply(offset) => self.apply(n, shard, offset),
            Output::Claim(stamp) => {
                let taken = self.hand_to_log(n, line, codec::encode_claim(stamp));
                if let Some(attempt) = self.attempt(n, shard) {
                    (attempt.claims, attempt.lost) = (true, !taken);
                }
            }
            Output::Owned(stamp) => self.taken(n, shard, stamp),
            Output::Acknowledge { first, count } => self.acknowledge(n, shard, line, first, count),
            Output::Lost(by) => {
                self.trace(|| format!("n{n} loses {shard}: {by:?}"));
                if let Some(attempt) = self.attempt(n, shard) {
                    attempt.lost = true;
                }
            }
        }
    }

    fn acknowledge(&mut self, n: usize, shard: u16, line: u64, first: Offset, count: u32) {
        let Some(attempt) = self.attempt(n, shard).filter(|attempt| attempt.line == line) else { return };
        let mut told = Vec::new();
        for index in 0..u64::from(count) {
            if let Some((home, _)) = attempt.open.pop_front() {
                attempt.handed = attempt.handed.saturating_sub(1);
                if let Some(entity) = attempt.entities.get_mut(&home) {
                    entity.unsaved_from.get_or_insert(first.plus(index));
                }
                told.push((home, first.plus(index)));
            }
        }
        told.into_iter().for_each(|(home, offset)| self.durable(n, &home, offset));
    }

    /// The oldest turn of an entity that waited is durable.
    fn durable(&mut self, n: usize, home: &Home, offset: Offset) {
        let Some(entity) = self.entity(n, home) else { return };
        entity.reflects = Some(offset);
        if let Some(acts) = entity.waiting.pop_front() {
            self.perform(n, home, acts);
        }
        let Some(entity) = self.entity(n, home) else { return };
        if entity.waiting.is_empty() && entity.snapshot_wanted {
            self.hand_out_rows(n, home);
        }
    }

    /// Ends a turn.
    pub(crate) fn settle(&mut self, n: usize, home: &Home, turn: Turn) {
        let Turn { facts, acts, at_once } = turn;
        self.perform(n, home, at_once);
        let early = self.is(Planted::EarlyEffects);
        let Some(entity) = self.entity(n, home) else { return };
        if let Some(facts) = facts {
            let acts = if early {
                acts
            } else {
                entity.waiting.push_back(acts);
                Vec::new()
            };
            if early {
                entity.waiting.push_back(Vec::new());
            }
            self.desk_append(n, home, entry(home, facts));
            self.perform(n, home, acts);
        } else if let Some(last) = entity.waiting.back_mut().filter(|_| !early) {
            // No facts of its own: it leaves with the turn before it.
            last.extend(acts);
        } else {
            self.perform(n, home, acts);
        }
        self.rearm(n, home);
    }

    /// Keeps a timer at the machine's deadline.
    fn rearm(&mut self, n: usize, home: &Home) {
        let Some(entity) = self.entity(n, home) else { return };
        let (Some(deadline), waits) = (entity.deadline(), !entity.waiting.is_empty()) else { return };
        let delay = self.until(n, deadline).max(if waits { crate::node::RETRY } else { 1 });
        let at = self.now + delay;
        let Some(entity) = self.entity(n, home) else { return };
        if entity.ticks_at.is_none_or(|known| known > at) {
            entity.ticks_at = Some(at);
            self.node_after(delay, n, At::Tick(home.clone()));
        }
    }

    pub(crate) fn tick(&mut self, n: usize, home: &Home) {
        let (now, at) = (self.clock(n), self.now);
        let Some(entity) = self.entity(n, home) else { return };
        if entity.ticks_at != Some(at) {
            return;
        }
        entity.ticks_at = None;
        let due = entity.deadline().is_some_and(|deadline| deadline <= now);
        let turn = if due {
            entity.turn(|machine, out| machine.tick(now, out), |machine, out| machine.tick(now, out))
        } else {
            Turn::default()
        };
        self.settle(n, home, turn);
    }

    /// Does effects.
    pub(crate) fn perform(&mut self, n: usize, home: &Home, acts: Vec<Act>) {
        for act in acts {
            match act {
                Act::Soft(message) => drop(self.send_home(n, message)),
                Act::Tell(message) => {
                    // What waits keeps its place: nothing overtakes it.
                    if self.entity(n, home).is_some_and(|entity| entity.undelivered.is_empty()) {
                        if let Err(back) = self.send_home(n, message) {
                            self.undelivered(n, home, back);
                        }
                    } else {
                        self.undelivered(n, home, message);
                    }
                }
                Act::Endpoint(name, turn, event) => {
                    let waits = self.entity(n, home).and_then(|entity| entity.seat(&name));
                    let held = matches!(&event, domain::endpoint::Event::Delivery(d) if d.serial > 0);
                    if waits.is_some_and(|seat| turn >= if held { seat.attached } else { seat.since }) {
                        self.tell_endpoint(n, home, &name, event);
                    }
                }
                Act::Session(node, message) => drop(self.tell_session(n, &node, *message)),
            }
        }
    }

    fn undelivered(&mut self, n: usize, home: &Home, message: Box<cluster::wire::Message>) {
        if let Some(entity) = self.entity(n, home) {
            entity.undelivered.push_back(message);
            self.retry_later(n, home);
        }
    }

    fn retry_later(&mut self, n: usize, home: &Home) {
        if let Some(entity) = self.entity(n, home)
            && !std::mem::replace(&mut entity.retrying, true)
        {
            self.node_after(crate::node::RETRY, n, At::Retry(home.clone()));
        }
    }

    pub(crate) fn retry(&mut self, n: usize, home: &Home) {
        let Some(entity) = self.entity(n, home) else { return };
        entity.retrying = false;
        while let Some(message) = self.entity(n, home).and_then(|entity| entity.undelivered.pop_front()) {
            if let Err(back) = self.send_home(n, message) {
                if let Some(entity) = self.entity(n, home) {
                    entity.undelivered.push_front(back);
                }
                self.retry_later(n, home);
                break;
            }
        }
        self.retry_seats(n, home);
    }

    fn retry_seats(&mut self, n: usize, home: &Home) {
        if !matches!(home, Home::User(_)) {
            return;
        }
        let seats = self.entity(n, home).map_or(0, |entity| entity.seats().len());
        for at in 0..seats {
            let Some(seat) = self.entity(n, home).and_then(|entity| entity.seats().get_mut(at)) else {
                return;
            };
            let (node, session) = (seat.node.clone(), seat.session);
            let behind = std::mem::take(&mut seat.behind);
            let mut rest = VecDeque::new();
            for event in behind {
                let message = cluster::wire::Message::Event { session, event: event.clone() };
                if !rest.is_empty() || !self.tell_session(n, &node, message) {
                    rest.push_back(event);
                }
            }
            if !rest.is_empty() {
                self.retry_later(n, home);
                if let Some(seat) = self.entity(n, home).and_then(|entity| entity.seats().get_mut(at)) {
                    seat.behind = rest;
                }
            }
        }
    }

    fn tell_endpoint(
        &mut self,
        n: usize,
        home: &Home,
        name: &domain::EndpointName,
        event: domain::endpoint::Event,
    ) {
        let Some(seat) = self.entity(n, home).and_then(|entity| entity.seat(name)) else { return };
        let (node, session) = (seat.node.clone(), seat.session);
        let waits = !seat.behind.is_empty();
        let message = cluster::wire::Message::Event { session, event: event.clone() };
        if waits || !self.tell_session(n, &node, message) {
            if let Some(seat) = self.entity(n, home).and_then(|entity| entity.seat(name)) {
                seat.behind.push_back(event);
            }
            self.retry_later(n, home);
        }
    }
}
