//! Who may acknowledge: one node's taking and holding of one shard, as a machine without I/O (DESIGN §1 rules 1–3).
//!
//! One `Owner` is one attempt: it reads the shard to its end, claims it, holds it, and is lost at last; then the host
//! drops the shard's actors and makes another, with another appender, so that outcomes of the old attempt reach no one.
//!
//! Invariant: an acknowledged record is valid for every reader ([`Validity`]), whatever other writers do. An append
//! whose outcome is unknown is never acknowledged: the shard is lost, and the next attempt's higher claim makes void
//! what of it may still come.

use crate::{Checkpoint, Offset, Stamp, Validity, Verdict, WriterId, limits::HELD_RUNS};
use std::collections::VecDeque;

/// What the host tells.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// Take the shard. The first input.
    Take,
    /// The answer to [`Output::Read`]: records in order, each with its stamp and whether it is a claim; empty if there
    /// is none yet.
    Records(&'a [(Offset, Stamp, bool)]),
    /// The next of the records that were handed to the log.
    Outcome(Outcome),
}

/// What became of records that were handed to the log, in the order in which they were.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Outcome {
    /// The next `count` records lie at `first` and the offsets after it.
    Appended {
        /// Where the first of them lies.
        first: Offset,
        /// How many.
        count: u32,
    },
    /// They failed, or it is unknown what became of them.
    Failed,
}

/// What the host does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Output {
    /// Read the shard from there on, and give what comes as [`Input::Records`].
    Read(Offset),
    /// The facts in the record at this offset count: apply them to their entity.
    Apply(Offset),
    /// Append a claim with this stamp.
    Claim(Stamp),
    /// The shard is owned; what is appended carries this stamp.
    Owned(Stamp),
    /// The next records that were appended count: let their effects happen.
    Acknowledge {
        /// Where the first of them lies.
        first: Offset,
        /// How many.
        count: u32,
    },
    /// The shard is not, or no longer, owned: drop its actors, acknowledge nothing that is pending. The last output.
    Lost(LostBy),
}

/// Why a shard was lost.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum LostBy {
    /// Someone claimed it with this stamp: wait, with jitter, before taking it again.
    Claim(Stamp),
    /// A record failed, or its outcome is unknown.
    Failure,
    /// What is read does not fit what was appended: a hole, or a record of this writer that it did not write.
    Disorder,
}

impl LostBy {
    /// In words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Claim(_) => "another node has claimed it",
            Self::Failure => "a record failed, or it is not known what became of it",
            Self::Disorder => "what the log holds does not fit what was appended",
        }
    }
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum State {
    New,
    /// Reading what there is, to know the highest claim.
    CatchingUp,
    /// The claim is on its way.
    Claiming,
    /// The claim lies there; reading what lies before it.
    Confirming(Offset),
    Owned,
    Lost,
}

/// One attempt to own a shard. A value, so that a model can go every way from it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Owner {
    writer: WriterId,
    state: State,
    validity: Validity,
    /// Runs that came back behind a gap, which is being read.
    held: VecDeque<(Offset, u32)>,
}

impl Owner {
    /// For this writer, going on from a checkpoint: what lies before it is applied already.
    pub fn new(writer: WriterId, from: Checkpoint) -> Self {
        Self { writer, state: State::New, validity: Validity::from(from), held: VecDeque::new() }
    }

    /// The stamp for what is appended; `None` unless the shard is owned.
    pub fn stamp(&self) -> Option<Stamp> {
        matches!(self.state, State::Owned).then(|| self.validity.checkpoint().current)
    }

    /// Everything before it is applied, or acknowledged: what a snapshot may reflect at most.
    pub fn checkpoint(&self) -> Checkpoint {
        self.validity.checkpoint()
    }

    /// Takes an input and says what to do, in order.
    pub fn handle(&mut self, input: Input<'_>, out: &mut Vec<Output>) {
        match (&self.state, input) {
            (State::New, Input::Take) => {
                self.state = State::CatchingUp;
                out.push(Output::Read(self.next()));
            }
            (State::Lost | State::New, _) => {}
            (_, Input::Outcome(Outcome::Failed)) => self.lose(LostBy::Failure, out),
            (State::CatchingUp, Input::Records(records)) => self.catch_up(records, out),
            (State::Claiming, Input::Outcome(Outcome::Appended { first, .. })) => self.claimed(first, out),
            (&State::Confirming(claim), Input::Records(records)) => self.confirm(claim, records, out),
            (State::Owned, Input::Outcome(Outcome::Appended { first, count })) => {
                self.appended(first, count, out);
            }
            (State::Owned, Input::Records(records)) if !self.held.is_empty() => self.close_gap(records, out),
            _ => self.lose(LostBy::Disorder, out),
        }
    }

