//! Sessions: connections of devices to a node, and what the session remembers for a home that moves. As
//! `frontend::session::connection` and the pool's ports do it.

use crate::{device::Hears, node::At, planted::Planted, world::World};
use cluster::wire::{Again, Message, SessionId};
use domain::{
    Address, EndpointName, Home, Reason, Refusal, Ticket,
    endpoint::{
        Command, Event,
        recall::{self, Ask, Recall, Remembered},
    },
};

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
}

/// What a device says to its node.
pub(crate) enum Says {
    SignIn { user: Address, endpoint: EndpointName, device: usize },
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
                };
                if let Some(node) = &mut self.slots[n].node {
                    node.sessions.insert(number, session);
                }
                let session = self.session_id(n, number);
                let attach =
                    Message::Attach { user, endpoint, session, ask: 1, credentials: 0, again: None };
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
        self.tell_surely(n, Box::new(detach));
    }

    fn session_asks(&mut self, n: usize, number: u64, ticket: Ticket, command: Command) {
        let passes = self.is(Planted::DoublesPassed);
        let Some(session) = self.session(n, number) else { return };
        let asked = match (&command, passes) {
            (Command::Confirm { .. }, true) => Ask::Now(command),
            _ => session.recall.asks(ticket, command),
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
    pub(crate) fn session_hears(&mut self, n: usize, number: u64, event: Event) {
        let passes = self.is(Planted::DoublesPassed) && matches!(event, Event::Delivery(_));
        let Some(session) = self.session(n, number) else { return };
        let (event, command) = if passes { (Some(event), None) } else { session.recall.hears(event) };
        if let Some(command) = command {
            self.ask_again(n, number, Ticket(0), command);
        }
        if let Some(event) = event {
            let ends = matches!(event, Event::Ended(_));
            self.tell_device(n, number, Hears::Event(Box::new(event)));
            if ends {
                self.close_session(n, number);
            }
        }
    }

    /// Whether its home has the session now.
    pub(crate) fn session_attached(&mut self, n: usize, number: u64, ask: u64, admitted: bool) {
        let Some(session) = self.session(n, number) else { return };
        if !admitted {
            self.tell_device(n, number, Hears::Closed);
            return self.close_session(n, number);
        }
        if ask == AGAIN {
            for (ticket, command) in session.recall.attached() {
                self.ask_again(n, number, ticket, command);
            }
        } else {
            session.bound = true;
            self.tell_device(n, number, Hears::Bound);
        }
    }

    /// Homes have moved.
    pub(crate) fn sessions_moved(&mut self, n: usize, has: &dyn Fn(&Home) -> bool) {
        let numbers: Vec<u64> = match &self.slots[n].node {
            Some(node) => node.sessions.keys().copied().collect(),
            None => return,
        };
        for number in numbers {
            let id = self.session_id(n, number);
            let Some(session) = self.session(n, number) else { continue };
            // Without a door there is nothing to attach again: its client waits in vain and tries anew.
            if !session.bound {
                continue;
            }
            let (user, endpoint) = (session.user.clone(), session.endpoint.clone());
            if has(&Home::User(user.clone())) {
                let Remembered { state, roster, blocked, conferences } = session.recall.adrift();
                let again =
                    Again { resumable: None, state, carbons: false, roster, blocked, conferences };
                let again = Some(Box::new(again));
                let attach = Message::Attach { user, endpoint, session: id, ask: AGAIN, credentials: 0, again };
                self.tell_surely(n, Box::new(attach));
                continue;
            }
            for (ticket, command) in session.recall.moved(&user, has) {
                if recall::is_repeatable(&command) {
                    self.ask_again(n, number, ticket, command);
                } else {
                    let refusal = Refusal::from(Reason::TryLater);
                    self.session_hears(n, number, Event::Refused(ticket, refusal));
                }
            }
        }
    }

    fn tell_device(&mut self, n: usize, number: u64, hears: Hears) {
        let Some(session) = self.session(n, number) else { return };
        let (device, connection) = (session.device, session.connection);
        self.to_device(device, connection, hears);
    }

    /// What a device says reaches its node.
    pub(crate) fn from_device(&mut self, at: u64, n: usize, number: u64, says: Says) {
        if let Some(node) = &self.slots[n].node {
            let life = node.id.incarnation;
            self.at(at, crate::world::Event::At(n, life, Box::new(At::Says(number, says))));
        }
    }
}
