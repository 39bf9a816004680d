//! The pool's topics: made if they are not there, checked if they are. A wrong one is refused with the command that mends
//! it, since a log that can lose records is worse than none.

use super::{ConnectError, Options, client, ends::Ends, producer::OVERHEAD};
use crate::limits::{ASK_AGAIN, RECORD_BYTES};
use rdkafka::{
    admin::{AdminClient, AdminOptions, ConfigResource, NewTopic, ResourceSpecifier, TopicReplication},
    consumer::Consumer as _,
    error::RDKafkaErrorCode,
    metadata::{Metadata, MetadataTopic},
};
use std::{
    future::Future,
    pin::pin,
    sync::Arc,
    task::{Context as Turn, Poll, Wake, Waker},
    thread::Thread,
    time::{Duration, Instant},
};

/// What a topic has to be.
pub(super) struct Plan {
    name: String,
    partitions: u16,
    replication: u16,
    /// As they are made.
    settings: Vec<(&'static str, String)>,
    is_log: bool,
}

impl Plan {
    fn log(options: &Options) -> Self {
        let mut plan = Self::any(options, options.log_topic(), true);
        plan.settings.push(("cleanup.policy", "delete".into()));
        plan.settings.push(("retention.ms", options.retention.as_millis().to_string()));
        plan
    }

    fn state(options: &Options) -> Self {
        let mut plan = Self::any(options, options.state_topic(), false);
        plan.settings.push(("cleanup.policy", "compact".into()));
        plan
    }

    fn any(options: &Options, name: String, is_log: bool) -> Self {
        let settings = vec![
            ("min.insync.replicas", options.in_sync().to_string()),
            ("unclean.leader.election.enable", "false".into()),
            ("max.message.bytes", (RECORD_BYTES + 2 * OVERHEAD).to_string()),
            // What another setting would make of the records cannot be read by every client.
            ("compression.type", "producer".into()),
            // The broker's clock: with a node's, one that is an hour off could write nothing, or drop records early.
            ("message.timestamp.type", "LogAppendTime".into()),
        ];
        let (partitions, replication) = (options.shards.get(), options.replication);
        Self { name, partitions, replication, settings, is_log }
    }

    fn new_topic(&self) -> NewTopic<'_> {
        let copies = TopicReplication::Fixed(i32::from(self.replication));
        let topic = NewTopic::new(&self.name, i32::from(self.partitions), copies);
        self.settings.iter().fold(topic, |topic, (key, value)| topic.set(key, value))
    }
}

/// Whether a setting as it is will do.
fn will_do(key: &str, is: &str, wanted: &str) -> bool {
    let number = |text: &str| text.parse::<u64>().unwrap_or(0);
    match key {
        "min.insync.replicas" | "max.message.bytes" => number(is) >= number(wanted),
        // How long is the operator's choice.
        "retention.ms" => true,
        _ => is == wanted,
    }
}

/// Makes what is missing and checks both.
pub(super) fn prepare(options: &Options, ends: &Ends, deadline: Instant) -> Result<(), ConnectError> {
    let context = client::Context::clone(ends.asker().context());
    let admin: AdminClient<_> = client::make(&client::settings(options), context)?;
    for plan in [Plan::log(options), Plan::state(options)] {
        if !exists(&plan, ends, deadline)? {
            create(&plan, &admin, deadline)?;
        }
        let replicas = wait_for_leaders(&plan, ends, deadline)?;
        check_shape(&plan, &replicas, options)?;
        check_settings(&plan, &settings_of(&plan, &admin, deadline)?, options)?;
    }
    Ok(())
}

fn metadata(plan: &Plan, ends: &Ends, deadline: Instant) -> Result<Metadata, ConnectError> {
    loop {
        let step = deadline.saturating_duration_since(Instant::now()).min(Duration::from_secs(1));
        let answer = ends.asker().fetch_metadata(Some(&plan.name), step.max(Duration::from_millis(1)));
        ends.listen(if answer.is_ok() { Duration::ZERO } else { ASK_AGAIN });
        let health = &ends.asker().context().health;
        match answer {
            Ok(metadata) => return Ok(metadata),
            Err(_) if let Some(why) = health.refused() => return Err(ConnectError::Refused(why)),
            Err(_) if Instant::now() >= deadline => return Err(ConnectError::Unreachable(health.last())),
            Err(_) => {}
        }
    }
}

fn exists(plan: &Plan, ends: &Ends, deadline: Instant) -> Result<bool, ConnectError> {
    let metadata = metadata(plan, ends, deadline)?;
    let topic = metadata.topics().iter().find(|topic| topic.name() == plan.name);
    let error = topic.and_then(MetadataTopic::error).map(RDKafkaErrorCode::from);
    match error {
        Some(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic) => Ok(false),
        Some(RDKafkaErrorCode::TopicAuthorizationFailed) => {
            Err(ConnectError::Refused(format!("this user may not use the topic {}", plan.name)))
        }
        _ => Ok(topic.is_some()),
    }
}

