//! The model: one shard's log, the nodes that want it, and everything that may happen next (DESIGN §1 rules 1–4).
//!
//! There is no clock. A node that is paused (SIGSTOP) is one whose turn does not come while the others move: every pause,
//! of any length, between any two steps, is among the ways that are gone. So is every order in which records reach the
//! log and outcomes come back, and every answer of a read that lags behind.

use crate::{
    node::{Fact, Node},
    planted::Planted,
    promises,
};
use event_log::{Offset, Stamp};
use stateright::{Model, Property};

/// A record as the log has it: facts, or a claim.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Written {
    pub(crate) stamp: Stamp,
    pub(crate) fact: Option<Fact>,
}

/// What a node does with facts that are not acknowledged when it loses the shard.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Host {
    /// It drops the actors that decided them.
    Drops,
    /// After a failure it keeps them, finds those that are in the log, and appends the others again.
    Carries,
}

/// How far the model goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) nodes: u8,
    /// Of each node: how often it takes the shard.
    pub(crate) takes: u8,
    /// Of each node: how many facts it decides.
    pub(crate) facts: u8,
    /// Appends of all nodes that fail, or whose outcome is unknown.
    pub(crate) troubles: u8,
    /// Nodes that are killed and start again.
    pub(crate) crashes: u8,
}

/// A pool of nodes, perhaps with a bug.
#[derive(Clone, Debug)]
pub(crate) struct Pool {
    pub(crate) bounds: Bounds,
    pub(crate) host: Host,
    pub(crate) planted: Option<Planted>,
}

/// Acknowledged: what, and where the node believes that it lies.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Acknowledged {
    pub(crate) offset: Offset,
    pub(crate) fact: Fact,
}

/// Everything there is at one moment.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct World {
    pub(crate) log: Vec<Written>,
    pub(crate) nodes: Vec<Node>,
    /// By all nodes, in the order of the offsets, so that the same in another order is the same world.
    pub(crate) acknowledged: Vec<Acknowledged>,
    pub(crate) troubles: u8,
    pub(crate) crashes: u8,
}

/// What may happen next; the number is the node's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Step {
    /// It wants the shard.
    Take(usize),
    /// One of its actors decides a fact, which is handed to the log.
    Decide(usize),
    /// The record at this place of what it has sent reaches the log.
    Land(usize, usize),
    /// The same, but twice: the producer tried again and is not idempotent. A planted bug.
    LandTwice(usize, usize),
    /// It never reaches the log, nor does anything that was to follow it.
    Vanish(usize, usize),
    /// The node hears no more of what it has sent but that it is unknown; it may still land, at any time.
    TimeOut(usize),
    /// The node hears what became of the next record, or of so many that lie one after the other.
    Tell(usize, usize),
    /// The node is never told what became of the next record, though it hears of those that follow.
    Forget(usize),
    /// The node is given at most so many of the records that it wants to read.
    Read(usize, usize),
    /// Kill -9; what it has sent may still come.
    Crash(usize),
}

impl Pool {
    fn steps_of(&self, world: &World, index: usize, steps: &mut Vec<Step>) {
        let node = &world.nodes[index];
        // The nodes are alike, so let them come in their order: every other play is the same with other names.
        if node.may_take(self.bounds.takes) && world.nodes[..index].iter().all(Node::has_been_there) {
            steps.push(Step::Take(index));
        }
        if node.may_decide(self.bounds.facts) {
            steps.push(Step::Decide(index));
        }
        for place in node.landing() {
            steps.push(Step::Land(index, place));
            if self.planted == Some(Planted::Twice) {
                steps.push(Step::LandTwice(index, place));
            }
            if world.troubles < self.bounds.troubles && node.is_heard(place) {
                steps.extend([Step::TimeOut(index), Step::Vanish(index, place)]);
            }
        }
        steps.extend(node.runs().map(|run| Step::Tell(index, run)));
        if world.troubles < self.bounds.troubles && node.may_miss() {
            steps.push(Step::Forget(index));
        }
        if let Some(from) = node.reading {
            let there = world.log.len().saturating_sub(promises::place(from));
            steps.push(Step::Read(index, 0));
            steps.extend((there > 0).then_some(Step::Read(index, 1)));
            steps.extend((there > 1).then_some(Step::Read(index, there)));
        }
        if world.crashes < self.bounds.crashes && node.owner.is_some() {
            steps.push(Step::Crash(index));
        }
    }
}

impl Model for Pool {
    type State = World;
    type Action = Step;

    fn init_states(&self) -> Vec<World> {
        let nodes = (1..=self.bounds.nodes).map(Node::new).collect();
        vec![World { log: Vec::new(), nodes, acknowledged: Vec::new(), troubles: 0, crashes: 0 }]
    }

    fn actions(&self, world: &World, steps: &mut Vec<Step>) {
        (0..world.nodes.len()).for_each(|index| self.steps_of(world, index, steps));
    }

    fn next_state(&self, last: &World, step: Step) -> Option<World> {
        let mut world = last.clone();
        let World { log, nodes, acknowledged, .. } = &mut world;
        match step {
            Step::Take(index) => nodes[index].take(self, log, acknowledged),
            Step::Decide(index) => nodes[index].decide(),
            Step::Tell(index, run) => nodes[index].hear(self, run, log, acknowledged),
            Step::Read(index, most) => nodes[index].read(self, most, log, acknowledged),
            Step::Land(index, place) => nodes[index].land(place, log),
            Step::LandTwice(index, place) => {
                let copy = nodes[index].sent[place].record;
                nodes[index].land(place, log);
                log.push(copy);
            }
            Step::TimeOut(index) => {
                nodes[index].time_out();
                world.troubles += 1;
            }
            Step::Vanish(index, place) => {
                nodes[index].vanish(place, self.planted == Some(Planted::Holes));
                world.troubles += 1;
            }
            Step::Forget(index) => {
                nodes[index].miss();
                world.troubles += 1;
            }
            Step::Crash(index) => {
                nodes[index].crash();
                world.crashes += 1;
            }
        }
        world.acknowledged.sort_unstable();
        Some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        promises::all()
    }
}
