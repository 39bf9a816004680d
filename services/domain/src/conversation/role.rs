//! Role: voice given and taken, moderators made, occupants kicked (XEP-0045 §8.2 to §8.5, §9.6 to §9.8).
//!
//! Invariant: the table in `privilege.rs` decides; a role ends with the stay.

use super::{
    Affiliation, ConferenceAnswer, ConferenceEvent, Departure, Fact, Occupant, Output, Role,
    focus::{Answered, Focus},
    privilege::{Privileges, may_set_role},
    tell::View,
};
use crate::{EndpointId, EndpointName, Reason, Refusal, Timestamp, endpoint::Answer};
use std::sync::Arc;

impl Focus {
    pub(super) fn set_role(
        &mut self,
        now: Timestamp,
        from: &EndpointId,
        nick: &EndpointName,
        role: Role,
        reason: Option<Arc<str>>,
        out: &mut Output,
    ) -> Answered {
        let (by, own) = self.speaker(from)?;
        let actor = Privileges { affiliation: self.affiliation(&from.user), role: own };
        let attendee = self
            .attendees
            .get(nick)
            .ok_or_else(|| Refusal::because(Reason::NotFound, "nobody of this nick is in"))?;
        let target = Privileges { affiliation: self.affiliation(&attendee.user), role: attendee.role };
        if !may_set_role(actor, target, role) {
            // XEP-0045 §8.2: who runs the conference may do this to others, only not to those above.
            let runs_it = own == Role::Moderator && target.affiliation > actor.affiliation;
            return Err(if runs_it { Reason::Outranked } else { Reason::Forbidden }.into());
        }
        if role == Role::None {
            self.take_out(now, nick, None, &Departure::Kicked { by, reason }, out);
            self.end_if_deserted(now, out);
        } else if role != target.role {
            self.decide(Fact::RoleChanged { nick: nick.clone(), role, by: from.user.clone() }, out);
            self.tell_present(nick, out);
        }
        Ok(Answer::Done)
    }

    pub(super) fn list_role(&self, from: &EndpointId, role: Role) -> Answered {
        let moderates = self.occupant(from).is_some_and(|(_, own)| own == Role::Moderator);
        if !moderates {
            self.may(from, Affiliation::Admin)?;
        }
        let all = View { own: false, sees: true };
        let those = self.attendees.iter().filter(|(_, attendee)| attendee.role == role);
        let seen: Vec<Occupant> =
            those.filter_map(|(nick, _)| Some(self.portrait(nick, None)?.seen(all))).collect();
        Ok(Answer::Conference(ConferenceAnswer::Roles(seen)))
    }

    /// Asks the moderators for voice (XEP-0045 §7.13).
    pub(super) fn request_voice(&self, from: &EndpointId, out: &mut Output) -> Answered {
        let (nick, role) = self.speaker(from)?;
        if role != Role::Visitor {
            return Err(Refusal::because(Reason::NotAcceptable, "you have a voice already"));
        }
        let event = ConferenceEvent::VoiceRequested { endpoint: from.clone(), nick };
        self.tell_same(Role::Moderator, event, out);
        Ok(Answer::Done)
    }
}
