//! The focus of a conference (RFC 4353 §4): its state, and which verb answers which question.
//!
//! Invariants: a conference that exists has an owner; a nick belongs to one person; each ticket gets one answer,
//! and a refused command has changed and told nothing.

use super::{
    Affiliation, Command, ConferenceCommand, Effect, Fact, Output, Policy, Role,
    changed::Changed,
    doubts::Doubts,
    numbering::Numbering,
    row::{Affiliated, ConferenceHead},
};
use crate::{
    Address, ConversationId, EndpointId, EndpointName, Reason, Refusal, Timestamp,
    endpoint::{Answer, Said},
    presentity::State,
};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

/// What a verb of a conference returns; the answer goes out after what it told.
pub(super) type Answered = Result<Answer, Refusal>;

/// A conference, or the place where one may be made.
pub(super) struct Focus {
    pub(super) id: ConversationId,
    pub(super) address: Address,
    pub(super) policy: Policy,
    // Durable.
    pub(super) numbering: Numbering,
    pub(super) made: Option<ConferenceHead>,
    pub(super) affiliations: BTreeMap<Address, Affiliated>,
    pub(super) attendees: BTreeMap<EndpointName, Attendee>,
    /// Under which nick each endpoint is in.
    pub(super) seats: BTreeMap<EndpointId, EndpointName>,
    /// The last messages to all.
    pub(super) recent: VecDeque<Arc<Said>>,
    // Soft.
    /// Invitations that can be declined: who was invited, and by whom.
    pub(super) invited: VecDeque<(Address, EndpointId)>,
    /// Endpoints that may be gone without a word.
    pub(super) doubts: Doubts,
    pub(super) changes: Changes,
}

/// Which rows changed.
#[derive(Default)]
pub(super) struct Changes {
    pub(super) head: bool,
    pub(super) recent: Changed<u64>,
    pub(super) affiliations: Changed<Address>,
    pub(super) seats: Changed<EndpointId>,
}

/// A person who is in, with one or more endpoints under one nick.
pub(super) struct Attendee {
    pub(super) user: Address,
    pub(super) role: Role,
    /// The endpoint that showed itself last is the last one: the others see its state.
    pub(super) seats: Vec<Seat>,
}

/// How an endpoint wants to be seen in the conference.
pub(super) struct Showing<'a> {
    pub(super) endpoint: &'a EndpointId,
    pub(super) nick: EndpointName,
    pub(super) state: Arc<State>,
}

/// One endpoint of an attendee.
pub(super) struct Seat {
    pub(super) name: EndpointName,
    /// Unknown only after a restart.
    pub(super) state: Option<Arc<State>>,
}

impl Focus {
    pub(super) fn new(address: Address, policy: Policy) -> Self {
        Self {
            id: ConversationId::Conference(address.clone()),
            address,
            policy,
            numbering: Numbering::default(),
            made: None,
            affiliations: BTreeMap::new(),
            attendees: BTreeMap::new(),
            seats: BTreeMap::new(),
            recent: VecDeque::new(),
            invited: VecDeque::new(),
            doubts: Doubts::default(),
            changes: Changes::default(),
        }
    }

    pub(super) fn handle(&mut self, now: Timestamp, command: Command, out: &mut Output) {
        match command {
            Command::Conference { from, ticket, command } => {
                let answer = self.asked(now, &from, command, out);
                out.effects.push(Effect::answer(from, ticket, answer));
            }
            Command::EndpointGone { endpoint, how } => self.gone(now, &endpoint, &how, out),
            Command::End => self.end(now, None, None, out),
            Command::Send { .. } | Command::Standing { .. } | Command::Confirm { .. } => {}
        }
    }

