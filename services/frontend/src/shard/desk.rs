//! What a shard's actor and its entities share on their one thread: the ledger of appends, and who is awake.
//!
//! Invariant: entities are told durable in the order of their appends, each record exactly once, also over a failed
//! write: then the shard is taken anew, what is found in the log counts as appended, and the rest is appended again.

use super::{
    Gauge, ShardActor, kind,
    outcomes::Outcomes,
    take::{read, stamps},
    wake::Awake,
};
use crate::{front::Parts, limits, meters::Meters, pool::PoolChange, router::Router};
use actix::Addr;
use domain::{Home, Shard};
use event_log::{
    AppendError, Appender, Checkpoint, Entry, Input, Log, LostBy, Offset, Outcome, Output, Owner, Stamp,
    codec,
};
use std::{
    cell::{Cell, RefCell},
    collections::{HashMap, VecDeque},
    rc::Rc,
    sync::Arc,
    time::Instant,
};
use store::Store;

/// An entity that is awake.
pub(crate) struct Slot {
    pub(crate) actor: Awake,
    pub(crate) gauge: Rc<Gauge>,
    /// The oldest record of it that its rows in the store do not reflect.
    pub(crate) unsaved_from: Cell<Option<Offset>>,
}

/// A record that is not known to be durable yet.
struct Open {
    slot: Rc<Slot>,
    entry: Entry,
    since: Instant,
}

/// The appends of one shard.
struct Ledger {
    owner: Owner,
    appender: Appender,
    outcomes: Arc<Outcomes>,
    /// In order; the first `handed` of them are with the log's writer.
    open: VecDeque<Open>,
    handed: usize,
    /// The shard is lost after a failure, and not yet taken again.
    retake: bool,
    /// How often that happened since the last record became durable.
    failures: u32,
    /// Where each claim of this process lies, oldest first, with its stamp.
    terms: Vec<(Offset, Stamp)>,
    /// Others may write this log, too: what fails loses the shard for good.
    is_shared: bool,
    /// The shard is somebody else's now, or nobody's.
    lost: Option<LostBy>,
    /// A gap to be read from there, off this thread.
    gap: Option<Offset>,
    meters: Arc<Meters>,
}

/// See the module.
pub(crate) struct Desk {
    shard: Shard,
    pub(super) log: Log,
    pub(super) store: Store,
    pub(crate) router: Router,
    pub(crate) meters: Arc<Meters>,
    pub(super) parts: Parts,
    pub(super) slots: RefCell<HashMap<Home, Rc<Slot>>>,
    ledger: RefCell<Ledger>,
    pub(super) unsaved: RefCell<super::snapshot::Unsaved>,
    address: RefCell<Option<Addr<ShardActor>>>,
    /// With so many awake, the idle ones are put away.
    pub(super) crowded_at: Cell<usize>,
    /// Counted as one that takes no records.
    is_stuck: Cell<bool>,
    /// The actor knows that the shard must be taken again.
    retry_known: Cell<bool>,
}

impl Desk {
    /// Of a shard that is owned.
    pub(super) fn new(
        shard: Shard,
        parts: &Parts,
        owner: Owner,
        appender: Appender,
        outcomes: Arc<Outcomes>,
    ) -> Self {
        let start = owner.checkpoint();
        let terms = vec![(Offset(start.offset.0.saturating_sub(1)), start.current)];
        let ledger = Ledger {
            owner,
            appender,
            outcomes,
            open: VecDeque::new(),
            handed: 0,
            retake: false,
            failures: 0,
            terms,
            is_shared: parts.pool.is_some(),
            lost: None,
            gap: None,
            meters: Arc::clone(&parts.meters),
        };
        Self {
            shard,
            log: parts.log.clone(),
            store: parts.store.clone(),
            router: parts.router.clone(),
            meters: Arc::clone(&parts.meters),
            parts: parts.clone(),
            slots: RefCell::default(),
            ledger: RefCell::new(ledger),
            unsaved: RefCell::default(),
            address: RefCell::default(),
            crowded_at: Cell::new(limits::AWAKE),
            is_stuck: Cell::new(false),
            retry_known: Cell::new(false),
        }
    }

    pub(crate) fn shard(&self) -> Shard {
        self.shard
    }

    /// The actor runs: outcomes ring there.
    pub(super) fn open(&self, address: Addr<ShardActor>) {
        self.ledger.borrow().outcomes.ring(address.clone());
        *self.address.borrow_mut() = Some(address);
    }

    /// Where a replay may start that must see every record from `oldest` on; `None`: only those to come.
    pub(super) fn checkpoint_before(&self, oldest: Option<Offset>) -> Checkpoint {
        let ledger = self.ledger.borrow();
        let settled = ledger.owner.checkpoint();
        let offset = oldest.unwrap_or(settled.offset).min(settled.offset);
        // The claim that counted there, which is not the latest if the shard was taken anew since.
        let current = ledger
            .terms
            .iter()
            .rev()
            .find(|(claim, _)| *claim < offset)
            .map_or(settled.current, |term| term.1);
        Checkpoint { offset, current }
    }

