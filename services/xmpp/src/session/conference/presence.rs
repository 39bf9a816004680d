//! Coming into a conference, showing oneself there, going out (XEP-0045 §7.2, §7.6, §7.7, §7.14).

use crate::{
    session::{
        Request, Session, Turn,
        presence::{note, read_state},
    },
    stanza::{Condition, ErrorKind, Stanza},
    xep::{datetime, muc, service::Error},
};
use domain::{
    Address, EndpointName, Reason,
    conversation::{ConferenceCommand, HistoryWish},
    endpoint::Command,
};
use std::{sync::Arc, time::Duration};

/// A presence to an occupant's address: with `<x/>` it is a wish to come in, else a new state or nick of one who is in.
pub(crate) fn show(
    session: &mut Session,
    turn: &mut Turn<'_>,
    request: Request,
    stanza: &Stanza,
    conference: Address,
    nick: EndpointName,
) {
    let Some(state) = read_state(stanza).map(Arc::new) else {
        return session.fault(turn, request, Condition::BadRequest);
    };
    let command = match stanza.child("x", muc::MUC) {
        Some(x) => {
            let x = x.element();
            let password = x.child("password", muc::MUC).map(|password| Arc::from(password.text()));
            let history = x.child("history", muc::MUC).map(wish).unwrap_or_default();
            ConferenceCommand::Join { nick, state, password, history }
        }
        None => ConferenceCommand::Show { nick, state },
    };
    let command = Command::Conference { conference, command };
    session.command_either(turn, request, command, |session, turn, request, answer| match answer {
        Ok(_) => turn.handled(request),
        // XEP-0045 §7.2.9: full, but perhaps not for long.
        Err(refusal) if refusal.reason == Reason::LimitReached => {
            let full = Error {
                kind: Some(ErrorKind::Wait),
                text: refusal.text,
                ..Condition::ServiceUnavailable.into()
            };
            session.fault_with(turn, request, |xml| full.write(xml));
        }
        Err(refusal) => session.refuse(turn, request, &refusal),
    });
}

/// XEP-0045 §7.2.13. What is not a number is not a wish.
fn wish(history: &crate::stanza::Element) -> HistoryWish {
    let number = |name| history.attribute(name).and_then(|text| text.parse::<u32>().ok());
    HistoryWish {
        messages: number("maxstanzas"),
        bytes: number("maxchars"),
        within: number("seconds").map(|seconds| Duration::from_secs(seconds.into())),
        since: history.attribute("since").and_then(datetime::parse),
    }
}

/// Out, with a parting note perhaps.
pub(crate) fn leave(
    session: &mut Session,
    turn: &mut Turn<'_>,
    request: Request,
    stanza: &Stanza,
    conference: Address,
) {
    session.conference(turn, request, conference, ConferenceCommand::Leave { note: note(stanza) });
}
