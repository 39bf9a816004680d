//! Waking entities: from their rows in the store to an actor that runs.

use super::{
    Gauge,
    desk::{Desk, Slot},
    replay::Replayed,
    take::TakeError,
};
use crate::{
    entity::{Ask, ConversationHost, Durable, Entity, EntityActor, PutAway, Snapshot, ToUser, UserHost},
    front::Parts,
    limits,
    pool::PoolChange,
};
use actix::{Actor as _, Addr};
use domain::{
    Address, ConversationId, EndpointId, Home, Reason, Refusal, Ticket,
    conversation::{self, Survivors},
    user,
};
use event_log::{Facts, Offset};
use std::{cell::Cell, rc::Rc};

/// A machine without its host.
pub(super) enum Machine {
    User(Box<user::User>),
    Conversation(Box<conversation::Conversation>),
}

/// The actor of an entity.
pub(crate) enum Awake {
    User(Addr<EntityActor<UserHost>>),
    Conversation(Addr<EntityActor<ConversationHost>>),
}

impl Machine {
    /// From its rows, or new if it has none.
    pub(super) fn load(parts: &Parts, home: &Home) -> Result<Replayed, TakeError> {
        let reflects = parts.store.reflects(home)?;
        let machine = match home {
            Home::User(address) => {
                let mut machine = Box::new(user::User::new(address.clone(), parts.policy.user.clone()));
                parts.store.load_user(address, |row| machine.load(row))?;
                Self::User(machine)
            }
            Home::Conversation(id) => {
                let mut machine =
                    Box::new(conversation::Conversation::new(id.clone(), parts.policy.conversation.clone()));
                parts.store.load_conversation(id, |row| machine.load(row))?;
                Self::Conversation(machine)
            }
        };
        Ok(Replayed { machine, reflects })
    }

    pub(super) fn apply(&mut self, facts: &Facts) {
        match (self, facts) {
            (Self::User(machine), Facts::User(facts)) => {
                for fact in facts {
                    machine.apply(fact);
                }
            }
            (Self::Conversation(machine), Facts::Conversation(facts)) => {
                for fact in facts {
                    machine.apply(fact);
                }
            }
            // The codec refuses a record whose facts are not of its home's kind.
            _ => tracing::error!("facts of another kind than their entity"),
        }
    }

    /// Something was under way that must be taken up again.
    pub(super) fn is_open(&self) -> bool {
        match self {
            Self::User(_) => false,
            Self::Conversation(machine) => !machine.is_idle(),
        }
    }
}

impl Awake {
    /// The mailbox of an entity has no limit of its own: what is sent there is limited where it is sent.
    pub(crate) fn durable(&self, offset: Offset) {
        let sent = match self {
            Self::User(actor) => actor.try_send(Durable(offset)).is_ok(),
            Self::Conversation(actor) => actor.try_send(Durable(offset)).is_ok(),
        };
        debug_assert!(sent, "an entity with open records runs");
    }

    pub(super) fn ask_for_rows(&self) {
        // An entity that has just stopped has nothing unsaved.
        let _ = match self {
            Self::User(actor) => actor.try_send(Snapshot).is_ok(),
            Self::Conversation(actor) => actor.try_send(Snapshot).is_ok(),
        };
    }

    pub(super) fn tell_change(&self, change: &PoolChange) {
        let _ = match self {
            Self::User(actor) => actor.try_send(change.clone()).is_ok(),
            Self::Conversation(actor) => actor.try_send(change.clone()).is_ok(),
        };
    }

    pub(super) fn put_away(&self) {
        let _ = match self {
            Self::User(actor) => actor.try_send(PutAway).is_ok(),
            Self::Conversation(actor) => actor.try_send(PutAway).is_ok(),
        };
    }
}

/// Starts the actor of an entity that had something under way.
pub(super) fn resume(desk: &Rc<Desk>, home: Home, replayed: Replayed) {
    start(desk, home, replayed, true);
}

/// For a user; wakes it unless the ask is of passing interest.
pub(super) fn to_user(desk: &Rc<Desk>, address: Address, ask: ToUser) {
    let home = Home::User(address);
    let known = desk.slots.borrow().get(&home).cloned();
    let soft = matches!(&ask, ToUser::Command(command) if command.is_soft());
    let slot = match known {
        Some(slot) => slot,
        // Whoever is not awake has no endpoint that could be signed out.
        None if soft || matches!(ask, ToUser::Detach { .. }) => return,
        None => match wake(desk, &home) {
            Some(slot) => slot,
            None => return,
        },
    };
    let ends = matches!(
        &ask,
        ToUser::Command(user::Command::Detach { .. } | user::Command::ForgetConversation { .. })
    );
    if soft && !ends && slot.gauge.under_way() >= limits::ENTITY_MAILBOX {
        desk.meters.dropped_soft.up();
        return;
    }
    if let Awake::User(actor) = &slot.actor {
        slot.gauge.sent.set(slot.gauge.sent.get() + 1);
        let sent = actor.try_send(Ask(ask));
        debug_assert!(sent.is_ok(), "an entity in the slots runs");
    }
}

