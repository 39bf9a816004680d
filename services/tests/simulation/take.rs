//! Taking a shard: claim it, replay what the rows on the disk do not cover, go on with what was under way.

use crate::{
    desk::{Attempt, stamps},
    entity::{Entity, Turn},
    node::At,
    planted::Planted,
    world::World,
};
use cluster::{NodeId, ownership, wire::Message};
use domain::{
    Address, Home, Reason, Refusal, Shard,
    conversation::{self, Survivors},
    user,
};
use event_log::{Input, Offset, Owner, Record, Stamp, codec};
use std::collections::BTreeMap;

/// Work is refused while a record has waited for so long.
const HOLD: u64 = 5_000;

impl World {
    pub(crate) fn take(&mut self, n: usize, shard: u16) {
        let line = self.log.line(n, shard);
        let checkpoint = self.slots[n].disks.entry(shard).or_default().checkpoint;
        self.trace(|| format!("n{n} takes {shard} from {}", checkpoint.offset));
        let Some(node) = &mut self.slots[n].node else { return };
        let owner = Owner::new(node.writer, checkpoint);
        if node.attempts.insert(shard, Attempt::new(line, owner)).is_some() {
            self.wrong(format!("n{n} is asked to take {shard}, which it has"));
        }
        self.drive(n, shard, line, Input::Take);
    }

    pub(crate) fn read_later(&mut self, n: usize, shard: u16, line: u64, from: Offset) {
        let delay = self.random.within(1, 20);
        self.node_after(delay, n, At::Read(shard, line, from));
    }

    /// A page of the log is there.
    pub(crate) fn read(&mut self, n: usize, shard: u16, line: u64, from: Offset) {
        let away = self.log.away_until;
        if away > self.now {
            return self.node_after(away - self.now, n, At::Read(shard, line, from));
        }
        let most = self.random.within(1, 30);
        let mut bytes = self.log.read(shard, from, usize::try_from(most).unwrap_or(1));
        let catches_up = self.attempt(n, shard).is_some_and(|attempt| !attempt.claims);
        if catches_up && !self.calm && self.random.chance(4) {
            // What has just landed is not seen yet.
            bytes.truncate(bytes.len().saturating_sub(3));
        }
        let page: Result<Vec<(Offset, Record)>, _> = bytes
            .into_iter()
            .map(|(offset, bytes)| codec::decode(bytes).map(|record| (offset, record)))
            .collect();
        let page = match page {
            Ok(page) => page,
            Err(error) => return self.wrong(format!("a record cannot be read: {error}")),
        };
        let Some(attempt) = self.attempt(n, shard).filter(|attempt| attempt.line == line) else { return };
        let stamps = stamps(&page);
        let replays = !attempt.runs;
        attempt.page = page;
        self.drive(n, shard, line, Input::Records(&stamps));
        if replays && self.is(Planted::VoidFacts) {
            self.apply_void(n, shard, line);
        }
        self.give_up_lost(n, shard, line);
    }

    /// The planted bug: everything that was read counts.
    fn apply_void(&mut self, n: usize, shard: u16, line: u64) {
        let Some(attempt) = self.attempt(n, shard).filter(|attempt| attempt.line == line) else { return };
        let offsets: Vec<Offset> = attempt.page.iter().map(|(offset, _)| *offset).collect();
        for offset in offsets {
            self.apply(n, shard, offset);
        }
    }

    /// The facts at this offset count: into their entity.
    pub(crate) fn apply(&mut self, n: usize, shard: u16, offset: Offset) {
        let quiet = self.quiet;
        let Some((disk, attempt)) = self.slots[n].of(shard) else { return };
        if attempt.runs {
            return;
        }
        let record = attempt.page.iter().find(|(at, _)| *at == offset);
        if let Some((_, Record::Facts(_, entry))) = record {
            let entity = attempt
                .entities
                .entry(entry.home.clone())
                .or_insert_with(|| Entity::load(&entry.home, disk, quiet));
            entity.replay(offset, &entry.facts);
        }
    }

