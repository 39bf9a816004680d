//! From a user's home to one of its sessions: a bounded inbox, and behind it a bounded overflow in which presence is
//! latest-wins. A session that lets both fill up is lost: it is ended, and what it did not confirm is kept. While a
//! session has no connection it is parked here.
//!
//! In a pool the home may be on another node than the connection. Then there is one of these at each: the home's leads to
//! the node of the connection ([`Far`]), and the one there, in its port, is as in one process.

use super::{
    Inbox, Line, Parked, SessionEvent, SessionId,
    far::{Away, Far},
    parked::Consequences,
};
use crate::{limits, meters::Meters};
use cluster::wire::Again;
use domain::{
    EndpointName, Timestamp,
    endpoint::{self, Event, recall::Asked},
};
use std::{collections::VecDeque, sync::Arc};
use transport::Rejected;
use xmpp::{session, stream};

/// The home's end of a session.
pub(crate) struct Outbox {
    endpoint: EndpointName,
    session: SessionId,
    end: End,
    overflow: VecDeque<Event>,
    lost: bool,
    meters: Arc<Meters>,
    /// What a parked session asks of its home.
    asked: Vec<Asked>,
    /// Answers for a session that has closed its inbox and is not here yet: no more than it has asked.
    answers: Vec<(session::AskId, session::Answer)>,
    /// Who waits to resume this session, once its connection has let go of it.
    wanted: Option<Wanted>,
}

/// The id of the session that a connection wants to resume, its question, and where it hears the answer.
pub(crate) type Wanted = (Arc<str>, stream::AskId, Line);

enum End {
    Connected(Inbox),
    Parked(Box<Parked>),
    /// On the node of its connection, which looks after it.
    Far(Box<Far>),
    /// The node of its connection is gone, or out of reach: it may be resumed on another.
    Away(Box<Away>),
}

impl Outbox {
    pub(crate) fn new(endpoint: EndpointName, line: Line, meters: Arc<Meters>) -> Self {
        Self {
            endpoint,
            session: line.session(),
            end: match line {
                Line::Near(inbox) => End::Connected(inbox),
                Line::Far(far) => End::Far(far),
            },
            overflow: VecDeque::new(),
            lost: false,
            meters,
            asked: Vec::new(),
            answers: Vec::new(),
            wanted: None,
        }
    }

    pub(crate) fn endpoint(&self) -> &EndpointName {
        &self.endpoint
    }

    /// Which session it is.
    pub(crate) fn session(&self) -> SessionId {
        self.session
    }

    /// Too slow for too long, or parked for too long.
    pub(crate) fn is_lost(&self, now: Timestamp) -> bool {
        self.lost || self.deadline().is_some_and(|until| until <= now)
    }

    /// It is over: its connection is told, before all that it has not read.
    pub(crate) fn give_up(&mut self) {
        let ended = Event::Ended(endpoint::Ending::TooSlow);
        match &self.end {
            // One that is gone already, or is letting go, ends by itself.
            End::Connected(inbox) => drop(inbox.events.send_first(SessionEvent::Endpoint(ended))),
            // One that cannot be told now learns it when it asks something.
            End::Far(far) => drop(far.tell(ended)),
            End::Parked(_) | End::Away(_) => {}
        }
    }

