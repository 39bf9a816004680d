//! Reading what is older than the tail keeps: some consumers that stay where the last page ended, so that who reads a
//! shard to its end does not begin anew with each page.

use super::{
    Options,
    client::{self, Context, Health},
    ends::Ends,
};
use crate::{
    Offset, ReadError,
    limits::{POLL, READER_FETCH, READERS},
};
use bytes::Bytes;
use domain::Shard;
use rdkafka::{
    Message as _, TopicPartitionList,
    consumer::{BaseConsumer, Consumer as _},
    error::{KafkaError, RDKafkaErrorCode},
    message::BorrowedMessage,
    topic_partition_list::Offset as At,
};
use std::{
    sync::{Arc, Condvar, Mutex, PoisonError},
    time::Instant,
};

/// A message that was read.
pub(super) struct Got {
    pub(super) offset: u64,
    pub(super) key: Option<Bytes>,
    pub(super) value: Option<Bytes>,
}

impl Got {
    fn of(message: &BorrowedMessage<'_>) -> Self {
        Self {
            offset: u64::try_from(message.offset()).unwrap_or(u64::MAX),
            key: message.key().map(Bytes::copy_from_slice),
            value: message.payload().map(Bytes::copy_from_slice),
        }
    }
}

/// Whether the reader of a span wants what it was given.
pub(super) enum Wants {
    /// And more.
    More,
    /// No: the next one begins with it.
    Enough(Got),
}

/// A consumer, and where it stands.
struct Reader {
    consumer: BaseConsumer<Context>,
    at: Option<(String, Shard, u64)>,
    /// What was read and is still to be given, there.
    spare: Option<Got>,
}

/// See the module.
pub(super) struct Readers {
    options: Arc<Options>,
    health: Arc<Health>,
    state: Mutex<State>,
    returned: Condvar,
}

#[derive(Default)]
struct State {
    idle: Vec<Reader>,
    busy: usize,
}

/// What is to be read.
pub(super) struct Span<'a> {
    pub(super) topic: &'a str,
    pub(super) shard: Shard,
    pub(super) from: Offset,
    /// Known to be there up to here; `None`: to where Kafka says that it ends, over what compaction has taken.
    pub(super) end: Option<Offset>,
    pub(super) deadline: Instant,
}

impl Readers {
    pub(super) fn new(options: &Arc<Options>, health: &Arc<Health>) -> Self {
        let (options, health) = (Arc::clone(options), Arc::clone(health));
        Self { options, health, state: Mutex::default(), returned: Condvar::new() }
    }

    /// Records of the log from there on; at least one.
    pub(super) fn page(
        &self,
        span: &Span<'_>,
        max_bytes: usize,
        ends: &Ends,
    ) -> Result<Vec<(Offset, Bytes)>, ReadError> {
        let mut page = Vec::new();
        let mut next = span.from;
        let mut bytes = 0;
        self.each(span, ends, |got| {
            if got.offset != next.0 {
                let what = "records are missing in Kafka".into();
                return Err(ReadError::Damaged { shard: span.shard, offset: next, what });
            }
            let record = got.value.clone().unwrap_or_default();
            bytes += record.len();
            if bytes > max_bytes && !page.is_empty() {
                return Ok(Wants::Enough(got));
            }
            page.push((next, record));
            next = next.plus(1);
            Ok(Wants::More)
        })?;
        Ok(page)
    }

