//! Unique and stable ids of messages (XEP-0359 0.7.0) and of occupants (XEP-0421 1.0.1), as the server writes them. A
//! client's own claim of them never passes ([`super::payload`]).

use crate::stanza::Tag;
use domain::{Address, history::HistoryId};

/// The namespace of stanza ids.
pub(crate) const NS: &str = "urn:xmpp:sid:0";
/// The namespace of occupant ids.
pub(crate) const OCCUPANT: &str = "urn:xmpp:occupant-id:0";

/// Appends the place of a message in the history of `by`.
pub(crate) fn write_stanza_id(by: &Address, id: HistoryId, out: &mut Vec<u8>) {
    Tag::open_in(out, "stanza-id", NS).attr("by", by.as_str()).attr_shown("id", id).empty();
}

/// Appends the sender's own unique id.
pub(crate) fn write_origin_id(id: &str, out: &mut Vec<u8>) {
    Tag::open_in(out, "origin-id", NS).attr("id", id).empty();
}

/// Appends the id that an occupant keeps in its conference.
pub(crate) fn write_occupant_id(id: &str, out: &mut Vec<u8>) {
    Tag::open_in(out, "occupant-id", OCCUPANT).attr("id", id).empty();
}
