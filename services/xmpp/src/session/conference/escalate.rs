//! Turning a two-party talk into a conference in one step, for clients that know Linnet's ad-hoc command; others make
//! a conference and invite with `<continue/>` (XEP-0045 §7.9).

use super::iq::unique_name;
use crate::session::{Request, Session, Turn};
use domain::{Address, EndpointName, Reason, Refusal, conversation::ConferenceCommand, endpoint::Command};
use std::sync::Arc;

/// Who turns what into a conference.
pub(crate) struct Escalation {
    /// The other of the two-party talk.
    pub(crate) with: Address,
    /// The newcomers.
    pub(crate) invite: Vec<Address>,
    /// The thread of the talk, if it has one.
    pub(crate) thread: Option<Arc<str>>,
}

impl Session {
    /// Makes the conference, brings the client in under the local part of its address, and invites the others; `then`
    /// gets its address. Refused if the client is not available: others could not be shown that it is there.
    pub(crate) fn escalate(
        &mut self,
        turn: &mut Turn<'_>,
        request: Request,
        escalation: Escalation,
        then: impl FnOnce(&mut Session, &mut Turn<'_>, Request, Address) + Send + 'static,
    ) {
        let name = unique_name(self, turn);
        let local = self.me.user.local().unwrap_or_default();
        let (Some(state), Ok(nick), Ok(conference)) = (
            self.shown.clone(),
            EndpointName::parse(local),
            Address::from_parts(&name, self.config.conferences.as_str()),
        ) else {
            let refusal = Refusal::because(Reason::UnexpectedRequest, "send presence first");
            return self.refuse(turn, request, &refusal);
        };
        let Escalation { with, invite, thread } = escalation;
        let command = ConferenceCommand::Escalate { with, invite, nick, state, thread };
        let command = Command::Conference { conference: conference.clone(), command };
        self.command_then(turn, request, command, move |session, turn, request, _| {
            then(session, turn, request, conference);
        });
    }
}
