//! The user's endpoints in conferences: what they ask goes there, what happens there comes back, and which conferences
//! each is in is remembered, so that its end can be told to each (RFC 6121 §4.5, XEP-0045 §7.14).

use super::{Effect, User, UserOut, asked::Asked, publish::fits};
use crate::{
    Address, ConversationId, EndpointId, EndpointName, Reason, Refusal, Ticket,
    conversation::{self, ConferenceCommand, ConferenceEvent},
    endpoint::Event,
    limits::CONFERENCES_PER_ENDPOINT,
    presentity::State,
};
use std::sync::Arc;

impl User {
    pub(super) fn conference(
        &mut self,
        name: &EndpointName,
        ticket: Ticket,
        conference: Address,
        command: ConferenceCommand,
        out: &mut UserOut,
    ) -> Asked {
        if let Some(state) = state_of(&command) {
            fits(state)?;
        }
        if enters(&command)
            && let Some(endpoint) = self.endpoints.get_mut(name)
        {
            let joined = &mut endpoint.conferences;
            if joined.len() >= CONFERENCES_PER_ENDPOINT && !joined.contains(&conference) {
                return Err(Refusal::because(Reason::LimitReached, "in too many conferences"));
            }
            joined.insert(conference.clone());
        }
        let command = conversation::Command::Conference { from: self.endpoint_id(name), ticket, command };
        out.effects.push(Effect::ToConversation(ConversationId::Conference(conference), command));
        Ok(None)
    }

    pub(super) fn conference_event(
        &mut self,
        endpoint: Option<EndpointName>,
        conference: Address,
        event: Arc<ConferenceEvent>,
        out: &mut UserOut,
    ) {
        let Some(name) = endpoint else {
            return self.invited(conference, event, out);
        };
        let is_end = matches!(*event, ConferenceEvent::Gone { own: true, .. });
        match self.endpoints.get_mut(&name) {
            Some(endpoint) => {
                if is_end {
                    endpoint.conferences.remove(&conference);
                }
                out.effects.push(Effect::ToEndpoint(name, Event::Conference { conference, event }));
            }
            // It went while this was on its way: the conference is told, unless it knows.
            None if !is_end => {
                let endpoint = EndpointId::new(self.address.clone(), name);
                let gone =
                    conversation::Command::EndpointGone { endpoint, how: conversation::Departure::Vanished };
                out.effects.push(Effect::ToConversation(ConversationId::Conference(conference), gone));
            }
            None => {}
        }
    }

    fn invited(&self, conference: Address, event: Arc<ConferenceEvent>, out: &mut UserOut) {
        let is_shut_out = match &*event {
            ConferenceEvent::Invited { from, .. } => self.roster.blocked.contains(&from.user),
            ConferenceEvent::Declined { from, .. } => self.roster.blocked.contains(from),
            _ => false,
        };
        if !is_shut_out {
            self.tell_endpoints(|e| e.state.is_some(), Event::Conference { conference, event }, out);
        }
    }
}

/// Whether the asker is in the conference if this is granted.
/// What a command shows of its speaker.
fn state_of(command: &ConferenceCommand) -> Option<&State> {
    match command {
        ConferenceCommand::Join { state, .. }
        | ConferenceCommand::Show { state, .. }
        | ConferenceCommand::Escalate { state, .. } => Some(state),
        _ => None,
    }
}

fn enters(command: &ConferenceCommand) -> bool {
    matches!(command, ConferenceCommand::Join { .. } | ConferenceCommand::Escalate { .. })
}
