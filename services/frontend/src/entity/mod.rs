//! The one actor that hosts an entity: it runs the machine's turns, makes their facts durable, and only then lets
//! their effects leave, in order.
//!
//! Invariant: an effect leaves after the facts of its own turn and of every earlier turn are in the log.

mod ask;
mod conversation;
mod user;

pub(crate) use ask::{Account, Credentials, ToUser};
pub(crate) use conversation::ConversationHost;
pub(crate) use user::UserHost;

use crate::{
    clock, limits,
    pool::PoolChange,
    router::Router,
    shard::{Desk, Gauge, Place, Rows, Saved},
};
use actix::{Actor, ActorContext as _, AsyncContext as _, Context, Handler, Message, SpawnHandle};
use domain::{Home, Out, Timestamp};
use event_log::Offset;
use std::{
    collections::VecDeque,
    rc::Rc,
    time::{Duration, Instant},
};

/// What the actor needs of what it hosts: the machine's own interface, and how its effects are done here.
pub(crate) trait Entity: Sized + Unpin + 'static {
    /// Asked of it.
    type Ask: Send + 'static;
    /// Decided by it.
    type Fact: Unpin + 'static;
    /// To be done for it.
    type Effect: Unpin + 'static;

    /// One turn.
    fn handle(&mut self, now: Timestamp, ask: Self::Ask, out: &mut Out<Self::Fact, Self::Effect>);
    /// When it wants [`Self::tick`].
    fn deadline(&self) -> Option<Timestamp>;
    /// A turn because time has passed.
    fn tick(&mut self, now: Timestamp, out: &mut Out<Self::Fact, Self::Effect>);
    /// Takes up again what was under way when its last host went.
    fn resume(&mut self, now: Timestamp, out: &mut Out<Self::Fact, Self::Effect>);
    /// Nothing under way: may be put away.
    fn is_idle(&self) -> bool;
    /// While the log cannot be written: refuses what would need it, or gives the ask back to be handled.
    fn refuse(&mut self, ask: Self::Ask, out: &mut Out<Self::Fact, Self::Effect>) -> Option<Self::Ask>;
    /// Does an effect.
    fn perform(&mut self, effect: Self::Effect, router: &Router);
    /// Retries what could not be handed over; false while something is still left.
    fn retry(&mut self, _router: &Router) -> bool {
        true
    }
    /// Takes up what sessions led to while effects were done: signs the lost ones out.
    fn look_after_sessions(&mut self, _now: Timestamp, _out: &mut Out<Self::Fact, Self::Effect>) {}
    /// Homes have moved, or a node is gone.
    fn pool_changed(&mut self, now: Timestamp, change: &PoolChange, out: &mut Out<Self::Fact, Self::Effect>);
    /// Takes back what the last turn makes obsolete of what earlier ones decided and what has not left yet.
    fn take_back(&mut self, _waiting: &mut VecDeque<Vec<Self::Effect>>) {}
    /// It stops, here.
    fn stopped(&mut self) {}
    /// The facts of one turn as a record of the log.
    fn entry(home: Home, facts: Vec<Self::Fact>) -> event_log::Entry;
    /// The rows that changed since the last call.
    fn changed_rows(&mut self) -> Rows;
}

/// Ask something of an entity.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Ask<T>(pub(crate) T);

/// From the shard: the oldest turn that waited is durable, as this record.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Durable(pub(crate) Offset);

/// From the shard: hand out the rows that changed.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Snapshot;

/// From the shard: nothing is under way, unsaved or coming; stop.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct PutAway;

/// The actor of one entity.
pub(crate) struct EntityActor<E: Entity> {
    hosted: E,
    home: Home,
    desk: Rc<Desk>,
    gauge: Rc<Gauge>,
    out: Out<E::Fact, E::Effect>,
    /// The effects of the turns that are not durable yet, oldest first.
    waiting: VecDeque<Vec<E::Effect>>,
    /// The record that the entity's durable state reflects: the highest one told durable.
    reflects: Option<Offset>,
    snapshot_wanted: bool,
    resume: bool,
    timer: Option<(Timestamp, SpawnHandle)>,
    retrying: bool,
}

impl<E: Entity> EntityActor<E> {
    pub(crate) fn new(hosted: E, home: Home, place: Place) -> Self {
        Self {
            hosted,
            home,
            desk: place.desk,
            gauge: place.gauge,
            out: Out::new(),
            waiting: VecDeque::new(),
            reflects: place.reflects,
            snapshot_wanted: false,
            resume: place.resume,
            timer: None,
            retrying: false,
        }
    }

    /// Ends a turn: appends its facts, holds its effects if anything before them is not durable, else does them.
    fn settle(&mut self, ctx: &mut Context<Self>) {
        let effects = std::mem::take(&mut self.out.effects);
        if !self.out.facts.is_empty() {
            self.append(effects);
        } else if let Some(last) = self.waiting.back_mut() {
            // No facts of its own: it leaves with the turn before it.
            last.extend(effects);
        } else {
            self.perform(effects, ctx);
        }
        self.rearm(ctx);
        self.gauge.idle.set(self.waiting.is_empty() && self.hosted.is_idle());
    }

