//! Waiting after a loss: longer each time, with jitter, so that two nodes that both believe in themselves do not claim in turn
//! for ever.

use super::pace;
use crate::limits;
use std::time::Duration;

/// A shard's losses in a row.
#[derive(Clone, Default)]
pub(super) struct Backoff {
    losses: u32,
    until: Option<Duration>,
}

impl Backoff {
    /// It was lost after it had been kept for so long.
    pub(super) fn lost(&mut self, now: Duration, kept: Duration, random: &mut Random) {
        self.losses = if kept >= pace::KEPT { 1 } else { self.losses.saturating_add(1) };
        let doubled = limits::BACK_OFF_FIRST * 2_u32.saturating_pow((self.losses - 1).min(16));
        let wait = doubled.min(limits::BACK_OFF_MOST);
        self.until = Some(now + wait / 2 + random.below(wait));
    }

    /// Not before this.
    pub(super) fn until(&self) -> Option<Duration> {
        self.until
    }

    /// Whether it may be claimed.
    pub(super) fn over(&self, now: Duration) -> bool {
        self.until.is_none_or(|until| now >= until)
    }
}

/// A small generator (splitmix64): for jitter, not for secrets.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Below `bound`, in whole microseconds.
    pub(crate) fn below(&mut self, bound: Duration) -> Duration {
        let micros = u64::try_from(bound.as_micros()).unwrap_or(u64::MAX).max(1);
        Duration::from_micros(self.draw() % micros)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_its_bound_and_begins_again_after_a_long_hold() {
        let (mut backoff, mut random) = (Backoff::default(), Random::new(7));
        let mut waits = Vec::new();
        for _ in 0..12 {
            backoff.lost(Duration::ZERO, Duration::ZERO, &mut random);
            waits.push(backoff.until().expect("waits"));
        }
        for (n, wait) in (0_u32..).zip(&waits) {
            let full = (limits::BACK_OFF_FIRST * 2_u32.pow(n)).min(limits::BACK_OFF_MOST);
            assert!((full / 2..full * 2).contains(wait), "{n}: {wait:?}");
        }
        backoff.lost(Duration::ZERO, pace::KEPT, &mut random);
        assert!(backoff.until().expect("waits") < limits::BACK_OFF_FIRST * 2);
        assert!(!backoff.over(Duration::ZERO) && backoff.over(limits::BACK_OFF_FIRST * 2));
    }
}
