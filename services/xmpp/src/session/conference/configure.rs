//! What owners do with a conference, and what people reserve in it (XEP-0045 §10, §7.10): forms filled in.

use super::iq::{done, reply, unexpected};
use crate::{
    session::{Request, Session, Turn},
    stanza::{Condition, Element},
    xep::{
        forms::{Form, FormKind},
        muc::{self, owner, register},
    },
};
use domain::{
    Address,
    conversation::{ConferenceAnswer, ConferenceCommand, Configuration},
};

pub(super) fn owner_set(
    session: &mut Session,
    turn: &mut Turn<'_>,
    request: Request,
    payload: &Element,
    conference: Address,
) {
    if let Some(destroy) = payload.child("destroy", muc::OWNER) {
        let alternate = destroy.attribute("jid").and_then(|jid| Address::parse(jid).ok());
        let reason = muc::reason(destroy, muc::OWNER);
        let command = ConferenceCommand::Destroy { alternate, reason };
        return session.conference_then(turn, request, conference, command, done);
    }
    let Some(form) = payload.first().map(Form::parse) else {
        return session.fault(turn, request, Condition::BadRequest);
    };
    match form {
        Ok(form) if form.kind == FormKind::Cancel => {
            let command = ConferenceCommand::CancelConfiguration;
            session.conference_then(turn, request, conference, command, done);
        }
        Ok(form) if form.kind == FormKind::Submit && is_configuration(&form) => {
            configure(session, turn, request, conference, form);
        }
        Ok(_) => session.fault(turn, request, Condition::BadRequest),
        Err(error) => session.fault_because(turn, request, Condition::BadRequest, error.0),
    }
}

/// An empty form needs no type: it accepts everything as it is.
fn is_configuration(form: &Form) -> bool {
    form.fields.is_empty() || form.form_type() == Some(muc::ROOM_CONFIG)
}

/// What the form leaves out stays as it is, so that must be asked first.
fn configure(session: &mut Session, turn: &mut Turn<'_>, request: Request, conference: Address, form: Form) {
    let place = conference.clone();
    let command = ConferenceCommand::GetConfiguration;
    session.conference_then(turn, request, conference, command, move |session, turn, request, answer| {
        let Some(ConferenceAnswer::Configuration(now)) = answer else {
            return unexpected(session, turn, request);
        };
        match owner::filled_in(&form, *now) {
            Ok(configuration) => apply(session, turn, request, place, configuration),
            Err(error) => session.fault_because(turn, request, Condition::NotAcceptable, error.0),
        }
    });
}

fn apply(
    session: &mut Session,
    turn: &mut Turn<'_>,
    request: Request,
    conference: Address,
    configuration: Configuration,
) {
    let command = ConferenceCommand::Configure { configuration: Box::new(configuration) };
    session.conference_then(turn, request, conference, command, done);
}

pub(super) fn registration(
    session: &mut Session,
    turn: &mut Turn<'_>,
    request: Request,
    set: bool,
    payload: &Element,
    conference: Address,
) {
    if !set {
        let command = ConferenceCommand::ReservedNick;
        return session.conference_then(
            turn,
            request,
            conference,
            command,
            |session, turn, request, answer| {
                let Some(ConferenceAnswer::ReservedNick(nick)) = answer else {
                    return unexpected(session, turn, request);
                };
                reply(session, turn, request, &register::form(nick.as_ref()));
            },
        );
    }
    match register::wish(payload) {
        Ok(nick) => {
            let command = ConferenceCommand::ReserveNick { nick };
            session.conference_then(turn, request, conference, command, done);
        }
        Err(condition) => session.fault(turn, request, condition),
    }
}
