//! From the component to homes and conversations here: its stanzas, as commands (RFC 6120 §8.1, RFC 6121 §8).

use super::{Output, Peer};
use crate::{
    limits::PEER_OPEN,
    session::{
        message::read,
        presence::{Wish, carried, note, read_state},
        relay::payload,
    },
    stanza::{Kind, Stanza},
    xep::ping,
};
use domain::{
    Address, ConversationId, EndpointId, EndpointName, Reason, Refusal, Timestamp, address::parse_full,
    conversation, user::Command,
};
use std::sync::Arc;

/// Somebody's address, whole.
type Full = (Address, Option<EndpointName>);

impl Peer {
    /// A stanza of the component.
    pub fn stanza(&mut self, now: Timestamp, stanza: &Stanza, out: &mut Vec<Output>) {
        let from = stanza.from().map(parse_full);
        let Some(Ok((from, name))) = from.filter(|from| self.is_own(from.as_ref().ok())) else {
            return out.push(Output::InvalidFrom);
        };
        let from = EndpointId::new(from, name.unwrap_or_else(EndpointName::nameless));
        let Some(Ok(to)) = stanza.to().map(parse_full) else {
            return self.refuse_as(stanza, Reason::BadRequest, out);
        };
        if to.0.domain() != self.home.as_str() {
            let why = if to.0.domain() == self.domain.as_str() {
                Reason::Unavailable
            } else {
                Reason::RemoteNotFound
            };
            return self.refuse_as(stanza, why, out);
        }
        if self.open.len() >= 8 * PEER_OPEN {
            return self.refuse_as(stanza, Reason::TryLater, out);
        }
        match stanza.kind() {
            Kind::Message => self.message(stanza, from, to, out),
            Kind::Presence => self.presence(stanza, from, to, out),
            Kind::Iq => self.iq(now, stanza, from, to, out),
            Kind::Nonza => {}
        }
    }

    fn is_own(&self, from: Option<&Full>) -> bool {
        from.is_some_and(|(address, _)| address.domain() == self.domain.as_str())
    }

    fn message(&mut self, stanza: &Stanza, from: EndpointId, (to, name): Full, out: &mut Vec<Output>) {
        if to.local().is_none() || stanza.type_() == Some("groupchat") {
            return self.refuse_as(stanza, Reason::Unavailable, out);
        }
        let message = match read(stanza) {
            Ok(message) => Arc::new(message),
            Err(too_large) => {
                let refusal = Refusal::because(Reason::LimitReached, too_large.0);
                return self.refuse(stanza, &refusal, out);
            }
        };
        let id = ConversationId::between(from.user.clone(), to.clone());
        let ticket = self.open.ticket(stanza);
        let command = conversation::Command::Send { from, to, endpoint: name, ticket, message };
        out.push(Output::ToConversation(id, command));
    }

    fn presence(&mut self, stanza: &Stanza, from: EndpointId, (to, name): Full, out: &mut Vec<Output>) {
        if to.local().is_none() {
            return;
        }
        let command = match Wish::of(stanza.type_()) {
            Some(Wish::Show) => match read_state(stanza) {
                Some(state) => {
                    Command::Directed { from, endpoint: name, state: Some(Arc::new(state)), note: None }
                }
                None => return self.refuse_as(stanza, Reason::BadRequest, out),
            },
            Some(Wish::Hide) => Command::Directed { from, endpoint: name, state: None, note: note(stanza) },
            Some(Wish::Step(step)) => Command::Handshake { from: from.user, step, carried: carried(stanza) },
            Some(Wish::Probe) => Command::Probe { from },
            Some(Wish::Nothing) => return,
            None => return self.refuse_as(stanza, Reason::BadRequest, out),
        };
        out.push(Output::ToUser(to, command));
    }

    fn iq(&mut self, now: Timestamp, stanza: &Stanza, from: EndpointId, to: Full, out: &mut Vec<Output>) {
        let asks = stanza.is_request();
        let id: Box<str> = stanza.id().unwrap_or_default().into();
        match to {
            _ if !stanza.is_sound_iq() => self.refuse_as(stanza, Reason::BadRequest, out),
            (user, Some(name)) if asks => {
                let ticket = self.open.ticket(stanza);
                let command = Command::Relay { from, endpoint: name, ticket, payload: payload(stanza) };
                out.push(Output::ToUser(user, command));
            }
            (user, Some(name)) => {
                self.answer_for_late(now, out);
                // What nobody asked, or asks no more, is no answer.
                if self.asked.take(&(EndpointId::new(user.clone(), name.clone()), from.clone(), id)) {
                    let ticket = self.open.unheard();
                    let command = Command::Relay { from, endpoint: name, ticket, payload: payload(stanza) };
                    out.push(Output::ToUser(user, command));
                }
            }
            (server, None)
                if server.local().is_none() && asks && stanza.child("ping", ping::NS).is_some() =>
            {
                self.empty_result(stanza, out);
            }
            (_, None) if asks => self.refuse_as(stanza, Reason::Unavailable, out),
            (_, None) => {}
        }
    }
}
