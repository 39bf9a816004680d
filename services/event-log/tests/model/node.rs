//! One node: the real [`Owner`] and the least that a host does around it.
//!
//! The host obeys the machine's outputs to the letter and adds nothing: what is promised must come from the machine.

use crate::{
    planted::{self, Planted},
    pool::{Acknowledged, Host, Pool, Written},
    promises::place,
};
use event_log::{Checkpoint, Input, LostBy, Offset, Outcome, Output, Owner, Stamp, WriterId};
use std::collections::VecDeque;

/// A fact, by who decided it: the node, which life of its actors, and the number in that life, from 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Fact {
    pub(crate) node: u8,
    pub(crate) life: u8,
    pub(crate) number: u8,
}

/// Handed to the log and not there yet.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Sent {
    pub(crate) record: Written,
    attempt: u8,
}

/// See the module.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Node {
    id: u8,
    writer: WriterId,
    pub(crate) owner: Option<Owner>,
    /// Where the next attempt starts.
    checkpoint: Checkpoint,
    /// How often it took the shard; each time is another appender.
    attempt: u8,
    decided: u8,
    /// The last fact of these actors.
    last: Fact,
    pub(crate) sent: Vec<Sent>,
    /// The log takes nothing more of this attempt.
    is_broken: bool,
    /// The last outcome of this attempt is in `outcomes`: it is unknown what became of the rest.
    is_deaf: bool,
    outcomes: VecDeque<Outcome>,
    /// Decided and not acknowledged, oldest first.
    pub(crate) pending: VecDeque<Fact>,
    pub(crate) reading: Option<Offset>,
    /// What its actors know, in the order in which they learnt it.
    pub(crate) known: Vec<Fact>,
    /// The first higher claim that it read while it owned the shard.
    higher: Option<Offset>,
    /// Why the last attempt ended.
    pub(crate) lost: Option<LostBy>,
    /// It acknowledged or went on where it must not.
    pub(crate) is_in_breach: bool,
}

impl Node {
    pub(crate) fn new(id: u8) -> Self {
        Self {
            id,
            writer: WriterId(u64::from(id)),
            owner: None,
            checkpoint: Checkpoint::default(),
            attempt: 0,
            decided: 0,
            last: Fact { node: id, life: 1, number: 0 },
            sent: Vec::new(),
            is_broken: false,
            is_deaf: false,
            outcomes: VecDeque::new(),
            pending: VecDeque::new(),
            reading: None,
            known: Vec::new(),
            higher: None,
            lost: None,
            is_in_breach: false,
        }
    }

    pub(crate) fn has_been_there(&self) -> bool {
        self.attempt > 0
    }

    pub(crate) fn may_take(&self, takes: u8) -> bool {
        self.owner.is_none() && self.attempt < takes
    }

    pub(crate) fn may_decide(&self, facts: u8) -> bool {
        self.stamp().is_some() && !self.is_broken && self.decided < facts
    }

    /// What it believes to own the shard by.
    pub(crate) fn stamp(&self) -> Option<Stamp> {
        self.owner.as_ref().and_then(Owner::stamp)
    }

    /// The places in `sent` of what may land next: of each attempt the oldest.
    pub(crate) fn landing(&self) -> impl Iterator<Item = usize> {
        let is_first =
            |&at: &usize| self.sent[..at].iter().all(|earlier| earlier.attempt != self.sent[at].attempt);
        (0..self.sent.len()).filter(is_first)
    }

    /// Whether anybody still listens for what becomes of it.
    pub(crate) fn is_heard(&self, at: usize) -> bool {
        self.owner.is_some() && !self.is_deaf && self.sent[at].attempt == self.attempt
    }

    /// How many outcomes may be told as one: one, or all that lie one after the other.
    pub(crate) fn runs(&self) -> impl Iterator<Item = usize> + use<> {
        let first = self.outcomes.front().and_then(|outcome| appended(*outcome));
        let follows = |(at, outcome): &(usize, &Outcome)| {
            first.is_some_and(|first| appended(**outcome) == Some(first.plus(*at as u64)))
        };
        let longest = self.outcomes.iter().enumerate().take_while(follows).count();
        let one = (!self.outcomes.is_empty()).then_some(1);
        one.into_iter().chain((longest > 1).then_some(longest))
    }

    pub(crate) fn may_miss(&self) -> bool {
        self.outcomes.len() > 1
    }

    pub(crate) fn miss(&mut self) {
        self.outcomes.pop_front();
    }

    /// It waits for something that is on its way, or for nothing.
    pub(crate) fn is_served(&self) -> bool {
        let on_its_way = self.reading.is_some()
            || !self.outcomes.is_empty()
            || self.sent.iter().any(|sent| sent.attempt == self.attempt);
        self.owner.is_none() || on_its_way || (self.stamp().is_some() && self.pending.is_empty())
    }

    pub(crate) fn take(&mut self, pool: &Pool, log: &[Written], acknowledged: &mut Vec<Acknowledged>) {
        self.attempt += 1;
        (self.lost, self.higher, self.is_broken, self.is_deaf) = (None, None, false, false);
        self.owner = Some(Owner::new(self.writer, self.checkpoint));
        self.tell(pool, Input::Take, log, acknowledged);
    }

    pub(crate) fn decide(&mut self) {
        self.decided += 1;
        self.last.number += 1;
        self.pending.push_back(self.last);
        self.send(self.stamp().expect("it owns the shard"), Some(self.last));
    }

    fn send(&mut self, stamp: Stamp, fact: Option<Fact>) {
        self.sent.push(Sent { record: Written { stamp, fact }, attempt: self.attempt });
    }

