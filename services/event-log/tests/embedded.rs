//! The log of one process over a medium in memory: order, group commit, faults, limits.

use bytes::Bytes;
use domain::{Shard, ShardCount, Timestamp};
use event_log::{
    AppendError, Appender, Fault, Follower, Log, Memory, Offset, Options, ReadError, Sink, Trimmer, limits,
};
use std::{
    sync::{
        Arc,
        mpsc::{Receiver, Sender, channel},
    },
    time::{Duration, Instant},
};

#[derive(Clone, PartialEq, Debug)]
enum Heard {
    Appended(Shard, u64, u32),
    Failed(Shard, u32, AppendError),
}

struct Ear(Sender<Heard>);

impl Sink for Ear {
    fn appended(&self, shard: Shard, first: Offset, count: u32) {
        let _ = self.0.send(Heard::Appended(shard, first.0, count));
    }

    fn failed(&self, shard: Shard, count: u32, error: &AppendError) {
        let _ = self.0.send(Heard::Failed(shard, count, error.clone()));
    }
}

const A: Shard = Shard(0);
const B: Shard = Shard(1);

fn log() -> (Memory, Log) {
    let memory = Memory::new(ShardCount::new(4).expect("not zero"));
    let log =
        Log::start(memory.clone(), Options { disk_reserve: 1000, ..Options::default() }).expect("starts");
    (memory, log)
}

fn appender(log: &Log, shard: Shard) -> (Appender, Receiver<Heard>) {
    let (sender, heard) = channel();
    (log.appender(shard, Arc::new(Ear(sender))), heard)
}

fn record(text: &'static str) -> Bytes {
    Bytes::from_static(text.as_bytes())
}

fn texts(log: &Log, shard: Shard) -> Vec<(u64, String)> {
    let records = log.read(shard, Offset(0), usize::MAX).expect("reads");
    records.iter().map(|(o, r)| (o.0, String::from_utf8_lossy(r).into_owned())).collect()
}

