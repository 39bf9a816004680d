//! Where everything goes that the user's home tells the client: the answer to a command, or something that happened.

use super::{Output, Session, Turn, conference, message, open::Waiting, presence, relay, roster};
use crate::{
    ns,
    stanza::Stanza,
    wire::StreamError,
    xep::{
        blocking,
        csi::{Class, Slot, Urgency},
        disco::{INFO, Info},
        pep,
    },
};
use domain::{
    Reason, Refusal, Ticket,
    category::CategoryNotice,
    endpoint::{self, Ending, Event},
};

/// One event.
pub(super) fn event(session: &mut Session, turn: &mut Turn<'_>, event: Event) {
    match event {
        Event::Done(ticket, answer) => answered(session, turn, ticket, Ok(answer)),
        Event::Refused(ticket, refusal) => answered(session, turn, ticket, Err(refusal)),
        Event::Delivery(delivery) => message::deliver(session, turn, &delivery),
        Event::Notice(notice) => presence::notice(session, turn, &notice),
        Event::Directed { from, state, note } => {
            presence::directed(session, turn, &from, state.as_deref(), note.as_ref());
        }
        Event::Handshake { from, step, carried } => presence::handshake(session, turn, &from, step, &carried),
        Event::ContactChanged { contact, version } => roster::changed(session, turn, &contact, version),
        Event::ContactRemoved { address, version } => roster::removed(session, turn, &address, version),
        Event::BlockChanged { addresses, blocked } => {
            let change = blocking::changed(&addresses, blocked);
            session.push_to_client(turn, |xml| change.write(ns::CLIENT, xml));
        }
        Event::Category(notice) => {
            session.learn_avatar(turn, &notice);
            if session.caps.wants(&notice) {
                category(session, turn, &notice);
            }
        }
        Event::Relay { from, payload } => {
            relay::relayed(session, turn, &from.user, Some(&from.name), &payload);
        }
        Event::Conference { conference, event } => conference::event(session, turn, &conference, &event),
        Event::Ended(ending) => turn.out.push(Output::End(error(ending))),
    }
}

/// What becomes of a stanza whose command was carried out or refused.
fn answered(
    session: &mut Session,
    turn: &mut Turn<'_>,
    ticket: Ticket,
    answer: Result<endpoint::Answer, Refusal>,
) {
    match (session.open.take(ticket.0), answer) {
        (Some(Waiting::Command(request, then)), answer) => then(session, turn, request, answer),
        // A question is answered by the host, so nothing but a host that errs sends its number here.
        (Some(Waiting::Plain(request) | Waiting::Message(request)), Ok(_))
        | (Some(Waiting::Question(request, _)), _) => turn.handled(request),
        (Some(Waiting::Message(request)), Err(refusal)) if refusal.reason == Reason::NotAcceptable => {
            session.fault_with(turn, request, |xml| blocking::blocked(refusal.text).write(xml));
        }
        (Some(Waiting::Plain(request) | Waiting::Message(request)), Err(refusal)) => {
            session.refuse(turn, request, &refusal);
        }
        // Asked without waiting.
        (None, _) => {}
    }
}

/// Something new in a category that the client wants to hear of (XEP-0163).
fn category(session: &mut Session, turn: &mut Turn<'_>, notice: &CategoryNotice) {
    let mut xml = Vec::new();
    if pep::event(&session.me, notice, &mut xml) {
        session.send(turn, xml, || {
            let source = format!("{}#{}", notice.owner, notice.category).into();
            Urgency::Latest(Slot { class: Class::Category, source })
        });
    }
}

impl Session {
    /// The client shows its capabilities with its presence: if they are new, it is asked what they stand for.
    pub(super) fn learn_client(&mut self, turn: &mut Turn<'_>, presence: &Stanza) {
        let cache = self.config.caps.clone();
        let Some(ask) = self.caps.shows(presence, &cache) else { return };
        let payload = |xml: &mut Vec<u8>| {
            crate::stanza::Tag::open_in(xml, "query", INFO).attr("node", &ask.node).empty();
        };
        self.ask_client(turn, "get", payload, move |session, turn, answer| {
            let info = answer.payload().and_then(|child| Info::parse(&child.element()).ok());
            let mut wanted = Vec::new();
            session.caps.answered(info.as_ref(), &cache, &mut wanted);
            for notice in wanted {
                category(session, turn, &notice);
            }
        });
    }
}

fn error(ending: Ending) -> StreamError {
    match ending {
        Ending::Replaced => StreamError::Conflict,
        Ending::AccountChanged => StreamError::NotAuthorized,
        Ending::Draining => StreamError::SystemShutdown,
        Ending::LimitReached => StreamError::PolicyViolation,
        Ending::TooSlow => StreamError::ResourceConstraint,
        Ending::HomeMoved => StreamError::Reset,
    }
}
