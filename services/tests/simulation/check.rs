//! What must be true of a world at rest, and of all that was told in it.

use crate::{device::Phase, entity::Machine, planted::Planted, world::World};
use cluster::Owner;
use domain::{Address, ConversationId, EndpointName, conversation::Fact};
use event_log::{Facts, Offset, Record, Validity, Verdict, codec};
use std::{collections::BTreeMap, sync::Arc};

/// Of each conversation: the ids of what was said, in the order of the log, with the numbers.
type Fold = BTreeMap<ConversationId, Vec<(u64, String)>>;

/// So long before a move is heard of, something may have been on its way already.
const UNSETTLED: u64 = 15_000;

impl World {
    /// The log as every reader folds it: what is void is left out.
    fn fold(&mut self) -> Fold {
        let mut fold = Fold::new();
        for shard in self.log.shards.clone() {
            let mut validity = Validity::default();
            for (offset, bytes) in shard.into_iter().enumerate() {
                let record = match codec::decode(bytes) {
                    Ok(record) => record,
                    Err(error) => {
                        self.wrong(format!("a record cannot be read: {error}"));
                        continue;
                    }
                };
                let verdict = validity.fold(Offset(offset as u64), record.stamp(), record.is_claim());
                let Record::Facts(_, entry) = record else { continue };
                let (domain::Home::Conversation(id), Facts::Conversation(facts)) = (entry.home, entry.facts)
                else {
                    continue;
                };
                for fact in facts.iter().filter(|_| verdict == Verdict::Valid) {
                    if let Fact::Said { number, message, .. } = fact {
                        let said = message.origin_id.as_deref().unwrap_or("");
                        // The planted bug makes other ids of them.
                        let said = said.split('~').next().unwrap_or("").to_owned();
                        fold.entry(id.clone()).or_default().push((*number, said));
                    }
                }
            }
        }
        fold
    }

    /// The records of the log, a line for each, with what becomes of it.
    pub(crate) fn records(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (shard, records) in self.log.shards.iter().enumerate() {
            let mut validity = Validity::default();
            for (offset, bytes) in records.iter().enumerate() {
                let Ok(record) = codec::decode(bytes.clone()) else { continue };
                let verdict = validity.fold(Offset(offset as u64), record.stamp(), record.is_claim());
                let text: String = format!("{record:?}").chars().take(400).collect();
                lines.push(format!("shard {shard} offset {offset} {verdict:?}: {text}"));
            }
        }
        lines
    }

    /// Everything that was said, acknowledged, delivered.
    pub(crate) fn check_messages(&mut self) {
        let fold = self.fold();
        for (id, said) in &fold {
            for (at, (number, message)) in said.iter().enumerate() {
                if *number != at as u64 + 1 {
                    self.wrong(format!("{id}: what is at place {} has number {number}", at + 1));
                }
                if said[..at].iter().any(|(_, earlier)| earlier == message) {
                    self.wrong(format!("{id}: {message} was said twice"));
                }
            }
        }
        for d in 0..self.devices.len() {
            self.check_sent(d, &fold);
            self.check_got(d, &fold);
        }
    }

    fn check_sent(&mut self, d: usize, fold: &Fold) {
        let device = &self.devices[d];
        let me = device.user.clone();
        let sent: Vec<_> = device.sent.iter().map(|s| (s.id.clone(), s.to.clone(), s.accepted)).collect();
        for (id, to, accepted) in sent {
            let Some(number) = accepted else {
                self.wrong(format!("{id} was never accepted"));
                continue;
            };
            let conversation = ConversationId::between(me.clone(), to.clone());
            let is_there = fold.get(&conversation).is_some_and(|said| said.contains(&(number, id.clone())));
            if !is_there {
                self.wrong(format!("{id} was accepted as {number}, and is not in the log"));
            }
            let key = (conversation, number);
            let mut devices = self.devices.iter().filter(|device| device.user == to);
            if !devices.any(|device| device.known.get(&key) == Some(&id)) {
                self.wrong(format!("{id} was accepted as {number}, and never delivered"));
            }
        }
    }

    fn check_got(&mut self, d: usize, fold: &Fold) {
        let alone = self.devices.iter().filter(|other| other.user == self.devices[d].user).count() == 1;
        let mut last: BTreeMap<ConversationId, u64> = BTreeMap::new();
        for (conversation, number, id, ahead) in self.devices[d].got.clone() {
            let id = id.split('~').next().unwrap_or("").to_owned();
            if !fold.get(&conversation).is_some_and(|said| said.contains(&(number, id.clone()))) {
                self.wrong(format!("device {d} was told {id} as {number}, which does not count"));
            }
            let last = last.entry(conversation).or_default();
            // What one device held and never confirmed comes to the other late.
            if alone && number < *last {
                self.wrong(format!("device {d} got {number} after {last}: {id}"));
            }
            if !ahead {
                *last = (*last).max(number);
            }
        }
    }

