//! Affiliation: owners, admins, members and the banned (XEP-0045 §9, §10), and the nicks that they reserve (§7.10).
//!
//! Invariants: there is always an owner; a list of changes is done as a whole or not at all; a role follows the
//! affiliation that it came from.

use super::{
    Affiliation, ConferenceAnswer, ConferenceEvent, Departure, Fact, Output, Role,
    focus::{Answered, Focus},
    privilege::may_set_affiliation,
};
use crate::{
    Address, EndpointId, EndpointName, Reason, Refusal, Timestamp, endpoint::Answer, limits::AFFILIATIONS,
};
use std::{collections::BTreeMap, sync::Arc};

type Change = (Address, Affiliation, Option<Arc<str>>);

impl Focus {
    pub(super) fn set_affiliations(
        &mut self,
        now: Timestamp,
        from: &EndpointId,
        changes: &[Change],
        out: &mut Output,
    ) -> Answered {
        self.may(from, Affiliation::Admin)?;
        self.check(from, changes)?;
        let by = self.occupant(from).map(|(nick, _)| nick.clone());
        for change in changes {
            self.affiliate(now, from, by.as_ref(), change, out);
        }
        self.end_if_deserted_by(changes, now, out);
        Ok(Answer::Done)
    }

    /// All or nothing: what would be refused in the middle is refused before the start.
    fn check(&self, from: &EndpointId, changes: &[Change]) -> Result<(), Refusal> {
        let actor = self.affiliation(&from.user);
        let mut after: BTreeMap<&Address, Affiliation> = BTreeMap::new();
        for (who, new, _) in changes {
            if !may_set_affiliation(actor, self.affiliation(who), *new) {
                return Err(Reason::Forbidden.into());
            }
            if *who == from.user && *new == Affiliation::Outcast {
                return Err(Refusal::because(Reason::Conflict, "you cannot ban yourself"));
            }
            if after.insert(who, *new).is_some() {
                return Err(Refusal::because(Reason::BadRequest, "somebody is named twice"));
            }
        }
        let stays = |(who, known): &(&Address, &super::row::Affiliated)| {
            known.affiliation == Affiliation::Owner && !after.contains_key(who)
        };
        if !after.values().any(|new| *new == Affiliation::Owner)
            && !self.affiliations.iter().any(|e| stays(&e))
        {
            return Err(Refusal::because(Reason::Conflict, "a conference needs an owner"));
        }
        let added = |who: &&Address| !self.affiliations.contains_key(*who);
        let kept = after.iter().filter(|(who, new)| **new != Affiliation::None && added(who)).count();
        if kept > 0 && self.affiliations.len() + kept > AFFILIATIONS {
            return Err(Refusal::because(Reason::LimitReached, "too many affiliations"));
        }
        Ok(())
    }

    fn affiliate(
        &mut self,
        now: Timestamp,
        from: &EndpointId,
        by: Option<&EndpointName>,
        (who, new, reason): &Change,
        out: &mut Output,
    ) {
        let (old, new) = (self.affiliation(who), *new);
        if old == new {
            return;
        }
        self.set_affiliation(who, new, out);
        let members_only = self.made.as_ref().is_some_and(|made| made.configuration.members_only);
        let nicks = self.nicks_of(who);
        for nick in &nicks {
            if new == Affiliation::Outcast {
                let how = Departure::Banned { by: by.cloned(), reason: reason.clone() };
                self.take_out(now, nick, None, &how, out);
            } else if new == Affiliation::None && members_only {
                self.take_out(now, nick, None, &Departure::NotMember, out);
            } else {
                self.follow(nick, old, new, from, out);
            }
        }
        if nicks.is_empty() {
            let event = ConferenceEvent::Affiliated { who: who.clone(), affiliation: new };
            self.tell_same(Role::Moderator, event, out);
        }
    }

    pub(super) fn set_affiliation(&mut self, who: &Address, affiliation: Affiliation, out: &mut Output) {
        let reserved = self.affiliations.get(who).and_then(|known| known.nick.clone());
        let nick = reserved.filter(|_| affiliation >= Affiliation::Member);
        self.decide(Fact::Affiliated { who: who.clone(), affiliation, nick }, out);
    }

    /// The role of somebody who is in follows the affiliation, as far as it came from it (XEP-0045 §9.3 to §10.7).
    fn follow(
        &mut self,
        nick: &EndpointName,
        old: Affiliation,
        new: Affiliation,
        from: &EndpointId,
        out: &mut Output,
    ) {
        let moderated = self.made.as_ref().is_some_and(|made| made.configuration.moderated);
        let (was_due, is_due) = (Self::role_of(old, moderated), Self::role_of(new, moderated));
        let role = self.attendees.get(nick).map_or(Role::None, |attendee| attendee.role);
        let next = match role {
            role if role == was_due => is_due,
            role if new > old => role.max(is_due),
            role => role,
        };
        if next != role {
            self.decide(Fact::RoleChanged { nick: nick.clone(), role: next, by: from.user.clone() }, out);
        }
        self.tell_present(nick, out);
    }

    fn end_if_deserted_by(&mut self, changes: &[Change], now: Timestamp, out: &mut Output) {
        // An owner who is not in may put the last occupant out.
        if changes.iter().any(|(_, affiliation, _)| *affiliation < Affiliation::Member) {
            self.end_if_deserted(now, out);
        }
    }

    pub(super) fn list_affiliation(&self, from: &EndpointId, affiliation: Affiliation) -> Answered {
        let own = self.affiliation(&from.user);
        let configuration = &self.made()?.configuration;
        let belongs = self.seats.contains_key(from) || own >= Affiliation::Member;
        // Where addresses are open to all who are in, or entry depends on the list, so are the lists (§9.5).
        let shown = affiliation >= Affiliation::Member
            && belongs
            && (configuration.whois_everyone
                || (configuration.members_only && affiliation == Affiliation::Member));
        if own < Affiliation::Admin && !shown {
            return Err(Reason::Forbidden.into());
        }
        let those = self.affiliations.iter().filter(|(_, known)| known.affiliation == affiliation);
        let list = those.map(|(who, known)| (who.clone(), affiliation, known.nick.clone())).collect();
        Ok(Answer::Conference(ConferenceAnswer::Affiliations(list)))
    }

    pub(super) fn reserve_nick(
        &mut self,
        from: &EndpointId,
        nick: Option<EndpointName>,
        out: &mut Output,
    ) -> Answered {
        self.may(from, Affiliation::Member)?;
        if let Some(nick) = &nick {
            self.may_use_nick(from, nick)?;
        }
        let affiliation = self.affiliation(&from.user);
        self.decide(Fact::Affiliated { who: from.user.clone(), affiliation, nick }, out);
        Ok(Answer::Done)
    }

    pub(super) fn reserved_nick(&self, from: &EndpointId) -> Answer {
        let nick = self.affiliations.get(&from.user).and_then(|known| known.nick.clone());
        Answer::Conference(ConferenceAnswer::ReservedNick(nick))
    }
}
