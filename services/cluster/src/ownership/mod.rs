//! Who owns which shard: the machine. It gives advice, the log decides (DESIGN §1).
//!
//! Rules. An owner that is alive keeps its shard until it hands over itself: it quiesces, says so, and only then the winner
//! takes. The winner of a shard that nobody alive owns takes it. Who lost one to a higher claim waits, longer each time, and
//! leaves it to the owner that the table names. Who has just started, or slept, takes nothing before it has heard what the
//! others know, and nothing from an owner that it has not met, or a bounded time. Invariant: of a shard's host exactly one thing is asked at a time.

mod backoff;
mod hear;
mod pace;
mod plan;
pub mod rendezvous;
pub mod table;
#[cfg(test)]
mod tests;

use crate::{NodeId, Owner, Standing, limits};
use backoff::Backoff;
pub(crate) use backoff::Random;
use domain::{Shard, ShardCount};
use std::{collections::BTreeMap, time::Duration};
use table::{News, Pin, Row, Table};

/// What the machine hears. Times are since any fixed moment, monotonic.
#[derive(Clone, PartialEq, Debug)]
pub enum Input {
    /// A node is alive.
    Joined(NodeId),
    /// A node is gone.
    Gone(NodeId),
    /// There is a link to it, and it has heard nothing yet.
    Linked(NodeId),
    /// The link to it was lost, with all that was on the way.
    Unlinked(NodeId),
    /// It said this.
    Heard(NodeId, News),
    /// This node takes part, or drains, from now on.
    Stand(Standing),
    /// The host owns the shard by a claim of this epoch.
    Taken(Shard, u64),
    /// The host does not own the shard (any more), or could not take it.
    Lost(Shard),
    /// The host has let go of the shard as it was asked.
    Released(Shard),
    /// An operator wants the shard to be there.
    Move(Shard, NodeId),
    /// The deadline has come.
    Alarm,
}

/// What the machine wants to be done.
#[derive(Clone, PartialEq, Debug)]
pub enum Output {
    /// Claim the shard and load it; answer `Taken` or `Lost`.
    Take(Shard),
    /// Quiesce the shard, whose next owner will probably be this one; answer `Released` (or `Lost`).
    Release(Shard, Option<NodeId>),
    /// Say this to one node, or to all that are linked.
    Tell(Option<NodeId>, News),
    /// Somebody owns these anew, or the link to their owner was lost: what was on the way to them is gone.
    Moved(Vec<Shard>),
    /// What [`Ownership::owner`] says of this shard may have changed.
    Changed(Shard),
    /// This node drains and has given up everything.
    Drained,
}

/// What the host does with a shard.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Hold {
    Idle,
    Taking,
    Held { epoch: u64, since: Duration },
    Releasing { epoch: u64 },
}

struct Peer {
    standing: Standing,
    linked: bool,
    /// It has told its whole table over this link.
    heard: bool,
}

/// How it begins.
pub struct Options {
    /// This node.
    pub me: NodeId,
    /// The deployment's shards.
    pub shards: ShardCount,
    /// Others may be there: wait for them at the start.
    pub expects_others: bool,
    /// For jitter.
    pub seed: u64,
}

/// The machine.
pub struct Ownership {
    me: NodeId,
    standing: Standing,
    table: Table,
    peers: BTreeMap<NodeId, Peer>,
    holds: Vec<Hold>,
    backoffs: Vec<Backoff>,
    /// The named owner has not been met yet: until then it may still be.
    doubts: Vec<Option<Duration>>,
    random: Random,
    /// Nothing is taken before this, unless everybody was heard; `None`: nothing to wait for.
    settle: Option<Settle>,
    tell_at: Duration,
    last: Duration,
    drain: Option<Drain>,
    takes: u64,
    moves: u64,
}

/// The wait at the start, or after a sleep.
struct Settle {
    until: Duration,
    /// Hearing every known member ends it early.
    early: bool,
}

/// Draining: how long the others may take what was given up, once everything is; and whether its end was told.
#[derive(Default)]
struct Drain {
    until: Option<Duration>,
    told: bool,
}

impl Ownership {
    /// A node that knows nobody and owns nothing.
    pub fn new(options: Options, now: Duration) -> Self {
        let count = usize::from(options.shards.get());
        let settle = Settle { until: now + limits::SETTLE, early: true };
        Self {
            me: options.me,
            standing: Standing::Joining,
            table: Table::new(options.shards),
            peers: BTreeMap::new(),
            holds: vec![Hold::Idle; count],
            backoffs: vec![Backoff::default(); count],
            doubts: vec![None; count],
            random: Random::new(options.seed),
            settle: options.expects_others.then_some(settle),
            tell_at: now + pace::TELL,
            last: now,
            drain: None,
            takes: 0,
            moves: 0,
        }
    }

    /// Takes one input; what to do about it goes to `out`.
    pub fn handle(&mut self, now: Duration, input: Input, out: &mut Vec<Output>) {
        self.notice_sleep(now);
        match input {
            Input::Joined(node) => self.joined(node, out),
            Input::Gone(node) => self.gone(&node, out),
            Input::Linked(node) => self.linked(&node, out),
            Input::Unlinked(node) => self.unlinked(&node, out),
            Input::Heard(node, news) => self.heard(now, &node, news, out),
            Input::Stand(standing) => self.stand(standing, out),
            Input::Taken(shard, epoch) => self.taken(now, shard, epoch, out),
            Input::Lost(shard) => self.lost(now, shard, out),
            Input::Released(shard) => self.released(shard, out),
            Input::Move(shard, node) => self.pin(shard, node, out),
            Input::Alarm => {}
        }
        self.gossip(now, out);
        self.plan(now, out);
    }

