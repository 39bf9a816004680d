//! Pushes: when something is said to the user and no endpoint can be reached, the push services that its clients enabled
//! are told how much waits, never what (XMPP: XEP-0357 §7).
//!
//! Invariants: after a push there is none for [`PUSH_INTERVAL`], and the next one tells of all that came meanwhile; a
//! service that refuses is told no more.

use super::{
    Command, Effect, Fact, User, UserOut,
    asked::{Asked, DONE},
};
use crate::{
    EndpointId, EndpointName, Reason, Refusal, Ticket, Timestamp,
    account::PushService,
    endpoint::{Answer, Said},
    limits::{PUSH_BYTES, PUSH_INTERVAL, PUSHES_OPEN},
    message::Traits,
};
use std::{collections::VecDeque, sync::Arc};

/// Tickets from here on are those of pushes: sessions count theirs from 1.
const FIRST: u64 = 1 << 63;

/// What of pushes is not durable.
#[derive(Debug, Default)]
pub(super) struct Pushes {
    /// Something came that was not told.
    wanted: bool,
    quiet_until: Option<Timestamp>,
    /// Not answered, oldest first.
    open: VecDeque<(Ticket, Arc<PushService>)>,
    last: u64,
}

impl Pushes {
    /// No push before then, and then one if something came.
    pub(super) fn quiet_until(&self) -> Option<Timestamp> {
        self.quiet_until
    }

    fn opened(&mut self, service: &Arc<PushService>) -> Ticket {
        self.last += 1;
        let ticket = Ticket(FIRST + self.last);
        if self.open.len() >= PUSHES_OPEN {
            self.open.pop_front();
        }
        self.open.push_back((ticket, Arc::clone(service)));
        ticket
    }
}

impl User {
    pub(super) fn enable_push(&mut self, service: PushService, out: &mut UserOut) -> Asked {
        if service.node.len() + service.options.len() > PUSH_BYTES {
            return Err(Refusal::because(Reason::LimitReached, "what the push service needs is too large"));
        }
        let service = Arc::new(service);
        if self.account.as_ref().is_some_and(|account| !account.pushes.contains(&service)) {
            self.record(Fact::PushEnabled(service), out);
        }
        DONE
    }

    pub(super) fn disable_push(
        &mut self,
        address: &EndpointId,
        node: Option<Arc<str>>,
        out: &mut UserOut,
    ) -> Asked {
        let is_meant = |known: &Arc<PushService>| {
            known.address == *address && node.as_ref().is_none_or(|node| *node == known.node)
        };
        if self.account.as_ref().is_some_and(|account| account.pushes.iter().any(is_meant)) {
            self.record(Fact::PushDisabled { address: address.clone(), node }, out);
        }
        DONE
    }

    /// What an endpoint holds whose connection is lost was perhaps never seen.
    pub(super) fn parked(&mut self, name: &EndpointName, parked: bool) {
        let Some(endpoint) = self.endpoints.get_mut(name) else { return };
        endpoint.parked = parked;
        self.pushes.wanted |= parked && endpoint.held().next().is_some();
    }

    /// This came just now: for a person to read, not a receipt.
    pub(super) fn wants_push(&mut self, said: &Said) {
        let message = &said.message;
        self.pushes.wanted |= message.body.is_some() || message.traits.has(Traits::ENCRYPTED);
    }

    /// Tells the services, if something came that nobody can have seen and the last push is long enough ago.
    pub(super) fn push_due(&mut self, now: Timestamp, out: &mut UserOut) {
        self.pushes.quiet_until.take_if(|until| *until <= now);
        if !self.pushes.wanted {
            return;
        }
        let reachable = self.endpoints.values().any(|e| !e.parked && e.takes_messages());
        let services = self.account.as_ref().map_or(&[][..], |account| &account.pushes);
        if reachable || services.is_empty() || self.inbox.unconfirmed() == 0 {
            self.pushes.wanted = false;
        } else if self.pushes.quiet_until.is_none() {
            let waiting = self.inbox.unconfirmed();
            for service in services {
                let ticket = self.pushes.opened(service);
                out.effects.push(Effect::Push { ticket, service: Arc::clone(service), waiting });
            }
            self.pushes.wanted = false;
            self.pushes.quiet_until = Some(now.plus(PUSH_INTERVAL));
        }
    }

    pub(super) fn push_answered(
        &mut self,
        from: EndpointId,
        ticket: Ticket,
        push: Ticket,
        refused: bool,
        out: &mut UserOut,
    ) {
        let is_it = |(open, service): &(Ticket, Arc<PushService>)| *open == push && service.address == from;
        let place = self.pushes.open.iter().position(is_it);
        let service = place.and_then(|place| self.pushes.open.remove(place)).map(|(_, service)| service);
        let is_enabled =
            |service: &Arc<PushService>| self.account.as_ref().is_some_and(|a| a.pushes.contains(service));
        if let Some(service) = service.filter(|service| refused && is_enabled(service)) {
            let (address, node) = (service.address.clone(), Some(Arc::clone(&service.node)));
            self.record(Fact::PushDisabled { address, node }, out);
        }
        let answer = Command::Answer { endpoint: from.name, ticket, answer: Ok(Answer::Done) };
        out.effects.push(Effect::ToUser(from.user, answer));
    }
}
