//! The sessions of a user's endpoints: signed in, lost, parked, asked for and resumed (XEP-0198 §5).
//!
//! Invariant: whoever wants to resume a session is answered once, with the session or with that it is not there.

use super::{Attached, UserHost};
use crate::session::{
    Line,
    far::{self, Far},
    outbox::{Outbox, Wanted},
};
use cluster::{NodeId, wire::Again};
use domain::{
    EndpointName, Out, Reason, Refusal, Ticket, Timestamp,
    endpoint::{self, Event},
    user::{self, Command, Effect, Fact},
};
use std::sync::Arc;
use xmpp::{limits::RESUME_TIME, stream};

impl UserHost {
    pub(super) fn attach(
        &mut self,
        now: Timestamp,
        endpoint: EndpointName,
        line: Line,
        ask: stream::AskId,
        out: &mut Out<Fact, Effect>,
    ) {
        self.machine.handle(now, Command::Attach { endpoint: endpoint.clone() }, out);
        // The machine ends the former session of that name: that is for the former inbox, at once, since the name
        // means the new one from here on.
        out.effects.retain(
            |effect| !matches!(effect, Effect::ToEndpoint(name, Event::Ended(_)) if *name == endpoint),
        );
        if let Some(former) = self.session(&endpoint) {
            former.send(Event::Ended(endpoint::Ending::Replaced));
        }
        self.remove(&endpoint);
        let admitted = self.machine.endpoints().any(|known| *known == endpoint);
        let answer = if admitted { Ok(()) } else { Err(Refusal::from(Reason::LimitReached)) };
        line.bound(ask, answer);
        if admitted {
            self.attached = Some(Attached { endpoint: endpoint.clone(), again: false });
            self.add(endpoint, line);
        }
    }

    fn add(&mut self, endpoint: EndpointName, line: Line) {
        if self.sessions.is_empty() {
            self.meters.users_online.up();
        }
        self.meters.endpoints.up();
        self.sessions.push(Outbox::new(endpoint, line, Arc::clone(&self.meters)));
    }

    /// A session that goes on is taken up by this home, or once more by it.
    pub(super) fn attach_again(
        &mut self,
        now: Timestamp,
        endpoint: &EndpointName,
        line: Line,
        credentials: u64,
        again: Again,
        out: &mut Out<Fact, Effect>,
    ) {
        let ask = far::AGAIN;
        if credentials != self.machine.credentials() {
            return line.bound(ask, Err(Refusal::from(Reason::NotAuthorized)));
        }
        let session = line.session();
        let again_here = self.session(endpoint).is_some_and(|known| known.session() == session);
        match self.session(endpoint) {
            Some(known) if known.session() == session => known.take_up(line.clone()),
            // Another session has taken the endpoint since, and has a connection.
            Some(known) if !known.is_away() => {
                return line.bound(ask, Err(Refusal::from(Reason::Conflict)));
            }
            Some(former) => {
                former.send(Event::Ended(endpoint::Ending::Replaced));
                self.remove(endpoint);
            }
            None => {}
        }
        let (resumable, carbons, handled) = (again.resumable.clone(), again.carbons, again.handled);
        let command = Command::AttachAgain { endpoint: endpoint.clone(), again: Box::new(known(again)) };
        self.machine.handle(now, command, out);
        let admitted = self.machine.endpoints().any(|known| known == endpoint);
        self.attached = Some(Attached { endpoint: endpoint.clone(), again: again_here });
        line.bound(ask, if admitted { Ok(()) } else { Err(Refusal::from(Reason::LimitReached)) });
        if admitted && self.session(endpoint).is_none() {
            self.add(endpoint.clone(), line);
        }
        if let Some(id) = resumable
            && let Some(far) = self.session(endpoint).and_then(|outbox| outbox.far_mut())
        {
            far.resumable(id.0, RESUME_TIME, handled, carbons);
        }
    }

    /// A node is gone, or out of reach: the sessions of its connections may be resumed on others.
    pub(super) fn node_gone(&mut self, now: Timestamp, node: &NodeId, out: &mut Out<Fact, Effect>) {
        for index in 0..self.sessions.len() {
            if self.sessions[index].node_gone(now, node) {
                let endpoint = self.sessions[index].endpoint().clone();
                self.machine.handle(now, Command::Parked { endpoint, parked: true }, out);
            }
        }
    }

