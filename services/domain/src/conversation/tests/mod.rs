//! Plays: what is asked of a conversation, and what it does then, each effect a readable line.

mod conference;
mod entry;
mod escalation;
mod history;
mod limits;
mod pair;
mod privileges;
mod random;

use super::{
    Command, ConferenceCommand, ConferenceEvent, Configuration, Conversation, ConversationId, Departure,
    Effect, Fact, HistoryWish, Policy, Row, Survivors, live::Kind,
};
use crate::{
    Address, EndpointId, EndpointName, Message, Out, Ticket, Timestamp,
    endpoint::Answer,
    message::{MessageKind, Traits},
    presentity::{Availability, State},
    user::{self, Standing},
};
use std::{collections::BTreeMap, fmt::Write as _, sync::Arc, time::Duration};

pub(super) fn who(name: &str) -> Address {
    Address::parse(&format!("{name}@example.org")).expect("an address")
}

pub(super) fn nick(name: &str) -> EndpointName {
    EndpointName::parse(name).expect("a name")
}

/// `alice/phone`.
pub(super) fn endpoint(text: &str) -> EndpointId {
    let (user, name) = text.split_once('/').expect("an endpoint");
    EndpointId::new(who(user), nick(name))
}

pub(super) fn text(body: &str) -> Arc<Message> {
    Arc::new(Message { body: Some(body.into()), kind: MessageKind::Chat, ..Message::default() })
}

pub(super) fn text_with_id(body: &str, id: &str) -> Arc<Message> {
    Arc::new(Message { origin_id: Some(id.into()), ..(*text(body)).clone() })
}

/// The wish for another topic.
pub(super) fn topic(topic: &str) -> ConferenceCommand {
    let topic: Arc<str> = topic.into();
    let message =
        Message { subject: Some(topic.clone()), kind: MessageKind::Conference, ..Message::default() };
    ConferenceCommand::SetTopic { topic, message: Arc::new(message) }
}

pub(super) fn typing() -> Arc<Message> {
    Arc::new(Message { traits: Traits::TYPING, ..Message::default() })
}

pub(super) fn available() -> Arc<State> {
    Arc::new(State::of(Availability::Available))
}

/// A conversation on stage, with all that it logged and all that the store was told.
pub(super) struct Play {
    pub(super) conversation: Conversation,
    id: ConversationId,
    policy: Policy,
    pub(super) now: Timestamp,
    pub(super) log: Vec<Fact>,
    pub(super) store: BTreeMap<String, Row>,
    tickets: u64,
}

impl Play {
    pub(super) fn between(one: &str, other: &str) -> Self {
        Self::with(ConversationId::between(who(one), who(other)), Policy::default())
    }

    pub(super) fn conference() -> Self {
        Self::with(ConversationId::Conference(who("tea")), Policy::default())
    }

    pub(super) fn with(id: ConversationId, policy: Policy) -> Self {
        Self {
            conversation: Conversation::new(id.clone(), policy.clone()),
            id,
            policy,
            now: Timestamp(1_000_000),
            log: Vec::new(),
            store: BTreeMap::new(),
            tickets: 0,
        }
    }

    /// One turn; the effects as lines.
    pub(super) fn turn(
        &mut self,
        act: impl FnOnce(&mut Conversation, Timestamp, &mut Out<Fact, Effect>),
    ) -> Vec<String> {
        self.turn_raw(act).iter().map(line).collect()
    }

    pub(super) fn turn_raw(
        &mut self,
        act: impl FnOnce(&mut Conversation, Timestamp, &mut Out<Fact, Effect>),
    ) -> Vec<Effect> {
        let mut out = Out::new();
        act(&mut self.conversation, self.now, &mut out);
        self.log.extend(out.facts);
        out.effects
    }

    pub(super) fn does(&mut self, command: Command) -> Vec<String> {
        self.turn(|conversation, now, out| conversation.handle(now, command, out))
    }

    pub(super) fn ticket(&mut self) -> Ticket {
        self.tickets += 1;
        Ticket(self.tickets)
    }

    pub(super) fn sends(&mut self, from: &str, to: &str, message: Arc<Message>) -> Vec<String> {
        let ticket = self.ticket();
        self.does(Command::Send { from: endpoint(from), to: who(to), endpoint: None, ticket, message })
    }

    pub(super) fn stands(&mut self, of: &str, towards: &str, standing: Standing) -> Vec<String> {
        self.does(Command::Standing { of: who(of), towards: who(towards), standing })
    }

    pub(super) fn confirms(&mut self, by: &str, numbers: &[u64]) -> Vec<String> {
        self.does(Command::Confirm { by: who(by), numbers: numbers.to_vec() })
    }