    /// When a parked session is given up.
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        match &self.end {
            End::Parked(parked) => Some(parked.until),
            End::Away(away) => Some(away.until),
            End::Connected(_) | End::Far(_) => None,
        }
    }

    /// What a parked session has asked of its home meanwhile.
    pub(crate) fn take_asked(&mut self) -> Vec<Asked> {
        std::mem::take(&mut self.asked)
    }

    pub(crate) fn send(&mut self, event: Event) {
        match &event {
            Event::Delivery(_) => self.meters.deliveries.up(),
            Event::Notice(_) => self.meters.notices.up(),
            _ => {}
        }
        if let (End::Far(far), Event::Done(ticket, _) | Event::Refused(ticket, _)) = (&mut self.end, &event) {
            far.answered(*ticket);
        }
        if !self.overflow.is_empty() {
            return self.overflow(event);
        }
        match &mut self.end {
            End::Connected(inbox) => {
                if let Some(event) = offer(inbox, event) {
                    self.overflow(event);
                }
            }
            End::Parked(parked) => {
                let consequences = parked.event(event);
                self.follow(consequences);
            }
            End::Far(far) => {
                if let Err(event) = far.tell(event) {
                    self.overflow(event);
                }
            }
            End::Away(_) => {
                if Away::keeps(&event) {
                    self.overflow(event);
                }
            }
        }
    }

    /// Answers a question of the session's.
    pub(crate) fn answer(&mut self, ask: session::AskId, answer: session::Answer) {
        match &mut self.end {
            End::Connected(inbox) => {
                match inbox.events.send(SessionEvent::Session(ask, answer)) {
                    Ok(()) => {}
                    // On its way here: it is answered when it has come.
                    Err(Rejected::Closed(SessionEvent::Session(ask, answer))) => {
                        self.answers.push((ask, answer));
                    }
                    // Its inbox is full of what it does not read: it is about to be lost.
                    Err(_) => self.lost = true,
                }
            }
            End::Parked(parked) => {
                let consequences = parked.answer(ask, answer);
                self.follow(consequences);
            }
            // Questions are asked and answered on the node of the connection.
            End::Far(_) | End::Away(_) => {}
        }
    }

    /// Hands over what waits; false while something still does.
    pub(crate) fn retry(&mut self) -> bool {
        while let Some(event) = self.overflow.pop_front() {
            match &mut self.end {
                End::Connected(inbox) => {
                    if let Some(event) = offer(inbox, event) {
                        self.overflow.push_front(event);
                        // A closed inbox is one whose session is on its way here, parked or ended.
                        return inbox.events.is_closed();
                    }
                }
                End::Parked(parked) => {
                    let consequences = parked.event(event);
                    self.follow(consequences);
                }
                End::Far(far) => {
                    if let Err(event) = far.tell(event) {
                        self.overflow.push_front(event);
                        return false;
                    }
                }
                // It waits until the session is taken up somewhere.
                End::Away(_) => {
                    self.overflow.push_front(event);
                    return true;
                }
            }
        }
        true
    }

    /// The session has lost its connection.
    pub(crate) fn park(&mut self, parked: Box<Parked>) {
        let taker = self.wanted.take();
        let is_it = |wanted: &Wanted| *wanted.0 == *parked.id;
        let is_right = taker.as_ref().is_some_and(is_it);
        self.end = End::Parked(parked);
        for (ask, answer) in std::mem::take(&mut self.answers) {
            self.answer(ask, answer);
        }
        self.retry();
        match taker {
            Some((_, ask, Line::Near(inbox))) if is_right && !self.lost => self.resume(ask, inbox),
            Some((_, ask, line)) => line.not_found(ask),
            None => {}
        }
    }

    /// Whether the session has no connection.
    pub(crate) fn is_parked(&self) -> bool {
        matches!(&self.end, End::Parked(_))
    }

    /// Whether this parked session has that id.
    pub(crate) fn is_parked_as(&self, id: &str) -> bool {
        !self.lost && matches!(&self.end, End::Parked(parked) if *parked.id == *id)
    }

    /// Another connection wants to resume the session of that id, which may be this one: its connection is asked to
    /// let go of it.
    pub(crate) fn wanted(&mut self, id: &Arc<str>, ask: stream::AskId, line: &Line) -> bool {
        let End::Connected(current) = &self.end else { return false };
        match current.events.send_first(SessionEvent::HandOver(Arc::clone(id))) {
            // A closed inbox is one whose session is on its way here.
            Ok(()) | Err(Rejected::Closed(_)) => {}
            // It was asked already: the latest connection gets it, if it is for the same session.
            Err(Rejected::Full(_)) if self.is_wanted_as(id) => {}
            Err(Rejected::Full(_)) => return false,
        }
        if let Some(former) = self.wanted.replace((Arc::clone(id), ask, line.clone())) {
            former.2.not_found(former.1);
        }
        true
    }

    /// Who waits to resume this session, if it is over before anybody could.
    pub(crate) fn take_wanted(&mut self) -> Option<Wanted> {
        self.wanted.take()
    }

    /// Whether this session was asked to let go of its connection, and has not answered yet.
    pub(crate) fn is_wanted_as(&self, id: &str) -> bool {
        self.wanted.as_ref().is_some_and(|(wanted, ..)| **wanted == *id)
    }

    /// The session is not the one that was wanted.
    pub(crate) fn not_wanted(&mut self, id: &str) -> Option<Wanted> {
        self.wanted.take_if(|(wanted, ..)| **wanted == *id)
    }

    /// Gives the parked session to the connection behind this inbox.
    pub(crate) fn resume(&mut self, ask: stream::AskId, inbox: Inbox) {
        let events = inbox.events.clone();
        let before = std::mem::replace(&mut self.end, End::Connected(inbox));
        if let End::Parked(parked) = before {
            match events.send(SessionEvent::Fetched(ask, Some(parked))) {
                Ok(()) => self.meters.resumed.up(),
                // The new connection is gone already: wait for another one.
                Err(
                    Rejected::Full(SessionEvent::Fetched(_, Some(parked)))
                    | Rejected::Closed(SessionEvent::Fetched(_, Some(parked))),
                ) => {
                    self.end = End::Parked(parked);
                }
                Err(_) => self.lost = true,
            }
        }
    }

    /// Whether something waits that could be handed over.
    pub(crate) fn is_behind(&self) -> bool {
        !self.overflow.is_empty() && !matches!(self.end, End::Away(_))
    }

    /// Tells a connected session something that is not its home's; it comes back if there is no room. One that has no
    /// connection need not hear it.
    pub(crate) fn tell(&self, event: SessionEvent) -> Option<SessionEvent> {
        let End::Connected(inbox) = &self.end else { return None };
        match inbox.events.send(event) {
            Ok(()) | Err(Rejected::Closed(_)) => None,
            Err(Rejected::Full(event)) => Some(event),
        }
    }

    /// The home of a parked session has moved: what a new one is to be told. `None` if it has a connection, which is
    /// told itself.
    pub(crate) fn adrift(&mut self) -> Option<Again> {
        match &mut self.end {
            End::Parked(parked) => Some(parked.adrift()),
            _ => None,
        }
    }

    /// A new home has it. False if it has a connection, which is told itself.
    pub(crate) fn attached(&mut self) -> bool {
        let End::Parked(parked) = &mut self.end else { return false };
        self.asked.extend(parked.attached());
        true
    }

    pub(super) fn far(&self) -> Option<&Far> {
        match &self.end {
            End::Far(far) => Some(far),
            _ => None,
        }
    }

    /// The session on another node, to note what it asks.
    pub(crate) fn far_mut(&mut self) -> Option<&mut Far> {
        match &mut self.end {
            End::Far(far) => Some(far),
            _ => None,
        }
    }

    /// Whether the node of its connection is gone.
    pub(crate) fn is_away(&self) -> bool {
        matches!(self.end, End::Away(_))
    }

    pub(super) fn set_line(&mut self, line: Line) {
        self.session = line.session();
        self.end = match line {
            Line::Near(inbox) => End::Connected(inbox),
            Line::Far(far) => End::Far(far),
        };
    }

    pub(super) fn set_away(&mut self, away: Away) {
        self.end = End::Away(Box::new(away));
    }

    pub(super) fn away(&self) -> Option<&Away> {
        match &self.end {
            End::Away(away) => Some(away),
            _ => None,
        }
    }

    pub(super) fn set_lost(&mut self) {
        self.lost = true;
    }

    fn follow(&mut self, consequences: Consequences) {
        self.asked.extend(consequences.commands);
        self.lost |= consequences.ended;
    }

    fn overflow(&mut self, event: Event) {
        if let Event::Notice(new) = &event {
            let stale = self.overflow.iter().position(|waiting| {
                matches!(waiting, Event::Notice(old) if old.presentity == new.presentity && old.endpoint == new.endpoint)
            });
            if let Some(place) = stale {
                self.meters.coalesced.up();
                self.overflow.remove(place);
            }
        }
        // Of a large roster everybody may answer at once: each of them has one place, beside those of everything else.
        let is_notice = |event: &Event| matches!(event, Event::Notice(_));
        let alike = self.overflow.iter().filter(|waiting| is_notice(waiting) == is_notice(&event)).count();
        let most = if is_notice(&event) { limits::NOTICES } else { limits::OVERFLOW };
        if alike < most {
            self.overflow.push_back(event);
        } else {
            self.meters.too_slow.up();
            self.lost = true;
        }
    }
}

/// Puts the event into the inbox, or gives it back.
fn offer(inbox: &Inbox, event: Event) -> Option<Event> {
    match inbox.events.send(SessionEvent::Endpoint(event)) {
        Ok(()) => None,
        Err(
            Rejected::Full(SessionEvent::Endpoint(event)) | Rejected::Closed(SessionEvent::Endpoint(event)),
        ) => Some(event),
        Err(_) => unreachable!("what was sent comes back"),
    }
}

#[cfg(test)]
mod tests;