#[test]
fn what_waits_shares_a_write_and_each_line_keeps_its_order() {
    let (memory, log) = log();
    let ((a, of_a), (b, of_b), (other, of_other)) = (appender(&log, A), appender(&log, B), appender(&log, A));
    memory.hold();
    a.append(record("first")).expect("queued");
    // The writer is in its first write now or soon; the rest waits for it.
    for text in ["a1", "a2"] {
        a.append(record(text)).expect("queued");
        b.append(record("b")).expect("queued");
        other.append(record("other")).expect("queued");
    }
    memory.release();
    log.close();
    let durable = |heard: Receiver<Heard>| -> u32 {
        heard.try_iter().filter(|h| matches!(h, Heard::Appended(..))).map(|h| count(&h)).sum()
    };
    assert_eq!((durable(of_a), durable(of_b), durable(of_other)), (3, 2, 2));
    let written = texts(&log, A);
    assert_eq!(written.iter().map(|(o, _)| *o).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    let mine: Vec<_> = written.iter().filter(|(_, t)| t != "other").map(|(_, t)| t.as_str()).collect();
    assert_eq!(mine, ["first", "a1", "a2"]);
    assert_eq!((log.end(A), log.end(B)), (Offset(5), Offset(2)));
    assert!(log.syncs_total() <= 2, "{} writes for 7 records", log.syncs_total());
    assert_eq!(a.append(record("late")), Err(AppendError::Closed));
}

fn count(heard: &Heard) -> u32 {
    match heard {
        Heard::Appended(_, _, count) | Heard::Failed(_, count, _) => *count,
    }
}

#[test]
fn the_first_record_does_not_wait_and_what_comes_soon_after_shares_the_next_write() {
    let hour = Duration::from_hours(1);
    let medium = Memory::new(ShardCount::DEFAULT);
    let log = Log::start(medium, Options { pace: hour, ..Options::default() }).expect("starts");
    let (a, heard) = appender(&log, A);
    a.append(record("first")).expect("queued");
    assert_eq!(heard.recv(), Ok(Heard::Appended(A, 0, 1)));
    a.append(record("second")).expect("queued");
    a.append(record("third")).expect("queued");
    // Closing does not wait for the hour to pass, and loses nothing.
    log.close();
    assert_eq!(heard.try_recv(), Ok(Heard::Appended(A, 1, 2)));
    assert_eq!((log.records_total(), log.syncs_total()), (3, 2));
}

#[test]
fn nothing_follows_a_record_that_failed() {
    for (fault, there) in [(Fault::Lost, 0), (Fault::Unknown, 1)] {
        let (memory, log) = log();
        let (a, heard) = appender(&log, A);
        memory.fail_next(fault);
        a.append(record("lost or not")).expect("queued");
        let failed = heard.recv().expect("an outcome");
        assert!(matches!(failed, Heard::Failed(A, 1, AppendError::Failed(_))), "{failed:?}");
        assert_eq!(a.append(record("next")), Err(AppendError::Broken));
        // Another attempt goes behind whatever is there. Writing works again after a look at the disk.
        let (next, heard) = again(&log, "anew");
        assert_eq!(heard, Heard::Appended(A, there, 1));
        drop(next);
    }
}

/// Appends by new appenders until the disk works again: each failed try waits for the writer's own look.
fn again(log: &Log, text: &'static str) -> (Appender, Heard) {
    loop {
        let (a, heard) = appender(log, A);
        a.append(record(text)).expect("queued");
        let outcome = heard.recv().expect("an outcome");
        if matches!(outcome, Heard::Appended(..)) {
            return (a, outcome);
        }
    }
}

#[test]
fn a_full_disk_refuses_appends_reads_on_and_recovers_by_itself() {
    let (memory, log) = log();
    let (a, heard) = appender(&log, A);
    a.append(record("before")).expect("queued");
    assert_eq!(heard.recv(), Ok(Heard::Appended(A, 0, 1)));
    memory.set_free_bytes(500);
    let low = AppendError::DiskFull { free: 500, reserve: 1000 };
    while log.trouble() != Some(low.clone()) {
        std::thread::yield_now();
    }
    a.append(record("begun before")).expect("queued");
    assert_eq!(heard.recv(), Ok(Heard::Appended(A, 1, 1)), "half of the reserve is for what was begun");
    memory.set_free_bytes(499);
    let full = AppendError::DiskFull { free: 499, reserve: 1000 };
    let error = loop {
        let (a, heard) = appender(&log, A);
        a.append(record("while free space was last seen")).expect("queued");
        if let Heard::Failed(_, _, error) = heard.recv().expect("an outcome") {
            break error;
        }
    };
    assert_eq!(error, full);
    assert_eq!(log.trouble(), Some(full));
    let looked = Instant::now();
    assert_eq!(texts(&log, A)[0], (0, "before".into()));
    memory.set_free_bytes(1000);
    while log.trouble().is_some() {
        std::thread::yield_now();
    }
    // It is asked for again by itself, and soon: a slow machine may take a few times as long.
    assert!(looked.elapsed() < 50 * limits::DISK_CHECK);
    assert!(matches!(again(&log, "after").1, Heard::Appended(..)));
}

#[test]
fn a_broken_disk_is_asked_until_it_works() {
    let (memory, log) = log();
    memory.set_broken(true);
    let (a, heard) = appender(&log, A);
    a.append(record("lost")).expect("queued");
    assert!(matches!(heard.recv(), Ok(Heard::Failed(A, 1, AppendError::Failed(_)))));
    assert!(matches!(log.trouble(), Some(AppendError::Failed(_))));
    memory.set_broken(false);
    while log.trouble().is_some() {
        std::thread::yield_now();
    }
    assert_eq!(again(&log, "found").1, Heard::Appended(A, 0, 1));
}

#[test]
fn a_record_over_the_limit_is_refused() {
    let (_memory, log) = log();
    let (a, heard) = appender(&log, A);
    a.append(vec![0; limits::RECORD_BYTES].into()).expect("just right");
    assert_eq!(heard.recv(), Ok(Heard::Appended(A, 0, 1)));
    let large = limits::RECORD_BYTES + 1;
    assert_eq!(a.append(vec![0; large].into()), Err(AppendError::TooLarge(large)));
    assert_eq!(a.append(record("builds on it")), Err(AppendError::Broken));
}

#[test]
fn a_queue_that_is_full_refuses_and_says_so_before() {
    let (memory, log) = log();
    memory.hold();
    let (a, heard) = appender(&log, A);
    let mut queued = 0;
    let mut warned = false;
    let error = loop {
        match a.append(Bytes::new()) {
            Ok(()) => queued += 1,
            Err(error) => break error,
        }
        warned |= log.trouble() == Some(AppendError::QueueFull);
    };
    assert_eq!(error, AppendError::QueueFull);
    // What the writer holds in its hands has left the queue.
    assert!(warned && queued >= limits::QUEUE_RECORDS, "{queued}");
    // The same by bytes: eight records fill it, whatever the writer has taken.
    memory.release();
    let mut written = 0;
    while written < queued {
        written += usize::try_from(count(&heard.recv().expect("an outcome"))).expect("fits");
    }
    memory.hold();
    let (b, _heard) = appender(&log, B);
    let large = Bytes::from(vec![0; limits::RECORD_BYTES]);
    let fits = (0..100).take_while(|_| b.append(large.clone()).is_ok()).count() * limits::RECORD_BYTES;
    assert!((limits::QUEUE_BYTES..=2 * limits::QUEUE_BYTES).contains(&fits), "{fits}");
    memory.release();
}

#[test]
fn reading_comes_in_pages_and_what_was_dropped_is_said() {
    let (_memory, log) = log();
    let (a, heard) = appender(&log, A);
    for end in 1..=3 {
        a.append(vec![7; limits::READ_BYTES / 2].into()).expect("queued");
        assert_eq!(heard.recv(), Ok(Heard::Appended(A, end - 1, 1)));
    }
    // However much is asked for.
    assert_eq!(log.read(A, Offset(0), usize::MAX).expect("reads").len(), 2);
    let (a, heard) = appender(&log, B);
    for text in ["one", "two", "three"] {
        a.append(record(text)).expect("queued");
        heard.recv().expect("an outcome");
    }
    let page = |from, max| log.read(B, Offset(from), max).expect("reads").len();
    assert_eq!((page(0, 0), page(0, 6), page(1, 100), page(3, 100), page(9, 100)), (1, 2, 2, 0, 0));
    assert_eq!(Trimmer::new(log.clone(), LATER).trim(LATER, LATER, &ends(&log)), Ok(None));
    let trimmed = ReadError::Trimmed { shard: B, from: Offset(0), first: Offset(3) };
    assert_eq!(log.read(B, Offset(0), 100), Err(trimmed));
    a.append(record("four")).expect("queued");
    assert_eq!(heard.recv(), Ok(Heard::Appended(B, 3, 1)));
    assert_eq!(page(3, 100), 1);
}

/// After everything that a test writes.
const LATER: Timestamp = Timestamp(u64::MAX);

fn ends(log: &Log) -> Vec<Offset> {
    log.shards().all().map(|shard| log.end(shard)).collect()
}

#[test]
fn nothing_is_dropped_that_a_reader_has_not_read() {
    let (_memory, log) = log();
    let (a, heard) = appender(&log, A);
    let append = |text| {
        a.append(record(text)).expect("queued");
        heard.recv().expect("an outcome");
    };
    append("one");
    append("two");
    let mut trimmer = Trimmer::new(log.clone(), LATER);
    // One reader stands still; however often it is asked, and however long the log grows.
    let standing = ends(&log);
    let behind: Vec<Offset> = standing.iter().map(|end| Offset(end.0.saturating_sub(1))).collect();
    append("three");
    for _ in 0..3 {
        assert_eq!(trimmer.trim(LATER, LATER, &behind), Ok(Some(LATER)));
        assert_eq!(texts(&log, A).len(), 3);
    }
    assert_eq!(trimmer.trim(LATER, LATER, &[]), Ok(Some(LATER)), "a reader that says nothing");
    // It goes on; what was written before the log was looked at goes, and that is not what is being written now.
    let now = Timestamp(1);
    assert_eq!(trimmer.trim(now, LATER, &standing), Ok(None));
    append("four");
    assert_eq!(trimmer.trim(now, LATER, &ends(&log)), Ok(None));
    assert_eq!(log.read(A, Offset(3), 100).expect("still there").len(), 1);
}

struct Watch(Sender<(Shard, Offset)>);

impl Follower for Watch {
    fn grown(&self, shard: Shard, end: Offset) {
        let _ = self.0.send((shard, end));
    }
}

#[test]
fn followers_hear_how_far_a_shard_has_grown_and_there_are_only_so_many() {
    let (_memory, log) = log();
    let (sender, grown) = channel();
    assert!(log.follow(Arc::new(Watch(sender.clone()))));
    let (a, heard) = appender(&log, A);
    a.append(record("one")).expect("queued");
    heard.recv().expect("an outcome");
    assert_eq!(grown.recv(), Ok((A, Offset(1))));
    assert_eq!(log.read(A, Offset(0), 100).expect("reads").len(), 1);
    for _ in 1..limits::FOLLOWERS {
        assert!(log.follow(Arc::new(Watch(sender.clone()))));
    }
    assert!(!log.follow(Arc::new(Watch(sender))));
}
