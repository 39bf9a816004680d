//! A shard's actor: it owns the shard in the log, wakes its entities on demand, and puts them away when idle.
//!
//! The shard and its entities live on one thread. What they share is the [`Desk`]: entities append and hand out their
//! rows there without a message, and the actor tells them by message what became durable.

mod desk;
mod gauge;
mod outcomes;
mod replay;
mod snapshot;
mod take;
mod wake;

pub(crate) use desk::Desk;
pub(crate) use gauge::Gauge;
pub(crate) use replay::Replay;
pub(crate) use snapshot::{Rows, Saved, write_rows};
pub(crate) use take::{TakeError, Taken, read, take};
pub(crate) use wake::{Place, asker};

use crate::{entity::ToUser, front::Parts, limits, pool::PoolChange};
use actix::{
    Actor, ActorContext as _, ActorFutureExt as _, Addr, AsyncContext as _, Context, Handler, Message,
    WrapFuture as _,
};
use domain::{Address, ConversationId, Home, conversation};
use event_log::{LostBy, Offset};
use std::rc::Rc;
use tokio::sync::oneshot;

/// For an entity of a shard.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) enum ToShard {
    User(Address, ToUser),
    Conversation(ConversationId, conversation::Command),
}

/// The log has news: outcomes of appends wait. Sent at most once until they are looked at.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct News;

/// Write down what has changed; answered when it is written.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct WriteDown {
    /// Answered here.
    pub(crate) done: oneshot::Sender<()>,
    /// Stop then: nothing more is coming.
    pub(crate) close: bool,
}

/// The actor of one shard.
pub(crate) struct ShardActor {
    desk: Rc<Desk>,
    /// With the count of rows handed out that each waits for.
    waiting: Vec<(u64, WriteDown)>,
    /// A timer looks for the rows that they wait for.
    is_looking: bool,
}

impl ShardActor {
    /// Goes on where the last owner stopped. The actor starts on this thread.
    pub(crate) fn start(taken: Taken, parts: &Parts) -> Result<Addr<Self>, TakeError> {
        let (desk, awake) = taken.into_desk(parts)?;
        let actor = Self { desk: Rc::new(desk), waiting: Vec::new(), is_looking: false };
        Ok(Self::create(|ctx| {
            ctx.set_mailbox_capacity(limits::SHARD_MAILBOX);
            actor.desk.open(ctx.address());
            for (home, machine) in awake {
                wake::resume(&actor.desk, home, machine);
            }
            actor
        }))
    }

    /// Tells entities what has become durable, and looks after what failed.
    fn catch_up(&mut self, ctx: &mut Context<Self>) {
        if self.desk.tell_outcomes() {
            ctx.run_later(limits::APPEND_RETRY, |actor, ctx| {
                actor.desk.append_again();
                actor.catch_up(ctx);
            });
        }
        if let Some(from) = self.desk.take_gap() {
            self.read_gap(from, ctx);
        }
        if let Some(by) = self.desk.lost() {
            self.give_up(by, ctx);
        }
    }

    /// Reads what others wrote in between, off this thread: the log may be slow to answer.
    fn read_gap(&self, from: Offset, ctx: &mut Context<Self>) {
        let (log, shard) = (self.desk.log.clone(), self.desk.shard());
        let read = tokio::task::spawn_blocking(move || take::read(&log, shard, from));
        ctx.spawn(read.into_actor(self).map(|read, actor, ctx| {
            match read {
                Ok(Ok(records)) => actor.desk.read_gap(&take::stamps(&records)),
                Ok(Err(error)) => {
                    tracing::error!(shard = actor.desk.shard().0, %error, "the log cannot be read");
                    actor.desk.lose();
                }
                Err(_) => actor.desk.lose(),
            }
            actor.catch_up(ctx);
        }));
    }

