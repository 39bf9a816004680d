//! Invitations through the conference, and saying no to them (XEP-0045 §7.8.2).

use crate::{
    limits::INVITATIONS,
    session::{Request, Session, Turn},
    stanza::{Condition, Element},
    xep::muc,
};
use domain::{Address, address::parse_full, conversation::ConferenceCommand, endpoint::Command};
use std::{collections::VecDeque, sync::Arc};

/// An `<x/>` of `muc#user` that a client sends to a conference.
pub(super) fn mediated(
    session: &mut Session,
    turn: &mut Turn<'_>,
    request: Request,
    x: &Element,
    conference: Address,
) {
    if let Some(decline) = x.child("decline", muc::USER) {
        return match person(decline) {
            Some(to) => {
                let command = ConferenceCommand::Decline { to, reason: muc::reason(decline, muc::USER) };
                session.conference(turn, request, conference, command);
            }
            None => session.fault(turn, request, Condition::BadRequest),
        };
    }
    let invitations = x.children().filter(|child| child.is("invite", muc::USER)).map(invitation);
    match invitations.collect::<Option<VecDeque<_>>>() {
        Some(all) if all.len() > INVITATIONS => {
            session.fault_because(turn, request, Condition::NotAcceptable, "too many invitations at once");
        }
        Some(all) if !all.is_empty() => next(session, turn, request, conference, all),
        _ => session.fault(turn, request, Condition::BadRequest),
    }
}

/// One after the other; the first that is refused ends it.
fn next(
    session: &mut Session,
    turn: &mut Turn<'_>,
    request: Request,
    conference: Address,
    mut open: VecDeque<ConferenceCommand>,
) {
    let Some(command) = open.pop_front() else { return turn.handled(request) };
    let asked = Command::Conference { conference: conference.clone(), command };
    session.command_then(turn, request, asked, move |session, turn, request, _| {
        next(session, turn, request, conference, open);
    });
}

fn invitation(invite: &Element) -> Option<ConferenceCommand> {
    let continues = invite.child("continue", muc::USER);
    Some(ConferenceCommand::Invite {
        who: person(invite)?,
        reason: muc::reason(invite, muc::USER),
        continues: continues.map(|element| Arc::from(element.attribute("thread").unwrap_or_default())),
    })
}

fn person(element: &Element) -> Option<Address> {
    let (bare, _) = parse_full(element.attribute("to")?).ok()?;
    bare.local().is_some().then_some(bare)
}