    pub(crate) fn land(&mut self, at: usize, log: &mut Vec<Written>) {
        if self.is_heard(at) {
            let first = Offset(log.len() as u64);
            self.outcomes.push_back(Outcome::Appended { first, count: 1 });
        }
        log.push(self.sent.remove(at).record);
    }

    pub(crate) fn time_out(&mut self) {
        self.is_deaf = true;
        self.outcomes.push_back(Outcome::Failed);
    }

    /// Nothing of an attempt lands after a record of it that does not; with `a_hole` it does.
    pub(crate) fn vanish(&mut self, at: usize, a_hole: bool) {
        let attempt = self.sent.remove(at).attempt;
        if !a_hole {
            self.sent.retain(|sent| sent.attempt != attempt);
            self.is_broken = true;
        }
        self.time_out();
    }

    /// Another run of the node: another writer, which knows nothing.
    pub(crate) fn crash(&mut self) {
        let (sent, next) = (std::mem::take(&mut self.sent), self.writer.0 + 10);
        let life = self.last.life + 1;
        let (attempt, decided) = (self.attempt, self.decided);
        *self = Self { sent, attempt, decided, writer: WriterId(next), ..Self::new(self.id) };
        self.last.life = life;
    }

    pub(crate) fn hear(
        &mut self,
        pool: &Pool,
        run: usize,
        log: &[Written],
        acknowledged: &mut Vec<Acknowledged>,
    ) {
        let mut outcome = self.outcomes[0];
        self.outcomes.drain(..run);
        if let Outcome::Appended { count, .. } = &mut outcome {
            *count = u32::try_from(run).expect("small");
        }
        self.tell(pool, Input::Outcome(outcome), log, acknowledged);
    }

    pub(crate) fn read(
        &mut self,
        pool: &Pool,
        most: usize,
        log: &[Written],
        acknowledged: &mut Vec<Acknowledged>,
    ) {
        let from = self.reading.take().map_or(0, place);
        let numbered = log.iter().enumerate().skip(from).take(most);
        let records: Vec<_> =
            numbered.map(|(at, r)| (Offset(at as u64), r.stamp, r.fact.is_none())).collect();
        if let Some(own) = self.stamp() {
            let higher = records.iter().find(|(_, stamp, claim)| *claim && stamp.epoch > own.epoch);
            self.higher = self.higher.or(higher.map(|record| record.0));
        }
        self.tell(pool, Input::Records(&records), log, acknowledged);
    }

    fn tell(&mut self, pool: &Pool, input: Input<'_>, log: &[Written], to: &mut Vec<Acknowledged>) {
        let Some(owner) = self.owner.as_mut() else { return };
        let mut out = Vec::new();
        planted::handle(pool.planted, owner, input, log, &mut out);
        for output in out {
            self.is_in_breach |= self.owner.is_none();
            self.obey(pool, output, log, to);
        }
    }

    fn obey(&mut self, pool: &Pool, output: Output, log: &[Written], to: &mut Vec<Acknowledged>) {
        match output {
            Output::Read(from) => self.reading = Some(from),
            Output::Claim(stamp) => self.send(stamp, None),
            Output::Apply(offset) => self.apply(pool, offset, log, to),
            // What was carried over from an earlier attempt.
            Output::Owned(stamp) => {
                self.pending.clone().into_iter().for_each(|fact| self.send(stamp, Some(fact)));
            }
            Output::Acknowledge { first, count } => {
                let at = self.owner.as_ref().map(|owner| owner.checkpoint().offset);
                let first = match (pool.planted, at) {
                    (Some(Planted::OffsetFromTheEnd), Some(end)) => Offset(end.0 - u64::from(count)),
                    _ => first,
                };
                for offset in (0..u64::from(count)).map(|index| first.plus(index)) {
                    let Some(fact) = self.pending.pop_front() else { return self.is_in_breach = true };
                    self.is_in_breach |= self.higher.is_some_and(|higher| offset > higher);
                    self.known.push(fact);
                    to.push(Acknowledged { offset, fact });
                }
            }
            Output::Lost(by) => self.lose(pool, by),
        }
    }

    /// A fact in the log counts: mine, which I carry and which is there already, or somebody else's.
    fn apply(&mut self, pool: &Pool, offset: Offset, log: &[Written], to: &mut Vec<Acknowledged>) {
        let Some(fact) = log[place(offset)].fact else { return };
        let is_blind = pool.planted == Some(Planted::CarriesBlindly);
        match self.pending.front() {
            Some(&mine) if mine == fact || is_blind => {
                self.pending.pop_front();
                to.push(Acknowledged { offset, fact: mine });
            }
            // What mine was decided on is not what is: they were not acknowledged, and go.
            Some(_) => self.drop_actors(),
            None => {}
        }
        self.known.push(fact);
    }

    fn lose(&mut self, pool: &Pool, by: LostBy) {
        self.checkpoint = self.owner.take().map_or(self.checkpoint, |owner| owner.checkpoint());
        (self.reading, self.lost) = (None, Some(by));
        self.outcomes.clear();
        let is_blind = pool.planted == Some(Planted::CarriesBlindly);
        let carries = pool.host == Host::Carries && (is_blind || !matches!(by, LostBy::Claim(_)));
        if !carries {
            self.drop_actors();
        }
    }

    fn drop_actors(&mut self) {
        self.pending.clear();
        self.last = Fact { node: self.id, life: self.last.life + 1, number: 0 };
    }
}

fn appended(outcome: Outcome) -> Option<Offset> {
    match outcome {
        Outcome::Appended { first, .. } => Some(first),
        Outcome::Failed => None,
    }
}
