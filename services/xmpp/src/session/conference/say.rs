//! What the client says in a conference (XEP-0045 §7.4, §7.5, §8.1) and the requests that come as messages: to invite,
//! to decline, for a voice (§7.8, §7.13, §8.6).

use super::invite;
use crate::{
    session::{Request, Session, Turn, message::read},
    stanza::{Condition, Stanza},
    xep::{
        forms::{self, Form},
        muc,
    },
};
use domain::{
    Address, EndpointName,
    conversation::{ConferenceCommand, Role},
};
use std::sync::Arc;

/// To the conference itself.
pub(crate) fn message_to_all(
    session: &mut Session,
    turn: &mut Turn<'_>,
    request: Request,
    stanza: &Stanza,
    conference: Address,
) {
    match stanza.type_() {
        Some("error") => turn.handled(request),
        Some("groupchat") => say(session, turn, request, stanza, conference),
        _ => ask(session, turn, request, stanza, conference),
    }
}

fn say(session: &mut Session, turn: &mut Turn<'_>, request: Request, stanza: &Stanza, conference: Address) {
    let message = match read(stanza) {
        Ok(message) => Arc::new(message),
        Err(too_large) => return session.too_large(turn, request, too_large),
    };
    let command = match (&message.subject, &message.body) {
        // XEP-0045 §8.1: a subject with a body is no topic.
        (Some(topic), None) => ConferenceCommand::SetTopic { topic: topic.clone(), message },
        _ => ConferenceCommand::Say { message },
    };
    session.conference(turn, request, conference, command);
}

/// A message that is nothing said: a wish.
fn ask(session: &mut Session, turn: &mut Turn<'_>, request: Request, stanza: &Stanza, conference: Address) {
    if let Some(x) = stanza.child("x", muc::USER) {
        return invite::mediated(session, turn, request, &x.element(), conference);
    }
    if let Some(x) = stanza.child("x", forms::NS) {
        return match Form::parse(&x.element()) {
            Ok(form) => voice(session, turn, request, &form, conference),
            Err(error) => session.fault_because(turn, request, Condition::BadRequest, error.0),
        };
    }
    session.fault(turn, request, Condition::BadRequest);
}

/// Somebody without a voice asks for one, or a moderator answers such a request.
fn voice(session: &mut Session, turn: &mut Turn<'_>, request: Request, form: &Form, conference: Address) {
    if form.form_type() != Some(muc::REQUEST) {
        return session.fault(turn, request, Condition::BadRequest);
    }
    let command = match form.boolean("muc#request_allow") {
        Ok(None) => ConferenceCommand::RequestVoice,
        // XEP-0045 §8.6: who does not approve does nothing, and nobody is told.
        Ok(Some(false)) => return turn.handled(request),
        Ok(Some(true)) => match form.text("muc#roomnick").map(EndpointName::parse) {
            Some(Ok(nick)) => ConferenceCommand::SetRole { nick, role: Role::Participant, reason: None },
            _ => return session.fault(turn, request, Condition::BadRequest),
        },
        Err(error) => return session.fault_because(turn, request, Condition::BadRequest, error.0),
    };
    session.conference(turn, request, conference, command);
}

/// To one occupant.
pub(crate) fn message_to_one(
    session: &mut Session,
    turn: &mut Turn<'_>,
    request: Request,
    stanza: &Stanza,
    conference: Address,
    nick: EndpointName,
) {
    match stanza.type_() {
        Some("error") => return turn.handled(request),
        // XEP-0045 §7.5.
        Some("groupchat") => return session.fault(turn, request, Condition::BadRequest),
        _ => {}
    }
    match read(stanza) {
        Ok(message) => {
            let command = ConferenceCommand::Whisper { nick, message: Arc::new(message) };
            session.conference(turn, request, conference, command);
        }
        Err(too_large) => session.too_large(turn, request, too_large),
    }
}
