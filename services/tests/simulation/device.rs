//! A device of somebody: it signs in somewhere, shows a state, says things under ids and says them again until they are
//! accepted, confirms what it gets, loses its node and signs in at another. It writes down all that it was told.

use crate::{
    session::Says,
    world::{Event as Happens, World},
};
use domain::{
    Address, ConversationId, EndpointName, Message, Ticket,
    endpoint::{Answer, Command, Event},
    presentity::{Availability, State},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// What comes to a device over its connection.
pub(crate) enum Hears {
    Bound,
    /// From its home; which may be none any more and not know.
    Event(Box<Event>, bool),
    /// The server has closed it.
    Closed,
    /// It is noticed that the connection is dead.
    Dead,
    /// The sign-in has taken too long.
    Late,
    /// What was got so far is confirmed.
    Confirm,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Phase {
    Off,
    SigningIn,
    On,
}

/// Something said.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) id: String,
    pub(crate) to: Address,
    /// Its number, once it is accepted.
    pub(crate) accepted: Option<u64>,
    /// Asked on this connection, under this ticket.
    asked: Option<u64>,
}

/// See the module.
pub(crate) struct Device {
    pub(crate) user: Address,
    pub(crate) name: EndpointName,
    pub(crate) phase: Phase,
    pub(crate) node: usize,
    pub(crate) connection: u64,
    pub(crate) sent: Vec<Sent>,
    /// In the order in which it came first.
    /// And whether it came from a home that had lost its shard.
    pub(crate) got: Vec<(ConversationId, u64, String, bool)>,
    pub(crate) known: BTreeMap<(ConversationId, u64), String>,
    /// On this connection.
    passed: BTreeSet<(ConversationId, u64)>,
    pub(crate) shown: Option<Arc<str>>,
    /// What each endpoint of each contact shows.
    pub(crate) sees: BTreeMap<(Address, EndpointName), (Arc<str>, u64)>,
    /// Stays away.
    pub(crate) rests: bool,
    tickets: u64,
    reached: u64,
    confirming: bool,
    says_at: u64,
    hears_at: u64,
}

impl Device {
    pub(crate) fn new(user: Address, name: EndpointName) -> Self {
        Self {
            user,
            name,
            phase: Phase::Off,
            node: 0,
            connection: 0,
            sent: Vec::new(),
            got: Vec::new(),
            known: BTreeMap::new(),
            passed: BTreeSet::new(),
            shown: None,
            sees: BTreeMap::new(),
            rests: false,
            tickets: 0,
            reached: 0,
            confirming: false,
            says_at: 0,
            hears_at: 0,
        }
    }
}

impl World {
    /// The device does something of its own.
    pub(crate) fn wake_device(&mut self, d: usize) {
        let rests = self.devices[d].rests;
        if self.devices[d].phase == Phase::On {
            self.say_again(d);
        }
        match self.devices[d].phase {
            Phase::Off if !rests => self.sign_in(d),
            Phase::On if rests => self.hang_up(d),
            Phase::On if !self.calm => match self.random.within(0, 99) {
                0..60 => self.say(d),
                60..72 => self.show(d),
                72..76 => self.hang_up(d),
                _ => {}
            },
            _ => {}
        }
        let delay = if self.calm { self.random.within(500, 1_500) } else { self.random.within(20, 900) };
        self.after(delay, Happens::Wake(d));
    }

    fn sign_in(&mut self, d: usize) {
        let up: Vec<usize> = (0..self.slots.len()).filter(|n| self.slots[*n].node.is_some()).collect();
        if up.is_empty() {
            return;
        }
        let n = up[self.random.index(up.len())];
        self.connections += 1;
        let number = self.connections;
        let device = &mut self.devices[d];
        (device.phase, device.node, device.connection) = (Phase::SigningIn, n, number);
        (device.reached, device.confirming) = (0, false);
        device.sees.clear();
        device.passed.clear();
        device.sent.iter_mut().for_each(|sent| sent.asked = None);
        let (user, endpoint) = (device.user.clone(), device.name.clone());
        self.trace(|| format!("{user}/{} signs in at n{n} as {number}", endpoint.as_str()));
        self.says(d, Says::SignIn { user, endpoint, device: d });
        let late = self.random.within(3_000, 6_000);
        self.after(late, Happens::Device(d, number, Hears::Late));
    }

    fn says(&mut self, d: usize, says: Says) {
        let delay = self.random.within(0, 5);
        let now = self.now;
        let device = &mut self.devices[d];
        device.says_at = device.says_at.max(now + delay);
        let (at, n, number) = (device.says_at, device.node, device.connection);
        self.device_says(at, n, number, says);
    }

    fn ask(&mut self, d: usize, command: Command) -> u64 {
        self.devices[d].tickets += 1;
        let ticket = self.devices[d].tickets;
        self.says(d, Says::Ask(Ticket(ticket), command));
        ticket
    }

    /// Ends the connection, perhaps without a word that gets through.
    fn hang_up(&mut self, d: usize) {
        self.trace(|| format!("device {d} hangs up"));
        self.says(d, Says::Gone);
        self.off(d);
    }

    fn off(&mut self, d: usize) {
        self.devices[d].phase = Phase::Off;
        self.devices[d].connection = 0;
        self.devices[d].shown = None;
    }

    fn show(&mut self, d: usize) {
        let note: Arc<str> = format!("{:x}", self.random.draw()).into();
        let state = State { note: Some(Arc::clone(&note)), ..State::of(Availability::Available) };
        self.devices[d].shown = Some(note);
        self.ask(d, Command::Publish(Arc::new(state)));
    }

    fn say(&mut self, d: usize) {
        let others: Vec<Address> =
            self.people.iter().filter(|person| **person != self.devices[d].user).cloned().collect();
        let to = others[self.random.index(others.len())].clone();
        let id = format!("d{d}-{}", self.devices[d].sent.len());
        self.devices[d].sent.push(Sent { id, to, accepted: None, asked: None });
        self.say_again(d);
    }

    /// Says, in order, what is neither accepted nor asked.
    fn say_again(&mut self, d: usize) {
        for at in 0..self.devices[d].sent.len() {
            let sent = &self.devices[d].sent[at];
            if sent.accepted.is_none() && sent.asked.is_none() {
                let id: Arc<str> = sent.id.as_str().into();
                let message = Message {
                    body: Some(Arc::clone(&id)),
                    origin_id: Some(id),
                    kind: domain::message::MessageKind::Chat,
                    ..Message::default()
                };
                let command =
                    Command::Send { to: sent.to.clone(), endpoint: None, message: Arc::new(message) };
                let ticket = self.ask(d, command);
                self.devices[d].sent[at].asked = Some(ticket);
            }
        }
    }

    /// Something is on its way to a device.
    pub(crate) fn tell_over(&mut self, d: usize, connection: u64, hears: Hears) {
        let delay = self.random.within(0, 5);
        let now = self.now;
        let device = &mut self.devices[d];
        device.hears_at = device.hears_at.max(now + delay);
        let at = device.hears_at;
        self.at(at, Happens::Device(d, connection, hears));
    }

    pub(crate) fn device_hears(&mut self, d: usize, connection: u64, hears: Hears) {
        if self.devices[d].connection != connection {
            return;
        }
        match hears {
            Hears::Bound => {
                self.devices[d].phase = Phase::On;
                self.trace(|| format!("device {d} is on"));
                self.show(d);
                self.say_again(d);
            }
            Hears::Late if self.devices[d].phase == Phase::On => {}
            Hears::Late | Hears::Dead => self.hang_up(d),
            Hears::Closed => self.off(d),
            Hears::Confirm => {
                self.devices[d].confirming = false;
                let serial = self.devices[d].reached;
                self.ask(d, Command::Confirm { serial });
            }
            Hears::Event(event, ahead) => self.takes(d, *event, ahead),
        }
    }

    fn takes(&mut self, d: usize, event: Event, ahead: bool) {
        match event {
            Event::Ended(_) => self.off(d),
            Event::Done(ticket, Answer::Accepted { number, .. }) => {
                let asked = self.devices[d].sent.iter_mut().find(|sent| sent.asked == Some(ticket.0));
                if let Some(sent) = asked {
                    let doubled = sent.accepted.is_some_and(|known| known != number);
                    sent.accepted = Some(number);
                    let id = sent.id.clone();
                    self.trace(|| format!("device {d}: {id} is accepted as {number}"));
                    if doubled {
                        self.wrong(format!("{id} is accepted as {number}, and was as another"));
                    }
                }
            }
            Event::Refused(ticket, _) => {
                let asked = self.devices[d].sent.iter_mut().find(|sent| sent.asked == Some(ticket.0));
                if let Some(sent) = asked {
                    // Said again when the device wakes.
                    sent.asked = None;
                }
            }
            Event::Notice(notice) => {
                let whose = notice.presentity.clone();
                let now = self.now;
                let device = &mut self.devices[d];
                match (&notice.endpoint, &notice.state) {
                    (Some(endpoint), Some(state)) => {
                        let note = state.note.clone().unwrap_or_default();
                        device.sees.insert((whose, endpoint.clone()), (note, now));
                    }
                    (Some(endpoint), None) => drop(device.sees.remove(&(whose, endpoint.clone()))),
                    (None, _) => device.sees.retain(|(who, _), _| *who != whose),
                }
            }
            Event::Delivery(delivery) if delivery.serial > 0 => self.delivered(d, &delivery, ahead),
            _ => {}
        }
    }

    fn delivered(&mut self, d: usize, delivery: &domain::endpoint::Delivery, ahead: bool) {
        let said = &delivery.said;
        let key = (said.conversation.clone(), said.number);
        let id = said.message.origin_id.as_deref().unwrap_or("").to_owned();
        self.trace(|| format!("device {d} gets {} of {} as {}: {id}", key.1, key.0, delivery.serial));
        let device = &mut self.devices[d];
        device.reached = device.reached.max(delivery.serial);
        if !device.passed.insert(key.clone()) {
            self.wrong(format!("device {d} gets {} of {} twice on one connection", key.1, key.0));
            return;
        }
        match device.known.get(&key) {
            None => {
                device.known.insert(key.clone(), id.clone());
                device.got.push((key.0, key.1, id, ahead));
            }
            Some(known) if *known != id => {
                let text = format!("device {d}: {} of {} is {id}, and was {known}", key.1, key.0);
                self.wrong(text);
                return;
            }
            Some(_) => {}
        }
        if !std::mem::replace(&mut self.devices[d].confirming, true) {
            let delay = self.random.within(0, 400);
            let connection = self.devices[d].connection;
            self.after(delay, Happens::Device(d, connection, Hears::Confirm));
        }
    }

    /// Devices of connections to this machine notice sooner or later that it is dead or does not answer.
    pub(crate) fn connections_die(&mut self, n: usize, least: u64, most: u64) {
        for d in 0..self.devices.len() {
            let device = &self.devices[d];
            if device.node == n && device.connection != 0 {
                let connection = device.connection;
                let delay = self.random.within(least, most);
                self.after(delay, Happens::Device(d, connection, Hears::Dead));
            }
        }
    }
}