    pub(super) fn asks(&mut self, from: &str, command: ConferenceCommand) -> Vec<String> {
        let ticket = self.ticket();
        self.does(Command::Conference { from: endpoint(from), ticket, command })
    }

    pub(super) fn joins(&mut self, from: &str, name: &str) -> Vec<String> {
        self.asks(from, join(name))
    }

    pub(super) fn configures(&mut self, from: &str, change: impl FnOnce(&mut Configuration)) -> Vec<String> {
        let mut configuration = self.conversation.configuration().expect("a conference").clone();
        change(&mut configuration);
        self.asks(from, ConferenceCommand::Configure { configuration: Box::new(configuration) })
    }

    /// Waits until something is due, and lets it happen.
    pub(super) fn waits(&mut self) -> Vec<String> {
        self.now = self.conversation.deadline().expect("something is due");
        self.turn(Conversation::tick)
    }

    pub(super) fn passes(&mut self, time: Duration) {
        self.now = self.now.plus(time);
    }

    /// The facts since `from`, in short.
    pub(super) fn logged(&self, from: usize) -> Vec<String> {
        self.log[from..].iter().map(fact_line).collect()
    }

    pub(super) fn save(&mut self) {
        let store = &mut self.store;
        self.conversation.take_changed(&mut |row| keep(store, row));
    }

    /// The machine as a new owner gets it: loaded from the store.
    pub(super) fn restarted(&mut self, survivors: Survivors) -> Vec<String> {
        self.save();
        self.conversation = self.loaded();
        self.turn(|conversation, now, out| conversation.resumed(now, survivors, out))
    }

    fn fresh(&self) -> Conversation {
        Conversation::new(self.id.clone(), self.policy.clone())
    }

    fn loaded(&self) -> Conversation {
        let mut loaded = self.fresh();
        self.store.values().for_each(|row| loaded.load(row.clone()));
        loaded
    }

    /// The invariant of `row.rs`.
    pub(super) fn is_durable(&mut self) {
        self.save();
        let mut replayed = self.fresh();
        self.log.iter().for_each(|fact| replayed.apply(fact));
        let live = all_rows(&mut self.conversation);
        assert_eq!(live, all_rows(&mut replayed), "replayed");
        assert_eq!(live, all_rows(&mut self.loaded()), "loaded");
        let stored: Vec<String> = self.store.values().map(|row| format!("{row:?}")).collect();
        let mut fresh_rows = all_rows(&mut self.conversation);
        fresh_rows.retain(|row| !row.starts_with("Head"));
        assert_eq!(stored.iter().filter(|row| !row.starts_with("Head")).count(), fresh_rows.len(), "stored");
    }
}

fn keep(store: &mut BTreeMap<String, Row>, row: Row) {
    let (key, gone) = match &row {
        Row::Head(_) => ("head".into(), false),
        Row::Pending(number, value) => (format!("pending {number:020}"), value.is_none()),
        Row::Recent(number, value) => (format!("recent {number:020}"), value.is_none()),
        Row::Affiliation(who, value) => (format!("affiliation {who}"), value.is_none()),
        Row::Occupant(endpoint, value) => (format!("occupant {endpoint}"), value.is_none()),
    };
    if gone {
        store.remove(&key);
    } else {
        store.insert(key, row);
    }
}

/// The whole durable state, whatever the store was told already; nothing is told again by this.
fn all_rows(conversation: &mut Conversation) -> Vec<String> {
    match &mut conversation.0 {
        Kind::Pair(pair) => {
            pair.head_changed = true;
            pair.pending.keys().for_each(|number| pair.pending_changed.changed(*number));
        }
        Kind::Focus(focus) => {
            focus.changes.head = true;
            focus.affiliations.keys().for_each(|who| focus.changes.affiliations.changed(who.clone()));
            focus.seats.keys().for_each(|seat| focus.changes.seats.changed(seat.clone()));
            focus.recent.iter().for_each(|said| focus.changes.recent.changed(said.number));
        }
    }
    let mut rows = Vec::new();
    conversation.take_changed(&mut |row| rows.push(format!("{row:?}")));
    rows
}

pub(super) fn join(name: &str) -> ConferenceCommand {
    ConferenceCommand::Join {
        nick: nick(name),
        state: available(),
        password: None,
        history: HistoryWish::default(),
    }
}

fn line(effect: &Effect) -> String {
    match effect {
        Effect::AskStanding { of, towards } => format!("ask {} towards {}", short(of), short(towards)),
        Effect::Tell { user, command } => told(short(user), command),
    }
}

fn short(who: &Address) -> &str {
    who.local().unwrap_or(who.as_str())
}

