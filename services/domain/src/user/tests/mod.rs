//! Plays: users on a stage, each with endpoints that speak and hear; what an endpoint hears is a line of text.
//!
//! The stage carries effects between the homes as the host does, and stands in for the conversations: it numbers what is
//! said and hands it on. It checks that every ticket is answered once.

mod accounts;
mod again;
mod blocking;
mod categories;
mod conferences;
mod delivery;
mod keeping;
mod limits;
mod lines;
mod presence;
mod push;
mod replay;
mod roster;
mod standing;
mod subscription;

use super::{Command, Effect, Fact, Policy, User};
use crate::{
    Address, ConversationId, EndpointId, EndpointName, Message, Out, Ticket, Timestamp, conversation,
    endpoint::{self, Event, Rendered, Said},
    message::MessageKind,
    presentity::{Availability, State},
    roster::Handshake,
};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

/// `alice` is `alice@example.org`; other domains are written out.
fn address(name: &str) -> Address {
    let text = if name.contains(['@', '.']) { name.to_owned() } else { format!("{name}@example.org") };
    Address::parse(&text).expect("an address")
}

fn name(text: &str) -> EndpointName {
    EndpointName::parse(text).expect("an endpoint name")
}

/// `alice/desk`.
fn endpoint_id(text: &str) -> EndpointId {
    let (user, endpoint) = text.split_once('/').expect("user/endpoint");
    EndpointId::new(address(user), name(endpoint))
}

fn state(availability: Availability) -> Arc<State> {
    Arc::new(State::of(availability))
}

fn priority(priority: i8) -> Arc<State> {
    Arc::new(State { priority, ..State::clone(&state(Availability::Available)) })
}

fn message(text: &str) -> Message {
    Message { kind: MessageKind::Chat, body: Some(text.into()), ..Message::default() }
}

fn said(from: &str, to: &str, number: u64, message: Message) -> Arc<Said> {
    let from = endpoint_id(from);
    let (to, endpoint) = to.split_once('/').map_or((to, None), |(to, e)| (to, Some(name(e))));
    Arc::new(Said {
        conversation: ConversationId::between(from.user.clone(), address(to)),
        number,
        at: Timestamp(1000 + number),
        from,
        nick: None,
        occupant_id: None,
        to: endpoint,
        message: Arc::new(message),
        rendered: Rendered::default(),
    })
}

/// The users, and all that was heard and logged.
#[derive(Default)]
struct Stage {
    now: Timestamp,
    policy: Policy,
    users: BTreeMap<Address, User>,
    facts: BTreeMap<Address, Vec<Fact>>,
    heard: Vec<String>,
    told: Vec<(ConversationId, conversation::Command)>,
    numbers: BTreeMap<ConversationId, u64>,
    open: BTreeSet<(EndpointId, Ticket)>,
    tickets: u64,
    serials: BTreeMap<EndpointId, u64>,
    pushed: Vec<Ticket>,
}

impl Stage {
    /// Everyone has an account.
    fn with(names: &[&str]) -> Self {
        let mut stage = Self { now: Timestamp(1000), ..Self::default() };
        for name in names {
            stage.ask(name, Command::CreateAccount { verifiers: Vec::new(), at: Timestamp(1) });
        }
        stage.heard.clear();
        stage
    }

    fn user(&mut self, name: &str) -> &mut User {
        let address = address(name);
        let policy = self.policy.clone();
        self.users.entry(address.clone()).or_insert_with(|| User::new(address, policy))
    }

    /// A command reaches a home; everything that follows from it happens.
    fn ask(&mut self, name: &str, command: Command) {
        let mut commands = VecDeque::from([(address(name), command)]);
        while let Some((to, command)) = commands.pop_front() {
            let mut out = Out::new();
            let now = self.now;
            self.user(to.as_str()).handle(now, command, &mut out);
            self.carry(&to, out, &mut commands);
        }
    }

    fn tick(&mut self, name: &str, now: u64) {
        self.now = Timestamp(now);
        let (mut out, mut commands) = (Out::new(), VecDeque::new());
        self.user(name).tick(Timestamp(now), &mut out);
        self.carry(&address(name), out, &mut commands);
        for (to, command) in commands {
            self.ask(to.as_str(), command);
        }
    }

    fn carry(&mut self, user: &Address, out: Out<Fact, Effect>, commands: &mut VecDeque<(Address, Command)>) {
        self.facts.entry(user.clone()).or_default().extend(out.facts);
        for effect in out.effects {
            match effect {
                Effect::ToEndpoint(name, event) => self.hear(&EndpointId::new(user.clone(), name), &event),
                Effect::ToEndpoints(names, event) => {
                    for name in names {
                        self.hear(&EndpointId::new(user.clone(), name), &event);
                    }
                }
                Effect::ToUser(to, command) => commands.push_back((to, command)),
                Effect::ToUsers(to, command) => {
                    commands.extend(to.iter().map(|to| (to.clone(), command.clone())));
                }
                Effect::Push { ticket, service, waiting } => {
                    let to = lines::short_endpoint(&service.address);
                    self.heard.push(format!("{to} {}: {waiting} wait", service.node));
                    self.pushed.push(ticket);
                }
                Effect::ToConversation(id, command) => self.converse(id, command, commands),
                Effect::AdminDone(result) => {
                    if let Err(refusal) = result {
                        self.heard.push(format!("administrator: refused {:?}", refusal.reason));
                    }
                }
            }
        }
    }

