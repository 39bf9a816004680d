//! Presence of occupants as it is written (XEP-0045 §7.2–§7.14, §9, §10.9; XEP-0421).

use crate::{
    session::{Session, message::append_full, presence::append_state},
    stanza::Tag,
    xep::{muc::user::write_occupant, stanza_id::write_occupant_id},
};
use domain::{
    Address, EndpointName,
    conversation::{Departure, Occupant},
};

/// Somebody is there.
pub(super) fn present(
    session: &Session,
    conference: &Address,
    occupant: &Occupant,
    codes: &[u16],
) -> Vec<u8> {
    let mut xml = begin(session, conference, occupant, "'>");
    append_state(&occupant.state, &mut xml);
    end(xml, occupant, None, None, codes)
}

/// Somebody went.
pub(super) fn gone(
    session: &Session,
    conference: &Address,
    occupant: &Occupant,
    how: &Departure,
    own: bool,
) -> Vec<u8> {
    let mut xml = begin(session, conference, occupant, "' type='unavailable'>");
    if let Departure::Left { note: Some(note) } = how {
        Tag::open(&mut xml, "status").text(note);
    }
    let mut codes = Vec::new();
    codes.extend(own.then_some(110));
    codes.extend(departure_codes(how));
    end(xml, occupant, None, Some(how), &codes)
}

/// XEP-0045 §15.6. That a membership is missing may be new in the person (321) or in the conference (322): the domain
/// does not tell these apart, and to the one who is out it is both.
fn departure_codes(how: &Departure) -> &'static [u16] {
    match how {
        Departure::Left { .. } | Departure::Destroyed { .. } => &[],
        Departure::Vanished => &[333],
        Departure::Kicked { .. } => &[307],
        Departure::Banned { .. } => &[301],
        Departure::NotMember => &[321, 322],
        Departure::Shutdown => &[332],
    }
}

/// Somebody goes by another nick now; their presence under it follows.
pub(super) fn renamed(
    session: &Session,
    conference: &Address,
    occupant: &Occupant,
    nick: &EndpointName,
    own: bool,
) -> Vec<u8> {
    let xml = begin(session, conference, occupant, "' type='unavailable'>");
    let codes: &[u16] = if own { &[303, 110] } else { &[303] };
    end(xml, occupant, Some(nick), None, codes)
}

fn begin(session: &Session, conference: &Address, occupant: &Occupant, rest: &str) -> Vec<u8> {
    let mut xml = Vec::with_capacity(512 + occupant.state.carried.len());
    xml.extend_from_slice(b"<presence from='");
    append_full(conference, Some(&occupant.nick), &mut xml);
    xml.extend_from_slice(b"' to='");
    append_full(&session.me.user, Some(&session.me.name), &mut xml);
    xml.extend_from_slice(rest.as_bytes());
    xml
}

fn end(
    mut xml: Vec<u8>,
    occupant: &Occupant,
    renamed: Option<&EndpointName>,
    why: Option<&Departure>,
    codes: &[u16],
) -> Vec<u8> {
    write_occupant(occupant, renamed, why, codes, &mut xml);
    write_occupant_id(&occupant.occupant_id, &mut xml);
    xml.extend_from_slice(b"</presence>");
    xml
}
