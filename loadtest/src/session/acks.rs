//! Counts stanzas in both directions and times their acknowledgements (XEP-0198 §4, version 1.6).
//!
//! Invariant: each timed stanza is reported once, in the order of sending; counters wrap at 2^32 as the standard says.

use std::collections::VecDeque;
use std::time::Instant;

use crate::limits;

/// The counters of one session.
#[derive(Debug, Default)]
pub(super) struct Acks {
    sent: u32,
    handled: u32,
    waiting: VecDeque<(u32, Instant)>,
}

impl Acks {
    /// One stanza was sent; if it was due at a moment, it will be timed.
    pub(super) fn sent(&mut self, due: Option<Instant>) {
        self.sent = self.sent.wrapping_add(1);
        if let Some(due) = due
            && self.waiting.len() < limits::UNACKNOWLEDGED
        {
            self.waiting.push_back((self.sent, due));
        }
    }

    /// One stanza was received.
    pub(super) fn received(&mut self) {
        self.handled = self.handled.wrapping_add(1);
    }

    /// How many stanzas we have handled, for `<a/>`.
    pub(super) fn handled(&self) -> u32 {
        self.handled
    }

    /// How many timed stanzas wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// The server has handled `h` stanzas: the due moment of the next one that this covers, until none is left.
    pub(super) fn acknowledged(&mut self, h: u32) -> Option<Instant> {
        let &(number, due) = self.waiting.front()?;
        let covered = h.wrapping_sub(number) < u32::MAX / 2;
        covered.then(|| self.waiting.pop_front()).map(|_| due)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn an_answer_covers_all_up_to_its_count() {
        let mut acks = Acks { sent: u32::MAX - 1, ..Acks::default() };
        let start = Instant::now();
        let due = |n| start + Duration::from_millis(n);
        acks.sent(Some(due(1)));
        acks.sent(None);
        acks.sent(Some(due(2)));
        acks.sent(Some(due(3)));
        assert_eq!(acks.acknowledged(u32::MAX - 1), None);
        assert_eq!(acks.acknowledged(1), Some(due(1)));
        assert_eq!(acks.acknowledged(1), Some(due(2)));
        assert_eq!(acks.acknowledged(1), None);
        assert_eq!(acks.waiting(), 1);
    }

    #[test]
    fn beyond_the_limit_stanzas_are_sent_but_not_timed() {
        let mut acks = Acks::default();
        let now = Instant::now();
        for _ in 0..=limits::UNACKNOWLEDGED {
            acks.sent(Some(now));
        }
        assert_eq!(acks.waiting(), limits::UNACKNOWLEDGED);
        assert_eq!(acks.sent as usize, limits::UNACKNOWLEDGED + 1);
    }
}