/// For a conversation.
pub(super) fn to_conversation(desk: &Rc<Desk>, id: ConversationId, command: conversation::Command) {
    let home = Home::Conversation(id);
    let known = desk.slots.borrow().get(&home).cloned();
    let Some(slot) = known.or_else(|| wake(desk, &home)) else {
        return refuse(desk, &command, "the conversation cannot be read from disk; tell the administrator");
    };
    if slot.gauge.under_way() >= limits::ENTITY_MAILBOX && asker(&command).is_some() {
        return refuse(desk, &command, "the conversation is overloaded; try again later");
    }
    if let Awake::Conversation(actor) = &slot.actor {
        slot.gauge.sent.set(slot.gauge.sent.get() + 1);
        let sent = actor.try_send(Ask(command));
        debug_assert!(sent.is_ok(), "an entity in the slots runs");
    }
}

/// Whom to answer when a command is refused before its machine sees it.
pub(crate) fn asker(command: &conversation::Command) -> Option<(&EndpointId, Ticket)> {
    match command {
        conversation::Command::Send { from, ticket, .. }
        | conversation::Command::Conference { from, ticket, .. } => Some((from, *ticket)),
        _ => None,
    }
}

fn refuse(desk: &Desk, command: &conversation::Command, text: &'static str) {
    if let Some((from, ticket)) = asker(command) {
        let answer = Err(Refusal::because(Reason::TryLater, text));
        let command = user::Command::Answer { endpoint: from.name.clone(), ticket, answer };
        if desk.router.to_user(from.user.clone(), command).is_err() {
            desk.meters.dropped_soft.up();
        }
    }
}

fn wake(desk: &Rc<Desk>, home: &Home) -> Option<Rc<Slot>> {
    match Machine::load(&desk.parts, home) {
        Ok(replayed) => Some(start(desk, home.clone(), replayed, false)),
        Err(error) => {
            tracing::error!(kind = super::kind(home), %error, "an entity cannot be woken");
            None
        }
    }
}

fn start(desk: &Rc<Desk>, home: Home, replayed: Replayed, resume: bool) -> Rc<Slot> {
    let gauge = Rc::new(Gauge::default());
    let Replayed { machine, reflects } = replayed;
    let place = Place { desk: Rc::clone(desk), gauge: Rc::clone(&gauge), reflects, resume };
    let actor = match (machine, &home) {
        (Machine::User(machine), Home::User(address)) => {
            desk.meters.users_awake.up();
            let host = UserHost::new(address.clone(), *machine, std::sync::Arc::clone(&desk.meters));
            Awake::User(run(host, home.clone(), place))
        }
        (Machine::Conversation(machine), Home::Conversation(id)) => {
            live(desk, &home).up();
            // In one process everybody's session went with it.
            let survivors = if desk.parts.pool.is_some() { Survivors::Ask } else { Survivors::None };
            let meters = std::sync::Arc::clone(&desk.meters);
            let host = ConversationHost::new(id.clone(), *machine, survivors, meters);
            Awake::Conversation(run(host, home.clone(), place))
        }
        _ => unreachable!("a machine is loaded for its home"),
    };
    let slot = Rc::new(Slot { actor, gauge, unsaved_from: Cell::new(None) });
    desk.slots.borrow_mut().insert(home, Rc::clone(&slot));
    desk.make_room();
    slot
}

/// The gauge that counts this kind of conversation.
pub(super) fn live<'a>(desk: &'a Desk, home: &Home) -> &'a crate::meters::Meter {
    match home {
        Home::Conversation(ConversationId::Between(..)) => &desk.meters.two_party,
        Home::Conversation(ConversationId::Conference(_)) => &desk.meters.conferences,
        Home::User(_) => &desk.meters.users_awake,
    }
}

fn run<E: Entity>(host: E, home: Home, place: Place) -> Addr<EntityActor<E>> {
    EntityActor::create(|ctx| {
        // No limit here: the shard limits what it sends, and nobody else sends.
        ctx.set_mailbox_capacity(0);
        EntityActor::new(host, home, place)
    })
}

/// What an entity's actor gets of its shard.
pub(crate) struct Place {
    pub(crate) desk: Rc<Desk>,
    pub(crate) gauge: Rc<Gauge>,
    pub(crate) reflects: Option<Offset>,
    pub(crate) resume: bool,
}
