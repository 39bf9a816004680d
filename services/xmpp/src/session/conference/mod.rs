//! Conferences at the XMPP door (XEP-0045 1.35.1): what the client asks of them, what it is told of them.

mod configure;
mod escalate;
mod event;
mod invite;
mod iq;
mod joined;
mod occupant;
mod presence;
mod say;

pub(crate) use escalate::Escalation;
pub(crate) use event::event;
pub(crate) use iq::{answers, conference_iq, conferences_iq, occupant_iq};
pub(crate) use joined::Joined;
pub(crate) use presence::{leave, show};
pub(crate) use say::{message_to_all, message_to_one};

use super::{Request, Session, Turn};
use domain::{
    Address,
    conversation::{ConferenceAnswer, ConferenceCommand},
    endpoint::{Answer, Command},
};

impl Session {
    /// Asks a conference; done is handled, refused is an error.
    fn conference(
        &mut self,
        turn: &mut Turn<'_>,
        request: Request,
        conference: Address,
        command: ConferenceCommand,
    ) {
        self.command(turn, request, Command::Conference { conference, command });
    }

    /// Asks a conference; `then` deals with its answer, `None` where it has nothing to say.
    fn conference_then(
        &mut self,
        turn: &mut Turn<'_>,
        request: Request,
        conference: Address,
        command: ConferenceCommand,
        then: impl FnOnce(&mut Session, &mut Turn<'_>, Request, Option<ConferenceAnswer>) + Send + 'static,
    ) {
        let command = Command::Conference { conference, command };
        self.command_then(turn, request, command, move |session, turn, request, answer| {
            let answer = match answer {
                Answer::Conference(answer) => Some(answer),
                _ => None,
            };
            then(session, turn, request, answer);
        });
    }
}
