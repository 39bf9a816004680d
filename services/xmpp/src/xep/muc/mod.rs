//! Multi-user chat (XEP-0045 1.35.1): the words that its parts share. The conference itself is the domain's.

pub(crate) mod admin;
pub(crate) mod disco;
pub(crate) mod owner;
pub(crate) mod register;
pub(crate) mod user;

use crate::{limits::NOTE_BYTES, stanza::Element};
use domain::conversation::{Affiliation, Role};
use std::sync::Arc;

/// Why somebody is invited, put out or refused; of a longer text the beginning, since everybody there is told.
pub(crate) fn reason(element: &Element, namespace: &str) -> Option<Arc<str>> {
    let text = element.child("reason", namespace)?.text();
    Some(Arc::from(&text[..text.floor_char_boundary(NOTE_BYTES)]))
}

/// Coming in.
pub(crate) const MUC: &str = "http://jabber.org/protocol/muc";
/// What occupants are told, and invitations.
pub(crate) const USER: &str = "http://jabber.org/protocol/muc#user";
/// Roles and affiliations.
pub(crate) const ADMIN: &str = "http://jabber.org/protocol/muc#admin";
/// Configuration and the end of a conference.
pub(crate) const OWNER: &str = "http://jabber.org/protocol/muc#owner";
/// The form that asks for a voice.
pub(crate) const REQUEST: &str = "http://jabber.org/protocol/muc#request";
/// The configuration form.
pub(crate) const ROOM_CONFIG: &str = "http://jabber.org/protocol/muc#roomconfig";
/// The form of what anyone may know.
pub(crate) const ROOM_INFO: &str = "http://jabber.org/protocol/muc#roominfo";
/// A name that no conference has yet.
pub(crate) const UNIQUE: &str = "http://jabber.org/protocol/muc#unique";
/// Service optimisation of pinging oneself (XEP-0410 1.1.0 §4).
pub(crate) const SELF_PING: &str = "http://jabber.org/protocol/muc#self-ping-optimization";
/// A conference's address given from person to person (XEP-0249).
pub(crate) const INVITATION: &str = "jabber:x:conference";

const AFFILIATIONS: [(&str, Affiliation); 5] = [
    ("outcast", Affiliation::Outcast),
    ("none", Affiliation::None),
    ("member", Affiliation::Member),
    ("admin", Affiliation::Admin),
    ("owner", Affiliation::Owner),
];

const ROLES: [(&str, Role); 4] = [
    ("none", Role::None),
    ("visitor", Role::Visitor),
    ("participant", Role::Participant),
    ("moderator", Role::Moderator),
];

/// How the wire calls an affiliation.
pub(crate) fn affiliation_name(affiliation: Affiliation) -> &'static str {
    AFFILIATIONS.iter().find(|(_, known)| *known == affiliation).map_or("none", |(name, _)| name)
}

/// The affiliation of this name.
pub(crate) fn affiliation(name: &str) -> Option<Affiliation> {
    AFFILIATIONS.iter().find(|(known, _)| *known == name).map(|(_, affiliation)| *affiliation)
}

/// How the wire calls a role.
pub(crate) fn role_name(role: Role) -> &'static str {
    ROLES.iter().find(|(_, known)| *known == role).map_or("none", |(name, _)| name)
}

/// The role of this name.
pub(crate) fn role(name: &str) -> Option<Role> {
    ROLES.iter().find(|(known, _)| *known == name).map(|(_, role)| *role)
}
