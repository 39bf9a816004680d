//! Configure: how a conference behaves, and its opening for others (XEP-0045 §10.1, §10.2).
//!
//! Invariants: nobody but an owner is in a conference that was never configured; where only members may be, only
//! members are.

use super::{
    Affiliation, ConferenceAnswer, ConferenceEvent, Configuration, Departure, Fact, Output, Role,
    focus::{Answered, Focus},
};
use crate::{
    EndpointId, Reason, Refusal, Timestamp,
    endpoint::Answer,
    limits::{CONFERENCE_RECENT, DESCRIPTION_BYTES, NAME_BYTES},
};

impl Focus {
    pub(super) fn get_configuration(&self, from: &EndpointId) -> Answered {
        self.may(from, Affiliation::Owner)?;
        let configuration = Box::new(self.made()?.configuration.clone());
        Ok(Answer::Conference(ConferenceAnswer::Configuration(configuration)))
    }

    pub(super) fn configure(
        &mut self,
        now: Timestamp,
        from: &EndpointId,
        configuration: Configuration,
        out: &mut Output,
    ) -> Answered {
        self.may(from, Affiliation::Owner)?;
        self.is_sound(&configuration)?;
        let made = self.made()?;
        let opens = !made.open;
        if !opens && made.configuration == configuration {
            return Ok(Answer::Done);
        }
        let expels = configuration.members_only && !made.configuration.members_only;
        let event = ConferenceEvent::Reconfigured { configuration: Box::new(configuration.clone()) };
        self.decide(Fact::Configured { configuration: Box::new(configuration) }, out);
        if !opens {
            self.tell_same(Role::None, event, out);
        }
        if expels {
            self.expel(now, out);
        }
        // It may have lost its persistence while nobody was in.
        self.end_if_deserted(now, out);
        Ok(Answer::Done)
    }

    fn expel(&mut self, now: Timestamp, out: &mut Output) {
        let strangers = self
            .attendees
            .iter()
            .filter(|(_, attendee)| self.affiliation(&attendee.user) < Affiliation::Member)
            .map(|(nick, _)| nick.clone());
        for nick in strangers.collect::<Vec<_>>() {
            self.take_out(now, &nick, None, &Departure::NotMember, out);
        }
    }

    pub(super) fn cancel_configuration(
        &mut self,
        now: Timestamp,
        from: &EndpointId,
        out: &mut Output,
    ) -> Answered {
        self.may(from, Affiliation::Owner)?;
        if !self.made()?.open {
            self.end(now, None, None, out);
        }
        Ok(Answer::Done)
    }

    /// Within the bounds of `limits.rs` and of the policy.
    fn is_sound(&self, wanted: &Configuration) -> Result<(), Refusal> {
        let password = wanted.password.as_deref();
        let texts = [&*wanted.name, &*wanted.language, password.unwrap_or_default()];
        if texts.iter().any(|text| text.len() > NAME_BYTES) || wanted.description.len() > DESCRIPTION_BYTES {
            return Err(Refusal::because(Reason::LimitReached, "a text of the configuration is too long"));
        }
        if password.is_some_and(str::is_empty) {
            return Err(Refusal::because(Reason::NotAcceptable, "the password is empty"));
        }
        if wanted.max_occupants == 0 || wanted.max_occupants > self.policy.participants {
            return Err(Refusal::because(Reason::NotAcceptable, "so many occupants are not possible here"));
        }
        if usize::try_from(wanted.history).is_ok_and(|history| history <= CONFERENCE_RECENT) {
            Ok(())
        } else {
            Err(Refusal::because(Reason::NotAcceptable, "at most 50 messages are shown to a newcomer"))
        }
    }
}
