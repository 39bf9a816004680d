//! The log with Kafka's ways: records of one line (an appender) land in order, after a while or never; their outcome is told
//! later, or told as a failure though some of them land yet; all brokers may be away for a time.
//!
//! Invariant: of a line a beginning lands, without a hole, and nothing of it after something that never will.

use bytes::Bytes;
use event_log::{Offset, Outcome, Stamp, Validity, codec};
use std::collections::{BTreeMap, VecDeque};

/// An appender: one attempt of one node to have a shard.
pub(crate) struct Line {
    pub(crate) node: usize,
    pub(crate) shard: u16,
    /// On their way, with the time when each was handed over.
    pub(crate) queue: VecDeque<(u64, Bytes)>,
    /// Landed and not told.
    landed: VecDeque<Offset>,
    /// Nothing more is taken.
    pub(crate) broken: bool,
    failure_untold: bool,
    /// The latest landing, and the latest telling, that is scheduled.
    pub(crate) lands_at: u64,
    pub(crate) tells_at: u64,
}

/// The log of a pool.
pub(crate) struct Log {
    pub(crate) shards: Vec<Vec<Bytes>>,
    /// Of each shard, up to its end.
    validity: Vec<Validity>,
    pub(crate) lines: BTreeMap<u64, Line>,
    next: u64,
    /// No broker answers before.
    pub(crate) away_until: u64,
}

impl Log {
    pub(crate) fn new(shards: u16) -> Self {
        Self {
            shards: vec![Vec::new(); shards.into()],
            validity: vec![Validity::default(); shards.into()],
            lines: BTreeMap::new(),
            next: 0,
            away_until: 0,
        }
    }

    pub(crate) fn line(&mut self, node: usize, shard: u16) -> u64 {
        self.next += 1;
        let line = Line {
            node,
            shard,
            queue: VecDeque::new(),
            landed: VecDeque::new(),
            broken: false,
            failure_untold: false,
            lands_at: 0,
            tells_at: 0,
        };
        self.lines.insert(self.next, line);
        self.next
    }

    /// Takes a record; false: an earlier one of the line failed.
    pub(crate) fn append(&mut self, now: u64, line: u64, record: Bytes) -> bool {
        let Some(line) = self.lines.get_mut(&line).filter(|line| !line.broken) else { return false };
        line.queue.push_back((now, record));
        true
    }

    /// The next record of the line lands.
    pub(crate) fn land(&mut self, line: u64) {
        let Some(line) = self.lines.get_mut(&line) else { return };
        if let Some((_, record)) = line.queue.pop_front() {
            let log = &mut self.shards[usize::from(line.shard)];
            let offset = Offset(log.len() as u64);
            line.landed.push_back(offset);
            if let Ok(record) = codec::decode(record.clone()) {
                let validity = &mut self.validity[usize::from(line.shard)];
                validity.fold(offset, record.stamp(), record.is_claim());
            }
            log.push(record);
        }
    }

    /// The line fails; of what is on its way so many records land yet.
    pub(crate) fn fail(&mut self, line: u64, land: usize) {
        if let Some(line) = self.lines.get_mut(&line) {
            line.queue.truncate(land);
            line.failure_untold = !line.broken;
            line.broken = true;
        }
    }

    /// What became of records of the line, as far as it was not told.
    pub(crate) fn outcomes(&mut self, line: u64) -> Vec<Outcome> {
        let Some(line) = self.lines.get_mut(&line) else { return Vec::new() };
        let mut told: Vec<Outcome> = Vec::new();
        if line.broken {
            // What lands after the failure is not told any more.
            line.landed.clear();
            if std::mem::take(&mut line.failure_untold) {
                told.push(Outcome::Failed);
            }
            return told;
        }
        for offset in line.landed.drain(..) {
            match told.last_mut() {
                Some(Outcome::Appended { first, count }) if first.plus(u64::from(*count)) == offset => {
                    *count += 1;
                }
                _ => told.push(Outcome::Appended { first: offset, count: 1 }),
            }
        }
        told
    }

    /// Whether a record of this node has waited for so long that new work is refused.
    pub(crate) fn is_in_trouble(&self, now: u64, node: usize, hold: u64) -> bool {
        let waits = |line: &Line| line.queue.front().is_some_and(|(since, _)| since + hold < now);
        self.lines.values().any(|line| line.node == node && !line.broken && waits(line))
    }

    /// Who owns the shard, as the log has it at this moment.
    pub(crate) fn owner(&self, shard: u16) -> Stamp {
        self.validity[usize::from(shard)].checkpoint().current
    }

    /// Records from there on, at most so many.
    pub(crate) fn read(&self, shard: u16, from: Offset, most: usize) -> Vec<(Offset, Bytes)> {
        let records = &self.shards[usize::from(shard)];
        let from = usize::try_from(from.0).unwrap_or(usize::MAX);
        let page = records.iter().enumerate().skip(from).take(most);
        page.map(|(at, record)| (Offset(at as u64), record.clone())).collect()
    }
}
