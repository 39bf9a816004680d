//! What may be asked of a conference.

use crate::{
    draw::Draw,
    people::{carried, message, nick, state, time, user, word},
};
use domain::{
    conversation::{Affiliation, ConferenceCommand, Configuration, HistoryWish, Policy, Role, WhoMayInvite},
    message::MessageKind,
};
use std::time::Duration;

const AFFILIATIONS: [Affiliation; 5] =
    [Affiliation::None, Affiliation::Outcast, Affiliation::Member, Affiliation::Admin, Affiliation::Owner];
const ROLES: [Role; 4] = [Role::None, Role::Visitor, Role::Participant, Role::Moderator];

/// Any command; joining, speaking and configuring more often than the rest.
pub(crate) fn conference_command(draw: &mut Draw<'_>) -> ConferenceCommand {
    match draw.below(30) {
        0..6 => ConferenceCommand::Join {
            nick: nick(draw),
            state: state(draw),
            password: draw.option(word),
            history: history(draw),
        },
        6 => ConferenceCommand::Show { nick: nick(draw), state: state(draw) },
        7 => ConferenceCommand::Leave { note: draw.option(word) },
        8..11 => ConferenceCommand::Say { message: message(draw, MessageKind::Conference) },
        11 => ConferenceCommand::Whisper { nick: nick(draw), message: message(draw, MessageKind::Chat) },
        12 => {
            ConferenceCommand::SetTopic { topic: word(draw), message: message(draw, MessageKind::Conference) }
        }
        13..15 => ConferenceCommand::SetRole {
            nick: nick(draw),
            role: draw.pick(&ROLES),
            reason: draw.option(word),
        },
        15..17 => ConferenceCommand::SetAffiliations {
            changes: draw.list(3, |draw| (user(draw), draw.pick(&AFFILIATIONS), draw.option(word))),
        },
        17..20 => ConferenceCommand::Configure { configuration: Box::new(configuration(draw)) },
        _ => rarer(draw),
    }
}

fn rarer(draw: &mut Draw<'_>) -> ConferenceCommand {
    match draw.below(16) {
        0 => ConferenceCommand::ListAffiliation { affiliation: draw.pick(&AFFILIATIONS) },
        1 => ConferenceCommand::ListRole { role: draw.pick(&ROLES) },
        2 => ConferenceCommand::GetConfiguration,
        3 => ConferenceCommand::CancelConfiguration,
        4 => ConferenceCommand::Destroy { alternate: draw.option(user), reason: draw.option(word) },
        5 => ConferenceCommand::Invite {
            who: user(draw),
            reason: draw.option(word),
            continues: draw.option(word),
        },
        6 => ConferenceCommand::Decline { to: user(draw), reason: draw.option(word) },
        7 => ConferenceCommand::RequestVoice,
        8 => ConferenceCommand::ReservedNick,
        9 => ConferenceCommand::SelfPing { nick: nick(draw) },
        10 => ConferenceCommand::ReserveNick { nick: draw.option(nick) },
        11 => ConferenceCommand::Relay { nick: nick(draw), payload: carried(draw) },
        12 => ConferenceCommand::Describe,
        13 => ConferenceCommand::Occupants,
        _ => ConferenceCommand::Escalate {
            with: user(draw),
            invite: draw.list(2, user),
            nick: nick(draw),
            state: state(draw),
            thread: draw.option(word),
        },
    }
}

fn history(draw: &mut Draw<'_>) -> HistoryWish {
    if !draw.once_in(3) {
        return HistoryWish::default();
    }
    HistoryWish {
        messages: draw.option(|draw| u32::from(draw.below(4))),
        bytes: draw.option(|draw| u32::from(draw.below(16))),
        within: draw.option(|draw| Duration::from_secs(u64::from(draw.below(4)))),
        since: draw.option(time),
    }
}

fn configuration(draw: &mut Draw<'_>) -> Configuration {
    Configuration {
        name: word(draw),
        persistent: draw.once_in(2),
        public: draw.once_in(2),
        members_only: draw.once_in(3),
        moderated: draw.once_in(3),
        whois_everyone: draw.once_in(2),
        locked: draw.once_in(4),
        password: draw.once_in(3).then(|| word(draw)),
        max_occupants: draw.pick(&[3, 2, 1, 0, u32::MAX]),
        anyone_sets_topic: draw.once_in(2),
        invite: draw.pick(&[WhoMayInvite::Everyone, WhoMayInvite::Moderators]),
        history: draw.pick(&[2, 0, 1, u32::MAX]),
        whispers: draw.once_in(2),
        ..Policy::default().configuration()
    }
}
