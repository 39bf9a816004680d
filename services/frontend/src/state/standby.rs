//! The standby copy: who is next in line for a shard folds its new records into the rows of this node every few seconds,
//! without claiming it, so that taking it over replays seconds and not days.
//!
//! Invariant: nobody else here writes rows of a shard while this does ([`Pool::with_rows`]).

use super::{load, pace};
use crate::{
    front::Parts,
    pool::Pool,
    shard::{Replay, TakeError, read, write_rows},
};
use domain::Shard;
use event_log::{Offset, ReadError, Record, Validity, Verdict};
use std::{
    collections::HashSet,
    io,
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    thread,
};

/// The handle of the thread.
pub(crate) struct Standby(SyncSender<()>);

impl Standby {
    /// Starts it.
    pub(crate) fn start(pool: &Pool, parts: &Parts) -> io::Result<Self> {
        let (sender, stop) = sync_channel(1);
        let mut run = Run { pool: pool.clone(), parts: parts.clone(), said: HashSet::new() };
        thread::Builder::new().name("standby".into()).spawn(move || run.run(&stop))?;
        Ok(Self(sender))
    }

    /// Ends it, once what it does is done.
    pub(crate) fn stop(&self) {
        // It may have ended.
        let _ = self.0.try_send(());
    }
}

/// What folding a page came to.
#[derive(PartialEq, Eq)]
enum Turn {
    /// There may be more.
    More,
    /// For now that is all.
    Done,
}

struct Run {
    pool: Pool,
    parts: Parts,
    /// Shards whose records cannot be folded: said once.
    said: HashSet<Shard>,
}

impl Run {
    fn run(&mut self, stop: &Receiver<()>) {
        while stop.recv_timeout(pace::STANDBY_EVERY) == Err(RecvTimeoutError::Timeout) {
            for shard in self.parts.log.shards().all() {
                if self.pool.is_next(shard) {
                    self.follow(shard);
                }
            }
        }
    }

    /// Folds what is new, a bounded time.
    fn follow(&mut self, shard: Shard) {
        for page in 0..pace::STANDBY_PAGES {
            let turn = self.pool.with_rows(shard, || fold_page(shard, &self.parts, page == 0));
            match turn {
                Some(Ok(Turn::More)) => {}
                Some(Err(error)) => {
                    if self.said.insert(shard) {
                        tracing::warn!(shard = shard.0, %error, "the standby copy of a shard waits; it is tried again");
                    }
                    return;
                }
                Some(Ok(Turn::Done)) => {
                    self.said.remove(&shard);
                    return;
                }
                // It is taken here.
                None => return,
            }
        }
    }
}

fn fold_page(shard: Shard, parts: &Parts, is_first: bool) -> Result<Turn, TakeError> {
    let checkpoint = parts.store.checkpoint(shard)?;
    let end = parts.log.end(shard);
    if checkpoint.offset >= end {
        return Ok(Turn::Done);
    }
    let is_far = is_first && end.0 - checkpoint.offset.0 > pace::REPLAY_RECORDS;
    let records = match read(&parts.log, shard, checkpoint.offset) {
        Err(TakeError::Read(trimmed @ ReadError::Trimmed { .. })) => {
            let is_nearer = load(shard, parts)?.offset > checkpoint.offset;
            return if is_nearer { Ok(Turn::More) } else { Err(trimmed.into()) };
        }
        // What the owner has put may be nearer; if it is not, the log is read.
        Ok(_) if is_far && load(shard, parts).is_ok_and(|there| there.offset > checkpoint.offset) => {
            return Ok(Turn::More);
        }
        read => read?,
    };
    fold(shard, parts, &records)?;
    Ok(Turn::More)
}

/// The same as an owner's replay.
fn fold(shard: Shard, parts: &Parts, records: &[(Offset, Record)]) -> Result<(), TakeError> {
    let mut validity = Validity::from(parts.store.checkpoint(shard)?);
    let mut replay = Replay::new(parts);
    for (offset, record) in records {
        let verdict = validity.fold(*offset, record.stamp(), record.is_claim());
        if let (Verdict::Valid, Record::Facts(_, entry)) = (verdict, record) {
            replay.apply(*offset, entry)?;
        }
    }
    write_rows(&parts.store, shard, &replay.into_rows(), validity.checkpoint())?;
    Ok(())
}
