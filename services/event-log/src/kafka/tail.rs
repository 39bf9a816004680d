//! The tail: what all nodes append, as it comes. One consumer follows every shard from where it ended at the start, and
//! keeps the newest records of each, so that an owner reads its claim or a gap without asking for it.
//!
//! Invariant: what is kept of a shard is contiguous and reaches to its end; a hole makes the shard damaged.

use super::{
    ConnectError, Options,
    client::{self, Context, Health},
    ends::Ends,
};
use crate::{
    Offset, ReadError,
    follow::Followers,
    limits::{POLL, READ_WAIT, TAIL_BYTES, TAIL_FETCH, TAIL_RUN, TAIL_WAIT},
};
use bytes::Bytes;
use domain::{Shard, ShardCount};
use rdkafka::{
    Message as _, TopicPartitionList,
    consumer::{BaseConsumer, Consumer as _},
    error::{KafkaError, RDKafkaErrorCode},
    message::BorrowedMessage,
    topic_partition_list::Offset as At,
};
use std::{
    collections::{BTreeSet, VecDeque},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Instant,
};

/// The newest records of one shard.
struct Newest {
    kept: Mutex<Kept>,
    grown: Condvar,
    end: AtomicU64,
}

#[derive(Default)]
struct Kept {
    /// The last of them lies before the end.
    records: VecDeque<Bytes>,
    bytes: usize,
    end: u64,
    damage: Option<(Offset, String)>,
}

/// What the tail has seen, for those who read.
pub(super) struct Tail {
    of_shards: Vec<Newest>,
    /// Bytes that each newest keeps; of a larger record one.
    share: usize,
    pub(super) closed: AtomicBool,
}

/// What the newest records say to a reader.
pub(super) enum Page {
    /// Some of what is there.
    Records(Vec<(Offset, Bytes)>),
    /// The tail has come no further than to there.
    AtEnd,
    /// It is older than what is kept.
    Older,
}

impl Tail {
    /// Of shards that end there now.
    pub(super) fn new(shards: ShardCount, ends: &[Offset]) -> Self {
        let newest = |end: &Offset| Newest {
            kept: Mutex::new(Kept { end: end.0, ..Kept::default() }),
            grown: Condvar::new(),
            end: AtomicU64::new(end.0),
        };
        Self {
            of_shards: ends.iter().map(newest).collect(),
            share: TAIL_BYTES / usize::from(shards.get()),
            closed: AtomicBool::new(false),
        }
    }

    pub(super) fn end(&self, shard: Shard) -> Offset {
        Offset(self.newest(shard).map_or(0, |newest| newest.end.load(Ordering::Acquire)))
    }

    fn newest(&self, shard: Shard) -> Option<&Newest> {
        self.of_shards.get(usize::from(shard.0))
    }

    /// What is kept from there on.
    pub(super) fn page(&self, shard: Shard, from: Offset, max_bytes: usize) -> Result<Page, ReadError> {
        let Some(newest) = self.newest(shard) else { return Ok(Page::AtEnd) };
        let kept = newest.lock();
        kept.check(shard)?;
        Ok(kept.page(from, max_bytes))
    }

    /// Waits until the tail has come to `end`. False: not before the deadline.
    pub(super) fn wait(&self, shard: Shard, end: Offset, deadline: Instant) -> bool {
        let Some(newest) = self.newest(shard) else { return false };
        let left = deadline.saturating_duration_since(Instant::now());
        let before = |kept: &mut Kept| kept.end < end.0 && kept.damage.is_none();
        let waited = newest.grown.wait_timeout_while(newest.lock(), left, before);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    fn damage(&self, shard: Shard, at: Offset, what: &str) {
        tracing::error!(shard = shard.0, %at, what, "the log is damaged");
        if let Some(newest) = self.newest(shard) {
            newest.lock().damage.get_or_insert((at, what.to_owned()));
            newest.grown.notify_all();
        }
    }
}

impl Newest {
    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the next record, and of the older ones what there is room for. False: there is a hole before it.
    fn take(&self, offset: u64, record: Bytes, share: usize) -> bool {
        let mut kept = self.lock();
        if offset < kept.end {
            return true;
        }
        if offset > kept.end {
            return false;
        }
        kept.bytes += record.len();
        kept.records.push_back(record);
        while kept.bytes > share && kept.records.len() > 1 {
            kept.bytes -= kept.records.pop_front().map_or(0, |record| record.len());
        }
        kept.end += 1;
        self.end.store(kept.end, Ordering::Release);
        drop(kept);
        self.grown.notify_all();
        true
    }

