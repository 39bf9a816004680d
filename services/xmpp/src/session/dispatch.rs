//! Where every stanza of a client goes: by what it is, whom it is for, and what it asks. The one page to read first.

use super::{Addressee, Request, Session, Turn, conference, message, presence, relay, roster};
use crate::{
    ns,
    stanza::{Condition, Kind, Stanza},
    xep::{blocking, service},
};

/// One stanza.
pub(super) fn stanza(session: &mut Session, turn: &mut Turn<'_>, seq: u64, stanza: &Stanza) {
    let request = Request::of(seq, stanza);
    if session.open.is_flooded() {
        return session.fault_because(turn, request, Condition::ResourceConstraint, "too many open requests");
    }
    let addressee = Addressee::of(stanza.to(), &session.me.user, &session.config);
    match stanza.kind() {
        Kind::Message => message::message(session, turn, request, stanza, addressee),
        Kind::Presence => presence::presence(session, turn, request, stanza, addressee),
        Kind::Iq => iq(session, turn, request, stanza, addressee),
        // The stream keeps its own talk to itself.
        Kind::Nonza => turn.handled(request),
    }
}

fn iq(session: &mut Session, turn: &mut Turn<'_>, request: Request, stanza: &Stanza, addressee: Addressee) {
    let asks = stanza.is_request();
    match addressee {
        _ if !stanza.is_sound_iq() => session.fault(turn, request, Condition::BadRequest),
        Addressee::Malformed => session.fault(turn, request, Condition::JidMalformed),
        Addressee::Endpoint(to) => relay::relay(session, turn, request, stanza, to),
        Addressee::Occupant(conference, nick) => {
            conference::occupant_iq(session, turn, request, stanza, conference, nick);
        }
        // An answer to us, or to nobody.
        _ if !asks => {
            session.client_answered(turn, stanza);
            turn.handled(request);
        }
        Addressee::Elsewhere => session.fault(turn, request, Condition::RemoteServerNotFound),
        addressee => ask(session, turn, request, stanza, &addressee),
    }
}

/// A request to a service of ours, by the namespace of what it holds.
fn ask(session: &mut Session, turn: &mut Turn<'_>, request: Request, stanza: &Stanza, addressee: &Addressee) {
    let Some(child) = stanza.payload() else { return session.fault(turn, request, Condition::BadRequest) };
    match (addressee, child.namespace()) {
        (Addressee::Own, roster::NS) => roster::request(session, turn, request, stanza),
        (Addressee::Own | Addressee::Server, ns::CARBONS) => carbons(session, turn, request, stanza),
        (_, blocking::NS) => session.serve(turn, request, stanza, addressee, blocking::request),
        (Addressee::Conferences, _) => conference::conferences_iq(session, turn, request, stanza),
        (Addressee::Conference(address), namespace) if conference::answers(namespace) => {
            conference::conference_iq(session, turn, request, stanza, address.clone());
        }
        (_, namespace) => match service::of(namespace) {
            Some(service) => session.serve(turn, request, stanza, addressee, service),
            None => session.fault(turn, request, Condition::ServiceUnavailable),
        },
    }
}

/// Copies of the user's other talk, on or off (XEP-0280 §4, §5).
fn carbons(session: &mut Session, turn: &mut Turn<'_>, request: Request, stanza: &Stanza) {
    let wanted = match stanza.payload().map(|child| child.name()) {
        Some("enable") => true,
        Some("disable") => false,
        _ => return session.fault(turn, request, Condition::BadRequest),
    };
    if stanza.type_() != Some("set") {
        return session.fault(turn, request, Condition::BadRequest);
    }
    session.carbons = wanted;
    session.empty_result(turn, request);
}
