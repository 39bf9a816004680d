//! How long people waited: for the next delivery after a kill, for one in a shard that moved, for an acknowledgement.

use crate::{
    records::{Records, address, speaker},
    shards::shard_of,
    storm::Done,
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};

/// A delivery later than this after a fault is not that fault's doing.
const REACH: Duration = Duration::from_secs(20);
/// What was said within this time of a move was on its way during it.
const MOVE: Duration = Duration::from_secs(2);

/// One row: a name, and what was measured, in milliseconds, ascending.
pub(crate) struct Row(&'static str, Vec<f64>);

impl Row {
    fn new(name: &'static str, times: impl IntoIterator<Item = Duration>) -> Self {
        let mut times: Vec<f64> = times.into_iter().map(|time| time.as_secs_f64() * 1000.0).collect();
        times.sort_by(f64::total_cmp);
        Self(name, times)
    }

    fn at(&self, percent: usize) -> Option<f64> {
        let last = self.1.len().checked_sub(1)?;
        self.1.get((self.1.len() * percent / 100).min(last)).copied()
    }
}

/// A table for people.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut text = format!("{:<58}{:>7}{:>9}{:>9}{:>9}\n", "milliseconds", "count", "p50", "p99", "max");
    for row in rows {
        let shown = |percent| row.at(percent).map_or("-".to_owned(), |time| format!("{time:.0}"));
        text +=
            &format!("{:<58}{:>7}{:>9}{:>9}{:>9}\n", row.0, row.1.len(), shown(50), shown(99), shown(100));
    }
    text
}

/// The same for programs.
pub(crate) fn as_json(rows: &[Row]) -> Value {
    let row = |row: &Row| json!({ "what": row.0, "count": row.1.len(), "p50_ms": row.at(50), "p99_ms": row.at(99), "max_ms": row.at(100) });
    rows.iter().map(row).collect()
}

/// A message that was heard for the first time.
struct Delivery {
    shard: u16,
    place: (String, String),
    said: Duration,
    at: Duration,
    from: usize,
    to: usize,
}

/// All that is measured.
pub(crate) fn measure(people: &[Records], done: &[Done]) -> Vec<Row> {
    let deliveries = deliveries(people);
    let mut kills = Vec::new();
    let mut moves = Vec::new();
    let mut rolls = Vec::new();
    for done in done {
        match done {
            Done::Killed { at, node, shards } => {
                kills.extend(after_kill(people, &deliveries, *at, *node, shards));
            }
            Done::Moved { from, shard } => moves.extend(during_move(&deliveries, *from, *shard)),
            Done::Rolled { from, to } => rolls.push(longest_wait(people, *from, *to)),
        }
    }
    vec![
        Row::new("kill -9 of a node to the next delivery of what it owned", kills),
        Row::new("longest delivery in a conversation whose shard is moved", moves),
        Row::new("longest wait for an acknowledgement in a rolling restart", rolls),
        Row::new("delivery, storm and calm together", deliveries.iter().map(|d| d.at.saturating_sub(d.said))),
        Row::new("acknowledgement, storm and calm together", waits(people, Duration::ZERO, Duration::MAX)),
    ]
}

fn deliveries(people: &[Records]) -> Vec<Delivery> {
    let mut found = Vec::new();
    for person in people {
        let mut seen = std::collections::HashSet::new();
        let me = address(person.person);
        for heard in &person.heard {
            let Some(from) = speaker(&heard.origin).filter(|_| seen.insert(&heard.id)) else { continue };
            let shard = shard_of(&me, &heard.place);
            let place = (me.clone().min(heard.place.clone()), me.clone().max(heard.place.clone()));
            let (said, at) = (heard.said, heard.at);
            found.push(Delivery { shard, place, said, at, from, to: person.person });
        }
    }
    found
}

/// By conversation: to the first delivery of what was said after the kill, where neither side had to come back first.
fn after_kill(
    people: &[Records],
    deliveries: &[Delivery],
    killed: Duration,
    node: usize,
    shards: &[u16],
) -> Vec<Duration> {
    let mut first: BTreeMap<&(String, String), Duration> = BTreeMap::new();
    let elsewhere = |person: usize| people[person].node_at(killed).is_some_and(|at| at != node);
    let counts = |d: &&Delivery| {
        shards.contains(&d.shard)
            && d.said > killed
            && d.said < killed + REACH
            && elsewhere(d.from)
            && elsewhere(d.to)
    };
    for delivery in deliveries.iter().filter(counts) {
        let took = delivery.at.saturating_sub(killed);
        let least = first.entry(&delivery.place).or_insert(took);
        *least = took.min(*least);
    }
    first.into_values().collect()
}

/// By conversation: the longest way of what was said then.
fn during_move(deliveries: &[Delivery], from: Duration, shard: u16) -> Vec<Duration> {
    let mut longest: BTreeMap<&(String, String), Duration> = BTreeMap::new();
    for delivery in deliveries.iter().filter(|d| d.shard == shard && d.said > from && d.said < from + MOVE) {
        let took = delivery.at.saturating_sub(delivery.said);
        let most = longest.entry(&delivery.place).or_insert(took);
        *most = took.max(*most);
    }
    longest.into_values().collect()
}

fn waits(people: &[Records], from: Duration, to: Duration) -> impl Iterator<Item = Duration> {
    let said = people.iter().flat_map(|person| person.said.values());
    said.filter(move |said| said.at >= from && said.at < to)
        .filter_map(|said| said.acknowledged.map(|at| at.saturating_sub(said.at)))
}

fn longest_wait(people: &[Records], from: Duration, to: Duration) -> Duration {
    waits(people, from, to).max().unwrap_or_default()
}
