//! Confirm: the other's device has a message, or the other's home has kept it. The fact is lazy: it is logged with
//! the next message, or after a while, since losing it only means to hand out a message again.
//!
//! Invariant: a number is confirmed once, and only by the one it was sent to.

use super::{Fact, Output, pair::Pair};
use crate::{Address, Timestamp, limits::CONFIRMATION_DELAY};

impl Pair {
    pub(super) fn confirm(&mut self, now: Timestamp, by: &Address, numbers: &[u64]) {
        let Some(side) = self.side(by) else { return };
        for number in numbers {
            let Some(pending) = self.pending.get_mut(number) else { continue };
            if !pending.confirmed && pending.said.from.user != *by {
                pending.confirmed = true;
                self.unlogged[side].push(*number);
            }
        }
        if !self.unlogged[side].is_empty() && self.log_confirmations_at.is_none() {
            self.log_confirmations_at = Some(now.plus(CONFIRMATION_DELAY));
        }
    }

    pub(super) fn log_confirmations(&mut self, out: &mut Output) {
        self.log_confirmations_at = None;
        for side in 0..self.sides.len() {
            let mut numbers = std::mem::take(&mut self.unlogged[side]);
            if numbers.is_empty() {
                continue;
            }
            numbers.sort_unstable();
            self.decide(Fact::Confirmed { by: self.sides[side].clone(), numbers }, out);
        }
    }
}
