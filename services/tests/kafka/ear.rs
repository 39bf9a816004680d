//! What all tests here use: a log of few shards on topics of its own, and a sink that a test waits at.

use bytes::Bytes;
use domain::{Shard, ShardCount};
use event_log::{AppendError, Appender, Log, Offset, Sink, kafka::Options};
use std::{
    sync::{
        Arc,
        mpsc::{Receiver, Sender, channel},
    },
    time::{Duration, Instant},
};
use tests::{Kafka, kafka::prefix, limits::WAIT};

pub(crate) const A: Shard = Shard(0);
pub(crate) const B: Shard = Shard(1);

/// Options for topics that no other test uses, for one broker.
pub(crate) fn options(kafka: &Kafka) -> Options {
    Options {
        shards: ShardCount::new(4).expect("not zero"),
        replication: 1,
        ..Options::new(kafka.brokers(), prefix(), "linnet.test")
    }
}

pub(crate) fn connect(options: &Options) -> Log {
    Log::connect(options.clone()).unwrap_or_else(|error| panic!("{error}"))
}

#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Heard {
    Appended(u64, u32),
    Failed(u32, AppendError),
}

struct Ear(Sender<Heard>);

impl Sink for Ear {
    fn appended(&self, _: Shard, first: Offset, count: u32) {
        let _ = self.0.send(Heard::Appended(first.0, count));
    }

    fn failed(&self, _: Shard, count: u32, error: &AppendError) {
        let _ = self.0.send(Heard::Failed(count, error.clone()));
    }
}

/// A line to a log, and what is heard of it.
pub(crate) struct Line {
    pub(crate) appender: Appender,
    heard: Receiver<Heard>,
}

impl Line {
    pub(crate) fn new(log: &Log, shard: Shard) -> Self {
        let (sender, heard) = channel();
        Self { appender: log.appender(shard, Arc::new(Ear(sender))), heard }
    }

    pub(crate) fn append(&self, text: &str) {
        self.appender.append(Bytes::copy_from_slice(text.as_bytes())).expect("queued");
    }

    pub(crate) fn next(&self) -> Heard {
        self.heard.recv_timeout(3 * WAIT).expect("an outcome")
    }

    /// Where the next `count` records lie.
    pub(crate) fn offsets(&self, count: usize) -> Vec<u64> {
        let mut offsets = Vec::new();
        while offsets.len() < count {
            match self.next() {
                Heard::Appended(first, count) => offsets.extend(first..first + u64::from(count)),
                failed @ Heard::Failed(..) => panic!("{failed:?}"),
            }
        }
        offsets
    }

    /// Appends one and waits for its place.
    pub(crate) fn put(&self, text: &str) -> u64 {
        self.append(text);
        self.offsets(1)[0]
    }
}

/// All that is there from an offset on, page by page.
pub(crate) fn texts(log: &Log, shard: Shard, from: u64) -> Vec<(u64, String)> {
    let mut all = Vec::new();
    let mut next = Offset(from);
    loop {
        let page = log.read(shard, next, 1000).unwrap_or_else(|error| panic!("{error}"));
        let Some((last, _)) = page.last() else { return all };
        next = last.plus(1);
        all.extend(page.iter().map(|(at, text)| (at.0, String::from_utf8_lossy(text).into_owned())));
    }
}

/// Waits for what nobody tells.
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let patience = Instant::now() + Duration::from_mins(1);
    while !is_so() {
        assert!(Instant::now() < patience, "never: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