    fn next(&self) -> Offset {
        self.validity.checkpoint().offset
    }

    fn lose(&mut self, by: LostBy, out: &mut Vec<Output>) {
        self.state = State::Lost;
        self.held.clear();
        out.push(Output::Lost(by));
    }

    /// Folds one record of others; `None`: there is a hole before it.
    fn fold(&mut self, (offset, stamp, is_claim): (Offset, Stamp, bool)) -> Option<Verdict> {
        (offset <= self.next()).then(|| self.validity.fold(offset, stamp, is_claim))
    }

    fn catch_up(&mut self, records: &[(Offset, Stamp, bool)], out: &mut Vec<Output>) {
        for record in records {
            match self.fold(*record) {
                None => return self.lose(LostBy::Disorder, out),
                Some(Verdict::Valid) => out.push(Output::Apply(record.0)),
                Some(_) => {}
            }
        }
        if records.is_empty() {
            let epoch = self.validity.checkpoint().current.epoch + 1;
            self.state = State::Claiming;
            out.push(Output::Claim(Stamp { epoch, writer: self.writer }));
        } else {
            out.push(Output::Read(self.next()));
        }
    }

    /// The claim has its place; what lies before it must be read first.
    fn claimed(&mut self, claim: Offset, out: &mut Vec<Output>) {
        if claim < self.next() {
            return self.lose(LostBy::Disorder, out);
        }
        self.state = State::Confirming(claim);
        out.push(Output::Read(self.next()));
    }

    fn confirm(&mut self, claim: Offset, records: &[(Offset, Stamp, bool)], out: &mut Vec<Output>) {
        if records.is_empty() {
            return self.lose(LostBy::Disorder, out);
        }
        for record in records.iter().take_while(|(offset, ..)| *offset <= claim) {
            match self.fold(*record) {
                None => return self.lose(LostBy::Disorder, out),
                Some(Verdict::Valid) => out.push(Output::Apply(record.0)),
                Some(_) => {}
            }
        }
        if self.next() <= claim {
            return out.push(Output::Read(self.next()));
        }
        let current = self.validity.checkpoint().current;
        if current.writer == self.writer {
            self.state = State::Owned;
            out.push(Output::Owned(current));
        } else {
            self.lose(LostBy::Claim(current), out);
        }
    }

    /// Rule 3: contiguous with the last, no one wrote in between; else read what did.
    fn appended(&mut self, first: Offset, count: u32, out: &mut Vec<Output>) {
        let reading = !self.held.is_empty();
        if first < self.next() || self.held.len() >= HELD_RUNS {
            self.lose(LostBy::Disorder, out);
        } else if reading {
            self.held.push_back((first, count));
        } else if first == self.next() {
            self.acknowledge(first, count, out);
        } else {
            self.held.push_back((first, count));
            out.push(Output::Read(self.next()));
        }
    }

    fn acknowledge(&mut self, first: Offset, count: u32, out: &mut Vec<Output>) {
        self.validity.skip_to(first.plus(u64::from(count)));
        out.push(Output::Acknowledge { first, count });
    }

    /// Acknowledges the held runs that are contiguous now.
    fn release(&mut self, out: &mut Vec<Output>) {
        while let Some(&(first, count)) = self.held.front()
            && first == self.next()
        {
            self.held.pop_front();
            self.acknowledge(first, count, out);
        }
    }

    fn close_gap(&mut self, records: &[(Offset, Stamp, bool)], out: &mut Vec<Output>) {
        if records.is_empty() {
            return self.lose(LostBy::Disorder, out);
        }
        for record in records {
            self.release(out);
            if self.held.is_empty() {
                return;
            }
            if record.0 < self.next() {
                continue;
            }
            let before = self.validity;
            match self.fold(*record) {
                Some(Verdict::Void) => {}
                Some(Verdict::Claimed) => return self.lose(LostBy::Claim(record.1), out),
                Some(Verdict::Valid) | None => {
                    // It counts and is not applied: the next attempt must read it.
                    self.validity = before;
                    return self.lose(LostBy::Disorder, out);
                }
            }
        }
        self.release(out);
        if !self.held.is_empty() {
            out.push(Output::Read(self.next()));
        }
    }
}

#[cfg(test)]
#[path = "tests/owner.rs"]
mod tests;
