//! Taking a shard: claim it, replay what its checkpoint does not cover, and find what was under way. In a pool the log may
//! begin after the checkpoint of this node, or far after it: then what former owners have put into `linnet.state` is
//! loaded first.

use super::{
    desk::Desk,
    outcomes::Outcomes,
    replay::{Replay, Replayed},
};
use crate::{
    front::Parts,
    limits,
    state::{LoadError, load, pace},
};
use domain::{Home, Shard};
use event_log::{
    Appender, Checkpoint, Input, Log, LostBy, Offset, Output, Owner, ReadError, Record, Stamp, codec,
};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

/// Why a shard cannot be taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TakeError {
    /// The log cannot be read.
    #[error("{0}")]
    Read(#[from] ReadError),
    /// A record cannot be understood.
    #[error("shard {shard}, offset {offset}: {problem}")]
    Record { shard: u16, offset: Offset, problem: String },
    /// The claim could not be written.
    #[error("the log cannot be written: {0}")]
    Append(#[from] event_log::AppendError),
    /// The state cannot be read.
    #[error("{0}")]
    Store(#[from] store::RowError),
    /// The pool's state cannot be loaded.
    #[error("{0}")]
    Load(#[from] LoadError),
    /// The log ends before what the state was made from.
    #[error(
        "its log ends at {end}, but what was kept of it comes from records up to {kept}: acknowledged records are gone; \
         restore the data folder from a backup"
    )]
    Gone { end: Offset, kept: Offset },
    /// Neither this node's rows nor the pool's reach up to where the log begins.
    #[error(
        "its log begins at {first}, and neither this node's copy, which ends at {kept}, nor the pool's state reaches \
         there: start a node that has a newer copy on its disk, or restore one"
    )]
    Gap { first: Offset, kept: Offset },
    /// Somebody else has claimed it meanwhile: in a pool that happens; a log of one process has another writer.
    #[error("another process writes this log ({0:?}); stop it first")]
    Lost(LostBy),
}

impl TakeError {
    pub(super) fn record(shard: Shard, offset: Offset, problem: &impl ToString) -> Self {
        Self::Record { shard: shard.0, offset, problem: problem.to_string() }
    }
}

/// A shard that is owned, before its actor runs.
pub(crate) struct Taken {
    pub(super) shard: Shard,
    pub(super) owner: Owner,
    pub(super) appender: Appender,
    pub(super) outcomes: Arc<Outcomes>,
    touched: BTreeMap<Home, Replayed>,
    replayed: u64,
}

impl Taken {
    /// Its desk; what was under way comes back to be resumed.
    pub(super) fn into_desk(self, parts: &Parts) -> Result<(Desk, Vec<(Home, Replayed)>), TakeError> {
        let touched = self.touched;
        let desk = Desk::new(self.shard, parts, self.owner, self.appender, self.outcomes);
        let awake = desk.save_replayed(touched)?;
        Ok((desk, awake))
    }

    /// The stamp under which it is owned.
    pub(crate) fn stamp(&self) -> Stamp {
        self.owner.checkpoint().current
    }

    /// How many records were replayed.
    pub(crate) fn replayed(&self) -> u64 {
        self.replayed
    }
}

struct Taking<'a> {
    shard: Shard,
    parts: &'a Parts,
    owner: Owner,
    appender: Appender,
    outcomes: Arc<Outcomes>,
    replay: Replay<'a>,
}

/// Takes it. Blocks on the log and on the disk.
pub(crate) fn take(shard: Shard, parts: &Parts) -> Result<Taken, TakeError> {
    let outcomes = Arc::new(Outcomes::default());
    let appender = parts.log.appender(shard, Arc::<Outcomes>::clone(&outcomes) as _);
    let end = parts.log.latest()?.get(usize::from(shard.0)).copied().unwrap_or_default();
    let checkpoint = start(shard, parts, end)?;
    if checkpoint.offset > end {
        return Err(TakeError::Gone { end, kept: checkpoint.offset });
    }
    let owner = Owner::new(parts.writer, checkpoint);
    let mut taking = Taking { shard, parts, owner, appender, outcomes, replay: Replay::new(parts) };
    taking.run()?;
    for id in parts.store.unfinished(shard)? {
        taking.replay.touch(&Home::Conversation(id))?;
    }
    let Taking { owner, appender, outcomes, replay, .. } = taking;
    let replayed = replay.records;
    Ok(Taken { shard, owner, appender, outcomes, touched: replay.into_entities(), replayed })
}

