//! Send, between two: who gets it, and which number.
//!
//! Invariants: a message is handed out only with its fact before it; a retry gets the first number again; what is
//! refused is handed to nobody.

use super::{Effect, Fact, Output, Readers, pair::Pair};
use crate::{
    Address, EndpointId, EndpointName, Message, Reason, Refusal, Ticket, Timestamp,
    endpoint::{Rendered, Said},
    user::{self, Standing},
};
use std::sync::Arc;

/// A message on its way into the conversation.
pub(super) struct Sending {
    pub(super) from: EndpointId,
    pub(super) endpoint: Option<EndpointName>,
    pub(super) ticket: Ticket,
    pub(super) message: Arc<Message>,
}

impl Pair {
    pub(super) fn send(&mut self, now: Timestamp, sending: Sending, to: &Address, out: &mut Output) {
        let (Some(sender), Some(other)) = (self.side(&sending.from.user), self.side(to)) else {
            return no(sending, Refusal::because(Reason::BadRequest, "not of this conversation"), out);
        };
        if sender == other && !self.is_alone() {
            return no(sending, Refusal::because(Reason::BadRequest, "not of this conversation"), out);
        }
        self.active_at = now;
        if self.is_alone() {
            return self.weigh(now, sending, None, Standing::Reachable, out);
        }
        match self.standing_towards(now, other, out) {
            Some(standing) => self.weigh(now, sending, Some(other), standing, out),
            None => self.hold(sending, other, out),
        }
    }

    /// Whether the recipient can be reached is known: to be said, or to be refused.
    pub(super) fn weigh(
        &mut self,
        now: Timestamp,
        sending: Sending,
        other: Option<usize>,
        standing: Standing,
        out: &mut Output,
    ) {
        match self.numbering.retried(&sending.from.user, &sending.message) {
            // It was accepted when the standing was another; it has its number whatever is the case now.
            Some((number, at)) => {
                let ticket = sending.ticket;
                Self::answer_sent(ticket, self.said(number, at, sending), true, out);
            }
            None if standing == Standing::Reachable => self.accept(now, sending, other, out),
            // Which of the three it is must not be seen from outside (XEP-0191 §3.1).
            None => no(sending, Reason::Unavailable.into(), out),
        }
    }

    fn accept(&mut self, now: Timestamp, sending: Sending, other: Option<usize>, out: &mut Output) {
        let ticket = sending.ticket;
        let said = if sending.message.is_durable() {
            let unconfirmed = self.pending.len() - self.unlogged.iter().map(Vec::len).sum::<usize>();
            if unconfirmed >= self.policy.pending {
                let full = "too many messages of this conversation wait to be delivered";
                return no(sending, Refusal::because(Reason::TryLater, full), out);
            }
            self.say(now, sending, out)
        } else {
            self.said(0, now, sending)
        };
        Self::answer_sent(ticket, said.clone(), false, out);
        if let Some(other) = other {
            self.hand_out(other, said, false, out);
        }
    }

    /// Numbers it, in a session, and lets it carry the confirmations that wait to be logged.
    fn say(&mut self, now: Timestamp, sending: Sending, out: &mut Output) -> Arc<Said> {
        self.log_confirmations(out);
        let (number, at) = self.numbering.next(now);
        self.open_session(&sending.from, at, out);
        let said = self.said(number, at, sending);
        out.facts.push(said.fact(Readers::All));
        self.apply_said(said.clone());
        said
    }

    fn said(&self, number: u64, at: Timestamp, sending: Sending) -> Arc<Said> {
        Arc::new(Said {
            conversation: self.id.clone(),
            number,
            at,
            from: sending.from,
            nick: None,
            occupant_id: None,
            to: sending.endpoint,
            message: sending.message,
            rendered: Rendered::default(),
        })
    }

    fn answer_sent(ticket: Ticket, said: Arc<Said>, again: bool, out: &mut Output) {
        let user = said.from.user.clone();
        out.effects.push(Effect::Tell { user, command: user::Command::Sent { ticket, said, again } });
    }

    pub(super) fn hand_out(&self, to: usize, said: Arc<Said>, late: bool, out: &mut Output) {
        let command = user::Command::Deliver { endpoint: None, said, late };
        out.effects.push(Effect::Tell { user: self.sides[to].clone(), command });
    }

    fn open_session(&mut self, by: &EndpointId, at: Timestamp, out: &mut Output) {
        if !self.session.open {
            let session = self.session.number + 1;
            self.decide(Fact::SessionOpened { session, by: by.clone(), at }, out);
        }
    }
}

pub(super) fn no(sending: Sending, why: Refusal, out: &mut Output) {
    out.effects.push(Effect::refuse(sending.from, sending.ticket, why));
}
