//! What a conference tells the client (XEP-0045 §7–§10), one stanza for each event.

use super::occupant::{gone, present, renamed};
use crate::{
    session::{
        Session, Turn,
        message::{Reader, append, append_full},
        relay::relayed,
    },
    stanza::Tag,
    xep::{
        csi::{Class, Slot, Urgency},
        delay::write_delay,
        forms::{Field, FieldKind, Form, FormKind},
        muc::{
            self,
            user::{Invitation, write_codes, write_decline, write_invitation},
        },
    },
};
use domain::{
    Address, EndpointId, EndpointName, Timestamp,
    conversation::{Affiliation, ConferenceEvent, Configuration, Occupant},
};

/// Writes the event to the client.
pub(crate) fn event(
    session: &mut Session,
    turn: &mut Turn<'_>,
    conference: &Address,
    event: &ConferenceEvent,
) {
    match event {
        ConferenceEvent::Present { occupant, own, created, whois_everyone, nick_assigned } => {
            let flags = [(*own, 110), (*whois_everyone, 100), (*created, 201), (*nick_assigned, 210)];
            let codes: Vec<u16> = flags.iter().filter(|(set, _)| *set).map(|(_, code)| *code).collect();
            if *own {
                session.joined.enter(conference, &occupant.nick, *whois_everyone);
            }
            let xml = present(session, conference, occupant, &codes);
            occupant_changed(session, turn, conference, occupant, *own, xml);
        }
        ConferenceEvent::Gone { occupant, own, how } => {
            let xml = gone(session, conference, occupant, how, *own);
            if *own {
                session.joined.leave(conference);
            }
            occupant_changed(session, turn, conference, occupant, *own, xml);
        }
        ConferenceEvent::Renamed { occupant, nick, own } => {
            if *own {
                session.joined.enter(conference, nick, false);
            }
            let xml = renamed(session, conference, occupant, nick, *own);
            session.send(turn, xml, || Urgency::Now);
        }
        ConferenceEvent::Topic { said: Some(said), .. } => {
            let mut xml = Vec::new();
            let (user, endpoint) = (&session.me.user, Some(&session.me.name));
            append(said, &Reader { user, endpoint, nested: false, late: false, foreign: false }, &mut xml);
            session.send(turn, xml, || Urgency::Now);
        }
        ConferenceEvent::Topic { topic, by, at, said: None } => {
            self::topic(session, turn, conference, topic, by.as_ref(), *at);
        }
        ConferenceEvent::Reconfigured { configuration } => {
            reconfigured(session, turn, conference, configuration);
        }
        ConferenceEvent::Affiliated { who, affiliation } => {
            affiliated(session, turn, conference, who, *affiliation);
        }
        ConferenceEvent::Invited { from, reason, password, continues } => {
            let (reason, password, continues) = (reason.as_ref(), password.as_ref(), continues.as_ref());
            let invitation = Invitation { conference, from, reason, password, continues };
            message(session, turn, conference, None, |xml| write_invitation(&invitation, xml));
        }
        ConferenceEvent::Declined { from, reason } => {
            message(session, turn, conference, None, |xml| write_decline(from, reason.as_ref(), xml));
        }
        ConferenceEvent::VoiceRequested { endpoint, nick } => {
            let form = voice_request(endpoint, nick).to_element();
            message(session, turn, conference, None, |xml| form.write(crate::ns::CLIENT, xml));
        }
        ConferenceEvent::Relay { nick, payload } => relayed(session, turn, conference, Some(nick), payload),
    }
}

/// A client that nobody looks at can wait to learn who came and went, but not to learn what became of itself.
fn occupant_changed(
    session: &mut Session,
    turn: &mut Turn<'_>,
    conference: &Address,
    occupant: &Occupant,
    own: bool,
    xml: Vec<u8>,
) {
    session.send(turn, xml, || {
        if own {
            return Urgency::Now;
        }
        let source = format!("{conference}/{}", occupant.nick).into();
        Urgency::Latest(Slot { class: Class::Presence, source })
    });
}

/// The topic as somebody who comes in finds it.
fn topic(
    session: &mut Session,
    turn: &mut Turn<'_>,
    conference: &Address,
    topic: &str,
    by: Option<&EndpointName>,
    at: Option<Timestamp>,
) {
    let mut xml = Vec::with_capacity(256);
    xml.extend_from_slice(b"<message type='groupchat' from='");
    append_full(conference, by, &mut xml);
    xml.extend_from_slice(b"' to='");
    append_full(&session.me.user, Some(&session.me.name), &mut xml);
    xml.extend_from_slice(b"'>");
    Tag::open(&mut xml, "subject").text(topic);
    if let Some(at) = at {
        write_delay(Some(conference), at, &mut xml);
    }
    xml.extend_from_slice(b"</message>");
    session.send(turn, xml, || Urgency::Now);
}

fn reconfigured(session: &mut Session, turn: &mut Turn<'_>, conference: &Address, now: &Configuration) {
    let codes = session.joined.changed(conference, now);
    message(session, turn, conference, Some("groupchat"), |xml| {
        Tag::open_in(xml, "x", muc::USER).content(|xml| write_codes(&codes, xml));
    });
}

/// XEP-0045 §9: the affiliation of somebody who is not in.
fn affiliated(
    session: &mut Session,
    turn: &mut Turn<'_>,
    conference: &Address,
    who: &Address,
    affiliation: Affiliation,
) {
    message(session, turn, conference, None, |xml| {
        Tag::open_in(xml, "x", muc::USER).content(|xml| {
            Tag::open(xml, "item")
                .attr("affiliation", muc::affiliation_name(affiliation))
                .attr("jid", who.as_str())
                .attr("role", "none")
                .empty();
        });
    });
}

/// XEP-0045 §8.6: the form that a moderator fills in to give somebody a voice.
fn voice_request(endpoint: &EndpointId, nick: &EndpointName) -> Form {
    Form::new(FormKind::Form, muc::REQUEST)
        .titled("Voice request", "Approve this request for a voice in the conference?")
        .with(Field::of("muc#role", "participant").typed(FieldKind::TextOne, "Requested role"))
        .with(Field::of("muc#jid", endpoint.to_string()).typed(FieldKind::Address, "Address"))
        .with(Field::of("muc#roomnick", nick.as_str()).typed(FieldKind::TextOne, "Nickname"))
        .with(Field::boolean("muc#request_allow", "Give this person a voice?", false))
}

fn message(
    session: &mut Session,
    turn: &mut Turn<'_>,
    conference: &Address,
    type_: Option<&str>,
    content: impl FnOnce(&mut Vec<u8>),
) {
    let mut xml = Vec::with_capacity(512);
    Tag::open(&mut xml, "message")
        .attr("from", conference.as_str())
        .attr_shown("to", &session.me)
        .attr_some("type", type_)
        .content(content);
    session.send(turn, xml, || Urgency::Now);
}