fn create(plan: &Plan, admin: &AdminClient<client::Context>, deadline: Instant) -> Result<(), ConnectError> {
    let left = deadline.saturating_duration_since(Instant::now());
    let how = AdminOptions::new().operation_timeout(Some(left)).request_timeout(Some(left));
    let refused =
        |why: String| ConnectError::Refused(format!("the topic {} cannot be made: {why}", plan.name));
    let made = wait(admin.create_topics([&plan.new_topic()], &how)).map_err(|e| refused(client::say(&e)))?;
    match made.into_iter().next() {
        // Another node was faster.
        Some(Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists))) | None => Ok(()),
        Some(Err((_, RDKafkaErrorCode::InvalidReplicationFactor))) => {
            Err(refused(format!("there are not {} brokers to keep its copies", plan.replication)))
        }
        Some(Err((_, code))) => Err(refused(code.to_string())),
    }
}

/// Of each partition, how many copies there are, once each has a leader.
fn wait_for_leaders(plan: &Plan, ends: &Ends, deadline: Instant) -> Result<Vec<usize>, ConnectError> {
    loop {
        let metadata = metadata(plan, ends, deadline)?;
        let topic =
            metadata.topics().iter().find(|topic| topic.name() == plan.name && topic.error().is_none());
        if let Some(topic) = topic
            && !topic.partitions().is_empty()
            && topic.partitions().iter().all(|partition| partition.leader() >= 0)
        {
            return Ok(topic.partitions().iter().map(|partition| partition.replicas().len()).collect());
        }
        if Instant::now() >= deadline {
            let why = format!("some partition of {} has no leader; its brokers do not run", plan.name);
            return Err(ConnectError::Unreachable(why));
        }
        std::thread::sleep(ASK_AGAIN);
    }
}

fn check_shape(plan: &Plan, replicas: &[usize], options: &Options) -> Result<(), ConnectError> {
    let (name, brokers) = (&plan.name, &options.brokers);
    let (has, wanted) = (replicas.len(), usize::from(plan.partitions));
    if has != wanted {
        return Err(if plan.is_log {
            ConnectError::Shards { has, wanted: plan.partitions }
        } else {
            ConnectError::Topic(format!(
                "the topic {name} has {has} partitions and not {wanted}, as many as there are shards; its rows can be \
                 made anew: `kafka-topics.sh --bootstrap-server {brokers} --delete --topic {name}`"
            ))
        });
    }
    let fewest = replicas.iter().min().copied().unwrap_or(0);
    if fewest < usize::from(plan.replication) {
        return Err(ConnectError::Topic(format!(
            "the topic {name} has {fewest} copies of some partition and not {}; make more with \
             `kafka-reassign-partitions.sh --bootstrap-server {brokers} --reassignment-json-file FILE --execute`, or \
             ask for fewer",
            plan.replication
        )));
    }
    Ok(())
}

fn settings_of(
    plan: &Plan,
    admin: &AdminClient<client::Context>,
    deadline: Instant,
) -> Result<ConfigResource, ConnectError> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let how = AdminOptions::new().request_timeout(Some(left.max(Duration::from_secs(1))));
        let answer = wait(admin.describe_configs([&ResourceSpecifier::Topic(&plan.name)], &how));
        let why = match answer.map(|answer| answer.into_iter().next()) {
            Ok(Some(Ok(settings))) if settings.get("cleanup.policy").is_some() => return Ok(settings),
            Ok(Some(Err(code))) => code.to_string(),
            Err(error) => client::say(&error),
            // A broker that has not heard of a new topic yet.
            Ok(_) => "no answer".into(),
        };
        if Instant::now() >= deadline {
            let name = &plan.name;
            return Err(ConnectError::Refused(format!(
                "the settings of the topic {name} cannot be read: {why}"
            )));
        }
        std::thread::sleep(ASK_AGAIN);
    }
}

fn check_settings(plan: &Plan, has: &ConfigResource, options: &Options) -> Result<(), ConnectError> {
    let (name, brokers) = (&plan.name, &options.brokers);
    for (key, wanted) in &plan.settings {
        let is = has.get(key).and_then(|entry| entry.value.as_deref()).unwrap_or_default();
        if !will_do(key, is, wanted) {
            return Err(ConnectError::Topic(format!(
                "the topic {name} has {key}={is} and not {wanted}; mend it with `kafka-configs.sh --bootstrap-server \
                 {brokers} --alter --entity-type topics --entity-name {name} --add-config {key}={wanted}`"
            )));
        }
    }
    Ok(())
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits for an answer on this thread.
fn wait<T>(answer: impl Future<Output = T>) -> T {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut answer = pin!(answer);
    loop {
        match answer.as_mut().poll(&mut Turn::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::park(),
        }
    }
}
