//! What may be asked of a home, drawn from bytes: every command that there is.

mod conference;
mod home;

pub(crate) use conference::conference_command;
pub(crate) use home::foreign;

use crate::{
    draw::Draw,
    people::{
        carried, category, conference, endpoint, endpoint_name, handshake, message, settings, state, time,
        user, word,
    },
};
use domain::{
    endpoint::{CategoryCommand, Command, Directed, RosterCommand},
    message::MessageKind,
    presentity::{Container, Source},
};

/// Asked by an endpoint.
pub(crate) fn command(draw: &mut Draw<'_>) -> Command {
    match draw.below(20) {
        0..3 => Command::Publish(state(draw)),
        3 => Command::Unpublish { note: draw.option(word) },
        4 => Command::Direct(Directed {
            to: user(draw),
            endpoint: draw.option(endpoint_name),
            state: draw.option(state),
            note: draw.option(word),
        }),
        5 => Command::SetManual(draw.option(state)),
        6 => Command::SetSource {
            source: draw.pick(&[Source::Calendar, Source::Call]),
            state: draw.option(state),
            until: draw.option(time),
        },
        7 => Command::Probe { to: user(draw) },
        8..11 => {
            let kind = draw.pick(&[
                MessageKind::Chat,
                MessageKind::Normal,
                MessageKind::Headline,
                MessageKind::Conference,
            ]);
            Command::Send {
                to: user(draw),
                endpoint: draw.option(endpoint_name),
                message: message(draw, kind),
            }
        }
        11 => Command::Confirm { serial: u64::from(draw.below(8)) },
        12..15 => Command::Roster(roster(draw)),
        15..17 => Command::Category { owner: user(draw), command: category_command(draw) },
        17 => Command::Relay { to: endpoint(draw), payload: carried(draw) },
        _ => Command::Conference { conference: conference(draw), command: conference_command(draw) },
    }
}

fn roster(draw: &mut Draw<'_>) -> RosterCommand {
    match draw.below(10) {
        0 => RosterCommand::Get { version: draw.option(|draw| u64::from(draw.below(8))) },
        1 => RosterCommand::Set { address: user(draw), name: draw.option(word), groups: draw.list(3, word) },
        2 => RosterCommand::Place {
            address: user(draw),
            container: draw.option(|draw| {
                draw.pick(&[
                    Container::Friends,
                    Container::Workgroup,
                    Container::External,
                    Container::Blocked,
                ])
            }),
        },
        3 => RosterCommand::Remove { address: user(draw) },
        4 => RosterCommand::Blocked,
        5 => RosterCommand::Block(draw.list(3, user)),
        6 => RosterCommand::Unblock(draw.list(2, user)),
        _ => RosterCommand::Handshake { with: user(draw), step: handshake(draw), carried: carried(draw) },
    }
}

/// Asked of a category, by its owner or by somebody else.
pub(crate) fn category_command(draw: &mut Draw<'_>) -> CategoryCommand {
    let category = category(draw);
    match draw.below(10) {
        0 => CategoryCommand::List,
        1 => CategoryCommand::Read {
            category,
            ids: draw.list(2, word),
            max: draw.option(|draw| u32::from(draw.below(4))),
        },
        2 => CategoryCommand::Retract { category, id: word(draw), notify: draw.once_in(2) },
        3 => CategoryCommand::Purge { category },
        4 => CategoryCommand::Create { category, settings: draw.option(settings) },
        5 => CategoryCommand::Delete { category },
        6 => CategoryCommand::Settings { category },
        7 => CategoryCommand::Configure { category, settings: settings(draw) },
        _ => CategoryCommand::Publish {
            category,
            id: word(draw),
            content: vec![b'x'; draw.pick(&[1, 0, 9, 64, 65])].into(),
            settings: draw.option(settings),
        },
    }
}
