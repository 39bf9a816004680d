//! What other homes, conversations and administrators may ask of a user's home, whether or not it makes sense now.

use super::category_command;
use crate::{
    draw::Draw,
    homes::NOT_OURS,
    people::{
        carried, category, conference, conversation, endpoint, endpoint_name, handshake, said, state, time,
        token, user, verifiers, word,
    },
};
use domain::{
    Reason,
    category::{CategoryNotice, Change, Item},
    conversation::ConferenceEvent,
    endpoint::Answer,
    presentity::{Aggregate, Notice},
    user::Command,
};
use std::sync::Arc;

/// Any command that does not come from an endpoint.
pub(crate) fn foreign(draw: &mut Draw<'_>) -> Command {
    match draw.below(20) {
        0..3 => {
            Command::Deliver { endpoint: draw.option(endpoint_name), said: said(draw), late: draw.once_in(2) }
        }
        3 => Command::Handshake { from: user(draw), step: handshake(draw), carried: carried(draw) },
        4 => Command::Probe { from: endpoint(draw) },
        5 => Command::Notice { endpoint: draw.option(endpoint_name), notice: notice(draw) },
        6 => Command::Directed {
            from: endpoint(draw),
            endpoint: draw.option(endpoint_name),
            state: draw.option(state),
            note: draw.option(word),
        },
        7 => Command::Category { endpoint: draw.option(endpoint_name), notice: category_notice(draw) },
        8 => {
            Command::CategoryAsked { from: endpoint(draw), ticket: NOT_OURS, command: category_command(draw) }
        }
        9 => Command::Relay {
            from: endpoint(draw),
            endpoint: endpoint_name(draw),
            ticket: NOT_OURS,
            payload: carried(draw),
        },
        10 => Command::AskStanding { conversation: conversation(draw), towards: user(draw) },
        11 => Command::ForgetConversation { conversation: conversation(draw) },
        12 => Command::Sent { ticket: NOT_OURS, said: said(draw), again: draw.once_in(2) },
        13 => Command::Answer {
            endpoint: endpoint_name(draw),
            ticket: NOT_OURS,
            answer: if draw.once_in(2) { Err(Reason::NotFound.into()) } else { Ok(Answer::Done) },
        },
        14 => Command::Conference {
            endpoint: draw.option(endpoint_name),
            conference: conference(draw),
            event: Arc::new(conference_event(draw)),
        },
        _ => administrator(draw),
    }
}

fn administrator(draw: &mut Draw<'_>) -> Command {
    match draw.below(6) {
        0 => Command::SetToken { token: token(draw) },
        1 => Command::RemoveToken { client: word(draw).to_string() },
        2 => Command::SetEnabled(draw.once_in(2)),
        3 => Command::SetPassword { verifiers: verifiers(draw) },
        4 => Command::RemoveAccount,
        _ => Command::CreateAccount { verifiers: verifiers(draw), at: time(draw) },
    }
}

fn notice(draw: &mut Draw<'_>) -> Arc<Notice> {
    let shown = state(draw);
    let (availability, activity, note) = (shown.availability, shown.activity, shown.note.clone());
    Arc::new(Notice {
        presentity: user(draw),
        endpoint: draw.option(endpoint_name),
        state: draw.option(|_| shown),
        parting: draw.option(word),
        aggregate: Arc::new(Aggregate { availability, activity, note, last_seen: draw.option(time) }),
    })
}

fn category_notice(draw: &mut Draw<'_>) -> Arc<CategoryNotice> {
    let change = match draw.below(4) {
        0 => Change::Retracted(word(draw)),
        1 => Change::Purged,
        2 => Change::Deleted,
        _ => Change::Published(Arc::new(Item {
            id: word(draw),
            publisher: endpoint(draw),
            content: carried(draw),
        })),
    };
    Arc::new(CategoryNotice { owner: user(draw), category: category(draw), change })
}

fn conference_event(draw: &mut Draw<'_>) -> ConferenceEvent {
    match draw.below(2) {
        0 => ConferenceEvent::Invited {
            from: endpoint(draw),
            reason: draw.option(word),
            password: draw.option(word),
            continues: draw.option(word),
        },
        _ => ConferenceEvent::Declined { from: user(draw), reason: draw.option(word) },
    }
}
