//! A connection in a pool: its user's home may move, and so may others that it waits for; and it may take up a session
//! whose node is gone.

use super::{Client, Sink};
use crate::{entity::ToUser, limits::REPORT_DELAY, pool::Moved, session::far};
use cluster::wire::Found;
use domain::{
    Home, Reason, Refusal, Ticket, Timestamp,
    endpoint::{
        Command, Event,
        recall::{self, Ask},
    },
};
use std::sync::Arc;
use xmpp::{
    limits::RESUME_TIME,
    session::Session as Door,
    stream::{Answer, AskId, Input, Parked},
};
use xxhash_rust::xxh3::xxh3_64;

impl Client {
    /// Notes what is asked; `None`: it waits until the home has the session again.
    pub(super) fn remember(&mut self, ticket: Ticket, mut command: Command) -> Option<Command> {
        let Some(recall) = &mut self.recall else { return Some(command) };
        let (stream, stanza, session) = (&self.stream, self.stanza, self.inbox.session);
        recall::identify(&mut command, || match stream.resumable() {
            // Said again after a resumption, it is the same stanza of the same stream.
            Some(id) if stanza > 0 => format!("linnet-{:016x}-{stanza}", xxh3_64(id.as_bytes())),
            _ => format!("linnet-{:x}-{:x}", self.shared.front.run() ^ session.number, ticket.0),
        });
        match recall.asks(ticket, stanza, command) {
            Ask::Now(command) => Some(command),
            Ask::Later => None,
        }
    }

    /// Asks the home once more; one that is nobody's now hears it later.
    pub(super) fn ask_again(&self, ticket: Ticket, stanza: u32, command: Command) {
        if let Some(me) = &self.me {
            let (endpoint, session) = (me.name.clone(), self.inbox.session);
            let ask = ToUser::Asked { endpoint, session, stanza, ticket, command };
            self.shared.tell_surely(me.user.clone(), ask);
        }
    }

    /// The home has moved: a new one is told of this session.
    pub(super) fn attach_again(&mut self) {
        let (Some(me), Some(door), Some(recall)) = (&self.me, &self.door, &mut self.recall) else {
            // Who signs in attaches again as soon as it has.
            self.is_adrift = self.me.is_some();
            return;
        };
        let id = self.stream.resumable().map(Arc::from);
        // Another home, with serials of its own.
        self.reported = (0, 0);
        let again = far::again(recall.adrift(), id, self.stream.handled(), door.has_carbons());
        let again = Box::new(again);
        let (endpoint, credentials) = (me.name.clone(), self.credentials);
        let line = crate::session::Line::Near(self.inbox.clone());
        let ask = ToUser::AttachAgain { endpoint, line, credentials, again };
        self.shared.tell_surely(me.user.clone(), ask);
    }

    /// Homes have moved on which answers may depend.
    pub(super) fn others_moved(&mut self, now: Timestamp, moved: &Moved, sink: &mut impl Sink) {
        let (Some(me), Some(recall)) = (&self.me, &self.recall) else { return };
        let has_moved = |home: &Home| moved.has(home);
        for (ticket, stanza, command) in recall.moved(&me.user.clone(), has_moved) {
            if recall::is_repeatable(&command) {
                self.ask_again(ticket, stanza, command);
            } else {
                let text = "the other's server did not answer; try again";
                let refusal = Refusal::because(Reason::TryLater, text);
                self.hear(now, Event::Refused(ticket, refusal), sink);
            }
        }
    }

    /// Tells the home, once, under which id the session may be resumed should this node go.
    pub(super) fn tell_resumable(&mut self) {
        if self.is_resumable_known || self.door.is_none() {
            return;
        }
        let (Some(me), Some(id)) = (&self.me, self.stream.resumable()) else { return };
        self.is_resumable_known = true;
        let ask = ToUser::Resumable {
            endpoint: me.name.clone(),
            session: self.inbox.session,
            id: id.into(),
            window: RESUME_TIME,
            handled: self.stream.handled(),
            carbons: self.door.as_ref().is_some_and(|door| door.has_carbons()),
        };
        self.shared.tell_surely(me.user.clone(), ask);
    }

    /// Sees to it that the home learns soon what has been written to a client that may resume at another node.
    pub(super) fn look_how_far(&mut self, now: Timestamp) {
        if !self.is_resumable_known {
            return;
        }
        if self.report_at.is_some_and(|at| at <= now) {
            self.report();
        } else if self.stream.last_receipt().is_some_and(|last| last != self.reported) {
            self.report_at.get_or_insert(now.plus(REPORT_DELAY));
        }
    }

    /// Tells the home how far the session is. A word of which the next one says as much: it may be lost.
    pub(super) fn report(&mut self) {
        self.report_at = None;
        let (Some(me), Some(recall)) = (&self.me, &self.recall) else { return };
        let (sent, receipt) = self.stream.last_receipt().unwrap_or(self.reported);
        self.reported = (sent, receipt);
        let ask = ToUser::Reached {
            endpoint: me.name.clone(),
            session: self.inbox.session,
            handled: self.stream.handled(),
            sent,
            serial: recall.reached(receipt),
        };
        drop(self.shared.front.router().ask_user(me.user.clone(), ask));
    }

    /// Takes up a session whose node is gone, from what its home knows: what the client has not confirmed comes from there
    /// again.
    pub(super) fn restored(&mut self, now: Timestamp, ask: AskId, found: Found, sink: &mut impl Sink) {
        let Found { endpoint: me, handled, again, .. } = found;
        let Some(id) = again.resumable.clone() else { return };
        let mut door = Box::new(Door::new(me.clone(), Arc::clone(&self.shared.door)));
        door.ask_from(self.inbox.session.number << 32);
        if again.carbons {
            door.enable_carbons();
        }
        door.restore(again.state.clone(), &again.conferences);
        let mut recall = recall::Recall::default();
        recall.restore(far::remembered(&again));
        (self.door, self.recall, self.me) = (Some(door), Some(Box::new(recall)), Some(me.clone()));
        self.is_resumable_known = true;
        let parked = Parked::restored(me, (*id.0).into(), handled);
        self.feed(now, Input::Answer(ask, Answer::Parked(Some(parked))), sink);
        self.attach_again();
    }
}
