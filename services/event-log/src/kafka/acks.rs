//! From the producer back to the sinks: what comes together is told together, in the order of the appends, on a thread
//! of its own, so that a slow sink holds up no one's network.
//!
//! Invariant: each record has exactly one outcome; after the first failure of a line all that follows fails. A record
//! whose place is unknown counts as failed.

use super::{ends::Ends, flight::Flight, producer::Producers};
use crate::{
    Offset,
    limits::POLL,
    queue::{AppendError, Line},
};
use std::{
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

/// A record that came back.
pub(super) struct Back {
    pub(super) line: Arc<Line>,
    /// The producer that had it.
    pub(super) term: u64,
    pub(super) bytes: usize,
    /// Its offset, unless nobody knows it; or why it failed.
    pub(super) outcome: Result<Option<u64>, String>,
}

/// What came back and was not told yet. As many at most as are on their way ([`Flight`]).
#[derive(Default)]
pub(super) struct Inbox {
    state: Mutex<State>,
    bell: Condvar,
}

#[derive(Default)]
struct State {
    back: Vec<Back>,
    closed: bool,
}

impl Inbox {
    pub(super) fn put(&self, back: Back) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let first = state.back.is_empty();
        state.back.push(back);
        drop(state);
        if first {
            self.bell.notify_one();
        }
    }

    /// Nothing more will come.
    pub(super) fn close(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        self.bell.notify_one();
    }

    /// Swaps what came into the empty `taken`; waits a little for something. False: closed, and nothing is left.
    fn take(&self, taken: &mut Vec<Back>) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = |state: &mut State| state.back.is_empty() && !state.closed;
        let (mut state, _) =
            self.bell.wait_timeout_while(state, POLL, idle).unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(&mut state.back, taken);
        !(state.closed && taken.is_empty())
    }
}

/// What the thread counts.
#[derive(Default)]
pub(super) struct Counted {
    pub(super) records: AtomicU64,
    pub(super) bytes: AtomicU64,
    pub(super) runs: AtomicU64,
}

/// The thread that tells.
pub(super) struct Teller {
    pub(super) inbox: Arc<Inbox>,
    pub(super) flight: Arc<Flight>,
    pub(super) producers: Arc<Producers>,
    pub(super) ends: Arc<Ends>,
    pub(super) counted: Arc<Counted>,
}

impl Teller {
    /// Until the inbox is closed and empty.
    pub(super) fn run(&self) {
        let mut back = Vec::new();
        let mut looked = Instant::now();
        while self.inbox.take(&mut back) {
            for run in back.chunk_by(belong_together) {
                self.tell(run);
            }
            // The newest of them: those before it have ended.
            let failed = back.iter().filter(|back| back.outcome.is_err()).map(|back| back.term).max();
            back.clear();
            if failed.is_some() || looked.elapsed() >= POLL {
                looked = Instant::now();
                self.flight.look(looked);
                self.producers.end_failed(failed);
            }
        }
    }

    fn tell(&self, run: &[Back]) {
        let line = &run[0].line;
        let count = u32::try_from(run.len()).unwrap_or(u32::MAX);
        let had_failed = line.failed.load(Ordering::Acquire);
        let outcome = match &run[0].outcome {
            Ok(Some(first)) => Ok(Offset(*first)),
            // It is written; whether somebody wrote in between is not known. Its line ends, and the producer goes on.
            Ok(None) => Err(AppendError::Failed("Kafka has it and does not say where".into())),
            Err(why) => Err(AppendError::Failed(why.clone())),
        };
        if let Ok(first) = &outcome {
            self.ends.acknowledged(line.shard, first.plus(u64::from(count)));
        }
        match if had_failed { Err(AppendError::Broken) } else { outcome } {
            Ok(first) => {
                let bytes: usize = run.iter().map(|back| back.bytes).sum();
                self.counted.records.fetch_add(u64::from(count), Ordering::Relaxed);
                self.counted.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
                self.counted.runs.fetch_add(1, Ordering::Relaxed);
                line.sink.appended(line.shard, first, count);
            }
            Err(error) => {
                line.failed.store(true, Ordering::Release);
                line.sink.failed(line.shard, count, &error);
            }
        }
        // Last, so that nothing is open any more when nothing is on its way.
        for back in run {
            self.flight.leave(line.shard, back.bytes);
        }
    }
}

/// Of one line, and at neighbouring places or both failed.
fn belong_together(a: &Back, b: &Back) -> bool {
    Arc::ptr_eq(&a.line, &b.line)
        && match (&a.outcome, &b.outcome) {
            (Ok(Some(a)), Ok(Some(b))) => a.checked_add(1) == Some(*b),
            (Err(_), Err(_)) => true,
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        kafka::{Options, client::Health},
        queue::Sink,
    };
    use domain::Shard;

    #[derive(Default)]
    struct Ear(Mutex<Vec<Result<(u64, u32), u32>>>);

    impl Sink for Ear {
        fn appended(&self, _: Shard, first: Offset, count: u32) {
            self.0.lock().expect("not poisoned").push(Ok((first.0, count)));
        }

        fn failed(&self, _: Shard, count: u32, _: &AppendError) {
            self.0.lock().expect("not poisoned").push(Err(count));
        }
    }

    fn teller() -> Teller {
        let options = Arc::new(Options::new("127.0.0.1:9", "test", "linnet.test"));
        let (health, inbox) = (Arc::<Health>::default(), Arc::<Inbox>::default());
        let flight = Arc::new(Flight::new(options.shards));
        let ends = Arc::new(Ends::new(&options, &health).expect("a client"));
        let producers = Arc::new(Producers::new(&options, &health, &inbox, &flight));
        Teller { inbox, flight, producers, ends, counted: Arc::default() }
    }

    #[test]
    fn who_is_not_told_where_a_record_lies_takes_it_for_failed() {
        let (teller, ear) = (teller(), Arc::new(Ear::default()));
        let line = Arc::new(Line::new(0, Shard(3), Arc::clone(&ear) as Arc<dyn Sink>));
        for outcome in [Ok(Some(7)), Ok(Some(8)), Ok(None), Ok(None), Ok(Some(11))] {
            assert!(teller.flight.enter(line.shard, 1));
            teller.inbox.put(Back { line: Arc::clone(&line), term: 0, bytes: 1, outcome });
        }
        teller.inbox.close();
        teller.run();
        assert_eq!(*ear.0.lock().expect("not poisoned"), [Ok((7, 2)), Err(1), Err(1), Err(1)]);
        // What is known to be there is known still; nothing is at no place.
        assert_eq!((teller.ends.heard(Shard(3)), teller.flight.records()), (Offset(12), 0));
    }
}
