//! The host of a [`Timetable`]: calls back for each event when it is due, and notes how late the generator itself was.

use std::time::Instant;

use super::latency::Latency;
use super::timetable::Timetable;
use crate::limits;
use crate::progress::Progress;

/// Runs the timetable to its end. Returns how late each event was begun: if that is much, the generator and not
/// the server was the bottleneck.
pub(crate) async fn pace(
    mut table: Timetable,
    progress: &Progress,
    mut begin: impl FnMut(u64, Instant),
) -> Latency {
    let mut lateness = Latency::new();
    while let Some(deadline) = table.deadline() {
        tokio::time::sleep_until(deadline.into()).await;
        let mut burst = 0;
        while let Some((event, due)) = table.due(Instant::now()) {
            begin(event, due);
            lateness.record(due.elapsed());
            burst += 1;
            if burst == limits::BURST {
                break;
            }
        }
        progress.at(table.given());
        tokio::task::yield_now().await;
    }
    lateness
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{cell::Cell, rc::Rc, time::Duration};

    /// All events are due at once: the readers get their turn between bursts all the same.
    #[tokio::test]
    async fn readers_get_their_turn_after_a_burst() {
        let start = Instant::now().checked_sub(Duration::from_secs(2)).expect("a while after boot");
        let table = Timetable::new(start, 1_000.0, 1);
        let turns = Rc::new(Cell::new(0));
        let reader = async {
            loop {
                turns.set(turns.get() + 1);
                tokio::task::yield_now().await;
            }
        };
        let (mut in_a_row, mut last, mut most) = (0, 0, 0);
        let progress = Progress::new("test", 1_000);
        let paced = pace(table, &progress, |_, _| {
            in_a_row = if turns.get() == last { in_a_row + 1 } else { 1 };
            (last, most) = (turns.get(), most.max(in_a_row));
        });
        tokio::select! {
            biased;
            _ = paced => {}
            () = reader => {}
        }
        assert!(most <= limits::BURST, "{most} in a row");
    }
}