    /// Goes on at an offset, having kept nothing.
    fn skip(&self, to: Offset) {
        let mut kept = self.lock();
        *kept = Kept { end: to.0, damage: kept.damage.take(), ..Kept::default() };
        self.end.store(to.0, Ordering::Release);
    }
}

impl Kept {
    fn check(&self, shard: Shard) -> Result<(), ReadError> {
        self.damage.clone().map_or(Ok(()), |(offset, what)| Err(ReadError::Damaged { shard, offset, what }))
    }

    fn page(&self, from: Offset, max_bytes: usize) -> Page {
        let first = self.end - self.records.len() as u64;
        let Some(skip) = from.0.checked_sub(first) else { return Page::Older };
        if from.0 >= self.end {
            return Page::AtEnd;
        }
        let mut bytes = 0;
        let skip = usize::try_from(skip).unwrap_or(usize::MAX);
        let fits = |record: &&Bytes| {
            let is_first = bytes == 0;
            bytes += record.len().max(1);
            is_first || bytes <= max_bytes
        };
        let records = self.records.iter().skip(skip).take_while(fits).cloned();
        Page::Records((from.0..).map(Offset).zip(records).collect())
    }
}

/// The thread that follows.
pub(super) struct Follow {
    consumer: BaseConsumer<Context>,
    topic: String,
    tail: Arc<Tail>,
    ends: Arc<Ends>,
    followers: Arc<Followers>,
    shards: ShardCount,
}

impl Follow {
    pub(super) fn new(
        options: &Options,
        health: &Arc<Health>,
        tail: &Arc<Tail>,
        ends: &Arc<Ends>,
        followers: &Arc<Followers>,
    ) -> Result<Self, ConnectError> {
        let context = Context { of: "tail", health: Arc::clone(health) };
        let mut config = client::consumer_settings(options, "tail", TAIL_FETCH);
        // Each answer names all partitions, whatever it brings: so many records shall share one.
        config
            .set("fetch.wait.max.ms", TAIL_WAIT.as_millis().to_string())
            .set("fetch.min.bytes", (TAIL_FETCH / 16).to_string());
        let follow = Self {
            consumer: client::make(&config, context)?,
            topic: options.log_topic(),
            tail: Arc::clone(tail),
            ends: Arc::clone(ends),
            followers: Arc::clone(followers),
            shards: options.shards,
        };
        follow.assign().map_err(|error| ConnectError::Options(client::say(&error)))?;
        Ok(follow)
    }

    /// From where the tail is.
    fn assign(&self) -> Result<(), KafkaError> {
        let mut list = TopicPartitionList::new();
        for shard in self.shards.all() {
            let at = i64::try_from(self.tail.end(shard).0).unwrap_or(i64::MAX);
            list.add_partition_offset(&self.topic, i32::from(shard.0), At::Offset(at))?;
        }
        self.consumer.assign(&list)
    }

    /// Until the tail is closed.
    pub(super) fn run(&self) {
        let mut touched = BTreeSet::new();
        while !self.tail.closed.load(Ordering::Acquire) {
            // What is there already comes with it, and the followers hear of it once.
            let mut patience = POLL;
            for _ in 0..TAIL_RUN {
                match self.consumer.poll(std::mem::take(&mut patience)) {
                    None => break,
                    Some(Ok(message)) => self.take(&message, &mut touched),
                    Some(Err(error)) => self.trouble(&error),
                }
            }
            for shard in std::mem::take(&mut touched) {
                self.followers.grown(shard, self.tail.end(shard));
            }
        }
    }