    /// When `Alarm` is due at the latest.
    pub fn deadline(&self) -> Duration {
        let settle = self.settle.as_ref().map(|settle| settle.until);
        let backoffs = self.backoffs.iter().filter_map(Backoff::until);
        let waits = backoffs.chain(self.doubts.iter().flatten().copied()).filter(|until| *until > self.last);
        let drained = self.drain.as_ref().filter(|drain| !drain.told).and_then(|drain| drain.until);
        waits
            .chain(settle.filter(|until| *until > self.last))
            .chain(drained)
            .fold(self.tell_at, Duration::min)
    }

    /// Who owns a shard; `Nobody` where the owner is gone.
    pub fn owner(&self, shard: Shard) -> Owner {
        match self.table.row(shard) {
            Some(Row { epoch, owner: Some(node) }) if *node == self.me => Owner::Here { epoch: *epoch },
            Some(Row { epoch, owner: Some(node) }) if self.peers.contains_key(node) => {
                Owner::There { node: node.clone(), epoch: *epoch }
            }
            _ => Owner::Nobody,
        }
    }

    /// The shards of the deployment.
    pub fn shards(&self) -> impl Iterator<Item = Shard> + use<> {
        self.table.shards()
    }

    /// What is known of a shard.
    pub fn row(&self, shard: Shard) -> Row {
        self.table.row(shard).cloned().unwrap_or_default()
    }

    /// Whom an operator moved the shard to.
    pub fn pinned(&self, shard: Shard) -> Option<NodeId> {
        self.table.pin(shard).and_then(|pin| pin.node.clone())
    }

    /// What a member does, as far as it said.
    pub fn standing(&self, node: &NodeId) -> Standing {
        if *node == self.me {
            return self.standing;
        }
        self.peers.get(node).map_or(Standing::Joining, |peer| peer.standing)
    }

    /// Shards that this node owns.
    pub fn owned(&self) -> usize {
        self.holds.iter().filter(|hold| matches!(hold, Hold::Held { .. } | Hold::Releasing { .. })).count()
    }

    /// Shards taken, and handed over, since the start.
    pub fn counts(&self) -> (u64, u64) {
        (self.takes, self.moves)
    }

    fn notice_sleep(&mut self, now: Duration) {
        if now.saturating_sub(self.last) > pace::SLEPT {
            // What is known is as old as that; the others may have taken everything, and will be heard soon.
            self.settle = Some(Settle { until: now + limits::SETTLE, early: false });
        }
        self.last = now;
    }

    fn hold(&self, shard: Shard) -> Hold {
        self.holds.get(usize::from(shard.0)).copied().unwrap_or(Hold::Idle)
    }

    fn set_hold(&mut self, shard: Shard, hold: Hold) {
        if let Some(at) = self.holds.get_mut(usize::from(shard.0)) {
            *at = hold;
        }
    }

    fn taken(&mut self, now: Duration, shard: Shard, epoch: u64, out: &mut Vec<Output>) {
        self.takes += 1;
        self.set_hold(shard, Hold::Held { epoch, since: now });
        let row = Row { epoch, owner: Some(self.me.clone()) };
        if self.table.merge(shard, row.clone()) {
            out.extend([Output::Changed(shard), Output::Moved(vec![shard])]);
            self.tell(None, vec![(shard, row)], Vec::new(), out);
        }
    }

    fn lost(&mut self, now: Duration, shard: Shard, out: &mut Vec<Output>) {
        let Some(backoff) = self.backoffs.get_mut(usize::from(shard.0)) else { return };
        let kept = match self.holds[usize::from(shard.0)] {
            Hold::Held { since, .. } => now.saturating_sub(since),
            _ => Duration::ZERO,
        };
        backoff.lost(now, kept, &mut self.random);
        self.give_up(shard, out);
    }

    fn released(&mut self, shard: Shard, out: &mut Vec<Output>) {
        self.moves += 1;
        self.give_up(shard, out);
    }

    /// The host has it no more: whoever owns it now, this node's last claim is over.
    fn give_up(&mut self, shard: Shard, out: &mut Vec<Output>) {
        let hold = self.hold(shard);
        self.set_hold(shard, Hold::Idle);
        let (Hold::Held { epoch, .. } | Hold::Releasing { epoch }) = hold else { return };
        let row = Row { epoch, owner: None };
        if self.table.merge(shard, row.clone()) {
            out.push(Output::Changed(shard));
            self.tell(None, vec![(shard, row)], Vec::new(), out);
        }
    }

    fn pin(&mut self, shard: Shard, node: NodeId, out: &mut Vec<Output>) {
        let Some(pin) = self.table.pin(shard) else { return };
        let pin = Pin { number: pin.number + 1, node: Some(node) };
        self.table.merge_pin(shard, pin.clone());
        self.tell(None, Vec::new(), vec![(shard, pin)], out);
    }

    fn tell(
        &self,
        to: Option<NodeId>,
        rows: Vec<(Shard, Row)>,
        pins: Vec<(Shard, Pin)>,
        out: &mut Vec<Output>,
    ) {
        out.push(Output::Tell(to, News { whole: false, standing: self.standing, rows, pins }));
    }
}
