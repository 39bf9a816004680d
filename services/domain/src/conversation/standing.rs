//! Standing: whether the other can be written to. Asked once, kept while the conversation is live, changed by what
//! the other's home tells; meanwhile the messages wait in order.
//!
//! Invariant: while something of a sender waits, nothing of the same sender is decided before it.

use super::{
    Effect, Output,
    pair::Pair,
    send::{Sending, no},
};
use crate::{
    Address, Reason, Refusal, Timestamp,
    limits::{CONVERSATION_HELD, STANDING_FRESH, STANDING_WAIT},
    user::Standing,
};
use std::collections::VecDeque;

/// What is known of one side as a recipient of the other.
#[derive(Default)]
pub(super) struct Direction {
    known: Option<Standing>,
    /// When it was asked for last; the other's home tells changes from then on.
    asked_at: Option<Timestamp>,
    held: VecDeque<Sending>,
}

impl Direction {
    /// Since when something waits here.
    pub(super) fn waits_since(&self) -> Option<Timestamp> {
        self.asked_at.filter(|_| !self.held.is_empty())
    }

    /// Nobody was asked, so nobody needs to be told to forget.
    pub(super) fn is_unknown(&self) -> bool {
        self.asked_at.is_none()
    }
}

impl Pair {
    /// How `other` can be written to, if that is known; asks if it is not, or was learnt too long ago.
    pub(super) fn standing_towards(
        &mut self,
        now: Timestamp,
        other: usize,
        out: &mut Output,
    ) -> Option<Standing> {
        let direction = &self.directions[other];
        let patience = if direction.known.is_some() { STANDING_FRESH } else { STANDING_WAIT };
        if direction.asked_at.is_none_or(|asked| now.since(asked) > patience) {
            self.ask_standing(now, other, out);
        }
        self.directions[other].known
    }

    pub(super) fn ask_standing(&mut self, now: Timestamp, other: usize, out: &mut Output) {
        self.directions[other].asked_at = Some(now);
        let (of, towards) = (self.sides[other].clone(), self.sides[1 - other].clone());
        out.effects.push(Effect::AskStanding { of, towards });
    }

    pub(super) fn hold(&mut self, sending: Sending, other: usize, out: &mut Output) {
        let held = &mut self.directions[other].held;
        if held.len() < CONVERSATION_HELD {
            held.push_back(sending);
        } else {
            no(sending, Refusal::because(Reason::TryLater, "too many messages wait for the recipient"), out);
        }
    }

    pub(super) fn standing(
        &mut self,
        now: Timestamp,
        of: &Address,
        towards: &Address,
        standing: Standing,
        out: &mut Output,
    ) {
        let (Some(other), Some(sender)) = (self.side(of), self.side(towards)) else { return };
        // One that comes after all was forgotten is told to a conversation that no longer listens.
        if other == sender || self.directions[other].is_unknown() {
            return;
        }
        self.directions[other].known = Some(standing);
        for sending in std::mem::take(&mut self.directions[other].held) {
            self.weigh(now, sending, Some(other), standing, out);
        }
    }

    /// The other's home did not answer in time.
    pub(super) fn give_up_waiting(&mut self, now: Timestamp, out: &mut Output) {
        for direction in &mut self.directions {
            if direction.waits_since().is_none_or(|since| since.plus(STANDING_WAIT) > now) {
                continue;
            }
            for sending in std::mem::take(direction).held {
                no(sending, Refusal::because(Reason::TryLater, "the recipient's home does not answer"), out);
            }
        }
    }
}
