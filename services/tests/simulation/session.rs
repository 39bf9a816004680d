//! Sessions: connections of devices to a node, and what the session remembers for a home that moves. As
//! `frontend::session::connection` and the pool's ports do it.

use crate::{device::Hears, node::At, planted::Planted, world::World};
use cluster::{
    NodeId, Owner,
    wire::{Again, Message, SessionId},
};
use domain::{
    Address, EndpointName, Home, Reason, Refusal, Ticket,
    endpoint::{
        Command, Event,
        recall::{self, Ask, Recall, Remembered},
    },
};

/// The end of a session is told again when its home moves within this.
const REMEMBERED: u64 = 60_000;
/// Under this number a session is attached again.
const AGAIN: u64 = u64::MAX;

/// One connection that signs in, or has.
pub(crate) struct Session {
    user: Address,
    endpoint: EndpointName,
    pub(crate) device: usize,
    pub(crate) connection: u64,
    recall: Recall,
    bound: bool,
    /// Its home has moved while it signed in.
    moved: bool,
}

/// What a device says to its node.
pub(crate) enum Says {
    SignIn {
        user: Address,
        endpoint: EndpointName,
        device: usize,
    },
    Ask(Ticket, Command),
    /// The connection is gone.
    Gone,
}

impl World {
    fn session(&mut self, n: usize, number: u64) -> Option<&mut Session> {
        self.slots[n].node.as_mut()?.sessions.get_mut(&number)
    }

    fn session_id(&self, n: usize, number: u64) -> SessionId {
        SessionId { node: self.slots[n].node.as_ref().map_or(0, |node| node.id.incarnation), number }
    }

    pub(crate) fn connection_says(&mut self, n: usize, number: u64, says: Says) {
        match says {
            Says::SignIn { user, endpoint, device } => {
                let recall = Recall::default();
                let session = Session {
                    user: user.clone(),
                    endpoint: endpoint.clone(),
                    device,
                    connection: number,
                    recall,
                    bound: false,
                    moved: false,
                };
                if let Some(node) = &mut self.slots[n].node {
                    node.sessions.insert(number, session);
                }
                let session = self.session_id(n, number);
                let attach = Message::Attach { user, endpoint, session, ask: 1, credentials: 0, again: None };
                self.tell_surely(n, Box::new(attach));
            }
            Says::Ask(ticket, command) => self.session_asks(n, number, ticket, command),
            Says::Gone => self.close_session(n, number),
        }
    }

    /// It is over: its home is told, once.
    fn close_session(&mut self, n: usize, number: u64) {
        let id = self.session_id(n, number);
        let Some(session) = self.slots[n].node.as_mut().and_then(|node| node.sessions.remove(&number)) else {
            return;
        };
        let detach = Message::Detach { user: session.user, endpoint: session.endpoint, session: id };
        if let Some(node) = &mut self.slots[n].node {
            // Until nothing that is lost with a link can be unnoticed.
            node.over.retain(|(at, _)| at + REMEMBERED > self.now);
            node.over.push((self.now, detach.clone()));
        }
        self.tell_surely(n, Box::new(detach));
    }

    fn session_asks(&mut self, n: usize, number: u64, ticket: Ticket, command: Command) {
        let passes = self.is(Planted::DoublesPassed);
        let Some(session) = self.session(n, number) else { return };
        let asked = match (&command, passes) {
            (Command::Confirm { .. }, true) => Ask::Now(command),
            _ => session.recall.asks(ticket, 0, command),
        };
        if let Ask::Now(command) = asked {
            let message = self.asked(n, number, ticket, command);
            // With no home it is asked again when there is one.
            if let Some(message) = message {
                drop(self.send_home(n, message));
            }
        }
    }

    fn asked(&mut self, n: usize, number: u64, ticket: Ticket, command: Command) -> Option<Box<Message>> {
        let id = self.session_id(n, number);
        let session = self.session(n, number)?;
        let (user, endpoint) = (session.user.clone(), session.endpoint.clone());
        Some(Box::new(Message::Asked { user, endpoint, session: id, stanza: 0, ticket, command }))
    }

    fn ask_again(&mut self, n: usize, number: u64, ticket: Ticket, command: Command) {
        if let Some(message) = self.asked(n, number, ticket, command) {
            self.tell_surely(n, message);
        }
    }

    /// The home says something.
    pub(crate) fn session_hears(&mut self, n: usize, from: &NodeId, number: u64, event: Event) {
        if !self.is_home(n, from, number) {
            return;
        }
        let passes = self.is(Planted::DoublesPassed) && matches!(event, Event::Delivery(_));
        let Some(session) = self.session(n, number) else { return };
        let (event, command) = if passes { (Some(event), None) } else { session.recall.hears(event) };
        if let Some(command) = command {
            self.ask_again(n, number, Ticket(0), command);
        }
        if let Some(event) = event {
            let ends = matches!(event, Event::Ended(_));
            let ahead = self.is_stale(n, from, number);
            self.tell_device(n, number, Hears::Event(Box::new(event), ahead));
            if ends {
                self.close_session(n, number);
            }
        }
    }