    /// Reads, off this thread, what others may have written while nothing was appended here.
    fn look_for_others(&self, ctx: &mut Context<Self>) {
        let Some(from) = self.desk.unseen_from() else { return };
        let (log, shard) = (self.desk.log.clone(), self.desk.shard());
        let read = tokio::task::spawn_blocking(move || take::read(&log, shard, from));
        ctx.spawn(read.into_actor(self).map(|read, actor, ctx| {
            // What cannot be read now is read the next time.
            if let Ok(Ok(records)) = read {
                actor.desk.read_others(&take::stamps(&records));
                actor.catch_up(ctx);
            }
        }));
    }

    /// The shard is owned no longer: nothing that is pending is acknowledged, nobody is answered.
    fn give_up(&mut self, by: LostBy, ctx: &mut Context<Self>) {
        self.desk.end_all();
        if let Some(pool) = &self.desk.parts.pool {
            pool.shard_lost(self.desk.shard(), by);
        }
        ctx.stop();
    }

    /// Answers those who wait for rows that have come meanwhile.
    fn write_down(&mut self, ctx: &mut Context<Self>) {
        // Whoever has run out of patience waits no more.
        self.waiting.retain(|(_, asked)| asked.close || !asked.done.is_closed());
        let handed = self.desk.rows_handed_out();
        if self.waiting.iter().all(|(wanted, _)| *wanted > handed) {
            return;
        }
        let (ready, waiting) =
            std::mem::take(&mut self.waiting).into_iter().partition(|(wanted, _)| *wanted <= handed);
        self.waiting = waiting;
        self.desk.save();
        let ready: Vec<(u64, WriteDown)> = ready;
        for (_, asked) in ready {
            if asked.close {
                self.desk.end_all();
                ctx.stop();
            }
            // Whoever waited may have run out of patience.
            let _ = asked.done.send(());
        }
    }
}

impl Actor for ShardActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.run_interval(limits::SNAPSHOT_EVERY, |actor, ctx| {
            actor.look_for_others(ctx);
            actor.desk.save();
            actor.desk.put_idle_away();
            actor.desk.ask_for_rows();
        });
    }
}

impl Handler<ToShard> for ShardActor {
    type Result = ();

    fn handle(&mut self, message: ToShard, ctx: &mut Self::Context) {
        match message {
            ToShard::User(address, ask) => wake::to_user(&self.desk, address, ask),
            ToShard::Conversation(id, command) => wake::to_conversation(&self.desk, id, command),
        }
        self.catch_up(ctx);
    }
}

impl Handler<News> for ShardActor {
    type Result = ();

    fn handle(&mut self, _: News, ctx: &mut Self::Context) {
        self.catch_up(ctx);
    }
}

impl Handler<WriteDown> for ShardActor {
    type Result = ();

    fn handle(&mut self, asked: WriteDown, ctx: &mut Self::Context) {
        self.catch_up(ctx);
        let wanted = self.desk.rows_handed_out() + self.desk.ask_for_rows();
        self.waiting.push((wanted, asked));
        self.write_down(ctx);
        self.look_again(ctx);
    }
}

impl Handler<PoolChange> for ShardActor {
    type Result = ();

    fn handle(&mut self, change: PoolChange, _: &mut Self::Context) {
        self.desk.tell_change(&change);
    }
}

impl ShardActor {
    /// Looks for rows until nobody waits for any.
    fn look_again(&mut self, ctx: &mut Context<Self>) {
        if !self.waiting.is_empty() && !self.is_looking {
            self.is_looking = true;
            ctx.run_later(limits::RETRY_DELAY, |actor, ctx| {
                actor.is_looking = false;
                actor.write_down(ctx);
                actor.look_again(ctx);
            });
        }
    }
}

/// Whom a home key belongs to, for a log line.
pub(crate) fn kind(home: &Home) -> &'static str {
    match home {
        Home::User(_) => "user",
        Home::Conversation(ConversationId::Between(..)) => "two-party",
        Home::Conversation(ConversationId::Conference(_)) => "conference",
    }
}
