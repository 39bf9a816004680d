//! Say, to all or to one of those who are in (XEP-0045 §7.4, §7.5): numbered by the IM MCU, the same for all.
//!
//! Invariants: numbers are contiguous from 1; everyone who is in gets what is said to all, in the same order, the
//! speaker too.

use super::{
    Output, Readers, Role,
    focus::{Answered, Focus},
};
use crate::{
    EndpointId, EndpointName, Message, Reason, Refusal, Timestamp,
    endpoint::{Answer, Rendered, Said},
};
use std::sync::Arc;

impl Focus {
    pub(super) fn say(
        &mut self,
        now: Timestamp,
        from: &EndpointId,
        message: Arc<Message>,
        out: &mut Output,
    ) -> Answered {
        let (nick, role) = self.speaker(from)?;
        if role < Role::Participant {
            return Err(Refusal::because(Reason::Forbidden, "you have no voice in this conference"));
        }
        if let Some((number, at)) = self.numbering.retried(&from.user, &message) {
            return Ok(Answer::Accepted { number, at });
        }
        let said = self.number_for_all(now, from, nick, message, out)?;
        for (endpoint, _, _) in self.everyone() {
            out.effects.push(Self::deliver(endpoint, said.clone(), false));
        }
        Ok(Answer::Accepted { number: said.number, at: said.at })
    }

    pub(super) fn whisper(
        &mut self,
        now: Timestamp,
        from: &EndpointId,
        to: &EndpointName,
        message: Arc<Message>,
        out: &mut Output,
    ) -> Answered {
        let (nick, _) = self.speaker(from)?;
        if !self.made()?.configuration.whispers {
            return Err(Refusal::because(Reason::Forbidden, "private messages are not allowed here"));
        }
        if let Some((number, at)) = self.numbering.retried(&from.user, &message) {
            return Ok(Answer::Accepted { number, at });
        }
        let Some(hearer) = self.attendees.get(to) else {
            return Err(Refusal::because(Reason::NotFound, "nobody of this nick is in"));
        };
        let readers = Readers::Whispered(hearer.user.clone());
        let said = self.number(now, from, (nick, Some(to.clone())), readers, message, out);
        for (endpoint, _, _) in self.everyone().filter(|(_, nick, _)| *nick == to) {
            out.effects.push(Self::deliver(endpoint, said.clone(), false));
        }
        Ok(Answer::Accepted { number: said.number, at: said.at })
    }

    /// What is for all who are in, and for the conference's history if it keeps one.
    pub(super) fn number_for_all(
        &mut self,
        now: Timestamp,
        from: &EndpointId,
        nick: EndpointName,
        message: Arc<Message>,
        out: &mut Output,
    ) -> Result<Arc<Said>, Refusal> {
        let readers = if self.made()?.configuration.archived { Readers::All } else { Readers::Nobody };
        Ok(self.number(now, from, (nick, None), readers, message, out))
    }

    /// Makes a message a fact if it is to be one; what is only relayed has number 0.
    fn number(
        &mut self,
        now: Timestamp,
        from: &EndpointId,
        (nick, to): (EndpointName, Option<EndpointName>),
        readers: Readers,
        message: Arc<Message>,
        out: &mut Output,
    ) -> Arc<Said> {
        let durable = message.is_durable();
        let (number, at) = if durable { self.numbering.next(now) } else { (0, now) };
        let conversation = self.id.clone();
        let said = Arc::new(Said {
            conversation,
            number,
            at,
            from: from.clone(),
            nick: Some(nick),
            occupant_id: Some(self.occupant_id(&from.user)),
            to,
            message,
            rendered: Rendered::default(),
        });
        if durable {
            out.facts.push(said.fact(readers));
            self.apply_said(said.clone());
        }
        said
    }
}
