//! The producer of a node, and what becomes of its records.
//!
//! Invariant: nothing lands behind a record of the same producer and shard that did not: it is idempotent, without
//! gaps, and never gives a record up (`message.timeout.ms=0`). If one fails all the same, the producer is ended as a
//! whole: every record that is open fails, and later lines get a new producer. What had left already when it was ended
//! may still land; [`crate::AppendError::Failed`] means «unknown», and a higher claim makes it void.

use super::{
    acks::{Back, Inbox},
    client::{self, Context, Health},
    flight::Flight,
    options::Options,
};
use crate::{
    limits::{POLL, QUEUE_BYTES, QUEUE_RECORDS, RECORD_BYTES, REQUEST_WAIT},
    queue::{AppendError, Line, Sink},
};
use domain::Shard;
use rdkafka::{
    ClientConfig, ClientContext, Message as _,
    config::RDKafkaLogLevel,
    error::{KafkaError, RDKafkaErrorCode},
    producer::{BaseProducer, BaseRecord, DeliveryResult, Producer as _, ProducerContext, PurgeConfig},
};
use std::sync::{
    Arc, Mutex, PoisonError, Weak,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

/// Bytes that the protocol adds to the largest record, and some more.
pub(super) const OVERHEAD: usize = 64 * 1024;

/// Settings of a producer that keeps the invariant.
pub(super) fn settings(options: &Options, linger_ms: f64) -> ClientConfig {
    let mut config = client::settings(options);
    config
        .set("acks", "all")
        .set("enable.idempotence", "true")
        .set("enable.gapless.guarantee", "true")
        .set("message.timeout.ms", "0")
        .set("request.timeout.ms", REQUEST_WAIT.as_millis().to_string())
        .set("message.max.bytes", (RECORD_BYTES + OVERHEAD).to_string())
        // The bounds are kept by `Flight`; these lie a little above.
        .set("queue.buffering.max.messages", (QUEUE_RECORDS + 16).to_string())
        .set("queue.buffering.max.kbytes", (2 * QUEUE_BYTES / 1024).to_string())
        .set("linger.ms", linger_ms.to_string());
    config
}

/// Hands what comes back to the inbox.
struct Ear {
    context: Context,
    term: u64,
    inbox: Arc<Inbox>,
}

impl ClientContext for Ear {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        self.context.log(level, facility, text);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.context.error(error, reason);
    }
}

impl ProducerContext for Ear {
    type DeliveryOpaque = Arc<Line>;

    fn delivery(&self, result: &DeliveryResult<'_>, line: Arc<Line>) {
        let (message, outcome) = match result {
            // A broker that had it already, from before its leader died, does not say where.
            Ok(message) => (message, Ok(u64::try_from(message.offset()).ok())),
            Err((error, message)) => (message, Err(why(error))),
        };
        self.inbox.put(Back { line, term: self.term, bytes: message.payload_len(), outcome });
    }
}

fn why(error: &KafkaError) -> String {
    match error.rdkafka_error_code() {
        Some(RDKafkaErrorCode::PurgeQueue | RDKafkaErrorCode::PurgeInflight) => {
            "the producer has ended, and it is not known whether this was written".into()
        }
        _ => client::say(error),
    }
}

/// One producer, until it ends.
struct Term {
    /// Ascending.
    number: u64,
    producer: BaseProducer<Ear>,
    ended: AtomicBool,
}

/// The producers of a node, one after the other.
pub(super) struct Producers {
    options: Arc<Options>,
    topic: Arc<str>,
    health: Arc<Health>,
    inbox: Arc<Inbox>,
    pub(super) flight: Arc<Flight>,
    current: Mutex<Option<Arc<Term>>>,
    lines: AtomicU64,
    terms: AtomicU64,
    pub(super) closed: Arc<AtomicBool>,
}

impl Producers {
    pub(super) fn new(
        options: &Arc<Options>,
        health: &Arc<Health>,
        inbox: &Arc<Inbox>,
        flight: &Arc<Flight>,
    ) -> Self {
        Self {
            options: Arc::clone(options),
            topic: options.log_topic().into(),
            health: Arc::clone(health),
            inbox: Arc::clone(inbox),
            flight: Arc::clone(flight),
            current: Mutex::new(None),
            lines: AtomicU64::new(0),
            terms: AtomicU64::new(0),
            closed: Arc::default(),
        }
    }