    pub(super) fn detach(&mut self, now: Timestamp, endpoint: EndpointName, out: &mut Out<Fact, Effect>) {
        self.remove(&endpoint);
        self.machine.handle(now, Command::Detach { endpoint }, out);
    }

    pub(super) fn remove(&mut self, endpoint: &EndpointName) {
        let before = self.sessions.len();
        let mut wanted = Vec::new();
        self.sessions.retain_mut(|outbox| {
            let stays = outbox.endpoint() != endpoint;
            if !stays {
                wanted.extend(outbox.take_wanted());
            }
            stays
        });
        wanted.into_iter().for_each(|wanted| self.is_not_there(wanted));
        if self.sessions.len() < before {
            self.meters.endpoints.down();
            if self.sessions.is_empty() {
                self.meters.users_online.down();
            }
        }
    }

    /// Which parked session was found, if one was.
    pub(super) fn resume(&mut self, id: &Arc<str>, line: &Line, ask: stream::AskId) -> Option<EndpointName> {
        if let Some(parked) = self.sessions.iter_mut().find(|outbox| outbox.is_parked_as(id))
            && let Line::Near(inbox) = line
        {
            parked.resume(ask, inbox.clone());
            return Some(parked.endpoint().clone());
        }
        // Perhaps its old connection is not known to be dead yet. Each session says whether it is the one.
        let asked =
            self.sessions.iter_mut().filter_map(|outbox| outbox.wanted(id, ask, line).then_some(())).count();
        if asked == 0 {
            line.not_found(ask);
        }
        None
    }

    /// A connection on some node of the pool wants the session of this id, of which its client has received so many
    /// stanzas: it learns where that is, and what is known of it in case it is nowhere any more.
    pub(super) fn resume_far(
        &mut self,
        now: Timestamp,
        id: &Arc<str>,
        taker: &Far,
        (ask, received): (stream::AskId, u32),
        out: &mut Out<Fact, Effect>,
    ) {
        let Some(index) = self.sessions.iter().position(|outbox| outbox.is_resumable_as(id)) else {
            return taker.resumed(ask, None);
        };
        let name = self.sessions[index].endpoint().clone();
        if let Some(serial) = self.sessions[index].received(taker, received) {
            let command = endpoint::Command::Confirm { serial };
            let endpoint = name.clone();
            self.machine.handle(now, Command::Endpoint { endpoint, ticket: Ticket(0), command }, out);
        }
        let again = self.machine.describe_endpoint(&name);
        let found = self.sessions[index].found(self.address.clone(), again);
        self.sessions[index].let_go(taker, id);
        taker.resumed(ask, Some(Box::new(found)));
    }

    /// Whether the session of this endpoint has a connection decides who can be reached.
    pub(super) fn tell_parked(
        &mut self,
        now: Timestamp,
        endpoint: EndpointName,
        out: &mut Out<Fact, Effect>,
    ) {
        let Some(parked) = self.session(&endpoint).map(|outbox| outbox.is_parked()) else { return };
        self.machine.handle(now, Command::Parked { endpoint, parked }, out);
    }

    /// When the last one has said no, there is none of that id.
    pub(super) fn not_wanted(&mut self, endpoint: &EndpointName, id: &str) {
        let waiting = self.session(endpoint).and_then(|outbox| outbox.not_wanted(id));
        waiting.into_iter().for_each(|wanted| self.is_not_there(wanted));
    }

    pub(super) fn is_not_there(&self, (id, ask, line): Wanted) {
        if !self.sessions.iter().any(|outbox| outbox.is_wanted_as(&id)) {
            line.not_found(ask);
        }
    }

    pub(super) fn session(&mut self, endpoint: &EndpointName) -> Option<&mut Outbox> {
        self.sessions.iter_mut().find(|outbox| outbox.endpoint() == endpoint)
    }

    pub(super) fn tell_endpoint(&mut self, endpoint: &EndpointName, event: Event) {
        if let Some(outbox) = self.session(endpoint) {
            outbox.send(event);
        }
    }
}

/// What a home must know of an endpoint, of all that its session remembers.
fn known(again: Again) -> user::Again {
    let Again { state, roster, blocked, conferences, .. } = again;
    let conferences = conferences.into_iter().map(|(conference, _)| conference).collect();
    user::Again { state, roster, blocked, conferences }
}