    fn asked(
        &mut self,
        now: Timestamp,
        from: &EndpointId,
        command: ConferenceCommand,
        out: &mut Output,
    ) -> Answered {
        use ConferenceCommand as Ask;
        match command {
            Ask::Join { nick, state, password, history } => {
                self.join(now, &Showing { endpoint: from, nick, state }, password.as_deref(), history, out)
            }
            Ask::Escalate { with, invite, nick, state, thread } => {
                self.escalate(now, &Showing { endpoint: from, nick, state }, with, invite, thread, out)
            }
            command if self.made.is_none() => self.asked_of_none(&command),
            Ask::Show { nick, state } => self.show(&Showing { endpoint: from, nick, state }, out),
            Ask::Leave { note } => self.leave(now, from, note, out),
            Ask::Say { message } => self.say(now, from, message, out),
            Ask::Whisper { nick, message } => self.whisper(now, from, &nick, message, out),
            Ask::SetTopic { topic, message } => self.set_topic(now, from, topic, message, out),
            Ask::SetRole { nick, role, reason } => self.set_role(now, from, &nick, role, reason, out),
            Ask::SetAffiliations { changes } => self.set_affiliations(now, from, &changes, out),
            Ask::ReserveNick { nick } => self.reserve_nick(from, nick, out),
            Ask::Configure { configuration } => self.configure(now, from, *configuration, out),
            Ask::CancelConfiguration => self.cancel_configuration(now, from, out),
            Ask::Destroy { alternate, reason } => {
                self.destroy(now, from, alternate.as_ref(), reason.as_ref(), out)
            }
            Ask::Invite { who, reason, continues } => self.invite(from, who, reason, continues, out),
            Ask::Decline { to, reason } => self.decline(from, &to, reason, out),
            Ask::RequestVoice => self.request_voice(from, out),
            Ask::Relay { nick, payload } => self.relay(from, &nick, payload, out),
            Ask::SelfPing { nick } => self.self_ping(from, &nick),
            Ask::ListAffiliation { affiliation } => self.list_affiliation(from, affiliation),
            Ask::ListRole { role } => self.list_role(from, role),
            Ask::GetConfiguration => self.get_configuration(from),
            Ask::ReservedNick => Ok(self.reserved_nick(from)),
            Ask::Describe => self.describe(from),
            Ask::Occupants => self.occupant_nicks(from),
            Ask::ReadHistory => self.read_history(from),
        }
    }

    /// There is no conference here. To those who think they are in one it says so (XEP-0410 §3.2).
    fn asked_of_none(&self, command: &ConferenceCommand) -> Answered {
        debug_assert!(self.attendees.is_empty(), "nobody is in what is not there");
        match command {
            ConferenceCommand::Say { .. }
            | ConferenceCommand::Whisper { .. }
            | ConferenceCommand::SelfPing { .. } => Err(Reason::NotAcceptable.into()),
            _ => Err(Reason::NotFound.into()),
        }
    }

    pub(super) fn decide(&mut self, fact: Fact, out: &mut Output) {
        self.apply(&fact);
        out.facts.push(fact);
    }

    pub(super) fn affiliation(&self, who: &Address) -> Affiliation {
        self.affiliations.get(who).map_or(Affiliation::None, |known| known.affiliation)
    }

    /// The asker as an occupant: nick and role.
    pub(super) fn occupant(&self, from: &EndpointId) -> Option<(&EndpointName, Role)> {
        let nick = self.seats.get(from)?;
        Some((nick, self.attendees.get(nick)?.role))
    }

    /// The same, where only occupants may ask.
    pub(super) fn speaker(&self, from: &EndpointId) -> Result<(EndpointName, Role), Refusal> {
        let (nick, role) = self
            .occupant(from)
            .ok_or_else(|| Refusal::because(Reason::NotAcceptable, "you are not in this conference"))?;
        Ok((nick.clone(), role))
    }

    /// What this affiliation makes of somebody who comes in (XEP-0045 §5.1.2).
    pub(super) fn role_of(affiliation: Affiliation, moderated: bool) -> Role {
        match affiliation {
            Affiliation::Owner | Affiliation::Admin => Role::Moderator,
            Affiliation::None if moderated => Role::Visitor,
            Affiliation::Member | Affiliation::None => Role::Participant,
            Affiliation::Outcast => Role::None,
        }
    }

    pub(super) fn nicks_of(&self, user: &Address) -> Vec<EndpointName> {
        let theirs = self.attendees.iter().filter(|(_, attendee)| attendee.user == *user);
        theirs.map(|(nick, _)| nick.clone()).collect()
    }

    pub(super) fn made(&self) -> Result<&ConferenceHead, Refusal> {
        self.made.as_ref().ok_or_else(|| Reason::NotFound.into())
    }

    pub(super) fn may(&self, from: &EndpointId, least: Affiliation) -> Result<(), Refusal> {
        if self.affiliation(&from.user) >= least { Ok(()) } else { Err(Reason::Forbidden.into()) }
    }

    pub(super) fn tell(&self, endpoint: &EndpointId, event: Arc<super::ConferenceEvent>) -> Effect {
        let command = crate::user::Command::Conference {
            endpoint: Some(endpoint.name.clone()),
            conference: self.address.clone(),
            event,
        };
        Effect::Tell { user: endpoint.user.clone(), command }
    }
}