fn told(user: &str, command: &user::Command) -> String {
    match command {
        user::Command::Deliver { endpoint, said, late } => {
            let to = endpoint.as_ref().map_or(user.to_owned(), |name| format!("{user}/{name}"));
            let by = said.nick.as_ref().map_or(String::new(), |nick| format!(" {nick}:"));
            let body = said.message.body.as_deref().unwrap_or("-");
            let late = if *late { " late" } else { "" };
            format!("{to} gets {}{by} {body}{late}", said.number)
        }
        user::Command::Sent { ticket, said, again } => {
            format!("{user} sent {} for {}{}", said.number, ticket.0, if *again { " again" } else { "" })
        }
        user::Command::Answer { endpoint, ticket: _, answer } => match answer {
            Ok(Answer::Done) => format!("{user}/{endpoint}: done"),
            Ok(Answer::Accepted { number, .. }) => format!("{user}/{endpoint}: accepted {number}"),
            Ok(Answer::Conference(answer)) => format!("{user}/{endpoint}: {answer:?}"),
            Ok(other) => panic!("not a conversation's answer: {other:?}"),
            Err(refusal) => format!("{user}/{endpoint}: no, {:?}", refusal.reason),
        },
        user::Command::ForgetConversation { .. } => format!("{user} forgets"),
        user::Command::Conference { endpoint, event, .. } => {
            let to = endpoint.as_ref().map_or(user.to_owned(), |name| format!("{user}/{name}"));
            format!("{to} {}", event_line(event))
        }
        other => panic!("not a conversation's command: {other:?}"),
    }
}

fn event_line(event: &ConferenceEvent) -> String {
    let own = |own: bool| if own { " (self)" } else { "" };
    match event {
        ConferenceEvent::Present { occupant, own: is_own, created, .. } => {
            let mut line = format!("sees {} {:?} {:?}", occupant.nick, occupant.affiliation, occupant.role);
            if let Some(endpoint) = &occupant.endpoint {
                let _ = write!(line, " {}/{}", short(&endpoint.user), endpoint.name);
            }
            line + own(*is_own) + if *created { " created" } else { "" }
        }
        ConferenceEvent::Gone { occupant, own: is_own, how } => {
            let how = match how {
                Departure::Left { .. } => "left".into(),
                Departure::Kicked { by, .. } => format!("kicked by {by}"),
                Departure::Banned { by, .. } => format!("banned by {by:?}"),
                Departure::Destroyed { alternate, .. } => format!("destroyed {alternate:?}"),
                other => format!("{other:?}"),
            };
            format!("misses {} {how}{}", occupant.nick, own(*is_own))
        }
        ConferenceEvent::Renamed { occupant, nick, own: is_own } => {
            format!("sees {} become {nick}{}", occupant.nick, own(*is_own))
        }
        ConferenceEvent::Topic { topic, .. } => format!("topic '{topic}'"),
        ConferenceEvent::Reconfigured { .. } => "reconfigured".into(),
        ConferenceEvent::Affiliated { who, affiliation } => format!("hears {} {affiliation:?}", short(who)),
        ConferenceEvent::Invited { from, continues, .. } => {
            format!("invited by {} continues {continues:?}", short(&from.user))
        }
        ConferenceEvent::Declined { from, .. } => format!("declined by {}", short(from)),
        ConferenceEvent::VoiceRequested { nick, .. } => format!("voice for {nick}?"),
        ConferenceEvent::Relay { nick, .. } => format!("relay from {nick}"),
    }
}

fn fact_line(fact: &Fact) -> String {
    match fact {
        Fact::SessionOpened { session, .. } => format!("opened {session}"),
        Fact::SessionClosed { session, .. } => format!("closed {session}"),
        Fact::Said { number, .. } => format!("said {number}"),
        Fact::Confirmed { by, numbers } => format!("confirmed {} {numbers:?}", short(by)),
        Fact::Created { owner, .. } => format!("created {}", short(owner)),
        Fact::Configured { .. } => "configured".into(),
        Fact::Joined { endpoint, nick, .. } => format!("joined {} as {nick}", short(&endpoint.user)),
        Fact::Renamed { nick, .. } => format!("renamed {nick}"),
        Fact::RoleChanged { nick, role, .. } => format!("role {nick} {role:?}"),
        Fact::Left { endpoint, .. } => format!("left {}", short(&endpoint.user)),
        Fact::Affiliated { who, affiliation, .. } => format!("affiliated {} {affiliation:?}", short(who)),
        Fact::TopicSet { .. } => "topic".into(),
        Fact::Ended { .. } => "ended".into(),
    }
}