    /// Whether that node has the session's home, as far as is known here: another one does not know that it has it no longer.
    fn is_home(&mut self, n: usize, from: &NodeId, number: u64) -> bool {
        let Some(user) = self.session(n, number).map(|session| session.user.clone()) else { return false };
        let shard = self.shard_of(&Home::User(user));
        self.slots[n].node.as_ref().is_some_and(|node| match &node.owners[usize::from(shard)] {
            Owner::Here { .. } => node.id == *from,
            Owner::There { node, .. } => node == from,
            Owner::Nobody => false,
        })
    }

    /// Whether the home that speaks has lost its shard already and does not know. What it hands out is right, but may be
    /// ahead of what the owner has kept.
    fn is_stale(&mut self, n: usize, from: &NodeId, number: u64) -> bool {
        let Some(user) = self.session(n, number).map(|session| session.user.clone()) else { return false };
        let shard = self.shard_of(&Home::User(user));
        let owner = self.log.owner(shard);
        let home = self.slots.iter().filter_map(|slot| slot.node.as_ref()).find(|node| node.id == *from);
        let attempt = home.and_then(|node| node.attempts.get(&shard));
        attempt.is_none_or(|attempt| attempt.owner.checkpoint().current != owner)
    }

    /// Whether its home has the session now.
    pub(crate) fn session_attached(
        &mut self,
        n: usize,
        from: &NodeId,
        number: u64,
        ask: u64,
        admitted: bool,
    ) {
        if !self.is_home(n, from, number) {
            return;
        }
        let Some(session) = self.session(n, number) else { return };
        if !admitted {
            self.tell_device(n, number, Hears::Closed);
            return self.close_session(n, number);
        }
        if ask == AGAIN {
            for (ticket, _, command) in session.recall.attached() {
                self.ask_again(n, number, ticket, command);
            }
        } else {
            session.bound = true;
            let moved = std::mem::take(&mut session.moved);
            self.tell_device(n, number, Hears::Bound);
            if moved {
                self.attach_again(n, number);
            }
        }
    }

    /// Homes have moved.
    pub(crate) fn sessions_moved(&mut self, n: usize, has: &dyn Fn(&Home) -> bool) {
        let numbers: Vec<u64> = match &self.slots[n].node {
            Some(node) => node.sessions.keys().copied().collect(),
            None => return,
        };
        self.part_again(n, has);
        for number in numbers {
            let Some(session) = self.session(n, number) else { continue };
            let user = session.user.clone();
            if has(&Home::User(user.clone())) {
                self.attach_again(n, number);
                continue;
            }
            for (ticket, _, command) in session.recall.moved(&user, has) {
                if recall::is_repeatable(&command) {
                    self.ask_again(n, number, ticket, command);
                } else {
                    let refusal = Refusal::from(Reason::TryLater);
                    self.tell_device(
                        n,
                        number,
                        Hears::Event(Box::new(Event::Refused(ticket, refusal)), false),
                    );
                }
            }
        }
    }

    /// The end of a session may have been lost with a link.
    fn part_again(&mut self, n: usize, has: &dyn Fn(&Home) -> bool) {
        let now = self.now;
        let over = self.slots[n].node.iter().flat_map(|node| &node.over);
        let over = over.filter(|(at, _)| at + REMEMBERED > now).map(|(_, detach)| detach.clone());
        let over: Vec<Message> =
            over.filter(|detach| crate::node::home(detach).is_some_and(|home| has(&home))).collect();
        over.into_iter().for_each(|detach| self.tell_surely(n, Box::new(detach)));
    }

    /// The home has moved: the next one is told what the session remembers.
    fn attach_again(&mut self, n: usize, number: u64) {
        let id = self.session_id(n, number);
        let Some(session) = self.session(n, number) else { return };
        if !session.bound {
            // There is nothing to attach again yet.
            session.moved = true;
            return;
        }
        let (user, endpoint) = (session.user.clone(), session.endpoint.clone());
        let Remembered { state, roster, blocked, conferences } = session.recall.adrift();
        let again =
            Again { resumable: None, handled: 0, state, carbons: false, roster, blocked, conferences };
        let again = Some(Box::new(again));
        let attach = Message::Attach { user, endpoint, session: id, ask: AGAIN, credentials: 0, again };
        self.tell_surely(n, Box::new(attach));
    }

    fn tell_device(&mut self, n: usize, number: u64, hears: Hears) {
        let Some(session) = self.session(n, number) else { return };
        let (device, connection) = (session.device, session.connection);
        self.tell_over(device, connection, hears);
    }

    /// What a device says reaches its node.
    pub(crate) fn device_says(&mut self, at: u64, n: usize, number: u64, says: Says) {
        if let Some(node) = &self.slots[n].node {
            let life = node.id.incarnation;
            self.at(at, crate::world::Event::At(n, life, Box::new(At::Says(number, says))));
        }
    }
}
