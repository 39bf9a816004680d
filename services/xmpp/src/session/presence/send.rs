//! Presence that the client sends: shown to all, to one, asked for, or given (RFC 6121 §3, §4).

use super::read_state;
use crate::{
    ns,
    session::{Addressee, Request, Session, Turn, conference},
    stanza::{Condition, Stanza},
    xep::{
        muc,
        payload::{Meaning, meaning},
    },
};
use bytes::Bytes;
use domain::{
    Address, EndpointName,
    endpoint::{Command, Directed, RosterCommand},
    roster::Handshake,
};
use std::sync::Arc;

/// What a presence stanza is, by its type (RFC 6121 §4.7.1).
pub(crate) enum Wish {
    Show,
    Hide,
    Step(Handshake),
    /// A probe (RFC 6121 §4.3).
    Probe,
    /// An error: nothing to do.
    Nothing,
}

impl Wish {
    pub(crate) fn of(type_: Option<&str>) -> Option<Self> {
        Some(match type_ {
            None => Self::Show,
            Some("unavailable") => Self::Hide,
            Some("subscribe") => Self::Step(Handshake::Subscribe),
            Some("subscribed") => Self::Step(Handshake::Subscribed),
            Some("unsubscribe") => Self::Step(Handshake::Unsubscribe),
            Some("unsubscribed") => Self::Step(Handshake::Unsubscribed),
            Some("probe") => Self::Probe,
            Some("error") => Self::Nothing,
            Some(_) => return None,
        })
    }
}

/// Routes a presence by what it is and whom it is for.
pub(crate) fn presence(
    session: &mut Session,
    turn: &mut Turn<'_>,
    request: Request,
    stanza: &Stanza,
    addressee: Addressee,
) {
    let Some(wish) = Wish::of(stanza.type_()) else {
        return session.fault(turn, request, Condition::BadRequest);
    };
    match (wish, addressee) {
        (Wish::Probe, Addressee::User(to)) => session.command(turn, request, Command::Probe { to }),
        (Wish::Probe, Addressee::Endpoint(to)) => {
            session.command(turn, request, Command::Probe { to: to.user });
        }
        // Of oneself and of services there is nothing to ask.
        (Wish::Nothing | Wish::Probe, _) => turn.handled(request),
        // XEP-0045 §7.2.1: who comes in must name a nick.
        (_, Addressee::Malformed) | (Wish::Show, Addressee::Conference(_)) => {
            session.fault(turn, request, Condition::JidMalformed);
        }
        (_, Addressee::Elsewhere) => session.fault(turn, request, Condition::RemoteServerNotFound),
        (Wish::Show, Addressee::Own) if stanza.to().is_none() => publish(session, turn, request, stanza),
        (Wish::Hide, Addressee::Own) if stanza.to().is_none() => unpublish(session, turn, request, stanza),
        (Wish::Step(step), Addressee::User(user)) => handshake(session, turn, request, stanza, user, step),
        (Wish::Step(step), Addressee::Endpoint(to)) => {
            handshake(session, turn, request, stanza, to.user, step);
        }
        (Wish::Step(_), Addressee::Own) => session.fault(turn, request, Condition::BadRequest),
        (Wish::Step(_), _) => session.fault(turn, request, Condition::ServiceUnavailable),
        (wish, Addressee::Own) => {
            let own = session.me.user.clone();
            direct(session, turn, request, stanza, own, None, &wish);
        }
        (wish, Addressee::User(to)) => direct(session, turn, request, stanza, to, None, &wish),
        (wish, Addressee::Endpoint(to)) => {
            direct(session, turn, request, stanza, to.user, Some(to.name), &wish);
        }
        (Wish::Show, Addressee::Occupant(conference, nick)) => {
            conference::show(session, turn, request, stanza, conference, nick);
        }
        (Wish::Hide, Addressee::Occupant(conference, _) | Addressee::Conference(conference)) => {
            conference::leave(session, turn, request, stanza, conference);
        }
        // A service does not care whether the client is there.
        (_, Addressee::Server | Addressee::Conferences | Addressee::Uploads) => turn.handled(request),
    }
}

fn publish(session: &mut Session, turn: &mut Turn<'_>, request: Request, stanza: &Stanza) {
    let Some(mut state) = read_state(stanza) else {
        return session.fault(turn, request, Condition::BadRequest);
    };
    session.told.complete(&mut state);
    let state = Arc::new(state);
    session.shown = Some(state.clone());
    session.learn_client(turn, stanza);
    let state = session.photo.completes(stanza, &state);
    session.command(turn, request, Command::Publish(state));
}

fn unpublish(session: &mut Session, turn: &mut Turn<'_>, request: Request, stanza: &Stanza) {
    session.shown = None;
    session.joined.clear();
    session.told.forget();
    session.command(turn, request, Command::Unpublish { note: note(stanza) });
}

fn direct(
    session: &mut Session,
    turn: &mut Turn<'_>,
    request: Request,
    stanza: &Stanza,
    to: Address,
    endpoint: Option<EndpointName>,
    wish: &Wish,
) {
    let (state, note) = match wish {
        Wish::Show => match read_state(stanza) {
            Some(state) => (Some(Arc::new(state)), None),
            None => return session.fault(turn, request, Condition::BadRequest),
        },
        _ => (None, note(stanza)),
    };
    session.command(turn, request, Command::Direct(Directed { to, endpoint, state, note }));
}

fn handshake(
    session: &mut Session,
    turn: &mut Turn<'_>,
    request: Request,
    stanza: &Stanza,
    with: Address,
    step: Handshake,
) {
    let command = RosterCommand::Handshake { with, step, carried: carried(stanza) };
    session.command(turn, request, Command::Roster(command));
}

/// What goes along with a step of the hand-shake: all but what is another's business.
pub(crate) fn carried(stanza: &Stanza) -> Bytes {
    let mut carried = Vec::new();
    for child in stanza.children() {
        let own_business = child.namespace() == muc::MUC
            || child.namespace() == ns::CLIENT && child.name() != "status"
            || meaning(child.name(), child.namespace()) == Meaning::Forged;
        if !own_business {
            child.append_fragment(&mut carried);
        }
    }
    carried.into()
}

/// The note that goes with an end.
pub(crate) fn note(stanza: &Stanza) -> Option<Arc<str>> {
    let status = stanza.child("status", ns::CLIENT)?;
    let text = status.text();
    let end = text.floor_char_boundary(crate::limits::NOTE_BYTES);
    (end > 0).then(|| Arc::from(&text[..end]))
}