    fn take(&self, message: &BorrowedMessage<'_>, touched: &mut BTreeSet<Shard>) {
        let (Ok(index), Ok(offset)) = (u16::try_from(message.partition()), u64::try_from(message.offset()))
        else {
            return;
        };
        let shard = Shard(index);
        let Some(newest) = self.tail.newest(shard) else { return };
        let record = Bytes::copy_from_slice(message.payload().unwrap_or_default());
        if newest.take(offset, record, self.tail.share) {
            touched.insert(shard);
        } else {
            self.tail.damage(shard, self.tail.end(shard), "records are missing in Kafka");
        }
    }

    fn trouble(&self, error: &KafkaError) {
        tracing::debug!(target: "kafka", error = client::say(error), "the tail");
        if matches!(
            error.rdkafka_error_code(),
            Some(RDKafkaErrorCode::AutoOffsetReset | RDKafkaErrorCode::OffsetOutOfRange)
        ) {
            self.find_again();
        }
    }

    /// Where the tail is, Kafka has nothing: either it was dropped by age while this node was away, or the log has
    /// become shorter.
    fn find_again(&self) {
        let shards: Vec<_> = self.shards.all().collect();
        let deadline = Instant::now() + READ_WAIT;
        let (begins, ends) = match (
            self.ends.begins(&shards, deadline),
            self.ends.ask(&self.topic, &shards, At::End, deadline),
        ) {
            (Ok(begins), Ok(ends)) => (begins, ends),
            // The consumer will say it again.
            (Err(error), _) | (_, Err(error)) => {
                tracing::warn!(%error, "the tail is lost for now");
                return;
            }
        };
        for ((shard, begin), end) in shards.into_iter().zip(begins).zip(ends) {
            let at = self.tail.end(shard);
            if at > end {
                self.tail.damage(shard, end, "Kafka has lost records that were there");
            } else if at < begin
                && let Some(newest) = self.tail.newest(shard)
            {
                tracing::warn!(shard = shard.0, %at, %begin, "records went by age before this node saw them");
                newest.skip(begin);
                self.followers.grown(shard, begin);
            }
        }
        if let Err(error) = self.assign() {
            tracing::error!(error = client::say(&error), "the tail cannot go on");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(tail: &Tail, from: u64, max: usize) -> Option<Vec<u64>> {
        match tail.page(Shard(0), Offset(from), max).expect("not damaged") {
            Page::Records(records) => Some(records.iter().map(|(at, _)| at.0).collect()),
            Page::AtEnd => Some(Vec::new()),
            Page::Older => None,
        }
    }

    #[test]
    fn the_newest_are_kept_and_the_older_go() {
        let tail = Tail::new(ShardCount::new(1).expect("not zero"), &[Offset(7)]);
        let newest = &tail.of_shards[0];
        assert_eq!((texts(&tail, 7, 1), texts(&tail, 6, 1)), (Some(vec![]), None));
        let half = Bytes::from(vec![0; TAIL_BYTES / 2]);
        assert!((7..10).all(|offset| newest.take(offset, half.clone(), tail.share)));
        assert!(newest.take(8, half.clone(), tail.share), "a second time is nothing");
        assert_eq!((texts(&tail, 8, usize::MAX), texts(&tail, 7, 1)), (Some(vec![8, 9]), None));
        assert_eq!((texts(&tail, 8, 0), texts(&tail, 10, 1)), (Some(vec![8]), Some(vec![])));
        assert!(!newest.take(11, half, tail.share), "a hole");
        assert_eq!(tail.end(Shard(0)), Offset(10));
    }

    #[test]
    fn a_large_record_is_kept_alone() {
        let tail = Tail::new(ShardCount::new(1).expect("not zero"), &[Offset(0)]);
        let large = Bytes::from(vec![0; TAIL_BYTES + 1]);
        assert!(
            tail.of_shards[0].take(0, Bytes::new(), tail.share)
                && tail.of_shards[0].take(1, large, tail.share)
        );
        assert_eq!((texts(&tail, 0, 1), texts(&tail, 1, 1)), (None, Some(vec![1])));
    }
}
