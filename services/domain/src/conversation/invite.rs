//! Invite through the conference, and the polite no to it (XEP-0045 §7.8.2; RFC 4579 §5.5).
//!
//! Invariants: who is invited to a conference for members is a member from then on; only who was invited can
//! decline, once.

use super::{
    Affiliation, ConferenceEvent, Effect, Output, Role, WhoMayInvite,
    focus::{Answered, Focus},
};
use crate::{
    Address, EndpointId, Reason, Refusal,
    endpoint::Answer,
    limits::{AFFILIATIONS, INVITATIONS},
    user,
};
use std::sync::Arc;

impl Focus {
    pub(super) fn invite(
        &mut self,
        from: &EndpointId,
        who: Address,
        reason: Option<Arc<str>>,
        continues: Option<Arc<str>>,
        out: &mut Output,
    ) -> Answered {
        let (_, role) = self.speaker(from)?;
        let configuration = &self.made()?.configuration;
        if configuration.invite == WhoMayInvite::Moderators && role < Role::Moderator {
            return Err(Refusal::because(Reason::Forbidden, "only moderators invite here"));
        }
        let affiliation = self.affiliation(&who);
        if affiliation == Affiliation::Outcast {
            return Err(Refusal::because(Reason::Forbidden, "they are banned from this conference"));
        }
        if configuration.members_only && affiliation < Affiliation::Member {
            if self.affiliations.len() >= AFFILIATIONS {
                return Err(Refusal::because(Reason::LimitReached, "too many affiliations"));
            }
            self.set_affiliation(&who, Affiliation::Member, out);
            let event = ConferenceEvent::Affiliated { who: who.clone(), affiliation: Affiliation::Member };
            self.tell_same(Role::Moderator, event, out);
        }
        self.send_invitation(from, who, reason, continues, out);
        Ok(Answer::Done)
    }

    pub(super) fn send_invitation(
        &mut self,
        from: &EndpointId,
        who: Address,
        reason: Option<Arc<str>>,
        continues: Option<Arc<str>>,
        out: &mut Output,
    ) {
        let invitation = (who.clone(), from.clone());
        self.invited.retain(|known| *known != invitation);
        if self.invited.len() >= INVITATIONS {
            self.invited.pop_front();
        }
        self.invited.push_back(invitation);
        let password = self.made.as_ref().and_then(|made| made.configuration.password.clone());
        let event = ConferenceEvent::Invited { from: from.clone(), reason, password, continues };
        let conference = self.address.clone();
        let command = user::Command::Conference { endpoint: None, conference, event: Arc::new(event) };
        out.effects.push(Effect::Tell { user: who, command });
    }

    pub(super) fn decline(
        &mut self,
        from: &EndpointId,
        to: &Address,
        reason: Option<Arc<str>>,
        out: &mut Output,
    ) -> Answered {
        let place = self.invited.iter().position(|(who, by)| *who == from.user && by.user == *to);
        let Some((_, by)) = place.and_then(|place| self.invited.remove(place)) else {
            return Err(Refusal::because(Reason::Forbidden, "they have not invited you"));
        };
        let event = ConferenceEvent::Declined { from: from.user.clone(), reason };
        out.effects.push(self.tell(&by, Arc::new(event)));
        Ok(Answer::Done)
    }
}
