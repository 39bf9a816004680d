//! Users who do anything, and to whom anything is said, with the conversations that they have.

use crate::{
    draw::Draw,
    homes::Homes,
    people::{self, USERS, address, endpoint, user},
    talk,
};
use domain::{Ticket, Timestamp, conversation, user::Command};

/// Three people with accounts; then what the bytes say.
pub(crate) fn run(data: &[u8]) {
    let (mut draw, mut homes, mut tickets) = (Draw::new(data), Homes::new(), 0);
    for who in &USERS[..3] {
        homes.tell(&address(who), Command::CreateAccount { verifiers: Vec::new(), at: Timestamp(1) });
    }
    while !draw.is_empty() {
        match draw.below(16) {
            0..2 => homes.attach(endpoint(&mut draw)),
            2 => homes.detach(&endpoint(&mut draw)),
            3..10 => {
                let (who, command) = (endpoint(&mut draw), talk::command(&mut draw));
                tickets += 1;
                homes.ask(&who, Ticket(tickets), command);
            }
            10..13 => homes.tell(&user(&mut draw), talk::foreign(&mut draw)),
            13 => homes.pass(draw.pick(&[1_000, 10, 60_000, 600_000])),
            14 => homes.save(),
            _ if draw.once_in(4) => {
                let id = people::conversation(&mut draw);
                homes.tell_conversation(&id, conversation::Command::End);
            }
            _ => homes.restart(&people::conversation(&mut draw)),
        }
    }
    homes.end();
}
