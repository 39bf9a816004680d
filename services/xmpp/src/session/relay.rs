//! An iq from client to client (RFC 6121 §8.5.3): the server sets the addresses and carries the rest as it stands.

use super::{Request, Session, Turn, message::append_full};
use crate::{
    stanza::{Condition, Stanza},
    wire::escape_attribute,
    xep::csi::Urgency,
};
use bytes::Bytes;
use domain::{Address, EndpointId, EndpointName, endpoint::Command};

/// From behind the addresses to the end: type, id and what is in it.
pub(crate) fn payload(stanza: &Stanza) -> Bytes {
    let mut out = Vec::with_capacity(stanza.as_bytes().len());
    let attributes = [(" type='", stanza.type_()), (" id='", stanza.id()), (" xml:lang='", stanza.lang())];
    for (name, value) in attributes {
        if let Some(value) = value {
            out.extend_from_slice(name.as_bytes());
            escape_attribute(value, &mut out);
            out.push(b'\'');
        }
    }
    out.push(b'>');
    for child in stanza.children() {
        child.append_fragment(&mut out);
    }
    out.extend_from_slice(b"</iq>");
    out.into()
}

/// To an endpoint of a user. Its answer comes the same way; if it is not there, the server answers for it.
pub(super) fn relay(
    session: &mut Session,
    turn: &mut Turn<'_>,
    request: Request,
    stanza: &Stanza,
    to: EndpointId,
) {
    let payload = payload(stanza);
    session.command_either(turn, request, Command::Relay { to, payload }, answered);
}

/// What is carried gets its answer from the other side, what is not gets one from here.
pub(super) fn answered(
    session: &mut Session,
    turn: &mut Turn<'_>,
    request: Request,
    answer: Result<domain::endpoint::Answer, domain::Refusal>,
) {
    match answer {
        Ok(_) => turn.handled(request),
        // RFC 6121 §8.5.3.2.3: no such endpoint and no such user look the same.
        Err(refusal) if refusal.reason == domain::Reason::NotFound => {
            session.fault(turn, request, Condition::ServiceUnavailable);
        }
        Err(refusal) => session.refuse(turn, request, &refusal),
    }
}

/// It came through from somebody.
pub(super) fn relayed(
    session: &mut Session,
    turn: &mut Turn<'_>,
    from: &Address,
    name: Option<&EndpointName>,
    payload: &Bytes,
) {
    let mut xml = Vec::with_capacity(128 + payload.len());
    xml.extend_from_slice(b"<iq from='");
    append_full(from, name, &mut xml);
    xml.extend_from_slice(b"' to='");
    append_full(&session.me.user, Some(&session.me.name), &mut xml);
    xml.push(b'\'');
    xml.extend_from_slice(payload);
    session.send(turn, xml, || Urgency::Now);
}
