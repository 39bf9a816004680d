//! Where the shards end and begin, asked of the brokers that lead them: one request to each of them, for any number of
//! shards.
//!
//! What a broker answers holds everything that was acknowledged before it was asked. A broker that does not know yet
//! that it leads no more may answer with an older end; so what this node knows from elsewhere counts, too.

use super::{
    ConnectError, Options,
    client::{self, Context, Health},
};
use crate::{Offset, ReadError, limits::ASK_AGAIN};
use domain::Shard;
use rdkafka::{
    TopicPartitionList,
    consumer::{BaseConsumer, Consumer as _},
    topic_partition_list::Offset as At,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// See the module.
pub(super) struct Ends {
    asker: BaseConsumer<Context>,
    topic: String,
    /// For each shard, the highest end that anybody has spoken of.
    heard: Vec<AtomicU64>,
}

impl Ends {
    pub(super) fn new(options: &Options, health: &Arc<Health>) -> Result<Self, ConnectError> {
        let context = Context { of: "ends", health: Arc::clone(health) };
        let mut config = client::quiet(client::settings(options));
        config.set("allow.auto.create.topics", "false");
        let heard = options.shards.all().map(|_| AtomicU64::new(0)).collect();
        Ok(Self { asker: client::make(&config, context)?, topic: options.log_topic(), heard })
    }

    /// The client that asks: it is also the one that asks about topics.
    pub(super) fn asker(&self) -> &BaseConsumer<Context> {
        &self.asker
    }

    /// Lets the client say what it has to say: log lines and errors wait until they are asked for.
    pub(super) fn listen(&self, patience: Duration) {
        for _ in 0..16 {
            if self.asker.poll(patience).is_none() {
                return;
            }
        }
    }

    /// Acknowledged up to there, as the producer heard.
    pub(super) fn acknowledged(&self, shard: Shard, end: Offset) {
        if let Some(heard) = self.heard.get(usize::from(shard.0)) {
            heard.fetch_max(end.0, Ordering::AcqRel);
        }
    }

    /// The highest end that was heard of.
    pub(super) fn heard(&self, shard: Shard) -> Offset {
        Offset(self.heard.get(usize::from(shard.0)).map_or(0, |heard| heard.load(Ordering::Acquire)))
    }

    /// The ends of these shards of the log, in order.
    pub(super) fn of(&self, shards: &[Shard], deadline: Instant) -> Result<Vec<Offset>, ReadError> {
        let mut ends = self.ask(&self.topic, shards, At::End, deadline)?;
        for (shard, end) in shards.iter().zip(&mut ends) {
            self.acknowledged(*shard, *end);
            *end = self.heard(*shard);
        }
        Ok(ends)
    }

    /// The oldest offsets that are there.
    pub(super) fn begins(&self, shards: &[Shard], deadline: Instant) -> Result<Vec<Offset>, ReadError> {
        self.ask(&self.topic, shards, At::Beginning, deadline)
    }

    /// One end of these partitions of any topic; asks again until the deadline.
    pub(super) fn ask(
        &self,
        topic: &str,
        shards: &[Shard],
        at: At,
        deadline: Instant,
    ) -> Result<Vec<Offset>, ReadError> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let answer = self.ask_once(topic, shards, at, left.max(Duration::from_millis(1)));
            self.listen(if answer.is_ok() { Duration::ZERO } else { ASK_AGAIN });
            match answer {
                Ok(ends) => return Ok(ends),
                Err(error) if Instant::now() + ASK_AGAIN >= deadline => {
                    return Err(ReadError::Failed(format!("Kafka does not say where {topic} ends: {error}")));
                }
                Err(_) => {}
            }
        }
    }

    fn ask_once(
        &self,
        topic: &str,
        shards: &[Shard],
        at: At,
        patience: Duration,
    ) -> Result<Vec<Offset>, String> {
        let mut list = TopicPartitionList::with_capacity(shards.len());
        for shard in shards {
            list.add_partition_offset(topic, i32::from(shard.0), at).map_err(|e| client::say(&e))?;
        }
        let answer = self.asker.offsets_for_times(list, patience).map_err(|e| client::say(&e))?;
        let of = |shard: &Shard| {
            let found = answer.find_partition(topic, i32::from(shard.0)).ok_or("no answer")?;
            found.error().map_err(|e| client::say(&e))?;
            match found.offset() {
                At::Offset(offset) => u64::try_from(offset).map(Offset).map_err(|e| e.to_string()),
                other => Err(format!("{other:?}")),
            }
        };
        shards.iter().map(of).collect()
    }
}