    /// Appends what an entity decided; it is told by `Durable`.
    pub(crate) fn append(&self, home: &Home, entry: Entry) {
        let Some(slot) = self.slots.borrow().get(home).cloned() else {
            // An entity is put away only when it has nothing under way.
            tracing::error!(shard = self.shard.0, kind = kind(home), "facts of an entity that is not awake");
            return;
        };
        let mut ledger = self.ledger.borrow_mut();
        ledger.open.push_back(Open { slot, entry, since: Instant::now() });
        ledger.hand_over();
        if ledger.retake && !self.retry_known.get() {
            // A full mailbox is no loss: the actor looks with every message that it handles.
            let _ = self.address.borrow().as_ref().map(|actor| actor.try_send(super::News));
        }
    }

    /// Looks at the outcomes that wait; true if the log has failed and [`Self::append_again`] is to be called later.
    pub(super) fn tell_outcomes(&self) -> bool {
        let mut told = Vec::new();
        let mut ledger = self.ledger.borrow_mut();
        ledger.look(&self.log, &mut told);
        let failed = ledger.retake;
        self.note_health(&ledger);
        drop(ledger);
        self.tell(told);
        failed && self.lost().is_none() && !self.retry_known.replace(failed)
    }

    /// Takes the shard anew after a failure, and appends what is still open.
    pub(super) fn append_again(&self) {
        self.retry_known.set(false);
        let mut told = Vec::new();
        let mut ledger = self.ledger.borrow_mut();
        ledger.take_again(self.shard, &self.log, &self.parts, self.address.borrow().as_ref(), &mut told);
        self.note_health(&ledger);
        drop(ledger);
        self.tell(told);
    }

    /// Whether the shard is owned no longer.
    pub(super) fn lost(&self) -> Option<LostBy> {
        self.ledger.borrow().lost
    }

    /// Where a gap is to be read from; asked for once.
    pub(super) fn take_gap(&self) -> Option<Offset> {
        self.ledger.borrow_mut().gap.take()
    }

    /// From where to look whether somebody else has claimed the shard: who appends nothing would not notice. `None`: there is
    /// nothing to look at, or an append is on its way that will tell.
    pub(super) fn unseen_from(&self) -> Option<Offset> {
        let ledger = self.ledger.borrow();
        let from = ledger.owner.checkpoint().offset;
        let quiet = ledger.is_shared && ledger.lost.is_none() && ledger.open.is_empty();
        (quiet && self.log.end(self.shard) > from).then_some(from)
    }

    /// What others wrote while nothing was appended here: a higher claim ends this.
    pub(super) fn read_others(&self, records: &[(Offset, Stamp, bool)]) {
        let mut ledger = self.ledger.borrow_mut();
        let epoch = ledger.owner.checkpoint().current.epoch;
        let claim = records.iter().find(|(_, stamp, is_claim)| *is_claim && stamp.epoch > epoch);
        if let Some((_, stamp, _)) = claim {
            ledger.lost.get_or_insert(LostBy::Claim(*stamp));
            ledger.retake = true;
        }
    }

    /// What lies in the gap.
    pub(super) fn read_gap(&self, records: &[(Offset, Stamp, bool)]) {
        let mut told = Vec::new();
        self.ledger.borrow_mut().drive(Input::Records(records), &self.log, &mut told);
        self.tell(told);
    }

    /// What lies in the gap cannot be read.
    pub(super) fn lose(&self) {
        self.ledger.borrow_mut().fail();
    }

    /// Tells every entity of a change of the pool.
    pub(super) fn tell_change(&self, change: &PoolChange) {
        self.slots.borrow().values().for_each(|slot| slot.actor.tell_change(change));
    }

    /// Ends every entity: the shard is owned no longer.
    pub(super) fn end_all(&self) {
        for (home, slot) in self.slots.borrow_mut().drain() {
            slot.actor.put_away();
            super::wake::live(self, &home).down();
        }
    }

    /// Lets operators see a shard that fails again and again.
    fn note_health(&self, ledger: &Ledger) {
        let is_stuck = ledger.failures >= limits::STUCK_AFTER;
        match (self.is_stuck.replace(is_stuck), is_stuck) {
            (false, true) => self.meters.shards_stuck.up(),
            (true, false) => self.meters.shards_stuck.down(),
            _ => {}
        }
    }

    fn tell(&self, durable: Vec<(Rc<Slot>, Offset)>) {
        self.meters.records.add(durable.len() as u64);
        for (slot, offset) in durable {
            if slot.unsaved_from.get().is_none() {
                slot.unsaved_from.set(Some(offset));
            }
            slot.actor.durable(offset);
        }
    }
}