    /// The shard is had: what the replay changed is written, what was under way goes on.
    pub(crate) fn taken(&mut self, n: usize, shard: u16, stamp: Stamp) {
        self.trace(|| format!("n{n} has {shard} by {stamp:?}"));
        let quiet = self.quiet;
        let Some((disk, attempt)) = self.slots[n].of(shard) else { return };
        for home in disk.entities.keys().filter(|home| matches!(home, Home::Conversation(_))) {
            if !attempt.entities.contains_key(home) {
                let entity = Entity::load(home, disk, quiet);
                if entity.is_open() {
                    attempt.entities.insert(home.clone(), entity);
                }
            }
        }
        let touched = std::mem::take(&mut attempt.entities);
        let mut saved = Vec::new();
        let mut awake = BTreeMap::new();
        for (home, mut entity) in touched {
            saved.push(entity.rows(&home));
            if entity.is_open() {
                awake.insert(home, entity);
            }
        }
        disk.write(saved, attempt.owner.checkpoint());
        let resumed: Vec<Home> = awake.keys().cloned().collect();
        (attempt.entities, attempt.runs, attempt.page) = (awake, true, Vec::new());
        let line = attempt.line;
        let now = self.clock(n);
        for home in resumed {
            let Some(entity) = self.entity(n, &home) else { continue };
            let turn = entity.turn(|_, _| {}, |machine, out| machine.resumed(now, Survivors::Ask, out));
            self.settle(n, &home, turn);
        }
        let delay = self.random.within(200, 1_500);
        self.node_after(delay, n, At::Snapshot(shard, line));
        self.own(n, ownership::Input::Taken(Shard(shard), stamp.epoch));
    }

    /// The homes that are awake here.
    pub(crate) fn awake(&self, n: usize) -> Vec<Home> {
        let attempts = self.slots[n].node.iter().flat_map(|node| node.attempts.values());
        attempts.filter(|attempt| attempt.runs).flat_map(|attempt| attempt.entities.keys().cloned()).collect()
    }

    pub(crate) fn entity_moved(&mut self, n: usize, home: &Home, has: &dyn Fn(&Address) -> bool) {
        let now = self.clock(n);
        let Some(entity) = self.entity(n, home) else { return };
        entity.forget_deliveries(has);
        let turn =
            entity.turn(|machine, _| machine.moved(now, has), |machine, out| machine.moved(now, has, out));
        self.settle(n, home, turn);
    }

    /// A node is gone, and with it the connections to it.
    pub(crate) fn node_is_gone(&mut self, n: usize, id: &NodeId) {
        let now = self.clock(n);
        for home in self.awake(n).into_iter().filter(|home| matches!(home, Home::User(_))) {
            let Some(entity) = self.entity(n, &home) else { continue };
            let lost: Vec<_> = entity.seats().iter().filter(|seat| seat.node == *id).collect();
            let lost: Vec<_> = lost.into_iter().map(|seat| seat.endpoint.clone()).collect();
            for endpoint in lost {
                let Some(entity) = self.entity(n, &home) else { continue };
                let turn = entity.detach(now, endpoint);
                self.settle(n, &home, turn);
            }
        }
    }

    /// Something for an entity of a shard that is had here, or not any more.
    pub(crate) fn reach_entity(&mut self, n: usize, from: &NodeId, home: &Home, message: Message) {
        let (shard, quiet, now) = (self.shard_of(home), self.quiet, self.clock(n));
        let Some((disk, attempt)) = self.slots[n].of(shard) else { return };
        if !attempt.is_open() {
            return;
        }
        let soft = match &message {
            Message::User { command, .. } => command.is_soft(),
            Message::Detach { .. } => true,
            _ => false,
        };
        if soft && !attempt.entities.contains_key(home) {
            return;
        }
        attempt.entities.entry(home.clone()).or_insert_with(|| Entity::load(home, disk, quiet));
        let message = if self.is(Planted::NoDedupe) { self.made_new(message) } else { message };
        let turn = match self.refused(n, &message) {
            Some(turn) => turn,
            None => match self.entity(n, home) {
                Some(entity) => entity.handle(now, from, message),
                None => return,
            },
        };
        self.settle(n, home, turn);
    }

    /// While the log takes nothing, what needs it is refused.
    fn refused(&self, n: usize, message: &Message) -> Option<Turn> {
        let Message::Conversation {
            command: conversation::Command::Send { from, ticket, message, .. }, ..
        } = message
        else {
            return None;
        };
        if !message.is_durable() || !self.log.is_in_trouble(self.now, n, HOLD) {
            return None;
        }
        let answer = Err(Refusal::because(Reason::TryLater, "the log takes nothing"));
        let command = user::Command::Answer { endpoint: from.name.clone(), ticket: *ticket, answer };
        let told = Box::new(Message::User { address: from.user.clone(), command });
        Some(Turn { acts: vec![crate::entity::Act::Tell(told)], ..Turn::default() })
    }

    /// The planted bug: a message that is said again is another one.
    fn made_new(&mut self, message: Message) -> Message {
        match message {
            Message::Conversation {
                id,
                command: conversation::Command::Send { from, to, endpoint, ticket, message },
            } => {
                let mut message = domain::Message::clone(&message);
                let number = self.random.draw();
                message.origin_id = message.origin_id.map(|id| format!("{id}~{number:x}").into());
                let command =
                    conversation::Command::Send { from, to, endpoint, ticket, message: message.into() };
                Message::Conversation { id, command }
            }
            other => other,
        }
    }
}
