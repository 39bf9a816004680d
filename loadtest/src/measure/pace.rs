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
