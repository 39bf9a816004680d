//! Opaque requests and answers between endpoints that speak the same protocol (RFC 6121 §8.5.3).

use super::{Command, Effect, User, UserOut, asked::Asked};
use crate::{
    EndpointId, EndpointName, Reason, Ticket,
    endpoint::{Answer, Event},
};
use bytes::Bytes;

impl User {
    pub(super) fn relay(
        &mut self,
        name: &EndpointName,
        ticket: Ticket,
        to: EndpointId,
        payload: Bytes,
        out: &mut UserOut,
    ) -> Asked {
        self.refuse_blocked(&to.user)?;
        let command = Command::Relay { from: self.endpoint_id(name), endpoint: to.name, ticket, payload };
        out.effects.push(Effect::ToUser(to.user, command));
        Ok(None)
    }

    /// For one endpoint: passed on, or refused in a way that does not tell the blocked from the absent.
    pub(super) fn relay_in(
        &mut self,
        from: EndpointId,
        endpoint: EndpointName,
        ticket: Ticket,
        payload: Bytes,
        out: &mut UserOut,
    ) {
        let reachable = self.endpoints.contains_key(&endpoint) && !self.roster.blocked.contains(&from.user);
        let answer = if reachable { Ok(Answer::Done) } else { Err(Reason::Unavailable.into()) };
        if reachable {
            let event = Event::Relay { from: from.clone(), payload };
            out.effects.push(Effect::ToEndpoint(endpoint, event));
        }
        let answer = Command::Answer { endpoint: from.name, ticket, answer };
        out.effects.push(Effect::ToUser(from.user, answer));
    }
}
