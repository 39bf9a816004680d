//! Appends to one log come back in order and without gaps, and every log on the topics reads the same.

use crate::ear::{A, B, Line, connect, options, texts};
use bytes::Bytes;
use event_log::{AppendError, Follower, Offset, limits};
use std::{
    sync::{
        Arc,
        mpsc::{Sender, channel},
    },
    time::Instant,
};
use tests::{Kafka, limits::WAIT};

#[test]
fn records_come_back_in_order_and_are_read_so_by_everybody() {
    let options = options(Kafka::shared());
    let (log, other) = (connect(&options), connect(&options));
    let (a, b) = (Line::new(&log, A), Line::new(&log, B));
    for number in 0..2000 {
        a.append(&format!("a{number}"));
        b.append(&format!("b{number}"));
    }
    let expected: Vec<u64> = (0..2000).collect();
    assert_eq!((a.offsets(2000), b.offsets(2000)), (expected.clone(), expected));
    for (shard, name) in [(A, "a"), (B, "b")] {
        let expected: Vec<_> = (0..2000).map(|number| (number, format!("{name}{number}"))).collect();
        assert!(texts(&other, shard, 0) == expected && texts(&log, shard, 0) == expected);
    }
    assert_eq!((log.records_total(), other.records_total()), (4000, 0));
    assert!(log.syncs_total() < 4000, "{} runs: nothing came together", log.syncs_total());
    log.close();
    assert_eq!(a.appender.append(Bytes::new()), Err(AppendError::Closed));
}

struct Watch(Sender<Offset>);

impl Follower for Watch {
    fn grown(&self, shard: domain::Shard, end: Offset) {
        if shard == A {
            let _ = self.0.send(end);
        }
    }
}

#[test]
fn followers_of_another_log_hear_of_it_and_find_it() {
    let options = options(Kafka::shared());
    let (log, other) = (connect(&options), connect(&options));
    let (sender, grown) = channel();
    assert!(other.follow(Arc::new(Watch(sender))));
    assert_eq!(Line::new(&log, A).put("one"), 0);
    let acknowledged = Instant::now();
    let end = grown.recv_timeout(WAIT).expect("it is told");
    // Seldom longer than a broker keeps the tail waiting; a busy machine adds to it.
    assert!(acknowledged.elapsed() < 100 * limits::TAIL_WAIT, "{:?}", acknowledged.elapsed());
    assert_eq!((end, other.end(A)), (Offset(1), Offset(1)));
    assert_eq!(texts(&other, A, 0), [(0, "one".to_owned())]);
}

#[test]
fn what_comes_together_is_told_once_and_all_of_it_is_there() {
    let options = options(Kafka::shared());
    let (log, other) = (connect(&options), connect(&options));
    let (sender, grown) = channel();
    assert!(other.follow(Arc::new(Watch(sender))));
    let line = Line::new(&log, A);
    let count = 4 * limits::TAIL_RUN;
    for number in 0..count {
        line.append(&number.to_string());
    }
    line.offsets(count);
    let mut ends = Vec::new();
    while ends.last() != Some(&Offset(count as u64)) {
        ends.push(grown.recv_timeout(WAIT).expect("it is told"));
    }
    assert!(ends.is_sorted() && ends.len() < count / 2, "{} notices of {count} records", ends.len());
    assert_eq!(texts(&other, A, 0).len(), count);
}

#[test]
fn latest_and_an_empty_answer_know_of_everything_that_was_acknowledged_to_anybody() {
    let options = options(Kafka::shared());
    let (log, other) = (connect(&options), connect(&options));
    let line = Line::new(&log, B);
    for number in 0..100 {
        let at = line.put(&number.to_string());
        // The other one's tail may not have come so far: it asks.
        match number % 2 {
            0 => assert_eq!(other.latest().expect("asked")[usize::from(B.0)], Offset(at + 1)),
            _ => assert_eq!(other.read(B, Offset(at), 1).expect("read").len(), 1),
        }
    }
    assert_eq!(other.read(B, Offset(100), 1).expect("read"), []);
    assert_eq!(other.read(B, Offset(200), 1).expect("read"), []);
}

#[test]
fn a_log_that_comes_late_reads_from_the_beginning_in_pages() {
    let options = options(Kafka::shared());
    let log = connect(&options);
    let line = Line::new(&log, A);
    let text = "x".repeat(1000);
    for _ in 0..500 {
        line.append(&text);
    }
    line.offsets(500);
    let late = connect(&options);
    assert_eq!(late.end(A), Offset(500));
    assert_eq!(texts(&late, A, 0).len(), 500);
    assert_eq!(texts(&late, A, 499).len(), 1);
    // However much is asked for, and one that is larger than what is asked for comes alone.
    assert_eq!(late.read(A, Offset(3), 2500).expect("read").len(), 2);
    assert_eq!(late.read(A, Offset(0), 1).expect("read").len(), 1);
}

#[test]
fn limits_of_a_record_and_of_what_waits() {
    let log = connect(&options(Kafka::shared()));
    let line = Line::new(&log, A);
    line.appender.append(vec![7; limits::RECORD_BYTES].into()).expect("just right");
    assert_eq!(line.offsets(1), [0]);
    assert_eq!(log.read(A, Offset(0), 1).expect("read")[0].1.len(), limits::RECORD_BYTES);
    let large = limits::RECORD_BYTES + 1;
    assert_eq!(line.appender.append(vec![0; large].into()), Err(AppendError::TooLarge(large)));
    assert_eq!(line.appender.append(Bytes::new()), Err(AppendError::Broken));
    // Faster than anything can be acknowledged.
    let line = Line::new(&log, B);
    let large = Bytes::from(vec![0; limits::RECORD_BYTES]);
    let mut crowded = false;
    let refused = (0..100).find_map(|_| {
        crowded |= log.trouble() == Some(AppendError::QueueFull);
        line.appender.append(large.clone()).err()
    });
    assert_eq!((refused, crowded), (Some(AppendError::QueueFull), true));
    assert_eq!(line.appender.append(Bytes::new()), Err(AppendError::Broken));
    log.close();
}
