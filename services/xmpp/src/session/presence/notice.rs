//! Presence that the client is told of: of contacts, of the user's other endpoints, steps of the subscription
//! hand-shake (RFC 6121 §3, §4.3, §4.6).

use super::append_state;
use crate::{
    session::{Session, Turn, message::append_full},
    stanza::Tag,
    xep::{
        csi::{Class, Slot, Urgency},
        delay::write_delay,
    },
};
use bytes::Bytes;
use domain::{
    Address, EndpointId, EndpointName, Timestamp,
    presentity::{Availability, Notice, State},
    roster::Handshake,
};
use std::sync::Arc;

/// An endpoint of somebody changed, or only what it all amounts to is told.
pub(crate) fn notice(session: &mut Session, turn: &mut Turn<'_>, notice: &Notice) {
    let (from, endpoint) = (&notice.presentity, notice.endpoint.as_ref());
    match (&notice.endpoint, &notice.state) {
        (_, Some(state)) => tell(session, turn, from, endpoint, Ok(state), None),
        (Some(_), None) => tell(session, turn, from, endpoint, Err(notice.parting.as_ref()), None),
        (None, None) => {
            let whole = &notice.aggregate;
            let state = whole_state(whole.availability, whole.activity, whole.note.clone());
            tell(session, turn, from, None, state.as_ref().ok_or(None), whole.last_seen);
        }
    }
}

/// The whole presence of somebody as one state; `None` for offline.
pub(crate) fn whole_state(
    availability: Availability,
    activity: Option<domain::presentity::Activity>,
    note: Option<Arc<str>>,
) -> Option<State> {
    (availability != Availability::Offline).then(|| State { activity, note, ..State::of(availability) })
}

/// Somebody shows a state to this user alone, or no longer does.
pub(crate) fn directed(
    session: &mut Session,
    turn: &mut Turn<'_>,
    from: &EndpointId,
    state: Option<&State>,
    note: Option<&Arc<str>>,
) {
    tell(session, turn, &from.user, Some(&from.name), state.ok_or(note), None);
}

/// Tells a state, or that it is gone with a note perhaps.
fn tell(
    session: &mut Session,
    turn: &mut Turn<'_>,
    from: &Address,
    endpoint: Option<&EndpointName>,
    state: Result<&State, Option<&Arc<str>>>,
    since: Option<Timestamp>,
) {
    let shown = visible(state);
    let known = if let Ok(state) = shown {
        // A client that nobody looks at may be told the next state instead of this one.
        session.told.known((from, endpoint), state, !session.shaper.is_active())
    } else {
        session.told.gone((from, endpoint));
        0
    };
    // What the client knows of it already is left out.
    let rest = shown
        .ok()
        .filter(|_| known > 0)
        .map(|state| State { carried: state.carried.slice(known..), ..state.clone() });
    let shown = rest.as_ref().map_or(shown, Ok);
    let mut xml = Vec::new();
    write_presence((from, endpoint), (&session.me.user, Some(&session.me.name)), shown, since, &mut xml);
    session.send(turn, xml, || {
        let source = endpoint.map_or_else(|| from.to_string(), |name| format!("{from}/{name}"));
        Urgency::Latest(Slot { class: Class::Presence, source: source.into() })
    });
}

/// Somebody who is invisible is gone with the note that they show.
fn visible<'s>(state: Result<&'s State, Option<&'s Arc<str>>>) -> Result<&'s State, Option<&'s Arc<str>>> {
    state.and_then(|state| match state.availability {
        Availability::Offline => Err(state.note.as_ref()),
        _ => Ok(state),
    })
}

/// Somebody's presence, or that it is gone with a note perhaps, as it comes to somebody.
pub(crate) fn write_presence(
    from: (&Address, Option<&EndpointName>),
    to: (&Address, Option<&EndpointName>),
    state: Result<&State, Option<&Arc<str>>>,
    since: Option<Timestamp>,
    xml: &mut Vec<u8>,
) {
    let state = visible(state);
    xml.reserve(256 + state.map_or(0, |state| state.carried.len()));
    xml.extend_from_slice(b"<presence from='");
    append_full(from.0, from.1, xml);
    xml.extend_from_slice(b"' to='");
    append_full(to.0, to.1, xml);
    match state {
        Ok(state) => {
            xml.extend_from_slice(b"'>");
            append_state(state, xml);
        }
        Err(note) => {
            xml.extend_from_slice(b"' type='unavailable'>");
            if let Some(note) = note {
                Tag::open(xml, "status").text(note);
            }
        }
    }
    if let Some(at) = since {
        write_delay(Some(from.0), at, xml);
    }
    xml.extend_from_slice(b"</presence>");
}

/// Somebody asks, allows, or no longer does.
pub(crate) fn handshake(
    session: &mut Session,
    turn: &mut Turn<'_>,
    from: &Address,
    step: Handshake,
    carried: &Bytes,
) {
    let mut xml = Vec::new();
    write_handshake(from, &session.me.user, step, carried, &mut xml);
    session.send(turn, xml, || Urgency::Now);
}

/// A step of the subscription hand-shake, between bare addresses (RFC 6121 §3).
pub(crate) fn write_handshake(
    from: &Address,
    to: &Address,
    step: Handshake,
    carried: &Bytes,
    xml: &mut Vec<u8>,
) {
    let type_ = match step {
        Handshake::Subscribe => "subscribe",
        Handshake::Subscribed => "subscribed",
        Handshake::Unsubscribe => "unsubscribe",
        Handshake::Unsubscribed => "unsubscribed",
    };
    Tag::open(xml, "presence")
        .attr("from", from.as_str())
        .attr("to", to.as_str())
        .attr("type", type_)
        .content(|xml| xml.extend_from_slice(carried));
}
