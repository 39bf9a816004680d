//! Requests to the conference service, to a conference and to its occupants (XEP-0045 §6, §7.10, §7.12, §8–§10,
//! XEP-0307, XEP-0410), as a table of what each asks.

use super::configure::{owner_set, registration};
use crate::{
    session::{Question, Request, Session, Turn, question, relay},
    stanza::{Condition, Element, Stanza},
    xep::{
        disco::{INFO, ITEMS},
        muc::{self, admin, disco, owner, register},
        ping,
    },
};
use domain::{
    Address, EndpointName,
    conversation::{ConferenceAnswer, ConferenceCommand},
    endpoint::Command,
};
use sha2::{Digest as _, Sha256};
use std::{collections::VecDeque, fmt::Write as _};

/// Whether a conference has an answer of its own to requests of this namespace.
pub(crate) fn answers(namespace: &str) -> bool {
    matches!(namespace, INFO | ITEMS | muc::ADMIN | muc::OWNER | register::NS | ping::NS)
}

/// To the service.
pub(crate) fn conferences_iq(session: &mut Session, turn: &mut Turn<'_>, request: Request, stanza: &Stanza) {
    let Some((set, payload)) = asked(stanza) else {
        return session.fault(turn, request, Condition::BadRequest);
    };
    let node = payload.attribute("node");
    match (payload.namespace(), set) {
        (INFO, false) if node.is_none() => reply(session, turn, request, &disco::service().to_element(None)),
        (ITEMS, false) if node.is_none() => {
            session.question(turn, request, Question::Conferences, |session, turn, request, answer| {
                match answer {
                    question::Answer::Conferences(all) => reply(session, turn, request, &disco::list(&all)),
                    _ => session.fault(turn, request, Condition::InternalServerError),
                }
            });
        }
        (INFO | ITEMS, false) => session.fault(turn, request, Condition::ItemNotFound),
        (muc::UNIQUE, false) => {
            let name = unique_name(session, turn);
            reply(session, turn, request, &Element::new("unique", muc::UNIQUE).with_text(name));
        }
        (ping::NS, false) => session.empty_result(turn, request),
        _ => session.fault(turn, request, Condition::ServiceUnavailable),
    }
}

/// What a request asks: a set or not, and its one child.
fn asked(stanza: &Stanza) -> Option<(bool, Element)> {
    Some((stanza.type_() == Some("set"), stanza.payload()?.element()))
}

/// A name that no conference has: of whom, when and how many before.
pub(super) fn unique_name(session: &mut Session, turn: &Turn<'_>) -> String {
    let mut hasher = Sha256::new();
    hasher.update(session.me.to_string());
    hasher.update(turn.now.0.to_be_bytes());
    hasher.update(session.open.next().to_be_bytes());
    let mut name = String::with_capacity(24);
    for byte in &hasher.finalize()[..12] {
        // Writing to a string cannot fail.
        let _ = write!(name, "{byte:02x}");
    }
    name
}

/// To a conference.
pub(crate) fn conference_iq(
    session: &mut Session,
    turn: &mut Turn<'_>,
    request: Request,
    stanza: &Stanza,
    conference: Address,
) {
    let Some((set, payload)) = asked(stanza) else {
        return session.fault(turn, request, Condition::BadRequest);
    };
    let payload = &payload;
    match (payload.namespace(), set) {
        (INFO, false) => info(session, turn, request, payload, conference),
        (ITEMS, false) => {
            let name = conference.clone();
            let command = ConferenceCommand::Occupants;
            session.conference_then(
                turn,
                request,
                conference,
                command,
                move |session, turn, request, answer| {
                    let Some(ConferenceAnswer::Occupants(nicks)) = answer else {
                        return unexpected(session, turn, request);
                    };
                    reply(session, turn, request, &disco::occupants(&name, &nicks));
                },
            );
        }
        (muc::ADMIN, false) => match admin::list(payload) {
            Ok(command) => session.conference_then(turn, request, conference, command, listed),
            Err(bad) => bad_items(session, turn, request, bad),
        },
        (muc::ADMIN, true) => match admin::changes(payload) {
            Ok(commands) => one_by_one(session, turn, request, conference, commands),
            Err(bad) => bad_items(session, turn, request, bad),
        },
        (muc::OWNER, false) => {
            let command = ConferenceCommand::GetConfiguration;
            session.conference_then(turn, request, conference, command, |session, turn, request, answer| {
                let Some(ConferenceAnswer::Configuration(now)) = answer else {
                    return unexpected(session, turn, request);
                };
                let form = owner::form(&now).to_element();
                reply(session, turn, request, &Element::new("query", muc::OWNER).with_child(form));
            });
        }
        (muc::OWNER, true) => owner_set(session, turn, request, payload, conference),
        (register::NS, set) => registration(session, turn, request, set, payload, conference),
        (ping::NS, false) => session.empty_result(turn, request),
        _ => session.fault(turn, request, Condition::ServiceUnavailable),
    }
}

