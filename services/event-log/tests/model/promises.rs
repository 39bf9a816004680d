//! What is promised of every world, and what must be possible at all.

use crate::{
    node::Fact,
    planted::{self, Planted},
    pool::{Pool, World, Written},
};
use event_log::{Checkpoint, LostBy, Offset, Validity, Verdict};
use stateright::Property;

pub(crate) const COUNTS: &str = "what is acknowledged counts for every reader, wherever it started";
pub(crate) const WRITTEN: &str = "what is acknowledged lies where its node says";
pub(crate) const ONCE: &str = "no offset and no fact is acknowledged twice";
pub(crate) const AGREED: &str = "a checkpoint of an owner is what a reader has there";
pub(crate) const KNOWN: &str = "who takes or holds the shard knows what counts, in its order";
pub(crate) const CLAIMED: &str = "behind a higher claim that was read nothing is acknowledged";
pub(crate) const GAPLESS: &str = "of what a life decided a beginning counts, in its order, once";
pub(crate) const SERVED: &str = "who waits has something on its way";

/// The names of what must be found somewhere, so that the promises are not kept by doing nothing.
pub(crate) const POSSIBLE: [&str; 5] = [
    "a fact is acknowledged",
    "facts of two nodes are acknowledged",
    "a gap was read, and what lies behind it acknowledged",
    "two nodes believe at once that they own the shard",
    "a fact came too late, and its node lost the shard to the claim before it",
];

type Condition = fn(&Pool, &World) -> bool;

pub(crate) fn all() -> Vec<Property<Pool>> {
    let always: [(&str, Condition); 8] = [
        (COUNTS, counts),
        (WRITTEN, |_, world| world.acknowledged.iter().all(|it| fact_at(world, it.offset) == Some(it.fact))),
        (ONCE, once),
        (AGREED, agreed),
        (KNOWN, known),
        (CLAIMED, |_, world| !world.nodes.iter().any(|node| node.is_in_breach)),
        (GAPLESS, gapless),
        (SERVED, |_, world| world.nodes.iter().all(crate::node::Node::is_served)),
    ];
    let possible: [Condition; 5] = [
        |_, world| !world.acknowledged.is_empty(),
        |_, world| world.acknowledged.iter().any(|it| it.fact.node != world.acknowledged[0].fact.node),
        |_, world| world.acknowledged.iter().any(|it| is_behind_a_gap(world, it.offset)),
        |_, world| world.nodes.iter().filter(|node| node.stamp().is_some()).count() > 1,
        came_too_late,
    ];
    let possible = POSSIBLE.into_iter().zip(possible).map(|(name, it)| Property::sometimes(name, it));
    always.into_iter().map(|(name, it)| Property::always(name, it)).chain(possible).collect()
}

pub(crate) fn place(offset: Offset) -> usize {
    usize::try_from(offset.0).expect("small")
}

fn fact_at(world: &World, offset: Offset) -> Option<Fact> {
    world.log.get(place(offset)).and_then(|record| record.fact)
}

/// The verdicts of a reader on the log from a checkpoint on, and where it ends.
fn read(planted: Option<Planted>, log: &[Written], from: Checkpoint) -> (Vec<Verdict>, Checkpoint) {
    let mut reader = Validity::from(from);
    let rest = log.iter().enumerate().skip(place(from.offset));
    let verdicts =
        rest.map(|(at, record)| planted::fold(planted, &mut reader, Offset(at as u64), *record)).collect();
    (verdicts, reader.checkpoint())
}

/// Every checkpoint that a reader of the log comes by.
fn checkpoints(pool: &Pool, log: &[Written]) -> impl Iterator<Item = Checkpoint> {
    let mut reader = Validity::default();
    let behind = log.iter().enumerate().map(move |(at, record)| {
        planted::fold(pool.planted, &mut reader, Offset(at as u64), *record);
        reader.checkpoint()
    });
    std::iter::once(Checkpoint::default()).chain(behind)
}

fn counts(pool: &Pool, world: &World) -> bool {
    world.acknowledged.is_empty()
        || checkpoints(pool, &world.log).all(|from| {
            let (verdicts, _) = read(pool.planted, &world.log, from);
            let own = world.acknowledged.iter().filter(|it| it.offset >= from.offset);
            own.map(|it| place(it.offset) - place(from.offset))
                .all(|at| verdicts.get(at) == Some(&Verdict::Valid))
        })
}

fn once(_: &Pool, world: &World) -> bool {
    let all = &world.acknowledged;
    all.iter().enumerate().all(|(at, it)| {
        all[..at].iter().all(|earlier| earlier.offset != it.offset && earlier.fact != it.fact)
    })
}

fn agreed(pool: &Pool, world: &World) -> bool {
    world.nodes.iter().filter_map(|node| node.owner.as_ref()).all(|owner| {
        let own = owner.checkpoint();
        let log = &world.log[..place(own.offset).min(world.log.len())];
        own == read(pool.planted, log, Checkpoint::default()).1
    })
}

/// The facts that count, with their places.
fn valid<'a>(pool: &Pool, log: &'a [Written]) -> impl Iterator<Item = (usize, Fact)> + 'a {
    let verdicts = read(pool.planted, log, Checkpoint::default()).0;
    let pairs = log.iter().zip(verdicts).enumerate();
    pairs.filter_map(|(at, (record, verdict))| {
        record.fact.filter(|_| verdict == Verdict::Valid).map(|fact| (at, fact))
    })
}

fn known(pool: &Pool, world: &World) -> bool {
    world.nodes.iter().all(|node| {
        let Some(owner) = &node.owner else { return true };
        let end = place(owner.checkpoint().offset);
        let before = valid(pool, &world.log).take_while(|(at, _)| *at < end);
        before.map(|(_, fact)| fact).eq(node.known.iter().copied())
    })
}

fn gapless(pool: &Pool, world: &World) -> bool {
    let valid: Vec<_> = valid(pool, &world.log).map(|(_, fact)| fact).collect();
    valid.iter().enumerate().all(|(at, fact)| {
        let same = |other: &&Fact| (other.node, other.life) == (fact.node, fact.life);
        usize::from(fact.number) == valid[..=at].iter().filter(same).count()
    })
}

/// Before it lies a record of another writer, which was void: else it would not count.
fn is_behind_a_gap(world: &World, offset: Offset) -> bool {
    let writer = |at: Option<usize>| at.and_then(|at| world.log.get(at)).map(|record| record.stamp.writer);
    let (before, own) = (writer(place(offset).checked_sub(1)), writer(Some(place(offset))));
    before.is_some() && own.is_some() && before != own
}

fn came_too_late(pool: &Pool, world: &World) -> bool {
    let lost = |id: u8| matches!(world.nodes[usize::from(id) - 1].lost, Some(LostBy::Claim(_)));
    let mut facts = world.log.iter().filter_map(|record| record.fact).filter(|fact| lost(fact.node));
    facts.any(|fact| valid(pool, &world.log).all(|(_, counts)| counts != fact))
}
