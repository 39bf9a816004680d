//! A conversation as the entity actor hosts it: its effects go to the homes of users.

use super::Entity;
use crate::{
    limits,
    meters::Meters,
    pool::{Moved, PoolChange},
    router::{Busy, Router},
    shard::{Rows, asker},
};
use domain::{
    Address, ConversationId, Home, Out, Reason, Refusal, Timestamp,
    conversation::{Command, ConferenceCommand, Conversation, Effect, Fact, Survivors},
    endpoint::Answer,
    user,
};
use std::{collections::VecDeque, sync::Arc};

/// The machine, and what could not be handed to a full home yet.
pub(crate) struct ConversationHost {
    id: ConversationId,
    machine: Conversation,
    survivors: Survivors,
    undelivered: VecDeque<(Address, user::Command)>,
    /// Homes that have moved in the last turn.
    moved: Option<Arc<Moved>>,
    meters: Arc<Meters>,
}

impl ConversationHost {
    /// `survivors`: what becomes of those who were in when its last host went.
    pub(crate) fn new(
        id: ConversationId,
        machine: Conversation,
        survivors: Survivors,
        meters: Arc<Meters>,
    ) -> Self {
        Self { id, machine, survivors, undelivered: VecDeque::new(), moved: None, meters }
    }

    /// What is accepted or refused is counted by what its sender is told.
    fn count(&self, command: &user::Command) {
        match command {
            user::Command::Sent { said, again: false, .. } if said.number > 0 => self.meters.messages.up(),
            user::Command::Answer { answer: Ok(Answer::Accepted { number, .. }), .. } if *number > 0 => {
                self.meters.messages.up();
            }
            user::Command::Answer { answer: Err(_), .. } => self.meters.messages_refused.up(),
            _ => {}
        }
    }

    fn tell(&mut self, user: Address, command: user::Command, router: &Router) {
        // What waits keeps its place: nothing overtakes it.
        if self.undelivered.is_empty() {
            if let Err(Busy(back)) = router.to_user(user, command) {
                self.undelivered.push_back(back);
            }
        } else {
            self.undelivered.push_back((user, command));
        }
    }
}

/// Whether this command leads to a fact that its asker waits for.
fn needs_log(command: &Command) -> bool {
    use ConferenceCommand as C;
    match command {
        Command::Send { message, .. } => message.is_durable(),
        Command::Conference { command, .. } => !matches!(
            command,
            C::Leave { .. }
                | C::Show { .. }
                | C::SelfPing { .. }
                | C::Relay { .. }
                | C::Describe
                | C::Occupants
                | C::ReadHistory
                | C::ReservedNick
                | C::GetConfiguration
                | C::ListRole { .. }
                | C::ListAffiliation { .. }
        ),
        _ => false,
    }
}

/// A message between two, for a home that has moved, that is pending until that confirms it.
fn is_pending(moved: &Moved, user: &Address, command: &user::Command) -> bool {
    matches!(command, user::Command::Deliver { said, .. }
        if said.number > 0 && matches!(said.conversation, ConversationId::Between(..)))
        && moved.has_user(user)
}

impl Entity for ConversationHost {
    type Ask = Command;
    type Fact = Fact;
    type Effect = Effect;

    fn handle(&mut self, now: Timestamp, ask: Command, out: &mut Out<Fact, Effect>) {
        if self.undelivered.len() < limits::UNDELIVERED {
            self.machine.handle(now, ask, out);
        } else if let Some(ask) = self.refuse(ask, out) {
            self.machine.handle(now, ask, out);
        }
    }

    fn deadline(&self) -> Option<Timestamp> {
        self.machine.deadline()
    }

    fn tick(&mut self, now: Timestamp, out: &mut Out<Fact, Effect>) {
        self.machine.tick(now, out);
    }

    fn resume(&mut self, now: Timestamp, out: &mut Out<Fact, Effect>) {
        self.machine.resumed(now, self.survivors, out);
    }

    fn pool_changed(&mut self, now: Timestamp, change: &PoolChange, out: &mut Out<Fact, Effect>) {
        if let PoolChange::Moved(moved) = change {
            self.moved = Some(Arc::clone(moved));
            self.machine.moved(now, &|user| moved.has_user(user), out);
        }
    }

    /// The machine hands out again what is pending for homes that have moved: what waits of it would be ahead of what
    /// left earlier and is lost.
    fn take_back(&mut self, waiting: &mut VecDeque<Vec<Effect>>) {
        let Some(moved) = self.moved.take() else { return };
        self.undelivered.retain(|(user, command)| !is_pending(&moved, user, command));
        for effects in waiting {
            effects.retain(|effect| match effect {
                Effect::Tell { user, command } => !is_pending(&moved, user, command),
                Effect::AskStanding { .. } => true,
            });
        }
    }

    fn is_idle(&self) -> bool {
        self.undelivered.is_empty() && self.machine.is_idle()
    }