impl Ledger {
    /// Gives the writer what it does not have yet, while the shard is owned.
    fn hand_over(&mut self) {
        let Some(stamp) = self.owner.stamp().filter(|_| !self.retake) else { return };
        while let Some(open) = self.open.get(self.handed) {
            let record = open.entry.encode(stamp);
            if let Err(error) = self.appender.append(record) {
                let shard = self.appender.shard().0;
                // After a failure everything that follows it is refused, too.
                if matches!(error, AppendError::TooLarge(_)) {
                    tracing::error!(shard, %error, "this shard takes no records any more; please report it");
                } else {
                    tracing::debug!(shard, %error, "an append was refused");
                }
                self.fail();
                return;
            }
            self.handed += 1;
        }
    }

    /// What was handed over and has no outcome yet is unknown: the shard must be taken anew.
    fn fail(&mut self) {
        self.failures += u32::from(!self.retake);
        self.retake = true;
        if self.is_shared {
            self.lost.get_or_insert(LostBy::Failure);
        }
    }

    fn look(&mut self, log: &Log, told: &mut Vec<(Rc<Slot>, Offset)>) {
        let mut outcomes = Vec::new();
        self.outcomes.take(&mut outcomes);
        for (outcome, _) in outcomes {
            if self.retake && !matches!(outcome, Outcome::Appended { .. }) {
                continue;
            }
            self.drive(Input::Outcome(outcome), log, told);
        }
    }

    /// Feeds the owner, and does what it says until it wants nothing more.
    fn drive(&mut self, input: Input<'_>, log: &Log, told: &mut Vec<(Rc<Slot>, Offset)>) {
        let mut next = Vec::new();
        self.owner.handle(input, &mut next);
        let mut turn = VecDeque::from(next);
        while let Some(output) = turn.pop_front() {
            match output {
                Output::Acknowledge { first, count } => self.acknowledge(first, count, told),
                Output::Read(from) if self.is_shared => self.gap = Some(from),
                Output::Read(from) => {
                    let mut more = Vec::new();
                    match read(log, self.appender.shard(), from) {
                        Ok(records) => self.owner.handle(Input::Records(&stamps(&records)), &mut more),
                        Err(error) => {
                            tracing::error!(shard = self.appender.shard().0, %error, "the log cannot be read");
                            self.fail();
                        }
                    }
                    turn.extend(more);
                }
                // What lies behind the checkpoint after a failure is what was handed over and not acknowledged.
                Output::Apply(offset) => self.acknowledge_at(offset, told),
                Output::Claim(stamp) => {
                    if self.appender.append(codec::encode_claim(stamp)).is_err() {
                        self.fail();
                    }
                }
                Output::Owned(stamp) => self.owned(stamp),
                Output::Lost(LostBy::Failure) => self.fail(),
                Output::Lost(by) if self.is_shared => {
                    self.lost.get_or_insert(by);
                    self.retake = true;
                }
                Output::Lost(by) => {
                    tracing::error!(
                        shard = self.appender.shard().0,
                        ?by,
                        "another process writes this log; stop one of them"
                    );
                    self.fail();
                }
            }
        }
    }

    fn acknowledge(&mut self, first: Offset, count: u32, told: &mut Vec<(Rc<Slot>, Offset)>) {
        for index in 0..u64::from(count) {
            self.acknowledge_at(first.plus(index), told);
        }
    }

    fn acknowledge_at(&mut self, offset: Offset, told: &mut Vec<(Rc<Slot>, Offset)>) {
        self.failures = 0;
        if let Some(open) = self.open.pop_front() {
            self.handed = self.handed.saturating_sub(1);
            self.meters.rooms.log.took(open.since.elapsed());
            told.push((open.slot, offset));
        }
    }

    fn owned(&mut self, stamp: Stamp) {
        tracing::info!(shard = self.appender.shard().0, epoch = stamp.epoch, "the shard takes records again");
        self.terms.push((Offset(self.owner.checkpoint().offset.0.saturating_sub(1)), stamp));
        self.retake = false;
        self.handed = 0;
        self.hand_over();
    }

    fn take_again(
        &mut self,
        shard: Shard,
        log: &Log,
        parts: &Parts,
        actor: Option<&Addr<ShardActor>>,
        told: &mut Vec<(Rc<Slot>, Offset)>,
    ) {
        let outcomes = Arc::new(Outcomes::default());
        if let Some(actor) = actor {
            outcomes.ring(actor.clone());
        }
        self.appender = log.appender(shard, Arc::<Outcomes>::clone(&outcomes) as _);
        self.outcomes = outcomes;
        self.owner = Owner::new(parts.writer, self.owner.checkpoint());
        self.retake = false;
        self.drive(Input::Take, log, told);
    }
}
