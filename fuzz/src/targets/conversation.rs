//! One conversation, alone: whatever it is told, by people who are in it or not, in whatever order.

use crate::{
    draw::Draw,
    homes::Home,
    people::{CONFERENCES, USERS, address, endpoint, endpoint_name, message, user, word},
    talk,
};
use domain::{
    ConversationId, Ticket, Timestamp,
    conversation::{Command, Conversation, Departure, Effect, Survivors},
    message::MessageKind,
    user::{self, Standing},
};
use std::collections::BTreeSet;

/// The tickets that wait for their answer.
#[derive(Default)]
struct Tickets {
    last: u64,
    open: BTreeSet<Ticket>,
}

impl Tickets {
    fn next(&mut self) -> Ticket {
        self.last += 1;
        self.open.insert(Ticket(self.last));
        Ticket(self.last)
    }

    fn see(&mut self, effects: &[Effect]) {
        for effect in effects {
            let Effect::Tell { command, .. } = effect else { continue };
            if let user::Command::Answer { ticket, .. } | user::Command::Sent { ticket, .. } = command {
                assert!(self.open.remove(ticket), "answered twice");
            }
        }
    }
}

/// The first byte chooses between two people's conversation and a conference.
pub(crate) fn run(data: &[u8]) {
    let mut draw = Draw::new(data);
    let id = if draw.once_in(2) {
        ConversationId::Conference(address(CONFERENCES[0]))
    } else {
        ConversationId::between(address(USERS[0]), address(USERS[1]))
    };
    let mut home = Home::<Conversation>::new(id.clone());
    let (mut now, mut tickets) = (Timestamp(1_000_000), Tickets::default());
    while !draw.is_empty() {
        let out = match draw.below(24) {
            0 => {
                home.save();
                continue;
            }
            1 => {
                home.reload();
                // What waited for a standing is lost with the node, and its tickets with the sessions there.
                tickets.open.clear();
                let survivors = draw.pick(&[Survivors::Ask, Survivors::None]);
                home.turn(|it, out| it.resumed(now, survivors, out))
            }
            2..4 => {
                now = Timestamp(now.0 + draw.pick(&[1_000, 1, 10_000, 600_000]));
                home.turn(|it, out| it.tick(now, out))
            }
            _ => {
                let command = command(&mut draw, &id, &mut tickets);
                home.turn(|it, out| it.handle(now, command, out))
            }
        };
        tickets.see(&out.effects);
    }
    // What waits is given up in time.
    while let Some(due) = home.machine.deadline().filter(|_| !tickets.open.is_empty()) {
        assert!(due <= Timestamp(now.0 + 600_000), "waits too long");
        now = now.max(due);
        tickets.see(&home.turn(|it, out| it.tick(now, out)).effects);
    }
    assert!(tickets.open.is_empty(), "without an answer: {:?}", tickets.open);
    home.check();
}

fn command(draw: &mut Draw<'_>, id: &ConversationId, tickets: &mut Tickets) -> Command {
    let ConversationId::Between(lower, higher) = id else {
        return match draw.below(12) {
            0 => Command::EndpointGone {
                endpoint: endpoint(draw),
                how: Departure::Left { note: draw.option(word) },
            },
            1 if draw.once_in(4) => Command::End,
            2 => Command::Confirm { by: user(draw), numbers: numbers(draw) },
            _ => {
                let (from, command) = (endpoint(draw), talk::conference_command(draw));
                Command::Conference { from, ticket: tickets.next(), command }
            }
        };
    };
    let (one, other) = if draw.once_in(2) { (lower, higher) } else { (higher, lower) };
    match draw.below(6) {
        0..2 => {
            let standing =
                draw.pick(&[Standing::Reachable, Standing::Offline, Standing::Blocked, Standing::Unknown]);
            Command::Standing { of: one.clone(), towards: other.clone(), standing }
        }
        2 => Command::Confirm { by: one.clone(), numbers: numbers(draw) },
        _ => Command::Send {
            from: domain::EndpointId::new(one.clone(), endpoint_name(draw)),
            to: other.clone(),
            endpoint: draw.option(endpoint_name),
            ticket: tickets.next(),
            message: message(draw, MessageKind::Chat),
        },
    }
}

fn numbers(draw: &mut Draw<'_>) -> Vec<u64> {
    let numbers: BTreeSet<u64> = draw.list(4, |draw| u64::from(draw.below(12))).into_iter().collect();
    numbers.into_iter().collect()
}