    fn hear(&mut self, who: &EndpointId, event: &Event) {
        if let Event::Done(ticket, _) | Event::Refused(ticket, _) = event {
            assert!(self.open.remove(&(who.clone(), *ticket)), "{who} got a second answer");
        }
        if let Event::Delivery(delivery) = event
            && delivery.serial > 0
        {
            let last = self.serials.insert(who.clone(), delivery.serial).unwrap_or_default();
            assert!(delivery.serial == last + 1, "{who}: serial {} after {last}", delivery.serial);
        }
        if let Some(line) = lines::line(event) {
            self.heard.push(format!("{}: {line}", lines::short_endpoint(who)));
        }
    }

    /// Numbers what is said and hands it on; notes what else conversations are told.
    fn converse(
        &mut self,
        id: ConversationId,
        command: conversation::Command,
        commands: &mut VecDeque<(Address, Command)>,
    ) {
        let conversation::Command::Send { from, to, endpoint, ticket, message } = command else {
            self.told.push((id, command));
            return;
        };
        let number = self.numbers.entry(id.clone()).or_default();
        *number += u64::from(message.is_durable());
        let said = Arc::new(Said {
            conversation: id,
            number: if message.is_durable() { *number } else { 0 },
            at: self.now,
            from: from.clone(),
            nick: None,
            occupant_id: None,
            to: endpoint,
            message,
            rendered: Rendered::default(),
        });
        commands
            .push_back((from.user.clone(), Command::Sent { ticket, said: Arc::clone(&said), again: false }));
        if to != from.user {
            commands.push_back((to, Command::Deliver { endpoint: None, said, late: false }));
        }
    }

    fn attach(&mut self, who: &str) {
        let who = endpoint_id(who);
        self.serials.remove(&who);
        self.ask(who.user.as_str(), Command::Attach { endpoint: who.name });
    }

    fn detach(&mut self, who: &str) {
        let who = endpoint_id(who);
        self.open.retain(|(endpoint, _)| *endpoint != who);
        self.ask(who.user.as_str(), Command::Detach { endpoint: who.name });
    }

    /// An endpoint asks something; its ticket stays open until it is answered.
    fn says(&mut self, who: &str, command: endpoint::Command) {
        let who = endpoint_id(who);
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        self.open.insert((who.clone(), ticket));
        self.ask(who.user.as_str(), Command::Endpoint { endpoint: who.name, ticket, command });
    }

    /// Signs in and is available, quietly.
    fn arrives(&mut self, who: &str) {
        self.attach(who);
        self.says(who, endpoint::Command::Roster(endpoint::RosterCommand::Get { version: None }));
        self.says(who, endpoint::Command::Publish(state(Availability::Available)));
        self.heard.clear();
    }

    fn shows(&mut self, who: &str, availability: Availability) {
        self.says(who, endpoint::Command::Publish(state(availability)));
    }

    fn writes(&mut self, who: &str, to: &str, message: Message) {
        let (to, endpoint) = to.split_once('/').map_or((to, None), |(to, e)| (to, Some(name(e))));
        let command = endpoint::Command::Send { to: address(to), endpoint, message: Arc::new(message) };
        self.says(who, command);
    }

    fn steps(&mut self, who: &str, step: Handshake, with: &str) {
        let command = endpoint::RosterCommand::Handshake { with: address(with), step, carried: "hi".into() };
        self.says(who, endpoint::Command::Roster(command));
    }

    /// Both see each other, whether they are signed in or not.
    fn befriend(&mut self, a: &str, b: &str) {
        let user = |who: &str| who.split('/').next().unwrap_or(who).to_owned();
        let (a, b) = (user(a), user(b));
        for step in [Handshake::Subscribe, Handshake::Subscribed] {
            for (who, with) in [(&a, &b), (&b, &a)] {
                let hidden = format!("{who}/hidden");
                self.attach(&hidden);
                self.steps(&hidden, step, with);
                self.detach(&hidden);
            }
        }
        self.heard.clear();
    }

    /// What was heard since the last time, which must be exactly this.
    #[track_caller]
    fn expect(&mut self, lines: &[&str]) {
        assert_eq!(std::mem::take(&mut self.heard), lines);
        assert!(self.open.is_empty(), "unanswered: {:?}", self.open);
    }

    /// What conversations were told since the last time.
    fn told(&mut self) -> Vec<String> {
        let told = std::mem::take(&mut self.told);
        told.iter().map(|(id, command)| lines::told(id, command)).collect()
    }
}