/// Where the replay begins: at the checkpoint of this node's rows, or of the pool's, which are loaded where the log does
/// not reach back as far, or much lies in between.
fn start(shard: Shard, parts: &Parts, end: Offset) -> Result<Checkpoint, TakeError> {
    let own = parts.store.checkpoint(shard)?;
    if parts.pool.is_none() || own.offset > end {
        return Ok(own);
    }
    let first = match parts.log.read(shard, own.offset, 1) {
        Err(ReadError::Trimmed { first, .. }) => Some(first),
        read => read.map(|_| None)?,
    };
    if first.is_none() && end.0 - own.offset.0 <= pace::REPLAY_RECORDS {
        return Ok(own);
    }
    let loaded = match (load(shard, parts), first) {
        (Ok(loaded), _) => loaded,
        (Err(error), Some(_)) => return Err(error.into()),
        (Err(error), None) => {
            tracing::warn!(shard = shard.0, %error, "a shard is replayed from the log alone");
            own
        }
    };
    match first {
        Some(first) if loaded.offset < first => Err(TakeError::Gap { first, kept: loaded.offset }),
        _ => Ok(loaded),
    }
}

/// Records from there on.
pub(crate) fn read(log: &Log, shard: Shard, from: Offset) -> Result<Vec<(Offset, Record)>, TakeError> {
    let records = log.read(shard, from, limits::REPLAY_BYTES)?;
    records
        .into_iter()
        .map(|(offset, bytes)| {
            let record = codec::decode(bytes).map_err(|error| TakeError::record(shard, offset, &error))?;
            Ok((offset, record))
        })
        .collect()
}

/// The same as the owner wants to see them.
pub(super) fn stamps(records: &[(Offset, Record)]) -> Vec<(Offset, Stamp, bool)> {
    records.iter().map(|(offset, record)| (*offset, record.stamp(), record.is_claim())).collect()
}

impl Taking<'_> {
    fn run(&mut self) -> Result<(), TakeError> {
        let mut batch: Vec<(Offset, Record)> = Vec::new();
        let mut todo = VecDeque::new();
        self.drive(Input::Take, &mut todo);
        while let Some(output) = todo.pop_front() {
            match output {
                Output::Read(from) => {
                    batch = read(&self.parts.log, self.shard, from)?;
                    self.drive(Input::Records(&stamps(&batch)), &mut todo);
                }
                Output::Apply(offset) => {
                    let at = batch.binary_search_by_key(&offset, |(at, _)| *at);
                    if let Some((_, Record::Facts(_, entry))) = at.ok().and_then(|at| batch.get(at)) {
                        self.replay.apply(offset, entry)?;
                    }
                }
                Output::Claim(stamp) => {
                    self.appender.append(codec::encode_claim(stamp))?;
                    for (outcome, error) in self.outcomes.wait() {
                        if let Some(error) = error {
                            return Err(error.into());
                        }
                        self.drive(Input::Outcome(outcome), &mut todo);
                    }
                }
                Output::Owned(_) => return Ok(()),
                Output::Lost(by) => return Err(TakeError::Lost(by)),
                // Nothing was appended but the claim.
                Output::Acknowledge { .. } => {}
            }
        }
        Err(TakeError::Lost(LostBy::Disorder))
    }

    fn drive(&mut self, input: Input<'_>, todo: &mut VecDeque<Output>) {
        let mut outputs = Vec::new();
        self.owner.handle(input, &mut outputs);
        todo.extend(outputs);
    }
}