fn info(
    session: &mut Session,
    turn: &mut Turn<'_>,
    request: Request,
    payload: &Element,
    conference: Address,
) {
    match payload.attribute("node") {
        None => {
            let command = ConferenceCommand::Describe;
            session.conference_then(turn, request, conference, command, |session, turn, request, answer| {
                let Some(ConferenceAnswer::Description { configuration, occupants, topic }) = answer else {
                    return unexpected(session, turn, request);
                };
                let info = disco::conference(&configuration, occupants, &topic);
                reply(session, turn, request, &info.to_element(None));
            });
        }
        Some(disco::RESERVED_NICK) => {
            let command = ConferenceCommand::ReservedNick;
            session.conference_then(turn, request, conference, command, |session, turn, request, answer| {
                let Some(ConferenceAnswer::ReservedNick(nick)) = answer else {
                    return unexpected(session, turn, request);
                };
                reply(session, turn, request, &disco::reserved_nick(nick.as_ref()));
            });
        }
        Some(_) => session.fault(turn, request, Condition::ItemNotFound),
    }
}

fn listed(session: &mut Session, turn: &mut Turn<'_>, request: Request, answer: Option<ConferenceAnswer>) {
    match answer {
        Some(ConferenceAnswer::Affiliations(people)) => {
            reply(session, turn, request, &admin::affiliations(&people));
        }
        Some(ConferenceAnswer::Roles(occupants)) => reply(session, turn, request, &admin::roles(&occupants)),
        _ => unexpected(session, turn, request),
    }
}

fn one_by_one(
    session: &mut Session,
    turn: &mut Turn<'_>,
    request: Request,
    conference: Address,
    mut open: VecDeque<ConferenceCommand>,
) {
    let Some(command) = open.pop_front() else { return session.empty_result(turn, request) };
    let asked = Command::Conference { conference: conference.clone(), command };
    session.command_then(turn, request, asked, move |session, turn, request, _| {
        one_by_one(session, turn, request, conference, open);
    });
}

/// To somebody in a conference: a ping of oneself is answered here, all else goes to them.
pub(crate) fn occupant_iq(
    session: &mut Session,
    turn: &mut Turn<'_>,
    request: Request,
    stanza: &Stanza,
    conference: Address,
    nick: EndpointName,
) {
    let ping =
        stanza.type_() == Some("get") && stanza.payload().is_some_and(|child| child.is("ping", ping::NS));
    // Not known to be in: then the client wants to know just that.
    let own = session.joined.nick(&conference).is_none_or(|mine| *mine == nick);
    if ping && own {
        return session.conference_then(
            turn,
            request,
            conference,
            ConferenceCommand::SelfPing { nick },
            done,
        );
    }
    let command = ConferenceCommand::Relay { nick, payload: relay::payload(stanza) };
    session.command_either(turn, request, Command::Conference { conference, command }, relay::answered);
}

pub(super) fn done(
    session: &mut Session,
    turn: &mut Turn<'_>,
    request: Request,
    _: Option<ConferenceAnswer>,
) {
    session.empty_result(turn, request);
}

pub(super) fn reply(session: &mut Session, turn: &mut Turn<'_>, request: Request, payload: &Element) {
    session.result(turn, request, |xml| payload.write(crate::ns::CLIENT, xml));
}

/// The conference answered something else than it was asked.
pub(super) fn unexpected(session: &mut Session, turn: &mut Turn<'_>, request: Request) {
    session.fault(turn, request, Condition::InternalServerError);
}

fn bad_items(session: &mut Session, turn: &mut Turn<'_>, request: Request, bad: admin::BadItems) {
    let condition = match bad {
        admin::BadItems::BadRequest => Condition::BadRequest,
        admin::BadItems::Malformed => Condition::JidMalformed,
        admin::BadItems::TooMany => Condition::NotAcceptable,
    };
    session.fault(turn, request, condition);
}
