//! What a session remembers for the day when its user's home moves: what it has asked and not been answered, what its
//! endpoint shows, and which messages it has passed on (DESIGN §1: sessions elsewhere attach again by themselves).
//!
//! Invariants: what was asked is answered once, by whichever home; a message that the client has, or is on its way to it,
//! is not passed on again; a home is told of a delivery only after the client has all that was passed on before it.

mod deliveries;

use super::{Command, Event, RosterCommand};
use crate::{
    Address, ConversationId, EndpointName, Home, Ticket,
    conversation::{ConferenceCommand, ConferenceEvent},
    presentity::State,
};
use deliveries::{Deliveries, Passed};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

/// See the module. As large as what the session waits for, which its door limits.
#[derive(Debug, Default)]
pub struct Recall {
    asked: VecDeque<Asked>,
    /// Its home does not know it at the moment: what is asked waits.
    is_adrift: bool,
    shown: Option<Arc<State>>,
    roster: bool,
    blocked: bool,
    /// With the nick in each.
    conferences: BTreeMap<Address, EndpointName>,
    deliveries: Deliveries,
}

/// What a session remembers of its endpoint, for a home that knows nothing of it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Remembered {
    /// What it shows; `None`: it is not available.
    pub state: Option<Arc<State>>,
    /// It is told of changes of the roster.
    pub roster: bool,
    /// It is told of changes of the block list.
    pub blocked: bool,
    /// The conferences that it is in, and its nick in each.
    pub conferences: Vec<(Address, EndpointName)>,
}

/// A ticket, the stanza of the client that asks with it (0: none does), and what is asked.
pub type Asked = (Ticket, u32, Command);

/// What becomes of a command.
#[derive(Debug)]
pub enum Ask {
    /// Ask it of the home.
    Now(Command),
    /// It is remembered, and asked when the home knows the session again; or it is of no use any more.
    Later,
}

impl Recall {
    /// The session asks something.
    pub fn asks(&mut self, ticket: Ticket, stanza: u32, command: Command) -> Ask {
        match &command {
            Command::Confirm { serial } => {
                return match self.deliveries.confirmed(*serial) {
                    Some(serial) if !self.is_adrift => Ask::Now(Command::Confirm { serial }),
                    _ => Ask::Later,
                };
            }
            Command::Publish(state) => self.shown = Some(Arc::clone(state)),
            Command::Unpublish { .. } => {
                self.shown = None;
                self.conferences.clear();
            }
            Command::Roster(RosterCommand::Get { .. }) => self.roster = true,
            Command::Roster(RosterCommand::Blocked) => self.blocked = true,
            Command::Conference {
                conference,
                command:
                    ConferenceCommand::Join { nick, .. }
                    | ConferenceCommand::Show { nick, .. }
                    | ConferenceCommand::Escalate { nick, .. },
            } => drop(self.conferences.insert(conference.clone(), nick.clone())),
            _ => {}
        }
        self.asked.push_back((ticket, stanza, command.clone()));
        if self.is_adrift { Ask::Later } else { Ask::Now(command) }
    }

    /// The home says something: what of it goes on to the session, and what the home is to be told at once.
    pub fn hears(&mut self, event: Event) -> (Option<Event>, Option<Command>) {
        match event {
            Event::Done(ticket, _) | Event::Refused(ticket, _) => {
                match self.asked.iter().position(|(asked, ..)| *asked == ticket) {
                    Some(at) => drop(self.asked.remove(at)),
                    // Answered before, by a home that has moved since.
                    None => return (None, None),
                }
            }
            // It comes again, in its order, from the home that has the session next. What is said meanwhile by one that
            // does not know that it was out of reach may be behind something that is lost.
            Event::Delivery(delivery) if delivery.serial > 0 && self.is_adrift => return (None, None),
            Event::Delivery(delivery) if delivery.serial > 0 => {
                return match self.deliveries.passes(delivery) {
                    Passed::On(delivery) => (Some(Event::Delivery(delivery)), None),
                    Passed::Before(None) => (None, None),
                    Passed::Before(Some(serial)) => (None, Some(Command::Confirm { serial })),
                };
            }
            Event::Conference { ref conference, event: ref happened } => {
                if matches!(**happened, ConferenceEvent::Gone { own: true, .. }) {
                    self.conferences.remove(conference);
                }
            }
            _ => {}
        }
        (Some(event), None)
    }

    /// Up to which of the home's serials everything was written when the stanza with this receipt was.
    pub fn reached(&self, receipt: u64) -> u64 {
        self.deliveries.reached(receipt)
    }

    /// The home has moved: what a new one is to be told. Until [`Self::attached`] nothing is asked.
    pub fn adrift(&mut self) -> Remembered {
        self.is_adrift = true;
        self.deliveries.start_again();
        Remembered {
            state: self.shown.clone(),
            roster: self.roster,
            blocked: self.blocked,
            conferences: self.conferences.clone().into_iter().collect(),
        }
    }

    /// Goes on where another recall stopped.
    pub fn restore(&mut self, remembered: Remembered) {
        let Remembered { state, roster, blocked, conferences } = remembered;
        self.shown = state;
        (self.roster, self.blocked) = (roster, blocked);
        self.conferences = conferences.into_iter().collect();
    }

    /// The new home knows the session: everything that is not answered is to be asked again, in order.
    pub fn attached(&mut self) -> Vec<Asked> {
        self.is_adrift = false;
        self.asked.iter().cloned().collect()
    }

    /// Something else that answers may depend on has moved: what is to be asked again. What cannot be asked twice is
    /// not: it is for the caller to refuse.
    pub fn moved(&self, me: &Address, has_moved: impl Fn(&Home) -> bool) -> Vec<Asked> {
        if self.is_adrift {
            return Vec::new();
        }
        let concerned =
            |(.., command): &&Asked| answered_by(me, command).is_some_and(|home| has_moved(&home));
        self.asked.iter().filter(concerned).cloned().collect()
    }
}

/// Who else than the user's own home answers this.
fn answered_by(me: &Address, command: &Command) -> Option<Home> {
    match command {
        Command::Send { to, .. } => Some(Home::Conversation(ConversationId::between(me.clone(), to.clone()))),
        Command::Conference { conference, .. } => {
            Some(Home::Conversation(ConversationId::Conference(conference.clone())))
        }
        Command::Category { owner, .. } if owner != me => Some(Home::User(owner.clone())),
        Command::Relay { to, .. } => Some(Home::User(to.user.clone())),
        _ => None,
    }
}

/// Whether this may be asked again without being done twice.
pub fn is_repeatable(command: &Command) -> bool {
    !matches!(command, Command::Relay { .. } | Command::Direct(_) | Command::Probe { .. })
}

/// What is asked again is known by its id: a message without one gets one, made of what stays the same when the client
/// says it again after a resumption.
pub fn identify(command: &mut Command, name: impl FnOnce() -> String) {
    let (Command::Send { message, .. }
    | Command::Conference { command: ConferenceCommand::Say { message }, .. }) = command
    else {
        return;
    };
    if message.origin_id.is_none() && message.is_durable() {
        Arc::make_mut(message).origin_id = Some(name().into());
    }
}

#[cfg(test)]
mod tests;
