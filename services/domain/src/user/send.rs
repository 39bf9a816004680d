//! A message leaves the user: may it, and what comes back (`docs/journey.md`, room 3).

use super::{
    Effect, User, UserOut,
    asked::{Asked, DONE},
};
use crate::{
    Address, ConversationId, EndpointName, Message, Reason, Refusal, Ticket, conversation,
    endpoint::{Answer, Delivery, Event, How, Said},
    message::{MessageKind, Traits},
};
use std::sync::Arc;

impl User {
    pub(super) fn send(
        &mut self,
        name: &EndpointName,
        ticket: Ticket,
        to: Address,
        endpoint: Option<EndpointName>,
        message: Arc<Message>,
        out: &mut UserOut,
    ) -> Asked {
        self.refuse_blocked(&to)?;
        if message.kind == MessageKind::Conference {
            return Err(Refusal::because(Reason::BadRequest, "this is said to a conference, not to a user"));
        }
        let conversation = ConversationId::between(self.address.clone(), to.clone());
        let from = self.endpoint_id(name);
        let command = conversation::Command::Send { from, to, endpoint, ticket, message };
        out.effects.push(Effect::ToConversation(conversation, command));
        Ok(None)
    }

    /// The conversation accepted what the user said: the speaker learns its place, the others get a copy (XEP-0280 §7).
    pub(super) fn sent(&mut self, ticket: Ticket, said: &Arc<Said>, again: bool, out: &mut UserOut) {
        let speaker = &said.from.name;
        let answer = Answer::Accepted { number: said.number, at: said.at };
        self.answered(speaker.clone(), ticket, Ok(answer), out);
        if again || !is_copied(&said.message) {
            return;
        }
        let others = self.endpoints.iter().filter(|(name, e)| *name != speaker && e.state.is_some());
        let others: Vec<_> = others.map(|(name, _)| name.clone()).collect();
        // What one writes to oneself is for one's other devices, not a copy of what is for somebody else.
        let to_self = matches!(&said.conversation, ConversationId::Between(lower, higher) if lower == higher);
        let how = if to_self { How::Direct } else { How::SentElsewhere };
        let delivery = Delivery { said: Arc::clone(said), how, late: false, serial: 0 };
        if !others.is_empty() {
            out.effects.push(Effect::ToEndpoints(others, Event::Delivery(delivery)));
        }
    }

    /// The endpoint has everything up to this serial.
    pub(super) fn confirm(
        &mut self,
        now: crate::Timestamp,
        name: &EndpointName,
        serial: u64,
        out: &mut UserOut,
    ) -> Asked {
        let Some(endpoint) = self.endpoints.get_mut(name) else { return DONE };
        let places = endpoint.confirm(serial);
        self.confirmed(now, name, &places, out);
        DONE
    }
}

/// Whether other endpoints of the user see this too (XEP-0280 §6.1).
pub(super) fn is_copied(message: &Message) -> bool {
    matches!(message.kind, MessageKind::Normal | MessageKind::Chat) && !message.traits.has(Traits::NO_COPY)
}
