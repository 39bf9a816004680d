//! What became of one sender's numbered messages at one receiver: lost, duplicated or out of order.
//!
//! Invariant: each number counts as delivered once; a number that comes late is out of order, one that comes again
//! is a duplicate, one that never comes is lost.

use std::collections::BTreeSet;
use std::ops::AddAssign;

use crate::limits;

/// The receiver's view of one sender.
#[derive(Debug, Default)]
pub(crate) struct Tracker {
    /// The lowest number not yet seen or skipped.
    next: u64,
    missing: BTreeSet<u64>,
    tally: Tally,
}

/// What a run may not have: all must be zero but `delivered`.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Tally {
    /// Messages that arrived, each counted once.
    pub(crate) delivered: u64,
    /// Messages that never arrived.
    pub(crate) lost: u64,
    /// Arrivals of a message that had arrived before.
    pub(crate) duplicated: u64,
    /// Messages that arrived after a later one.
    pub(crate) out_of_order: u64,
}

impl Tally {
    /// Whether nothing was lost, duplicated or out of order.
    pub(crate) fn is_clean(&self) -> bool {
        self.lost == 0 && self.duplicated == 0 && self.out_of_order == 0
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.delivered += other.delivered;
        self.lost += other.lost;
        self.duplicated += other.duplicated;
        self.out_of_order += other.out_of_order;
    }
}

impl Tracker {
    /// The message of that number arrived. Returns whether it is the first time.
    pub(crate) fn arrived(&mut self, number: u64) -> bool {
        if number >= self.next {
            let room = limits::GAPS.saturating_sub(self.missing.len() as u64);
            self.missing.extend((self.next..number).take(usize::try_from(room).unwrap_or(usize::MAX)));
            self.next = number + 1;
        } else if self.missing.remove(&number) {
            self.tally.out_of_order += 1;
        } else {
            self.tally.duplicated += 1;
            return false;
        }
        self.tally.delivered += 1;
        true
    }

    /// The account at the end, when the sender has sent that many.
    pub(crate) fn settle(&self, sent: u64) -> Tally {
        Tally { lost: sent.saturating_sub(self.tally.delivered), ..self.tally }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tally(arrivals: &[u64], sent: u64) -> Tally {
        let mut tracker = Tracker::default();
        for number in arrivals {
            tracker.arrived(*number);
        }
        tracker.settle(sent)
    }

    #[test]
    fn tells_the_three_faults_apart() {
        assert!(tally(&[0, 1, 2], 3).is_clean());
        assert_eq!(tally(&[0, 2], 3), Tally { delivered: 2, lost: 1, ..Tally::default() });
        assert_eq!(tally(&[0, 1, 1], 2), Tally { delivered: 2, duplicated: 1, ..Tally::default() });
        assert_eq!(tally(&[1, 0], 2), Tally { delivered: 2, out_of_order: 1, ..Tally::default() });
        assert_eq!(tally(&[], 4).lost, 4);
    }

    #[test]
    fn gaps_beyond_the_limit_are_lost_for_good() {
        let mut tracker = Tracker::default();
        tracker.arrived(limits::GAPS + 10);
        assert_eq!(tracker.missing.len() as u64, limits::GAPS);
        assert!(!tracker.arrived(limits::GAPS + 5));
        assert_eq!(tracker.settle(limits::GAPS + 11).lost, limits::GAPS + 10);
    }

    proptest! {
        #[test]
        fn counts_agree_with_a_plain_count(arrivals in proptest::collection::vec(0_u64..40, 0..80)) {
            let distinct: BTreeSet<u64> = arrivals.iter().copied().collect();
            let result = tally(&arrivals, 40);
            prop_assert_eq!(result.delivered, distinct.len() as u64);
            prop_assert_eq!(result.lost, 40 - distinct.len() as u64);
            prop_assert_eq!(result.duplicated, (arrivals.len() - distinct.len()) as u64);
        }
    }
}
