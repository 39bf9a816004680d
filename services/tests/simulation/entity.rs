//! An entity and its host, as `frontend::entity` does it: effects leave after the facts of their own turn and of every earlier
//! one are in the log.

use crate::disk::{Disk, Kept, Rows, Saved};
use cluster::{NodeId, wire::Message, wire::SessionId};
use domain::{
    Address, ConversationId, EndpointName, Home, Out, Reason, Refusal, Timestamp, conversation,
    conversation::Conversation,
    endpoint::{Ending, Event},
    user::{self, User},
};
use event_log::{Entry, Facts, Offset};
use std::collections::VecDeque;

/// What an effect comes to.
pub(crate) enum Act {
    /// For a home; must not be lost.
    Tell(Box<Message>),
    /// For a home; of passing interest.
    Soft(Box<Message>),
    /// For the session of this endpoint, of this turn.
    Endpoint(EndpointName, u64, Event),
    /// For a session, whoever has the endpoint.
    Session(NodeId, Box<Message>),
}

/// What a turn came to.
#[derive(Default)]
pub(crate) struct Turn {
    pub(crate) facts: Option<Facts>,
    pub(crate) acts: Vec<Act>,
    /// Not held back until facts are durable.
    pub(crate) at_once: Vec<Act>,
}

/// A session of one of a user's endpoints, as the home knows it.
pub(crate) struct Seat {
    pub(crate) endpoint: EndpointName,
    pub(crate) session: SessionId,
    pub(crate) node: NodeId,
    /// The turn in which it signed in: what was for the endpoint before is for another session.
    pub(crate) since: u64,
    /// The turn in which it attached last: what was handed out before is handed out again.
    pub(crate) attached: u64,
    /// What could not be handed over.
    pub(crate) behind: VecDeque<Event>,
}

pub(crate) enum Machine {
    User(Box<User>, Vec<Seat>),
    Conversation(ConversationId, Box<Conversation>),
}

/// See the module.
pub(crate) struct Entity {
    pub(crate) machine: Machine,
    pub(crate) turns: u64,
    pub(crate) waiting: VecDeque<Vec<Act>>,
    pub(crate) reflects: Option<Offset>,
    pub(crate) unsaved_from: Option<Offset>,
    pub(crate) snapshot_wanted: bool,
    pub(crate) undelivered: VecDeque<Box<Message>>,
    pub(crate) ticks_at: Option<u64>,
    pub(crate) retrying: bool,
}

impl Entity {
    /// From its rows, or new if it has none.
    pub(crate) fn load(home: &Home, disk: &Disk, quiet: std::time::Duration) -> Self {
        let none = Kept::default();
        let kept = disk.entities.get(home).unwrap_or(&none);
        let machine = match home {
            Home::User(address) => {
                let mut machine = Box::new(User::new(address.clone(), user::Policy::default()));
                kept.load_user(&mut machine);
                Machine::User(machine, Vec::new())
            }
            Home::Conversation(id) => {
                let policy = conversation::Policy { quiet, ..conversation::Policy::default() };
                let mut machine = Box::new(Conversation::new(id.clone(), policy));
                kept.load_conversation(&mut machine);
                Machine::Conversation(id.clone(), machine)
            }
        };
        Self {
            machine,
            turns: 0,
            waiting: VecDeque::new(),
            reflects: kept.reflects,
            unsaved_from: None,
            snapshot_wanted: false,
            undelivered: VecDeque::new(),
            ticks_at: None,
            retrying: false,
        }
    }

    /// A fact of the log, while the shard is taken: it may be in the rows already.
    pub(crate) fn replay(&mut self, offset: Offset, facts: &Facts) {
        if self.reflects.is_some_and(|reflects| reflects >= offset) {
            return;
        }
        match (&mut self.machine, facts) {
            (Machine::User(machine, _), Facts::User(facts)) => {
                facts.iter().for_each(|fact| machine.apply(fact));
            }
            (Machine::Conversation(_, machine), Facts::Conversation(facts)) => {
                facts.iter().for_each(|fact| machine.apply(fact));
            }
            _ => unreachable!("the codec refuses facts of another kind"),
        }
        self.reflects = Some(offset);
    }

    /// Something was under way that must be taken up.
    pub(crate) fn is_open(&self) -> bool {
        matches!(&self.machine, Machine::Conversation(_, machine) if !machine.is_idle())
    }

