//! What a user's home wants done once its facts are durable.

use crate::{
    Address, ConversationId, EndpointName, Ticket, account::PushService, conversation, endpoint::Event,
};
use std::sync::Arc;

/// To be done by the host.
#[derive(Debug)]
pub enum Effect {
    /// Tell this endpoint of the user.
    ToEndpoint(EndpointName, Event),
    /// Tell all these endpoints of the user the same.
    ToEndpoints(Vec<EndpointName>, Event),
    /// Tell another user's home.
    ToUser(Address, super::Command),
    /// Tell these users' homes the same (presence, categories): the host clones it for each.
    ToUsers(Arc<[Address]>, super::Command),
    /// Tell a push service that something waits. Its answer is [`super::Command::PushAnswered`].
    Push {
        /// Which push it is; no ticket of an endpoint is the same.
        ticket: Ticket,
        /// Whom to tell.
        service: Arc<PushService>,
        /// How many messages wait.
        waiting: usize,
    },
    /// Tell a conversation's home.
    ToConversation(ConversationId, conversation::Command),
    /// The administrator's command was carried out, or not.
    AdminDone(Result<(), crate::Refusal>),
}
