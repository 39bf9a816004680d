//! Topic: what a conference is about (XEP-0045 §8.1).
//!
//! Invariants: only moderators set it, unless the configuration lets everyone with a voice; that it was set is said, so
//! it has a number and is in the history.

use super::{
    ConferenceEvent, Fact, Output, Role,
    focus::{Answered, Focus},
};
use crate::{EndpointId, Message, Reason, Refusal, Timestamp, endpoint::Answer, limits::TOPIC_BYTES};
use std::sync::Arc;

impl Focus {
    pub(super) fn set_topic(
        &mut self,
        now: Timestamp,
        from: &EndpointId,
        topic: Arc<str>,
        message: Arc<Message>,
        out: &mut Output,
    ) -> Answered {
        let (nick, role) = self.speaker(from)?;
        let everyone = self.made()?.configuration.anyone_sets_topic;
        if role < if everyone { Role::Participant } else { Role::Moderator } {
            return Err(Refusal::because(Reason::Forbidden, "only moderators set the topic here"));
        }
        if topic.len() > TOPIC_BYTES {
            return Err(Refusal::because(Reason::LimitReached, "a topic has at most 4096 bytes"));
        }
        if !message.is_topic() || message.subject.as_deref() != Some(&*topic) {
            return Err(Refusal::because(Reason::BadRequest, "the message says something else"));
        }
        if let Some((number, at)) = self.numbering.retried(&from.user, &message) {
            return Ok(Answer::Accepted { number, at });
        }
        let said = self.number_for_all(now, from, nick.clone(), message, out)?;
        let (number, at) = (said.number, said.at);
        self.decide(Fact::TopicSet { topic: topic.clone(), by: nick.clone(), at }, out);
        let event = ConferenceEvent::Topic { topic, by: Some(nick), at: None, said: Some(said) };
        self.tell_same(Role::None, event, out);
        Ok(Answer::Accepted { number, at })
    }
}