    pub(crate) fn is_idle(&self) -> bool {
        let rests = match &self.machine {
            Machine::User(machine, seats) => seats.is_empty() && machine.is_idle(),
            Machine::Conversation(_, machine) => machine.is_idle(),
        };
        rests && self.waiting.is_empty() && self.undelivered.is_empty()
    }

    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        match &self.machine {
            Machine::User(machine, _) => machine.deadline(),
            Machine::Conversation(_, machine) => machine.deadline(),
        }
    }

    pub(crate) fn rows(&mut self, home: &Home) -> Saved {
        let rows = match &mut self.machine {
            Machine::User(machine, _) => {
                let mut rows = Vec::new();
                machine.take_changed(&mut |row| rows.push(row));
                Rows::User(rows)
            }
            Machine::Conversation(_, machine) => {
                let mut rows = Vec::new();
                machine.take_changed(&mut |row| rows.push(row));
                Rows::Conversation(rows)
            }
        };
        Saved { home: home.clone(), reflects: self.reflects, rows }
    }

    /// A turn of the machine itself.
    pub(crate) fn turn(
        &mut self,
        of_user: impl FnOnce(&mut User, &mut Out<user::Fact, user::Effect>),
        of_conversation: impl FnOnce(&mut Conversation, &mut Out<conversation::Fact, conversation::Effect>),
    ) -> Turn {
        let turn = self.turns;
        match &mut self.machine {
            Machine::User(machine, _) => {
                let mut out = Out::new();
                of_user(machine, &mut out);
                let facts = (!out.facts.is_empty()).then_some(Facts::User(out.facts));
                Turn { facts, acts: user_acts(turn, out.effects), at_once: Vec::new() }
            }
            Machine::Conversation(id, machine) => {
                let mut out = Out::new();
                of_conversation(machine, &mut out);
                let facts = (!out.facts.is_empty()).then_some(Facts::Conversation(out.facts));
                Turn { facts, acts: conversation_acts(id, out.effects), at_once: Vec::new() }
            }
        }
    }

    /// A command of the domain.
    pub(crate) fn command(&mut self, now: Timestamp, command: user::Command) -> Turn {
        self.turn(|machine, out| machine.handle(now, command, out), |_, _| {})
    }

    /// Something for this entity.
    pub(crate) fn handle(&mut self, now: Timestamp, from: &NodeId, message: Message) -> Turn {
        self.turns += 1;
        match message {
            Message::User { command, .. } => self.command(now, command),
            Message::Conversation { command, .. } => {
                self.turn(|_, _| {}, |machine, out| machine.handle(now, command, out))
            }
            Message::Asked { endpoint, session, ticket, command, .. } => {
                if self.seat(&endpoint).is_none_or(|seat| seat.session != session) {
                    return Turn::default();
                }
                self.command(now, user::Command::Endpoint { endpoint, ticket, command })
            }
            Message::Detach { endpoint, session, .. } => {
                if self.seat(&endpoint).is_none_or(|seat| seat.session != session) {
                    return Turn::default();
                }
                self.detach(now, endpoint)
            }
            Message::Attach { endpoint, session, ask, again, .. } => {
                let (node, turn) = (from.clone(), self.turns);
                let seat =
                    Seat { endpoint, session, node, since: turn, attached: turn, behind: VecDeque::new() };
                match again {
                    None => self.attach(now, seat, ask),
                    Some(again) => {
                        let conferences = again.conferences.into_iter().map(|(address, _)| address).collect();
                        let (state, roster, blocked) = (again.state, again.roster, again.blocked);
                        self.attach_again(now, seat, ask, user::Again { state, roster, blocked, conferences })
                    }
                }
            }
            _ => Turn::default(),
        }
    }

    /// What a conversation has not handed over yet to homes that have moved is handed out again, behind what came before it.
    pub(crate) fn forget_deliveries(&mut self, has: &dyn Fn(&Address) -> bool) {
        if matches!(self.machine, Machine::Conversation(..)) {
            let is_again = |message: &Message| {
                matches!(message, Message::User { address, command: user::Command::Deliver { said, .. } }
                    if has(address) && said.number > 0)
            };
            self.undelivered.retain(|message| !is_again(message));
            for acts in &mut self.waiting {
                acts.retain(|act| !matches!(act, Act::Tell(message) if is_again(message)));
            }
        }
    }

    pub(crate) fn seats(&mut self) -> &mut Vec<Seat> {
        match &mut self.machine {
            Machine::User(_, seats) => seats,
            Machine::Conversation(..) => unreachable!("only users have endpoints"),
        }
    }

    pub(crate) fn seat(&mut self, endpoint: &EndpointName) -> Option<&mut Seat> {
        self.seats().iter_mut().find(|seat| seat.endpoint == *endpoint)
    }

    fn admits(&self, endpoint: &EndpointName) -> bool {
        matches!(&self.machine, Machine::User(machine, _) if machine.endpoints().any(|known| known == endpoint))
    }

    fn attach(&mut self, now: Timestamp, seat: Seat, ask: u64) -> Turn {
        let mut turn = self.command(now, user::Command::Attach { endpoint: seat.endpoint.clone() });
        let ends =
            |act: &Act| matches!(act, Act::Endpoint(name, _, Event::Ended(_)) if *name == seat.endpoint);
        turn.acts.retain(|act| !ends(act));
        self.replace(&seat, &mut turn);
        let admitted = self.admits(&seat.endpoint);
        turn.at_once.push(answer(&seat, ask, admitted));
        if admitted {
            self.seats().push(seat);
        }
        turn
    }

    /// The former session of the endpoint is told, at once, that it is over.
    fn replace(&mut self, seat: &Seat, turn: &mut Turn) {
        let at = self.seats().iter().position(|former| former.endpoint == seat.endpoint);
        if let Some(former) = at.map(|at| self.seats().remove(at)) {
            let event = Event::Ended(Ending::Replaced);
            let ended = Message::Event { session: former.session, event };
            turn.at_once.push(Act::Session(former.node, Box::new(ended)));
        }
    }

    fn attach_again(&mut self, now: Timestamp, seat: Seat, ask: u64, again: user::Again) -> Turn {
        let known = self.seat(&seat.endpoint).map(|known| known.session);
        if known.is_some_and(|known| known != seat.session) {
            return Turn { at_once: vec![answer(&seat, ask, false)], ..Turn::default() };
        }
        if let Some(known) = self.seat(&seat.endpoint) {
            known.node = seat.node.clone();
            known.attached = seat.attached;
        }
        let command = user::Command::AttachAgain { endpoint: seat.endpoint.clone(), again: Box::new(again) };
        let mut turn = self.command(now, command);
        let admitted = self.admits(&seat.endpoint);
        turn.at_once.push(answer(&seat, ask, admitted));
        if admitted && known.is_none() {
            self.seats().push(seat);
        }
        turn
    }

    pub(crate) fn detach(&mut self, now: Timestamp, endpoint: EndpointName) -> Turn {
        self.seats().retain(|seat| seat.endpoint != endpoint);
        self.command(now, user::Command::Detach { endpoint })
    }
}