    /// A line to the current producer.
    pub(super) fn appender(&self, shard: Shard, sink: Arc<dyn Sink>) -> Appender {
        let id = self.lines.fetch_add(1, Ordering::Relaxed);
        Appender {
            line: Arc::new(Line::new(id, shard, sink)),
            term: self.term(),
            topic: Arc::clone(&self.topic),
            flight: Arc::clone(&self.flight),
            closed: Arc::clone(&self.closed),
        }
    }

    /// The producer of now; a new one if the last has ended. None if the system gives no more threads.
    fn term(&self) -> Weak<Term> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.is_none() && !self.closed.load(Ordering::Acquire) {
            *current = self.begin().map_err(|error| tracing::error!(%error, "no producer for the log")).ok();
        }
        current.as_ref().map(Arc::downgrade).unwrap_or_default()
    }

    fn begin(&self) -> Result<Arc<Term>, String> {
        let context = Context { of: "log", health: Arc::clone(&self.health) };
        let number = self.terms.fetch_add(1, Ordering::Relaxed);
        let ear = Ear { context, term: number, inbox: Arc::clone(&self.inbox) };
        let config = settings(&self.options, self.options.linger.as_secs_f64() * 1000.0);
        let producer = config.create_with_context(ear).map_err(|error| client::say(&error))?;
        let term = Arc::new(Term { number, producer, ended: AtomicBool::new(false) });
        let polled = Arc::clone(&term);
        std::thread::Builder::new()
            .name("kafka-poll".into())
            .spawn(move || poll(polled))
            .map_err(|error| error.to_string())?;
        Ok(term)
    }

    /// Ends the producer if it is the one of which a record has failed, or if it says that it has failed.
    pub(super) fn end_failed(&self, failed: Option<u64>) {
        self.end_if(|term| {
            let fatal = term.producer.client().fatal_error();
            if let Some((code, why)) = &fatal {
                tracing::error!(%code, why, "the producer of the log has failed; another one takes its place");
            }
            fatal.is_some() || failed == Some(term.number)
        });
    }

    /// Ends the producer: what is open fails soon.
    pub(super) fn end(&self) {
        self.end_if(|_| true);
    }

    fn end_if(&self, is_over: impl FnOnce(&Term) -> bool) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(term) = current.take_if(|term| is_over(term)) {
            term.ended.store(true, Ordering::Release);
            term.producer.purge(PurgeConfig::default().queue().inflight());
        }
    }
}

/// Serves a producer until it has ended and nothing of it is open; it goes on this thread, since that blocks.
fn poll(mut term: Arc<Term>) {
    loop {
        term.producer.poll(POLL);
        if !term.ended.load(Ordering::Acquire) {
            continue;
        }
        // Somebody may have begun to append before it ended.
        term.producer.purge(PurgeConfig::default().queue().inflight());
        if term.producer.in_flight_count() == 0 {
            match Arc::try_unwrap(term) {
                Ok(_) => return,
                Err(shared) => term = shared,
            }
        }
    }
}

/// A line to the producer.
#[derive(Clone)]
pub(crate) struct Appender {
    line: Arc<Line>,
    term: Weak<Term>,
    topic: Arc<str>,
    flight: Arc<Flight>,
    closed: Arc<AtomicBool>,
}

impl Appender {
    pub(crate) fn append(&self, record: &[u8]) -> Result<(), AppendError> {
        let taken = self.try_append(record);
        if taken.is_err() {
            self.line.refused.store(true, Ordering::Release);
        }
        taken
    }

    fn try_append(&self, record: &[u8]) -> Result<(), AppendError> {
        if self.line.is_broken() {
            return Err(AppendError::Broken);
        }
        if record.len() > RECORD_BYTES {
            return Err(AppendError::TooLarge(record.len()));
        }
        if self.closed.load(Ordering::Acquire) {
            return Err(AppendError::Closed);
        }
        let Some(term) = self.term.upgrade().filter(|term| !term.ended.load(Ordering::Acquire)) else {
            return Err(AppendError::Broken);
        };
        if !self.flight.enter(self.line.shard, record.len()) {
            return Err(AppendError::QueueFull);
        }
        let message = BaseRecord::<(), [u8], _>::with_opaque_to(&self.topic, Arc::clone(&self.line))
            .partition(i32::from(self.line.shard.0))
            .payload(record);
        term.producer.send(message).map_err(|(error, _)| {
            self.flight.leave(self.line.shard, record.len());
            match error.rdkafka_error_code() {
                Some(RDKafkaErrorCode::QueueFull) => AppendError::QueueFull,
                _ => AppendError::Failed(client::say(&error)),
            }
        })
    }

    pub(crate) fn shard(&self) -> Shard {
        self.line.shard
    }
}
