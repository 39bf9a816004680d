//! How long a message's way takes in the rooms of the front end: a histogram for each, in the text that Prometheus reads.
//!
//! Invariant: to count costs three relaxed atomics, no lock and no memory.

use crate::meters::Meter;
use std::{fmt::Write as _, time::Duration};

/// Upper bounds in microseconds, of which each is about twice the one before; what takes longer has a bucket of its own.
const BOUNDS: [u64; 16] = [
    50, 100, 250, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
    2_500_000, 10_000_000,
];

/// The times of one room.
#[derive(Debug, Default)]
pub struct Times {
    /// By bound, and those beyond the last.
    buckets: [Meter; BOUNDS.len() + 1],
    micros: Meter,
}

impl Times {
    /// It took so long.
    pub fn took(&self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.buckets[BOUNDS.partition_point(|bound| *bound < micros)].up();
        self.micros.add(micros);
    }

    fn write(&self, room: &str, text: &mut String) -> std::fmt::Result {
        let mut count = 0;
        for (bucket, bound) in self.buckets.iter().zip(BOUNDS) {
            count += bucket.get();
            let bound = Duration::from_micros(bound).as_secs_f64();
            writeln!(text, "linnet_room_seconds_bucket{{room=\"{room}\",le=\"{bound}\"}} {count}")?;
        }
        count += self.buckets[BOUNDS.len()].get();
        let sum = Duration::from_micros(self.micros.get()).as_secs_f64();
        writeln!(text, "linnet_room_seconds_bucket{{room=\"{room}\",le=\"+Inf\"}} {count}")?;
        writeln!(text, "linnet_room_seconds_sum{{room=\"{room}\"}} {sum}")?;
        writeln!(text, "linnet_room_seconds_count{{room=\"{room}\"}} {count}")
    }
}

/// The rooms that are timed.
#[derive(Debug, Default)]
pub struct Rooms {
    /// A home handles what it is asked.
    pub home: Times,
    /// From a home's append until it is known to be durable.
    pub log: Times,
}

impl Rooms {
    /// As Prometheus reads it.
    pub fn text(&self) -> String {
        let mut text = "# HELP linnet_room_seconds Time that a message's way takes in a room.\n\
                        # TYPE linnet_room_seconds histogram\n"
            .to_owned();
        // To write into a string cannot fail.
        let _ = self.home.write("home", &mut text).and_then(|()| self.log.write("log", &mut text));
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_counted_up_to_their_bounds() {
        let rooms = Rooms::default();
        for millis in [1, 1, 3, 20_000] {
            rooms.log.took(Duration::from_millis(millis));
        }
        let text = rooms.text();
        for line in [
            "linnet_room_seconds_bucket{room=\"log\",le=\"0.0005\"} 0",
            "linnet_room_seconds_bucket{room=\"log\",le=\"0.001\"} 2",
            "linnet_room_seconds_bucket{room=\"log\",le=\"0.005\"} 3",
            "linnet_room_seconds_bucket{room=\"log\",le=\"10\"} 3",
            "linnet_room_seconds_bucket{room=\"log\",le=\"+Inf\"} 4",
            "linnet_room_seconds_sum{room=\"log\"} 20.005",
            "linnet_room_seconds_count{room=\"log\"} 4",
            "linnet_room_seconds_count{room=\"home\"} 0",
        ] {
            assert!(text.lines().any(|other| other == line), "{line}\n{text}");
        }
    }
}
