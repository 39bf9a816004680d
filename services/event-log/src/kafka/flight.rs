//! What is on its way to Kafka: how much, and for how long the oldest of it.
//!
//! Records of one shard come back in order, so the oldest of a shard need not carry its time: it is enough to note now
//! and then how many had been sent, and whether so many have come back since.

use crate::limits::{QUEUE_BYTES, QUEUE_RECORDS};
use domain::{Shard, ShardCount};
use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// See the module.
pub(super) struct Flight {
    records: AtomicUsize,
    bytes: AtomicUsize,
    shards: Vec<Counts>,
    marks: Mutex<Vec<Option<Mark>>>,
    /// Milliseconds that the oldest has been on its way, as last looked.
    oldest: AtomicU64,
}

#[derive(Default)]
struct Counts {
    sent: AtomicU64,
    back: AtomicU64,
}

/// So many had been sent at that time.
struct Mark {
    sent: u64,
    at: Instant,
}

impl Flight {
    pub(super) fn new(shards: ShardCount) -> Self {
        Self {
            records: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            shards: shards.all().map(|_| Counts::default()).collect(),
            marks: Mutex::new(shards.all().map(|_| None).collect()),
            oldest: AtomicU64::new(0),
        }
    }

    /// A record sets out; false: there is no room.
    pub(super) fn enter(&self, shard: Shard, bytes: usize) -> bool {
        let records = self.records.fetch_add(1, Ordering::AcqRel);
        let before = self.bytes.fetch_add(bytes, Ordering::AcqRel);
        let fits = records < QUEUE_RECORDS && before + bytes <= QUEUE_BYTES;
        if fits {
            self.of(shard, |counts| &counts.sent);
        } else {
            self.give_back(bytes);
        }
        fits
    }

    /// It is back, in the log or not.
    pub(super) fn leave(&self, shard: Shard, bytes: usize) {
        self.of(shard, |counts| &counts.back);
        self.give_back(bytes);
    }

    fn of(&self, shard: Shard, count: impl Fn(&Counts) -> &AtomicU64) {
        if let Some(counts) = self.shards.get(usize::from(shard.0)) {
            count(counts).fetch_add(1, Ordering::AcqRel);
        }
    }

    fn give_back(&self, bytes: usize) {
        self.records.fetch_sub(1, Ordering::AcqRel);
        self.bytes.fetch_sub(bytes, Ordering::AcqRel);
    }

    pub(super) fn records(&self) -> usize {
        self.records.load(Ordering::Acquire)
    }

    /// Whether more than half of the room is used.
    pub(super) fn is_crowded(&self) -> bool {
        self.records() > QUEUE_RECORDS / 2 || self.bytes.load(Ordering::Acquire) > QUEUE_BYTES / 2
    }

    /// For how long the oldest has been on its way at least, when it was looked at last.
    pub(super) fn oldest(&self) -> Duration {
        Duration::from_millis(self.oldest.load(Ordering::Acquire))
    }

    /// Looks how old the oldest is; to be called again and again.
    pub(super) fn look(&self, now: Instant) {
        let mut marks = self.marks.lock().unwrap_or_else(PoisonError::into_inner);
        let mut oldest = Duration::ZERO;
        for (counts, mark) in self.shards.iter().zip(marks.iter_mut()) {
            let back = counts.back.load(Ordering::Acquire);
            let sent = counts.sent.load(Ordering::Acquire);
            if mark.as_ref().is_some_and(|mark| mark.sent <= back) {
                *mark = None;
            }
            match mark {
                Some(mark) => oldest = oldest.max(now.saturating_duration_since(mark.at)),
                None if sent > back => *mark = Some(Mark { sent, at: now }),
                None => {}
            }
        }
        self.oldest.store(u64::try_from(oldest.as_millis()).unwrap_or(u64::MAX), Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_known_though_nothing_carries_its_time() {
        let flight = Flight::new(ShardCount::new(2).expect("not zero"));
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let oldest = |seconds| {
            flight.look(at(seconds));
            flight.oldest().as_secs()
        };
        assert_eq!(oldest(0), 0);
        assert!(flight.enter(Shard(1), 10));
        assert_eq!((oldest(1), oldest(4)), (0, 3));
        // Another shard that comes and goes changes nothing.
        assert!(flight.enter(Shard(0), 10));
        flight.leave(Shard(0), 10);
        assert_eq!(oldest(5), 4);
        // A younger one of the same shard takes over when the oldest is back.
        assert!(flight.enter(Shard(1), 10));
        flight.leave(Shard(1), 10);
        assert_eq!((oldest(6), oldest(8)), (0, 2));
        flight.leave(Shard(1), 10);
        assert_eq!((oldest(9), flight.records()), (0, 0));
    }

    #[test]
    fn there_is_room_for_so_much() {
        let flight = Flight::new(ShardCount::DEFAULT);
        assert!((0..QUEUE_RECORDS).all(|_| flight.enter(Shard(0), 0)));
        assert!(flight.is_crowded() && !flight.enter(Shard(0), 0));
        let flight = Flight::new(ShardCount::DEFAULT);
        assert!(flight.enter(Shard(0), QUEUE_BYTES) && !flight.enter(Shard(1), 1));
        flight.leave(Shard(0), QUEUE_BYTES);
        assert!(!flight.is_crowded() && flight.enter(Shard(1), 1));
    }
}
