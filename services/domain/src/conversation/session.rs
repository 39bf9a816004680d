//! The session of a two-party conversation: it ends when both were quiet for a while; and what a new owner of the
//! conversation does first.
//!
//! Invariant: what is pending stays so and is handed out again until it is confirmed.

use super::{
    Effect, Fact, Output,
    pair::{Pair, Pending},
};
use crate::{Address, Timestamp, user};

impl Pair {
    /// Nobody said anything for the quiet time: close, and let both homes forget this conversation.
    pub(super) fn quieten(&mut self, now: Timestamp, out: &mut Output) {
        self.active_at = now;
        if self.session.open {
            let closed = Fact::SessionClosed { session: self.session.number, at: self.numbering.last_at() };
            self.decide(closed, out);
        }
        for (side, direction) in self.directions.iter_mut().enumerate() {
            if !std::mem::take(direction).is_unknown() {
                let command = user::Command::ForgetConversation { conversation: self.id.clone() };
                out.effects.push(Effect::Tell { user: self.sides[side].clone(), command });
            }
        }
        // The other's home should have confirmed long ago; it may have lost them with its node.
        self.hand_out_again(out);
    }

    pub(super) fn resumed(&mut self, now: Timestamp, out: &mut Output) {
        self.active_at = now;
        if self.session.open && !self.is_alone() {
            self.ask_standing(now, 0, out);
            self.ask_standing(now, 1, out);
        }
        self.hand_out_again(out);
    }

    /// The homes of these have moved, and know nothing of this conversation.
    pub(super) fn moved(&mut self, now: Timestamp, has_moved: &dyn Fn(&Address) -> bool, out: &mut Output) {
        for side in 0..self.sides.len() {
            if self.is_alone() || !has_moved(&self.sides[side]) {
                continue;
            }
            if !self.directions[side].is_unknown() {
                self.ask_standing(now, side, out);
            }
            self.hand_out_again_to(side, out);
        }
    }

    fn hand_out_again(&mut self, out: &mut Output) {
        (0..self.sides.len()).for_each(|side| self.hand_out_again_to(side, out));
    }

    fn hand_out_again_to(&mut self, side: usize, out: &mut Output) {
        let is_for = |pending: &&Pending| !pending.confirmed && pending.said.from.user != self.sides[side];
        for pending in self.pending.values().filter(is_for) {
            self.hand_out(side, pending.said.clone(), true, out);
        }
    }
}
