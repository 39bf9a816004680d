//! An open-loop timetable: event `i` is due at `start + i / rate`, whatever the server does.
//!
//! Invariant: latency is measured from the due moment, so a server that stalls is charged for every event that was
//! due meanwhile (no coordinated omission).

use std::time::{Duration, Instant};

/// When a number of events are due.
#[derive(Debug, Clone)]
pub(crate) struct Timetable {
    start: Instant,
    interval: Duration,
    count: u64,
    next: u64,
}

impl Timetable {
    /// `rate` events a second for some seconds from `start`; both are checked at the command line.
    pub(crate) fn new(start: Instant, rate: f64, seconds: u64) -> Self {
        let interval = Duration::from_secs_f64(1.0 / rate);
        let nanos = interval.as_nanos().max(1);
        let count = (Duration::from_secs(seconds).as_nanos() + nanos / 2) / nanos;
        Self { start, interval, count: u64::try_from(count).unwrap_or(u64::MAX), next: 0 }
    }

    /// How many events there are.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// How many events have been given.
    pub(crate) fn given(&self) -> u64 {
        self.next
    }

    /// The next event that is due by now, with its due moment; each event is given once, in order.
    pub(crate) fn due(&mut self, now: Instant) -> Option<(u64, Instant)> {
        let at = self.deadline()?;
        (at <= now).then(|| {
            self.next += 1;
            (self.next - 1, at)
        })
    }

    /// When the next event is due, until none is left.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let nanos = self.interval.as_nanos() * u128::from(self.next);
        let since = Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
        (self.next < self.count).then(|| self.start + since)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_stall_makes_all_missed_events_due_at_their_own_moments() {
        let start = Instant::now();
        let mut table = Timetable::new(start, 100.0, 1);
        assert_eq!(table.count(), 100);
        assert_eq!(table.due(start), Some((0, start)));
        assert_eq!(table.due(start), None);
        let late = start + Duration::from_millis(35);
        for i in 1..=3 {
            let ten = Duration::from_millis(10 * i);
            assert_eq!(table.due(late), Some((i, start + ten)));
        }
        assert_eq!(table.due(late), None);
        assert_eq!(table.deadline(), Some(start + Duration::from_millis(40)));
    }

    #[test]
    fn ends_after_its_count() {
        let start = Instant::now();
        let mut table = Timetable::new(start, 3.0, 2);
        let far = start + Duration::from_hours(1);
        assert_eq!(std::iter::from_fn(|| table.due(far)).count(), 6);
        assert_eq!(table.deadline(), None);
    }

    proptest! {
        #[test]
        fn keeps_its_rate_and_order(rate in 1.0_f64..5_000.0, seconds in 1_u64..3, steps in 1_u32..50) {
            let start = Instant::now();
            let mut table = Timetable::new(start, rate, seconds);
            let count = table.count();
            let mut seen = 0;
            for step in 1..=steps {
                let now = start + Duration::from_secs(seconds) * step / steps;
                while let Some((i, at)) = table.due(now) {
                    prop_assert_eq!(i, seen);
                    prop_assert!(at <= now);
                    seen += 1;
                }
            }
            prop_assert_eq!(seen, count);
        }
    }
}
