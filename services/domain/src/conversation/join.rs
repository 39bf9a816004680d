//! Join: make the conference or come into it (XEP-0045 §7.2, §10.1; RFC 4579 §5.1).
//!
//! Invariant: the newcomer learns, in this order, who is in, that it is in itself, what was said, the topic; the
//! others learn of it before it does.

use super::{
    Affiliation, ConferenceEvent, Configuration, Fact, HistoryWish, Output, Role,
    focus::{Answered, Focus, Showing},
    tell::{View, present},
};
use crate::{
    EndpointId, EndpointName, Reason, Refusal, Timestamp,
    endpoint::{Answer, Said},
};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

impl Focus {
    pub(super) fn join(
        &mut self,
        now: Timestamp,
        newcomer: &Showing<'_>,
        password: Option<&str>,
        history: HistoryWish,
        out: &mut Output,
    ) -> Answered {
        let from = newcomer.endpoint;
        if self.seats.contains_key(from) {
            self.show(newcomer, out)?;
            self.introduce(newcomer, out);
            self.welcome(now, newcomer, false, history, out);
            return Ok(Answer::Done);
        }
        let created = self.made.is_none();
        if created {
            if !self.policy.may_create(&from.user) {
                return Err(Refusal::because(Reason::Forbidden, "you may not make conferences"));
            }
            self.create(now, from, self.policy.configuration(), out);
        } else {
            self.may_enter(from, password)?;
            self.may_use_nick(from, &newcomer.nick)?;
            self.has_room(from, &newcomer.nick)?;
        }
        self.take_seat(now, newcomer, out);
        self.welcome(now, newcomer, created, history, out);
        Ok(Answer::Done)
    }

    pub(super) fn create(
        &mut self,
        now: Timestamp,
        owner: &EndpointId,
        configuration: Configuration,
        out: &mut Output,
    ) {
        // One random number of the host serves many conferences; each gets its own from it.
        let at = self.numbering.made_at(now);
        let mut hasher = Sha256::new();
        hasher.update(self.policy.seed.to_be_bytes());
        hasher.update(now.0.to_be_bytes());
        hasher.update(self.address.as_str());
        let seed = hasher.finalize().iter().take(8).fold(0, |seed, byte| seed << 8 | u64::from(*byte));
        let configuration = Box::new(configuration);
        self.decide(Fact::Created { owner: owner.user.clone(), at, configuration, seed }, out);
    }

    fn may_enter(&self, from: &EndpointId, password: Option<&str>) -> Result<(), Refusal> {
        let made = self.made()?;
        let affiliation = self.affiliation(&from.user);
        if affiliation == Affiliation::Outcast {
            return Err(Reason::Banned.into());
        }
        if !made.open && affiliation < Affiliation::Owner {
            return Err(Refusal::because(Reason::NotFound, "the conference is not configured yet"));
        }
        let configuration = &made.configuration;
        if configuration.members_only && affiliation < Affiliation::Member {
            return Err(Reason::MembersOnly.into());
        }
        if configuration.locked && affiliation < Affiliation::Admin {
            return Err(Refusal::because(Reason::Forbidden, "the conference is locked"));
        }
        if configuration.password.as_deref().is_some_and(|wanted| password != Some(wanted)) {
            return Err(Reason::PasswordRequired.into());
        }
        Ok(())
    }

    /// A nick belongs to the person who is in under it or has reserved it.
    pub(super) fn may_use_nick(&self, from: &EndpointId, nick: &EndpointName) -> Result<(), Refusal> {
        let worn = self.attendees.get(nick).is_some_and(|attendee| attendee.user != from.user);
        let mut others = self.affiliations.iter().filter(|(who, _)| **who != from.user);
        if worn || others.any(|(_, known)| known.nick.as_ref() == Some(nick)) {
            return Err(Refusal::because(Reason::Conflict, "another person has this nick"));
        }
        Ok(())
    }

