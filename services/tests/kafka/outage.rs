//! Brokers that die, stall and come back while records are on their way: nothing is lost, nothing lies there twice, and
//! order stays.

use crate::ear::{A, B, Heard, Line, connect, options, texts, until};
use domain::Shard;
use event_log::{AppendError, Log, StateError, kafka::Options, limits};
use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread::JoinHandle,
    time::{Duration, Instant},
};
use tests::Kafka;

/// Appends all the time to a shard; answers how many there are at last, and the longest that one waited for its
/// acknowledgement.
fn append_until(stop: &AtomicBool, log: &Log, shard: Shard) -> (u64, Duration) {
    let line = Line::new(log, shard);
    let (mut count, mut longest) = (0, Duration::ZERO);
    while !stop.load(Ordering::Acquire) {
        let since = Instant::now();
        let first = line.put(&count.to_string());
        assert_eq!(first, count, "contiguous: nobody else writes");
        longest = longest.max(since.elapsed());
        count += 1;
    }
    (count, longest)
}

fn check(log: &Log, shard: Shard, count: u64) {
    let expected: Vec<_> = (0..count).map(|number| (number, number.to_string())).collect();
    assert!(texts(log, shard, 0) == expected, "shard {}: not what was appended", shard.0);
}

/// A log that is closed while Kafka is away waits a while, and says then that its record may or may not be written.
fn close_without_kafka(log: Log) -> JoinHandle<()> {
    let line = Line::new(&log, Shard(3));
    line.append("written or not");
    std::thread::spawn(move || {
        let since = Instant::now();
        log.close();
        assert!(since.elapsed() >= limits::CLOSE_WAIT && since.elapsed() < 2 * limits::CLOSE_WAIT);
        assert!(matches!(line.next(), Heard::Failed(1, AppendError::Failed(_))));
    })
}

#[test]
fn all_brokers_away_for_ten_seconds_lose_nothing_and_double_nothing() {
    let kafka = Kafka::start(1);
    let options = Options { hold: Duration::from_secs(1), ..options(&kafka) };
    let log = connect(&options);
    let (line, state) = (Line::new(&log, A), log.state().expect("on Kafka"));
    for number in 0..100 {
        line.append(&number.to_string());
    }
    let other = connect(&options);
    kafka.kill(1);
    let closing = close_without_kafka(other);
    let since = Instant::now();
    for number in 100..200 {
        line.append(&number.to_string());
    }
    until("trouble", || matches!(log.trouble(), Some(AppendError::Unreachable { .. })));
    assert!(since.elapsed() < options.hold + 20 * limits::POLL, "known after {:?}", since.elapsed());
    let asked = Instant::now();
    assert!(log.read(A, log.end(A), 1).is_err(), "nobody knows whether there is more");
    assert!(log.latest().is_err());
    // Each of them gives up when there is no time left to ask once more.
    let took = asked.elapsed() + 2 * limits::ASK_AGAIN;
    assert!(took >= 2 * limits::READ_WAIT && took < 3 * limits::READ_WAIT, "{took:?}");
    let fill = |value: &[u8], at_most| (0..at_most).position(|_| state.put(B, b"", Some(value)).is_err());
    let large = vec![0; limits::ROW_BYTES];
    let fit = limits::STATE_QUEUE_BYTES / limits::ROW_BYTES;
    assert_eq!(
        (fill(&large, 2 * fit), state.put(B, b"", Some(&large))),
        (Some(fit), Err(StateError::QueueFull))
    );
    assert_eq!(fill(b"", 2 * limits::STATE_QUEUE_ROWS), Some(limits::STATE_QUEUE_ROWS - fit));
    assert_eq!(state.flush(Duration::ZERO), Err(StateError::Late));
    until("ten seconds", || {
        log.kafka_numbers().is_some_and(|numbers| numbers.oldest > Duration::from_secs(10))
    });
    closing.join().expect("it closes");
    kafka.restart();
    let back = Instant::now();
    assert_eq!(line.offsets(200), (0..200).collect::<Vec<_>>());
    println!("all brokers back: acknowledged after {:?}", back.elapsed());
    state.flush(Duration::from_mins(1)).expect("written");
    until("no trouble", || log.trouble().is_none());
    assert!(log.kafka_numbers().is_some_and(|numbers| numbers.connections_lost > 0));
    check(&log, A, 200);
    check(&connect(&options), A, 200);
    // The same line goes on.
    assert_eq!(line.put("200"), 200);
}

#[test]
fn a_broker_of_three_dies_and_another_one_stalls_with_appends_going_on() {
    let kafka = Kafka::start(3);
    let options = Options { replication: 3, ..options(&kafka) };
    let log = connect(&options);
    let stop = AtomicBool::new(false);
    let outcomes = std::thread::scope(|scope| {
        let (stop, log) = (&stop, &log);
        let shards: Vec<_> = log.shards().all().collect();
        let appenders: Vec<_> =
            shards.iter().map(|&shard| scope.spawn(move || append_until(stop, log, shard))).collect();
        let passes = |what: &str, records: u64| {
            let (since, before) = (Instant::now(), log.records_total());
            until(what, || {
                log.kafka_numbers().is_some_and(|n| n.records > before + records && n.oldest.is_zero())
            });
            println!("{what}: {:?}", since.elapsed());
        };
        passes("at first", 500);
        kafka.kill(1);
        passes("one is dead", 500);
        kafka.restart();
        passes("it is back", 500);
        kafka.pause(2);
        passes("one stalls", 500);
        let asked = log.latest();
        println!("while it stalls: {asked:?}");
        kafka.resume(2);
        passes("it goes on", 500);
        stop.store(true, Ordering::Release);
        let outcomes: Vec<_> =
            appenders.into_iter().map(|appender| appender.join().expect("it ends")).collect();
        shards.into_iter().zip(outcomes).collect::<Vec<_>>()
    });
    let late = connect(&options);
    for (shard, (count, longest)) in outcomes {
        println!("shard {}: {count} records, the longest took {longest:?}", shard.0);
        check(&log, shard, count);
        check(&late, shard, count);
        assert!(longest < Duration::from_secs(30), "{longest:?}");
    }
    assert_eq!(late.end(B), late.latest().expect("asked")[usize::from(B.0)]);
}