    /// Appends the facts of a turn, as one record unless they are very large; the effects wait for the last of them.
    fn append(&mut self, effects: Vec<E::Effect>) {
        let facts = std::mem::take(&mut self.out.facts);
        for entry in E::entry(self.home.clone(), facts).split(limits::RECORD_BYTES) {
            self.waiting.push_back(Vec::new());
            self.desk.append(&self.home, entry);
        }
        if let Some(last) = self.waiting.back_mut() {
            *last = effects;
        }
    }

    fn perform(&mut self, effects: Vec<E::Effect>, ctx: &mut Context<Self>) {
        for effect in effects {
            self.hosted.perform(effect, &self.desk.router);
        }
        if !self.retrying && !self.hosted.retry(&self.desk.router) {
            self.retry_later(ctx);
        }
        self.hosted.look_after_sessions(clock::now(), &mut self.out);
        if !self.out.is_empty() {
            self.settle(ctx);
        }
    }

    /// Something could not be handed over (a full mailbox or inbox): again soon, in order.
    fn retry_later(&mut self, ctx: &mut Context<Self>) {
        self.retrying = true;
        ctx.run_later(limits::RETRY_DELAY, |actor, ctx| {
            actor.retrying = false;
            actor.perform(Vec::new(), ctx);
        });
    }

    /// Keeps one timer, at the machine's deadline or before it.
    fn rearm(&mut self, ctx: &mut Context<Self>) {
        let Some(deadline) = self.hosted.deadline() else { return };
        if self.timer.is_some_and(|(at, _)| at <= deadline) {
            return;
        }
        if let Some((_, handle)) = self.timer.take() {
            ctx.cancel_future(handle);
        }
        // What is due and cannot be done yet, since the log takes nothing, is looked at again a little later.
        let least = if self.waiting.is_empty() { Duration::ZERO } else { limits::RETRY_DELAY };
        let handle = ctx.run_later(deadline.since(clock::now()).max(least), |actor, ctx| {
            actor.timer = None;
            let now = clock::now();
            if actor.hosted.deadline().is_some_and(|deadline| deadline <= now) {
                actor.hosted.tick(now, &mut actor.out);
            }
            actor.settle(ctx);
        });
        self.timer = Some((deadline, handle));
    }

    fn hand_out_rows(&mut self) {
        self.snapshot_wanted = false;
        let saved = Saved { reflects: self.reflects, rows: self.hosted.changed_rows() };
        self.desk.hand_out(&self.home, saved);
    }
}

impl<E: Entity> Actor for EntityActor<E> {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        if self.resume {
            self.hosted.resume(clock::now(), &mut self.out);
            self.settle(ctx);
        }
    }

    fn stopped(&mut self, _: &mut Self::Context) {
        self.hosted.stopped();
    }
}

impl<E: Entity> Handler<Ask<E::Ask>> for EntityActor<E> {
    type Result = ();

    fn handle(&mut self, Ask(ask): Ask<E::Ask>, ctx: &mut Self::Context) {
        let begun = Instant::now();
        self.gauge.handled.set(self.gauge.handled.get() + 1);
        let writable = self.desk.router.log_is_writable();
        let ask = if writable { Some(ask) } else { self.hosted.refuse(ask, &mut self.out) };
        if let Some(ask) = ask {
            self.hosted.handle(clock::now(), ask, &mut self.out);
            self.hosted.take_back(&mut self.waiting);
        }
        self.settle(ctx);
        self.desk.meters.rooms.home.took(begun.elapsed());
    }
}

impl<E: Entity> Handler<Durable> for EntityActor<E> {
    type Result = ();

    fn handle(&mut self, Durable(offset): Durable, ctx: &mut Self::Context) {
        self.reflects = Some(offset);
        if let Some(effects) = self.waiting.pop_front() {
            self.perform(effects, ctx);
        }
        if self.waiting.is_empty() && self.snapshot_wanted {
            self.hand_out_rows();
        }
        self.gauge.idle.set(self.waiting.is_empty() && self.hosted.is_idle());
    }
}

impl<E: Entity> Handler<Snapshot> for EntityActor<E> {
    type Result = ();

    fn handle(&mut self, _: Snapshot, _: &mut Self::Context) {
        // Rows must not run ahead of the log: they wait until the turns before them are durable.
        if self.waiting.is_empty() {
            self.hand_out_rows();
        } else {
            self.snapshot_wanted = true;
        }
    }
}

impl<E: Entity> Handler<PoolChange> for EntityActor<E> {
    type Result = ();

    fn handle(&mut self, change: PoolChange, ctx: &mut Self::Context) {
        self.hosted.pool_changed(clock::now(), &change, &mut self.out);
        self.hosted.take_back(&mut self.waiting);
        self.settle(ctx);
    }
}

impl<E: Entity> Handler<PutAway> for EntityActor<E> {
    type Result = ();

    fn handle(&mut self, _: PutAway, ctx: &mut Self::Context) {
        ctx.stop();
    }
}