    /// Who should be on is; every watcher sees what its contacts show, and nobody else.
    pub(crate) fn check_presence(&mut self) {
        let mut shown: BTreeMap<(Address, EndpointName), Arc<str>> = BTreeMap::new();
        for d in 0..self.devices.len() {
            let device = &self.devices[d];
            let (phase, rests) = (device.phase, device.rests);
            if let Some(note) = device.shown.clone().filter(|_| phase == Phase::On) {
                shown.insert((device.user.clone(), device.name.clone()), note);
            }
            if (phase == Phase::On) == rests {
                self.wrong(format!("device {d} is {phase:?}, and should be otherwise"));
            }
        }
        for d in 0..self.devices.len() {
            let device = &self.devices[d];
            let me = device.user.clone();
            if device.phase != Phase::On {
                continue;
            }
            // Two known holes (docs/simulation.md). The end of an endpoint that nobody saw, since a home was moving, is not
            // told later; and what a former home had on its way may come after what its successor says.
            let moved = |who: &Address| {
                let shard = self.shard_of(&domain::Home::User(who.clone()));
                self.moved_at.get(&shard).copied().unwrap_or(0)
            };
            let excused = |who: &Address, at: u64| moved(who).max(moved(&me)) + UNSETTLED > at;
            let mut should = shown.clone();
            should.retain(|(who, _), _| *who != me);
            let mut sees = BTreeMap::new();
            for (key, (note, at)) in device.sees.iter().filter(|(key, _)| key.0 != me) {
                match should.get(key) {
                    Some(true_note) if excused(&key.0, *at) => {
                        drop(sees.insert(key.clone(), true_note.clone()));
                    }
                    None if excused(&key.0, *at) => {}
                    _ => drop(sees.insert(key.clone(), note.clone())),
                }
            }
            if sees != should {
                self.wrong(format!("device {d} of {me} sees {sees:?}, and should {should:?}"));
            }
        }
    }

    /// Homes know of no session but those of devices that are on.
    pub(crate) fn check_seats(&mut self) {
        let mut wrong = Vec::new();
        for n in 0..self.slots.len() {
            for home in self.awake(n) {
                let domain::Home::User(user) = &home else { continue };
                let Some(entity) = self.slots[n].node.as_ref().and_then(|node| {
                    node.attempts.get(&self.shard_of(&home)).and_then(|attempt| attempt.entities.get(&home))
                }) else {
                    continue;
                };
                let Machine::User(machine, _) = &entity.machine else { continue };
                for endpoint in machine.endpoints() {
                    let is_on = |device: &&crate::device::Device| {
                        device.user == *user && device.name == *endpoint && device.phase == Phase::On
                    };
                    if !self.devices.iter().any(|device| is_on(&device)) {
                        wrong.push(format!("the home of {user} at n{n} has a ghost: {}", endpoint.as_str()));
                    }
                }
            }
        }
        wrong.into_iter().for_each(|text| self.wrong(text));
    }

    /// Each shard has one owner, whom everybody names.
    pub(crate) fn check_owners(&mut self) {
        let up: Vec<usize> = (0..self.slots.len()).filter(|n| self.slots[*n].node.is_some()).collect();
        for shard in 0..self.count.get() {
            let mut holders = Vec::new();
            let mut named = Vec::new();
            for node in up.iter().filter_map(|n| self.slots[*n].node.as_ref()) {
                if node.attempts.get(&shard).is_some_and(crate::desk::Attempt::is_open) {
                    holders.push(node.id.clone());
                }
                named.push(match &node.owners[usize::from(shard)] {
                    Owner::Here { .. } => Some(node.id.clone()),
                    Owner::There { node, .. } => Some(node.clone()),
                    Owner::Nobody => None,
                });
            }
            if holders.len() != 1 || named.iter().any(|name| name.as_ref() != holders.first()) {
                self.wrong(format!("shard {shard} is held by {holders:?} and said to be by {named:?}"));
            }
        }
    }

    /// A whole life of a world; what is wrong with it.
    pub(crate) fn live(&mut self) -> Vec<String> {
        self.begin();
        let length = self.random.within(5_000, 20_000);
        self.run(length);
        self.calm = true;
        for d in 0..self.devices.len() {
            self.devices[d].rests = self.random.chance(25);
        }
        self.trace(|| "calm".into());
        self.run(length + 45_000);
        self.check(false);
        self.devices.iter_mut().for_each(|device| device.rests = false);
        self.run(length + 80_000);
        self.check(true);
        self.wrong.clone()
    }

    fn check(&mut self, all: bool) {
        if self.wrong.is_empty() {
            self.check_owners();
            self.check_seats();
            self.check_presence();
        }
        if all && self.wrong.is_empty() {
            self.check_messages();
        }
    }
}

/// A planted bug is looked for until it is found.
pub(crate) fn live(seed: u64, planted: Option<Planted>, traced: bool) -> (Vec<String>, World) {
    let mut world = World::new(seed, planted, traced);
    let wrong = world.live();
    (wrong, world)
}