    /// Gives the messages of a span, in order, until `take` wants no more. Not to come to its end in time is an error.
    pub(super) fn each(
        &self,
        span: &Span<'_>,
        ends: &Ends,
        mut take: impl FnMut(Got) -> Result<Wants, ReadError>,
    ) -> Result<(), ReadError> {
        let mut reader = self.borrow(span)?;
        let read = reader.each(span, ends, &mut take);
        if read.is_err() {
            reader.at = None;
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.busy -= 1;
        state.idle.push(reader);
        drop(state);
        self.returned.notify_one();
        read
    }

    /// The one that stands there, or any, or a new one; waits if all are busy.
    fn borrow(&self, span: &Span<'_>) -> Result<Reader, ReadError> {
        let left = span.deadline.saturating_duration_since(Instant::now());
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut state, waited) = self
            .returned
            .wait_timeout_while(state, left, |state| state.busy >= READERS)
            .unwrap_or_else(PoisonError::into_inner);
        if waited.timed_out() {
            return Err(ReadError::Failed("too many read the log at once".into()));
        }
        state.busy += 1;
        let there = state.idle.iter().position(|reader| reader.stands(span));
        if let Some(index) = there.or_else(|| state.idle.len().checked_sub(1)) {
            return Ok(state.idle.swap_remove(index));
        }
        drop(state);
        let context = Context { of: "reader", health: Arc::clone(&self.health) };
        let config = client::quiet(client::consumer_settings(&self.options, "reader", READER_FETCH));
        client::make(&config, context).map(|consumer| Reader { consumer, at: None, spare: None }).map_err(
            |error| {
                self.state.lock().unwrap_or_else(PoisonError::into_inner).busy -= 1;
                ReadError::Failed(error.to_string())
            },
        )
    }
}

impl Reader {
    fn stands(&self, span: &Span<'_>) -> bool {
        self.at.as_ref().is_some_and(|(topic, shard, next)| {
            topic == span.topic && *shard == span.shard && *next == span.from.0
        })
    }

    fn go(&mut self, span: &Span<'_>) -> Result<(), ReadError> {
        let mut list = TopicPartitionList::new();
        let at = At::Offset(i64::try_from(span.from.0).unwrap_or(i64::MAX));
        list.add_partition_offset(span.topic, i32::from(span.shard.0), at)
            .and_then(|()| self.consumer.assign(&list))
            .map_err(|error| ReadError::Failed(client::say(&error)))?;
        self.at = Some((span.topic.to_owned(), span.shard, span.from.0));
        self.spare = None;
        Ok(())
    }

    fn each(
        &mut self,
        span: &Span<'_>,
        ends: &Ends,
        take: &mut impl FnMut(Got) -> Result<Wants, ReadError>,
    ) -> Result<(), ReadError> {
        if !self.stands(span) {
            self.go(span)?;
        }
        let mut next = span.from.0;
        while span.end.is_none_or(|end| next < end.0) {
            let Some(got) = self.next(span, ends, next)? else {
                self.at = None;
                return Ok(());
            };
            let at = got.offset;
            if let Wants::Enough(spare) = take(got)? {
                self.spare = Some(spare);
                break;
            }
            next = at.saturating_add(1);
        }
        self.at = Some((span.topic.to_owned(), span.shard, next));
        Ok(())
    }

    /// The next message; none at the end that Kafka knows, if that is where the span ends.
    fn next(&mut self, span: &Span<'_>, ends: &Ends, from: u64) -> Result<Option<Got>, ReadError> {
        if let Some(spare) = self.spare.take() {
            return Ok(Some(spare));
        }
        loop {
            let left = span.deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(ReadError::Failed(format!("{} cannot be read in time", span.topic)));
            }
            match self.consumer.poll(left.min(POLL)) {
                Some(Ok(message)) => {
                    let got = Got::of(&message);
                    let is_here =
                        message.partition() == i32::from(span.shard.0) && message.topic() == span.topic;
                    if is_here && got.offset >= from {
                        return Ok(Some(got));
                    }
                }
                Some(Err(KafkaError::PartitionEOF(_))) if span.end.is_none() => return Ok(None),
                Some(Err(error)) if is_out_of_range(&error) => return Err(gone(span, ends)),
                // It tries again by itself.
                Some(Err(_)) | None => {}
            }
        }
    }
}

fn is_out_of_range(error: &KafkaError) -> bool {
    use RDKafkaErrorCode::{AutoOffsetReset, OffsetOutOfRange};
    matches!(error.rdkafka_error_code(), Some(AutoOffsetReset | OffsetOutOfRange))
}

/// Kafka has nothing where somebody wants to read.
fn gone(span: &Span<'_>, ends: &Ends) -> ReadError {
    match ends.begins(&[span.shard], span.deadline) {
        Ok(begins) if begins[0] > span.from => {
            ReadError::Trimmed { shard: span.shard, from: span.from, first: begins[0] }
        }
        Ok(_) => ReadError::Damaged {
            shard: span.shard,
            offset: span.from,
            what: "Kafka has lost records that were there".into(),
        },
        Err(error) => error,
    }
}