fn answer(seat: &Seat, ask: u64, admitted: bool) -> Act {
    let result = if admitted { Ok(()) } else { Err(Refusal::from(Reason::Conflict)) };
    Act::Session(seat.node.clone(), Box::new(Message::Attached { session: seat.session, ask, result }))
}

fn tell_user(address: Address, command: user::Command) -> Act {
    let soft = command.is_soft();
    let message = Box::new(Message::User { address, command });
    if soft { Act::Soft(message) } else { Act::Tell(message) }
}

fn user_acts(turn: u64, effects: Vec<user::Effect>) -> Vec<Act> {
    let mut acts = Vec::new();
    for effect in effects {
        match effect {
            user::Effect::ToEndpoint(name, event) => acts.push(Act::Endpoint(name, turn, event)),
            user::Effect::ToEndpoints(names, event) => {
                acts.extend(names.into_iter().map(|name| Act::Endpoint(name, turn, event.clone())));
            }
            user::Effect::ToUser(address, command) => acts.push(tell_user(address, command)),
            user::Effect::ToUsers(users, command) => {
                acts.extend(users.iter().map(|user| tell_user(user.clone(), command.clone())));
            }
            user::Effect::ToConversation(id, command) => {
                acts.push(Act::Tell(Box::new(Message::Conversation { id, command })));
            }
            user::Effect::Push { .. } | user::Effect::AdminDone(_) => {}
        }
    }
    acts
}

fn conversation_acts(id: &ConversationId, effects: Vec<conversation::Effect>) -> Vec<Act> {
    let tell = |address, command| Act::Tell(Box::new(Message::User { address, command }));
    let act = |effect| match effect {
        conversation::Effect::Tell { user, command } => tell(user, command),
        conversation::Effect::AskStanding { of, towards } => {
            tell(of, user::Command::AskStanding { conversation: id.clone(), towards })
        }
    };
    effects.into_iter().map(act).collect()
}

/// The record of a turn's facts.
pub(crate) fn entry(home: &Home, facts: Facts) -> Entry {
    Entry { home: home.clone(), facts }
}
