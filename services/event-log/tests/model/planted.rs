//! Bugs to plant: each is a wrapper around the real machine, the real fold, or what the log and the host must keep to.

use crate::pool::Written;
use event_log::{Checkpoint, Input, Offset, Outcome, Output, Owner, Stamp, Validity, Verdict};

/// One bug.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Planted {
    /// Owner: what comes back is taken as contiguous, whatever lies before it.
    GapIsContiguous,
    /// Owner: what lies behind a gap is held back, and the gap is never read.
    GapIsNotRead,
    /// Owner: a higher claim in a gap is not looked at.
    HigherClaimIgnored,
    /// Owner: what lies behind a gap is acknowledged, and the gap is read then.
    AcknowledgesBeforeReading,
    /// Owner: no answer is taken as success.
    UnknownIsAppended,
    /// Owner: the claim is in the log, and what lies before it is not read.
    OwnsUnread,
    /// Readers: of two claims of an epoch the later wins.
    LaterClaimWins,
    /// Readers: only the writer of a fact is compared, so that facts of an older term of it count.
    EpochForgotten,
    /// Log: it goes on behind a record that it did not write (a producer without gapless guarantee).
    Holes,
    /// Log: a record lands twice (a producer that is not idempotent).
    Twice,
    /// Host: it works out where acknowledged records lie from the end of all that the owner has settled.
    OffsetFromTheEnd,
    /// Host: whatever it reads when it takes the shard anew is taken as the facts that it carries.
    CarriesBlindly,
}

/// [`Owner::handle`], with the bug.
pub(crate) fn handle(
    planted: Option<Planted>,
    owner: &mut Owner,
    input: Input<'_>,
    log: &[Written],
    out: &mut Vec<Output>,
) {
    let next = owner.checkpoint().offset;
    let holds = owner.stamp().is_some();
    match (planted, input) {
        (Some(Planted::GapIsContiguous), Input::Outcome(Outcome::Appended { first, count })) if holds => {
            owner.handle(Input::Outcome(Outcome::Appended { first: next, count }), out);
            out.clear();
            out.push(Output::Acknowledge { first, count });
        }
        (Some(Planted::GapIsNotRead), Input::Outcome(_)) if holds => {
            owner.handle(input, out);
            out.retain(|output| !matches!(output, Output::Read(_)));
        }
        (Some(Planted::UnknownIsAppended), Input::Outcome(Outcome::Failed)) if holds => {
            owner.handle(Input::Outcome(Outcome::Appended { first: next, count: 1 }), out);
        }
        (Some(Planted::HigherClaimIgnored), Input::Records(records)) if holds => {
            let low =
                |&(at, stamp, is_claim)| (at, if is_claim { Stamp::default() } else { stamp }, is_claim);
            let records: Vec<_> = records.iter().map(low).collect();
            owner.handle(Input::Records(&records), out);
        }
        (Some(Planted::AcknowledgesBeforeReading), Input::Outcome(Outcome::Appended { first, count }))
            if holds =>
        {
            owner.handle(input, out);
            if matches!(out[..], [Output::Read(_)]) {
                out.insert(0, Output::Acknowledge { first, count });
            }
        }
        (Some(Planted::OwnsUnread), Input::Outcome(Outcome::Appended { first, .. })) if !holds => {
            owner.handle(input, out);
            out.clear();
            let unread = (next.0..first.0).map(|at| (Offset(at), Stamp::default(), true));
            let claim = log[usize::try_from(first.0).expect("small")];
            let records: Vec<_> = unread.chain([(first, claim.stamp, true)]).collect();
            owner.handle(Input::Records(&records), out);
        }
        _ => owner.handle(input, out),
    }
}

/// [`Validity::fold`], with the bug.
pub(crate) fn fold(
    planted: Option<Planted>,
    reader: &mut Validity,
    offset: Offset,
    record: Written,
) -> Verdict {
    let Written { mut stamp, fact } = record;
    let current = reader.checkpoint().current;
    match planted {
        Some(Planted::LaterClaimWins) if fact.is_none() && stamp.epoch == current.epoch => {
            *reader = Validity::from(Checkpoint { offset: offset.plus(1), current: stamp });
            return Verdict::Claimed;
        }
        Some(Planted::EpochForgotten) if fact.is_some() && stamp.writer == current.writer => stamp = current,
        _ => {}
    }
    reader.fold(offset, stamp, fact.is_none())
}
