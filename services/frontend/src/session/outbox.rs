//! From a user's home to one of its sessions: a bounded inbox, and behind it a bounded overflow in which presence is
//! latest-wins. A session that lets both fill up is lost: it is ended, and what it did not confirm is kept. While a
//! session has no connection it is parked here.

use super::{Inbox, Parked, SessionEvent, parked::Consequences};
use crate::{limits, meters::Meters};
use domain::{
    EndpointName, Ticket, Timestamp,
    endpoint::{self, Event},
};
use std::{collections::VecDeque, sync::Arc};
use transport::Rejected;
use xmpp::{session, stream};

/// The home's end of a session.
pub(crate) struct Outbox {
    endpoint: EndpointName,
    session: u64,
    end: End,
    overflow: VecDeque<Event>,
    lost: bool,
    meters: Arc<Meters>,
    /// What a parked session asks of its home.
    asked: Vec<(Ticket, endpoint::Command)>,
    /// Answers for a session that has closed its inbox and is not here yet: no more than it has asked.
    answers: Vec<(session::AskId, session::Answer)>,
    /// Who waits to resume this session, once its connection has let go of it.
    wanted: Option<Wanted>,
}

/// The id of the session that a connection wants to resume, its question, and where it hears the answer.
pub(crate) type Wanted = (Arc<str>, stream::AskId, Inbox);

enum End {
    Connected(Inbox),
    Parked(Box<Parked>),
}

impl Outbox {
    pub(crate) fn new(endpoint: EndpointName, inbox: Inbox, meters: Arc<Meters>) -> Self {
        Self {
            endpoint,
            session: inbox.session,
            end: End::Connected(inbox),
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
    pub(crate) fn session(&self) -> u64 {
        self.session
    }

    /// Too slow for too long, or parked for too long.
    pub(crate) fn is_lost(&self, now: Timestamp) -> bool {
        self.lost || matches!(&self.end, End::Parked(parked) if parked.is_over(now))
    }

    /// It is over: its connection is told, before all that it has not read.
    pub(crate) fn give_up(&mut self) {
        if let End::Connected(inbox) = &self.end {
            // One that is gone already, or is letting go, ends by itself.
            let _ = inbox.events.send_first(SessionEvent::Endpoint(Event::Ended(endpoint::Ending::TooSlow)));
        }
    }

    /// When a parked session is given up.
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        match &self.end {
            End::Parked(parked) => Some(parked.until),
            End::Connected(_) => None,
        }
    }

    /// What a parked session has asked of its home meanwhile.
    pub(crate) fn take_asked(&mut self) -> Vec<(Ticket, endpoint::Command)> {
        std::mem::take(&mut self.asked)
    }

    pub(crate) fn send(&mut self, event: Event) {
        match &event {
            Event::Delivery(_) => self.meters.deliveries.up(),
            Event::Notice(_) => self.meters.notices.up(),
            _ => {}
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
            Some((_, ask, inbox)) if is_right && !self.lost => self.resume(ask, inbox),
            Some((_, ask, inbox)) => not_found(ask, &inbox),
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
    pub(crate) fn wanted(&mut self, id: &Arc<str>, ask: stream::AskId, inbox: &Inbox) -> bool {
        let End::Connected(current) = &self.end else { return false };
        match current.events.send_first(SessionEvent::HandOver(Arc::clone(id))) {
            // A closed inbox is one whose session is on its way here.
            Ok(()) | Err(Rejected::Closed(_)) => {}
            // It was asked already: the latest connection gets it, if it is for the same session.
            Err(Rejected::Full(_)) if self.is_wanted_as(id) => {}
            Err(Rejected::Full(_)) => return false,
        }
        if let Some(former) = self.wanted.replace((Arc::clone(id), ask, inbox.clone())) {
            not_found(former.1, &former.2);
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

/// Tells a connection that the session which it wants to resume is not there.
pub(crate) fn not_found(ask: stream::AskId, inbox: &Inbox) {
    // A connection that is gone already misses nothing.
    let _ = inbox.events.send(SessionEvent::Fetched(ask, None));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{NOTICES, OVERFLOW};
    use domain::{Address, EndpointId, presentity};

    /// From one of so many people: presence of the same one is latest-wins.
    fn notice(of: usize) -> Event {
        let aggregate = presentity::Aggregate {
            availability: presentity::Availability::Available,
            activity: None,
            note: None,
            last_seen: None,
        };
        Event::Notice(Arc::new(presentity::Notice {
            presentity: Address::parse(&format!("u{of}@example.org")).expect("an address"),
            endpoint: None,
            state: None,
            parting: None,
            aggregate: Arc::new(aggregate),
        }))
    }

    fn directed() -> Event {
        let user = Address::parse("bob@example.org").expect("an address");
        Event::Directed {
            from: EndpointId::new(user, EndpointName::parse("desk").expect("a name")),
            state: None,
            note: None,
        }
    }

    #[test]
    fn a_session_that_takes_nothing_is_lost_when_its_overflow_is_full() {
        let (events, _inbox) = transport::inbox(4);
        let name = EndpointName::parse("desk").expect("a name");
        let mut outbox = Outbox::new(name, Inbox { session: 1, events }, Arc::default());
        // The inbox takes some, and presence of the same one takes one place only.
        (0..4).for_each(|_| outbox.send(directed()));
        (0..2 * OVERFLOW).for_each(|n| outbox.send(notice(n % 10)));
        assert_eq!((outbox.overflow.len(), outbox.meters.coalesced.get()), (10, 2 * OVERFLOW as u64 - 10));
        for _ in 0..OVERFLOW {
            outbox.send(directed());
        }
        assert!(!outbox.is_lost(Timestamp(0)));
        outbox.send(directed());
        assert!(outbox.is_lost(Timestamp(0)));
    }

    #[test]
    fn presence_of_a_whole_roster_finds_room_and_who_is_lost_is_told_first() {
        let (events, mut inbox) = transport::inbox(4);
        let name = EndpointName::parse("desk").expect("a name");
        let mut outbox = Outbox::new(name, Inbox { session: 1, events }, Arc::default());
        (0..4 + NOTICES).for_each(|n| outbox.send(notice(n)));
        assert!(!outbox.is_lost(Timestamp(0)));
        outbox.send(notice(usize::MAX));
        assert!(outbox.is_lost(Timestamp(0)));
        outbox.give_up();
        let cx = std::task::Context::from_waker(std::task::Waker::noop());
        let told = inbox.poll_first(&cx);
        let ended = Event::Ended(endpoint::Ending::TooSlow);
        assert_eq!(
            format!("{told:?}"),
            format!("{:?}", std::task::Poll::Ready(SessionEvent::Endpoint(ended)))
        );
    }
}
