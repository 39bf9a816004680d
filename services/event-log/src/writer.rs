//! The writer thread: takes everything that waits, writes it with one sync, tells the sinks and the followers.
//!
//! Invariant: a record gets an offset, and its sink hears of it, only when it and all before it of the same line are
//! durable; after the first failure of a line nothing more of it is written.

use crate::{
    Placed,
    embedded::Shared,
    limits::DISK_CHECK,
    queue::{AppendError, Waiting},
};
use std::{
    sync::{Arc, atomic::Ordering},
    time::Instant,
};

/// Runs until the log is closed and everything is written.
pub(crate) fn run(shared: &Shared) {
    let mut batch = Vec::new();
    let mut placed = Vec::new();
    let mut disk = Disk { looked: None, trouble: None, spent: false };
    let mut pace = Instant::now();
    loop {
        // Also while nothing comes: so that a full disk is known before somebody writes, who can then be refused.
        let open = shared.queue.take(&mut batch, pace, Some(DISK_CHECK));
        if batch.is_empty() {
            if !open {
                return;
            }
            disk.look(shared);
            continue;
        }
        pace = Instant::now() + shared.options.pace;
        // Stable: the order within a line stays, and a line's records become one run of offsets.
        batch.sort_by_key(|waiting| (waiting.line.shard, waiting.line.id));
        match disk.room(shared) {
            Ok(()) => write(shared, &mut disk, &batch, &mut placed),
            Err(error) => fail(&batch, &error),
        }
        batch.clear();
        placed.clear();
    }
}

/// Writes a batch, sorted by line, and tells who waits for it.
fn write(shared: &Shared, disk: &mut Disk, batch: &[Waiting], placed: &mut Vec<Placed>) {
    place(shared, batch, placed);
    if placed.is_empty() {
        return fail(batch, &AppendError::Broken);
    }
    match shared.medium.write(placed) {
        Ok(()) => {
            shared.records.fetch_add(placed.len() as u64, Ordering::Relaxed);
            shared.syncs.fetch_add(1, Ordering::Relaxed);
            acknowledge(shared, batch, placed);
        }
        Err(error) => {
            let error = AppendError::Failed(error.0);
            disk.failed(shared, error.clone());
            fail(batch, &error);
            reread_ends(shared, placed);
        }
    }
}

/// Gives each record of the lines that have not failed its offset.
fn place(shared: &Shared, batch: &[Waiting], placed: &mut Vec<Placed>) {
    for run in runs(batch).filter(|run| !has_failed(run)) {
        let of = run[0].line.shard;
        let behind = placed.last().filter(|last| last.shard == of).map(|last| last.offset.plus(1));
        let mut offset = behind.unwrap_or_else(|| shared.end(of));
        for waiting in run {
            placed.push(Placed { shard: of, offset, record: waiting.record.clone() });
            offset = offset.plus(1);
        }
    }
}

/// Tells each line where its run lies, and the followers how far each shard has grown.
fn acknowledge(shared: &Shared, batch: &[Waiting], placed: &[Placed]) {
    for run in placed.chunk_by(|a, b| a.shard == b.shard) {
        shared.set_end(run[0].shard, run[run.len() - 1].offset.plus(1));
    }
    let mut rest = placed;
    for run in runs(batch) {
        let line = &run[0].line;
        if has_failed(run) {
            line.sink.failed(line.shard, count(run), &AppendError::Broken);
            continue;
        }
        line.sink.appended(line.shard, rest[0].offset, count(run));
        rest = &rest[run.len()..];
    }
    for run in placed.chunk_by(|a, b| a.shard == b.shard) {
        shared.followers.grown(run[0].shard, run[run.len() - 1].offset.plus(1));
    }
}

/// Fails the lines of a batch, for good, and tells them.
fn fail(batch: &[Waiting], error: &AppendError) {
    for run in runs(batch) {
        let line = &run[0].line;
        let error = if has_failed(run) { &AppendError::Broken } else { error };
        line.failed.store(true, Ordering::Release);
        line.sink.failed(line.shard, count(run), error);
    }
}

/// After a failed write some of it may be there: the next record goes behind it.
fn reread_ends(shared: &Shared, placed: &[Placed]) {
    for run in placed.chunk_by(|a, b| a.shard == b.shard) {
        match shared.medium.end(run[0].shard) {
            Ok(end) => shared.set_end(run[0].shard, end),
            Err(error) => tracing::error!(%error, "the end of the log cannot be read"),
        }
    }
}

fn runs(batch: &[Waiting]) -> impl Iterator<Item = &[Waiting]> {
    batch.chunk_by(|a, b| Arc::ptr_eq(&a.line, &b.line))
}

fn count(run: &[Waiting]) -> u32 {
    u32::try_from(run.len()).unwrap_or(u32::MAX)
}

/// Set by this thread alone.
fn has_failed(run: &[Waiting]) -> bool {
    run[0].line.failed.load(Ordering::Relaxed)
}

/// What the writer knows of its disk.
struct Disk {
    looked: Option<Instant>,
    trouble: Option<AppendError>,
    /// Half of the reserve is gone, too.
    spent: bool,
}

impl Disk {
    /// Whether a batch may be written; looks at the disk at most every [`DISK_CHECK`].
    fn room(&mut self, shared: &Shared) -> Result<(), AppendError> {
        if self.looked.is_none_or(|at| at.elapsed() >= DISK_CHECK) {
            self.look(shared);
        }
        match &self.trouble {
            Some(AppendError::DiskFull { .. }) if !self.spent => Ok(()),
            trouble => trouble.clone().map_or(Ok(()), Err),
        }
    }

    /// Looks how much is free, and after a failed write whether writing works again.
    fn look(&mut self, shared: &Shared) {
        self.looked = Some(Instant::now());
        let reserve = shared.options.disk_reserve;
        let free = shared.medium.free_bytes();
        self.spent = free.as_ref().is_ok_and(|free| *free < reserve / 2);
        let trouble = match free {
            Ok(free) if free < reserve => Some(AppendError::DiskFull { free, reserve }),
            Ok(_) if matches!(self.trouble, Some(AppendError::Failed(_))) => {
                shared.medium.probe().err().map(|e| AppendError::Failed(e.0))
            }
            Ok(_) => None,
            Err(error) => Some(AppendError::Failed(error.0)),
        };
        if trouble != self.trouble {
            shared.set_trouble(trouble.clone());
            self.trouble = trouble;
        }
    }

    /// A write failed; appends are refused until writing works again.
    fn failed(&mut self, shared: &Shared, error: AppendError) {
        self.looked = Some(Instant::now());
        shared.set_trouble(Some(error.clone()));
        self.trouble = Some(error);
    }
}
