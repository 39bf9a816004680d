//! What occupants and those invited are told (XEP-0045 `muc#user`), as it is written.

use super::{INVITATION, USER, affiliation_name, role_name};
use crate::stanza::Tag;
use domain::{
    Address, EndpointId, EndpointName,
    conversation::{Departure, Occupant},
};
use std::sync::Arc;

/// Appends the `<x/>` of a presence: who it is now, why, and the status codes.
pub(crate) fn write_occupant(
    occupant: &Occupant,
    renamed: Option<&EndpointName>,
    why: Option<&Departure>,
    codes: &[u16],
    out: &mut Vec<u8>,
) {
    Tag::open_in(out, "x", USER).content(|out| {
        let mut item = Tag::open(out, "item")
            .attr("affiliation", affiliation_name(occupant.affiliation))
            .attr("role", role_name(occupant.role));
        if let Some(endpoint) = &occupant.endpoint {
            item = item.attr_shown("jid", endpoint);
        }
        let item = item.attr_some("nick", renamed.map(EndpointName::as_str));
        match why {
            Some(Departure::Kicked { by, reason }) => {
                item.content(|out| actor(Some(by), reason.as_ref(), out));
            }
            Some(Departure::Banned { by, reason }) => {
                item.content(|out| actor(by.as_ref(), reason.as_ref(), out));
            }
            _ => item.empty(),
        }
        write_codes(codes, out);
        if let Some(Departure::Destroyed { alternate, reason }) = why {
            let destroy = Tag::open(out, "destroy").attr_some("jid", alternate.as_ref().map(Address::as_str));
            destroy.content(|out| write_reason(reason.as_ref(), out));
        }
    });
}

fn actor(by: Option<&EndpointName>, reason: Option<&Arc<str>>, out: &mut Vec<u8>) {
    if let Some(by) = by {
        Tag::open(out, "actor").attr("nick", by.as_str()).empty();
    }
    write_reason(reason, out);
}

fn write_reason(reason: Option<&Arc<str>>, out: &mut Vec<u8>) {
    if let Some(reason) = reason {
        Tag::open(out, "reason").text(reason);
    }
}

/// Appends status codes.
pub(crate) fn write_codes(codes: &[u16], out: &mut Vec<u8>) {
    for code in codes {
        Tag::open(out, "status").attr_shown("code", code).empty();
    }
}

/// What an invitation says.
pub(crate) struct Invitation<'i> {
    pub(crate) conference: &'i Address,
    pub(crate) from: &'i EndpointId,
    pub(crate) reason: Option<&'i Arc<str>>,
    pub(crate) password: Option<&'i Arc<str>>,
    pub(crate) continues: Option<&'i Arc<str>>,
}

/// Appends an invitation in both ways that clients know: mediated, and direct (XEP-0249 1.2).
pub(crate) fn write_invitation(invitation: &Invitation<'_>, out: &mut Vec<u8>) {
    let thread = invitation.continues.filter(|thread| !thread.is_empty()).map(|thread| &**thread);
    Tag::open_in(out, "x", USER).content(|out| {
        Tag::open(out, "invite").attr_shown("from", invitation.from).content(|out| {
            write_reason(invitation.reason, out);
            if invitation.continues.is_some() {
                Tag::open(out, "continue").attr_some("thread", thread).empty();
            }
        });
        if let Some(password) = invitation.password {
            Tag::open(out, "password").text(password);
        }
    });
    Tag::open_in(out, "x", INVITATION)
        .attr("jid", invitation.conference.as_str())
        .attr_some("password", invitation.password.map(|password| &**password))
        .attr_some("reason", invitation.reason.map(|reason| &**reason))
        .attr_some("continue", invitation.continues.map(|_| "true"))
        .attr_some("thread", thread)
        .empty();
}

/// Appends a no to an invitation.
pub(crate) fn write_decline(from: &Address, reason: Option<&Arc<str>>, out: &mut Vec<u8>) {
    Tag::open_in(out, "x", USER).content(|out| {
        Tag::open(out, "decline").attr("from", from.as_str()).content(|out| write_reason(reason, out));
    });
}