    fn refuse(&mut self, ask: Command, out: &mut Out<Fact, Effect>) -> Option<Command> {
        let Some((from, ticket)) = asker(&ask).filter(|_| needs_log(&ask)) else { return Some(ask) };
        let refusal = Refusal::because(
            Reason::TryLater,
            "the server cannot store messages at the moment; try again later",
        );
        out.effects.push(Effect::Tell {
            user: from.user.clone(),
            command: user::Command::Answer { endpoint: from.name.clone(), ticket, answer: Err(refusal) },
        });
        None
    }

    fn perform(&mut self, effect: Effect, router: &Router) {
        match effect {
            Effect::Tell { user, command } => {
                self.count(&command);
                self.tell(user, command, router);
            }
            Effect::AskStanding { of, towards } => {
                let conversation = self.id.clone();
                self.tell(of, user::Command::AskStanding { conversation, towards }, router);
            }
        }
    }

    fn retry(&mut self, router: &Router) -> bool {
        while let Some((user, command)) = self.undelivered.pop_front() {
            if let Err(Busy(back)) = router.to_user(user, command) {
                self.undelivered.push_front(back);
                return false;
            }
        }
        true
    }

    fn entry(home: Home, facts: Vec<Fact>) -> event_log::Entry {
        event_log::Entry { home, facts: event_log::Facts::Conversation(facts) }
    }

    fn changed_rows(&mut self) -> Rows {
        Rows::of_conversation(&self.id, &mut self.machine)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::UNDELIVERED;
    use domain::{EndpointId, EndpointName, Message, Ticket, conversation::Policy};

    #[test]
    fn what_waits_for_a_home_that_has_moved_is_taken_back_since_it_is_handed_out_again() {
        let address = |name: &str| Address::parse(&format!("{name}@example.org")).expect("an address");
        let count = domain::ShardCount::new(8).expect("not none");
        let (alice, bob) = (address("alice"), address("bob"));
        let id = ConversationId::between(alice.clone(), bob.clone());
        let deliver = |number| {
            let said = domain::endpoint::Said {
                conversation: id.clone(),
                number,
                at: Timestamp(1),
                from: EndpointId::new(alice.clone(), EndpointName::parse("desk").expect("a name")),
                nick: None,
                occupant_id: None,
                to: None,
                message: Arc::default(),
                rendered: domain::endpoint::Rendered::default(),
            };
            (bob.clone(), user::Command::Deliver { endpoint: None, said: Arc::new(said), late: false })
        };
        let machine = Conversation::new(id.clone(), Policy::default());
        let mut host = ConversationHost::new(id.clone(), machine, Survivors::Ask, Arc::default());
        for (moves, stay) in [(&alice, 2), (&bob, 1)] {
            host.undelivered = [deliver(0), deliver(1)].into();
            let (user, command) = deliver(2);
            let (other, typing) = deliver(0);
            let mut waiting = VecDeque::from([vec![
                Effect::Tell { user, command },
                Effect::Tell { user: other, command: typing },
            ]]);
            let shard = Home::User(moves.clone()).shard(count);
            let change = PoolChange::Moved(Arc::new(Moved::new(count, &[shard])));
            host.pool_changed(Timestamp(1), &change, &mut Out::new());
            host.take_back(&mut waiting);
            assert_eq!((host.undelivered.len(), waiting[0].len()), (stay, stay), "{moves:?} moves");
        }
    }

    #[test]
    fn a_conversation_that_cannot_hand_over_refuses_what_is_new() {
        let address = |name: &str| Address::parse(&format!("{name}@example.org")).expect("an address");
        let (alice, bob) = (address("alice"), address("bob"));
        let id = ConversationId::between(alice.clone(), bob.clone());
        let machine = Conversation::new(id.clone(), Policy::default());
        let mut host = ConversationHost::new(id.clone(), machine, Survivors::None, Arc::default());
        let waiting = (bob.clone(), user::Command::ForgetConversation { conversation: id });
        let from = EndpointId::new(alice, EndpointName::parse("desk").expect("a name"));
        let message = Arc::new(Message { body: Some("hello".into()), ..Message::default() });
        for (waits, refused) in [(UNDELIVERED - 1, false), (UNDELIVERED, true)] {
            host.undelivered = std::iter::repeat_n(waiting.clone(), waits).collect();
            let send = Command::Send {
                from: from.clone(),
                to: bob.clone(),
                endpoint: None,
                ticket: Ticket(1),
                message: Arc::clone(&message),
            };
            let mut out = Out::new();
            host.handle(Timestamp(1), send, &mut out);
            let refusals = out.effects.iter().filter(|effect| {
                let Effect::Tell { command: user::Command::Answer { answer: Err(why), .. }, .. } = effect
                else {
                    return false;
                };
                why.reason == Reason::TryLater
            });
            assert_eq!(refusals.count(), usize::from(refused), "{waits}");
        }
    }
}
