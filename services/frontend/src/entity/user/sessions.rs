//! The sessions of a user's endpoints: signed in, lost, parked, asked for and resumed (XEP-0198 §5).
//!
//! Invariant: whoever wants to resume a session is answered once, with the session or with that it is not there.

use super::UserHost;
use crate::session::{
    Inbox, SessionEvent,
    outbox::{Outbox, Wanted, not_found},
};
use domain::{
    EndpointName, Out, Reason, Refusal, Timestamp,
    endpoint::{self, Event},
    user::{Command, Effect, Fact},
};
use std::sync::Arc;
use xmpp::stream;

impl UserHost {
    pub(super) fn attach(
        &mut self,
        now: Timestamp,
        endpoint: EndpointName,
        inbox: Inbox,
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
        // A connection that is gone already says so by itself.
        let _ = inbox.events.send(SessionEvent::Stream(ask, stream::Answer::Bound(answer)));
        if admitted {
            if self.sessions.is_empty() {
                self.meters.users_online.up();
            }
            self.meters.endpoints.up();
            self.sessions.push(Outbox::new(endpoint, inbox, Arc::clone(&self.meters)));
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
    pub(super) fn resume(&mut self, id: &Arc<str>, inbox: Inbox, ask: stream::AskId) -> Option<EndpointName> {
        if let Some(parked) = self.sessions.iter_mut().find(|outbox| outbox.is_parked_as(id)) {
            parked.resume(ask, inbox);
            return Some(parked.endpoint().clone());
        }
        // Perhaps its old connection is not known to be dead yet. Each session says whether it is the one.
        let asked = self
            .sessions
            .iter_mut()
            .filter_map(|outbox| outbox.wanted(id, ask, &inbox).then_some(()))
            .count();
        if asked == 0 {
            not_found(ask, &inbox);
        }
        None
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

    pub(super) fn is_not_there(&self, (id, ask, inbox): Wanted) {
        if !self.sessions.iter().any(|outbox| outbox.is_wanted_as(&id)) {
            not_found(ask, &inbox);
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
