//! A session whose connection is on some node of the pool, as its user's home sees it: what the home says goes by that
//! node, and what the home knows of the session is enough to let another node take it up when that one is gone.

use super::{Line, SessionId, outbox::Outbox};
use crate::{clock, limits::REACHED, pool::Pool};
use cluster::{
    NodeId,
    wire::{Again, Found, Message, ResumptionId},
};
use domain::{
    Address, EndpointId, EndpointName, Refusal, Ticket, Timestamp,
    endpoint::{Event, recall::Remembered},
    user,
};
use std::{collections::VecDeque, sync::Arc, time::Duration};
use xmpp::{limits::RESUME_TIME, stream::AskId};

/// The number of the question under which a session is attached again: no stream asks it.
pub(crate) const AGAIN: AskId = AskId(u64::MAX);

/// See the module.
#[derive(Clone)]
pub(crate) struct Far {
    pool: Pool,
    node: NodeId,
    session: SessionId,
    known: Known,
}

/// What the home knows of how far a session is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    /// Under which id it may be resumed, and how long after its connection was lost.
    resumable: Option<(Arc<str>, Duration)>,
    /// Which stanza of the client asked with which ticket, while that is not answered.
    open: VecDeque<(Ticket, u32)>,
    carbons: bool,
    /// The last stanza that is known to have come.
    last: u32,
    /// So many are dealt with in any case.
    floor: u32,
    /// With which stanza to the client which of its deliveries were written at the latest, the oldest first; at
    /// [`REACHED`] it is forgotten, and with it that some need not be handed out again.
    reached: VecDeque<(u32, u64)>,
}

impl Known {
    /// A stanza of the client, by its own count, asks with this ticket; 0: something else does.
    fn asked(&mut self, ticket: Ticket, stanza: u32) {
        if stanza > 0 {
            self.last = self.last.max(stanza);
            self.open.push_back((ticket, stanza));
        }
    }

    fn answered(&mut self, ticket: Ticket) {
        if let Some(at) = self.open.iter().position(|(open, _)| *open == ticket) {
            self.open.remove(at);
        }
    }

    /// How many stanzas of the client are dealt with, at least.
    pub(crate) fn handled(&self) -> u32 {
        let open = self.open.iter().map(|(_, stanza)| stanza.saturating_sub(1)).min();
        open.unwrap_or(self.last).max(self.floor)
    }

    fn reached(&mut self, handled: u32, sent: u32, serial: u64) {
        self.floor = self.floor.max(handled);
        self.last = self.last.max(handled);
        if serial > 0 {
            if self.reached.len() >= REACHED {
                self.reached.pop_front();
            }
            self.reached.push_back((sent, serial));
        }
    }

    /// Up to which serial everything has reached a client that has received so many stanzas.
    fn received(&self, received: u32) -> Option<u64> {
        self.reached.iter().rev().find(|(sent, _)| *sent <= received).map(|(_, serial)| *serial)
    }

    /// It may be resumed under this id.
    pub(crate) fn is(&self, id: &str) -> bool {
        self.resumable.as_ref().is_some_and(|(known, _)| **known == *id)
    }
}

impl Far {
    /// The session of this number and node.
    pub(crate) fn new(pool: Pool, node: NodeId, number: u64) -> Self {
        let session = SessionId { node: node.incarnation, number };
        Self { pool, node, session, known: Known::default() }
    }

    /// Which session.
    pub(crate) fn session(&self) -> SessionId {
        self.session
    }

    /// Tells the session, or gives the event back if there is no room on the way.
    pub(crate) fn tell(&self, event: Event) -> Result<(), Event> {
        self.pool.tell_session(&self.node, self.session, event)
    }

    /// See [`Line::bound`].
    pub(crate) fn attached(&self, ask: AskId, result: Result<(), Refusal>) {
        let message = Message::Attached { session: self.session, ask: ask.0, result };
        self.pool.tell_node(&self.node, message);
    }

    /// The answer to who wants to resume a session.
    pub(crate) fn resumed(&self, ask: AskId, found: Option<Box<Found>>) {
        self.pool.tell_node(&self.node, Message::Resumed { session: self.session, ask: ask.0, found });
    }

    /// See [`Known::asked`].
    pub(crate) fn asked(&mut self, ticket: Ticket, stanza: u32) {
        self.known.asked(ticket, stanza);
    }

    /// It may be resumed under this id, so long after its connection was lost.
    pub(crate) fn resumable(&mut self, id: Arc<str>, window: Duration, handled: u32, carbons: bool) {
        self.known.resumable = Some((id, window));
        self.known.carbons = carbons;
        self.known.reached(handled, 0, 0);
    }

    /// See [`ToUser::Reached`](crate::entity::ToUser::Reached).
    pub(crate) fn reached(&mut self, handled: u32, sent: u32, serial: u64) {
        self.known.reached(handled, sent, serial);
    }

    /// What was asked with this ticket is dealt with.
    pub(crate) fn answered(&mut self, ticket: Ticket) {
        self.known.answered(ticket);
    }
}

