//! Questions about a conference, and what is carried between two of its occupants (XEP-0045 §6.4, §6.5, §17.4;
//! XEP-0410).
//!
//! Invariant: nothing here changes anything.

use super::{
    Affiliation, ConferenceAnswer, ConferenceEvent, Output,
    focus::{Answered, Focus},
};
use crate::{EndpointId, EndpointName, Reason, Refusal, endpoint::Answer};
use bytes::Bytes;
use std::sync::Arc;

impl Focus {
    pub(super) fn describe(&self, from: &EndpointId) -> Answered {
        let made = self.visible_to(from)?;
        Ok(Answer::Conference(ConferenceAnswer::Description {
            configuration: Box::new(made.configuration.clone()),
            occupants: u32::try_from(self.attendees.len()).unwrap_or(u32::MAX),
            topic: made.topic.as_ref().map_or_else(|| "".into(), |topic| topic.text.clone()),
        }))
    }

    /// Who is in is shown by a public conference to everyone, by another one to those who are in.
    pub(super) fn occupant_nicks(&self, from: &EndpointId) -> Answered {
        let shown = self.visible_to(from)?.configuration.public || self.seats.contains_key(from);
        let nicks = if shown { self.attendees.keys().cloned().collect() } else { Vec::new() };
        Ok(Answer::Conference(ConferenceAnswer::Occupants(nicks)))
    }

    /// A conference that was never configured is not there yet for anybody else.
    pub(super) fn visible_to(&self, from: &EndpointId) -> Result<&super::row::ConferenceHead, Refusal> {
        let made = self.made()?;
        if made.open || self.affiliation(&from.user) == Affiliation::Owner {
            Ok(made)
        } else {
            Err(Reason::NotFound.into())
        }
    }

    pub(super) fn self_ping(&self, from: &EndpointId, nick: &EndpointName) -> Answered {
        let (own, _) = self.speaker(from)?;
        if own == *nick {
            Ok(Answer::Done)
        } else {
            Err(Refusal::because(Reason::NotFound, "you are in under another nick"))
        }
    }

    /// To the endpoint that the occupant shows: the payload is a question to one device.
    pub(super) fn relay(
        &self,
        from: &EndpointId,
        to: &EndpointName,
        payload: Bytes,
        out: &mut Output,
    ) -> Answered {
        let (nick, _) = self.speaker(from)?;
        let target = self
            .attendees
            .get(to)
            .and_then(|attendee| {
                Some(EndpointId::new(attendee.user.clone(), attendee.seats.last()?.name.clone()))
            })
            .ok_or_else(|| Refusal::because(Reason::NotFound, "nobody of this nick is in"))?;
        out.effects.push(self.tell(&target, Arc::new(ConferenceEvent::Relay { nick, payload })));
        Ok(Answer::Done)
    }
}