    fn has_room(&self, from: &EndpointId, nick: &EndpointName) -> Result<(), Refusal> {
        let configured = self.made()?.configuration.max_occupants;
        // Those who run it get in even then (XEP-0045 §7.2.9), as far as the deployment allows.
        let privileged = self.affiliation(&from.user) >= Affiliation::Admin;
        let most =
            if privileged { self.policy.participants } else { configured.min(self.policy.participants) };
        let full = self.attendees.len() >= usize::try_from(most).unwrap_or(usize::MAX);
        if full && !self.attendees.contains_key(nick) {
            return Err(Refusal::because(Reason::LimitReached, "the conference is full"));
        }
        Ok(())
    }

    /// In, and told to the others.
    pub(super) fn take_seat(&mut self, now: Timestamp, newcomer: &Showing<'_>, out: &mut Output) {
        let Showing { endpoint, nick, state } = newcomer;
        let moderated = self.made.as_ref().is_some_and(|made| made.configuration.moderated);
        let default = Self::role_of(self.affiliation(&endpoint.user), moderated);
        let role = self.attendees.get(nick).map_or(default, |attendee| attendee.role);
        let joined = Fact::Joined { endpoint: (*endpoint).clone(), nick: nick.clone(), role, at: now };
        self.decide(joined, out);
        self.set_state(endpoint, state.clone());
        self.introduce(newcomer, out);
        if let Some(portrait) = self.portrait(nick, None) {
            let others = |to: &EndpointId, theirs: &EndpointName| (to != *endpoint).then_some(theirs == nick);
            self.tell_all(&portrait, others, |view| present(&portrait, view), out);
        }
    }

    /// Tells the newcomer who else is in.
    fn introduce(&self, newcomer: &Showing<'_>, out: &mut Output) {
        let Showing { endpoint, nick, .. } = newcomer;
        let role = self.attendees.get(nick).map_or(Role::None, |attendee| attendee.role);
        for other in self.attendees.keys().filter(|other| *other != nick) {
            if let Some(portrait) = self.portrait(other, None) {
                let view = self.view(&portrait, false, &endpoint.user, role);
                out.effects.push(self.tell(endpoint, Arc::new(present(&portrait, view))));
            }
        }
    }

    /// The own presence, what was said, the topic.
    pub(super) fn welcome(
        &self,
        now: Timestamp,
        newcomer: &Showing<'_>,
        created: bool,
        history: HistoryWish,
        out: &mut Output,
    ) {
        let Some(made) = &self.made else { return };
        let from = newcomer.endpoint;
        if let Some(portrait) = self.portrait(&newcomer.nick, Some(&from.name)) {
            let event = ConferenceEvent::Present {
                occupant: portrait.seen(View { own: true, sees: true }),
                own: true,
                created,
                whois_everyone: made.configuration.whois_everyone,
                nick_assigned: false,
            };
            out.effects.push(self.tell(from, Arc::new(event)));
        }
        for said in self.history(now, history) {
            out.effects.push(Self::deliver(from.clone(), said, true));
        }
        let (topic, by, at) = match &made.topic {
            Some(topic) => (topic.text.clone(), Some(topic.by.clone()), Some(topic.at)),
            None => ("".into(), None, None),
        };
        out.effects.push(self.tell(from, Arc::new(ConferenceEvent::Topic { topic, by, at, said: None })));
    }

    /// The last messages that this newcomer wants and may see, oldest first.
    fn history(&self, now: Timestamp, wish: HistoryWish) -> Vec<Arc<Said>> {
        let offered = self.made.as_ref().map_or(0, |made| made.configuration.history);
        let most = wish.messages.map_or(offered, |wanted| wanted.min(offered));
        let mut bytes = wish.bytes.map_or(usize::MAX, |bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
        let wanted = |said: &&Arc<Said>| {
            wish.since.is_none_or(|since| said.at >= since)
                && wish.within.is_none_or(|within| now.since(said.at) <= within)
        };
        let mut chosen = Vec::new();
        for said in self.recent.iter().rev().filter(wanted).take(usize::try_from(most).unwrap_or(usize::MAX))
        {
            let Some(rest) = bytes.checked_sub(said.message.size()) else { break };
            bytes = rest;
            chosen.push(said.clone());
        }
        chosen.reverse();
        chosen
    }
}