impl std::fmt::Debug for Far {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Far")
            .field("node", &self.node)
            .field("session", &self.session.number)
            .finish_non_exhaustive()
    }
}

/// A session without a node.
pub(crate) struct Away {
    /// It is given up then.
    pub(crate) until: Timestamp,
    pub(crate) known: Known,
}

impl Away {
    /// Whether an event is worth keeping until the session is taken up: messages that must be confirmed are kept by the
    /// home anyway, and presence is asked for again.
    pub(crate) fn keeps(event: &Event) -> bool {
        match event {
            Event::Delivery(delivery) => delivery.serial == 0,
            Event::Notice(_) | Event::Done(..) | Event::Refused(..) => false,
            _ => true,
        }
    }
}

impl Outbox {
    fn known(&self) -> Option<&Known> {
        self.far().map(|far| &far.known).or_else(|| self.away().map(|away| &away.known))
    }

    /// Whether it is on some node, or on one that is gone, and known under this id.
    pub(crate) fn is_resumable_as(&self, id: &str) -> bool {
        self.known().is_some_and(|known| known.is(id))
    }

    /// What another node must know to take it up.
    pub(crate) fn found(&self, user: Address, again: user::Again) -> Found {
        let known = self.known();
        let user::Again { state, roster, blocked, conferences } = again;
        let conferences =
            conferences.into_iter().map(|address| (address, EndpointName::nameless())).collect();
        Found {
            endpoint: EndpointId::new(user, self.endpoint().clone()),
            former: self.session(),
            handled: known.map_or(0, Known::handled),
            again: Again {
                resumable: known.and_then(|k| k.resumable.as_ref()).map(|(id, _)| ResumptionId(id.clone())),
                handled: known.map_or(0, Known::handled),
                state,
                carbons: known.is_some_and(|known| known.carbons),
                roster,
                blocked,
                conferences,
            },
        }
    }

    /// What has reached a client that has so many stanzas and takes its session up on another node: on its own node the
    /// session itself knows.
    pub(crate) fn received(&self, taker: &Far, received: u32) -> Option<u64> {
        match self.far() {
            Some(far) if far.node == taker.node => None,
            _ => self.known()?.received(received),
        }
    }

    /// A connection takes it over: on its own node by itself; the one on another node is told, and this is kept until the
    /// taker attaches.
    pub(crate) fn let_go(&mut self, taker: &Far, id: &Arc<str>) {
        let Some(far) = self.far().filter(|far| far.node != taker.node) else { return };
        let id = ResumptionId(Arc::clone(id));
        far.pool.tell_node(&far.node, Message::LetGo { session: far.session, id });
        let known = far.known.clone();
        self.set_away(Away { until: clock::now().plus(RESUME_TIME), known });
    }

    /// The session, or another node for it, is there again.
    pub(crate) fn take_up(&mut self, line: Line) {
        self.set_line(line);
        self.retry();
    }

    /// If its connection was on this node it waits to be resumed on another, or is lost. True if it waits.
    pub(crate) fn node_gone(&mut self, now: Timestamp, node: &NodeId) -> bool {
        let Some(far) = self.far().filter(|far| far.node == *node) else { return false };
        let known = far.known.clone();
        let Some((_, window)) = &known.resumable else {
            self.set_lost();
            return false;
        };
        let until = now.plus(*window);
        self.set_away(Away { until, known });
        true
    }
}

/// What a home is told of a session that attaches again.
pub(crate) fn again(
    remembered: Remembered,
    resumable: Option<Arc<str>>,
    handled: u32,
    carbons: bool,
) -> Again {
    let Remembered { state, roster, blocked, conferences } = remembered;
    Again { resumable: resumable.map(ResumptionId), handled, state, carbons, roster, blocked, conferences }
}

/// What of that the session itself remembers.
pub(crate) fn remembered(again: &Again) -> Remembered {
    let Again { state, roster, blocked, conferences, .. } = again.clone();
    Remembered { state, roster, blocked, conferences }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stanza_counts_as_dealt_with_when_it_and_all_before_it_are_answered() {
        let mut known = Known::default();
        for (ticket, stanza) in [(10, 1), (11, 3), (12, 4), (13, 0)] {
            known.asked(Ticket(ticket), stanza);
        }
        assert_eq!(known.handled(), 0);
        known.answered(Ticket(11));
        assert_eq!(known.handled(), 0);
        known.answered(Ticket(10));
        assert_eq!(known.handled(), 3, "the second asked nobody, and the third is answered");
        known.answered(Ticket(12));
        assert_eq!(known.handled(), 4);
        known.reached(6, 0, 0);
        assert_eq!(known.handled(), 6);
    }

    #[test]
    fn what_has_reached_a_client_is_known_by_the_stanzas_that_it_has() {
        let mut known = Known::default();
        assert_eq!(known.received(9), None);
        for n in 1..=u32::try_from(REACHED).expect("few") + 1 {
            known.reached(0, 10 * n, u64::from(n));
        }
        assert_eq!(known.received(35), Some(3));
        assert_eq!(known.received(40), Some(4));
        assert_eq!(known.received(10), None, "the first is forgotten");
    }
}
