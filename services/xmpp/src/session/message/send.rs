//! A message of the client to a person (RFC 6121 §5, §8.5); those to conferences go on to [`super::super::conference`].

use super::{TooLarge, read};
use crate::{
    session::{Addressee, Request, Session, Turn, conference},
    stanza::{Condition, Stanza},
};
use domain::{Address, EndpointName, endpoint::Command};
use std::sync::Arc;

/// Routes a message by whom it is for.
pub(crate) fn message(
    session: &mut Session,
    turn: &mut Turn<'_>,
    request: Request,
    stanza: &Stanza,
    addressee: Addressee,
) {
    match addressee {
        Addressee::Own => {
            let own = session.me.user.clone();
            to_user(session, turn, request, stanza, own, None);
        }
        Addressee::User(user) => to_user(session, turn, request, stanza, user, None),
        Addressee::Endpoint(to) => {
            let endpoint = Some(to.name).filter(|name| !name.is_nameless());
            to_user(session, turn, request, stanza, to.user, endpoint);
        }
        Addressee::Conference(conference) => {
            conference::message_to_all(session, turn, request, stanza, conference);
        }
        Addressee::Occupant(conference, nick) => {
            conference::message_to_one(session, turn, request, stanza, conference, nick);
        }
        Addressee::Server | Addressee::Conferences | Addressee::Uploads => {
            session.fault(turn, request, Condition::ServiceUnavailable);
        }
        Addressee::Elsewhere => session.fault(turn, request, Condition::RemoteServerNotFound),
        Addressee::Malformed => session.fault(turn, request, Condition::JidMalformed),
    }
}

fn to_user(
    session: &mut Session,
    turn: &mut Turn<'_>,
    request: Request,
    stanza: &Stanza,
    to: Address,
    endpoint: Option<EndpointName>,
) {
    // RFC 6121 §8.5: what is said to a conference is not for a user's account.
    if stanza.type_() == Some("groupchat") {
        return session.fault(turn, request, Condition::ServiceUnavailable);
    }
    match read(stanza) {
        Ok(message) => {
            let message = Arc::new(message);
            session.command_message(turn, request, Command::Send { to, endpoint, message });
        }
        Err(too_large) => session.too_large(turn, request, too_large),
    }
}

impl Session {
    pub(in crate::session) fn too_large(&mut self, turn: &mut Turn<'_>, request: Request, why: TooLarge) {
        self.fault_because(turn, request, Condition::PolicyViolation, why.0);
    }
}
