//! Which records count: the one fold that every reader of a shard applies, in the order of the offsets (DESIGN §1
//! rule 2).
//!
//! Invariant: readers that have folded the same prefix agree on every record of it, wherever they started from, if
//! they started from a checkpoint that such a fold gave.

use crate::{Offset, Stamp};

/// What became of a record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// A claim with a higher epoch: its writer owns the shard from here on.
    Claimed,
    /// Facts of the owner: they count.
    Valid,
    /// A claim that is not higher, or facts of someone who is not, or no longer, the owner: as if never written.
    Void,
}

/// How far a reader is: everything below `offset` is folded, and `current` is the claim that counts there.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Checkpoint {
    /// The first offset that is not folded yet.
    pub offset: Offset,
    /// The current claim; epoch 0: none yet.
    pub current: Stamp,
}

/// The fold.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Validity(Checkpoint);

impl Validity {
    /// Goes on from a checkpoint; the default one is the beginning of the shard.
    pub fn from(checkpoint: Checkpoint) -> Self {
        Self(checkpoint)
    }

    /// How far it is.
    pub fn checkpoint(&self) -> Checkpoint {
        self.0
    }

    /// The next record of the shard, which lies at `offset`. One that was folded already is void.
    pub fn fold(&mut self, offset: Offset, stamp: Stamp, is_claim: bool) -> Verdict {
        if offset < self.0.offset {
            return Verdict::Void;
        }
        self.0.offset = offset.plus(1);
        match is_claim {
            true if stamp.epoch > self.0.current.epoch => {
                self.0.current = stamp;
                Verdict::Claimed
            }
            false if stamp == self.0.current && stamp.epoch > 0 => Verdict::Valid,
            _ => Verdict::Void,
        }
    }

    /// Goes on behind `offset` without looking: for an owner that knows that its own facts lie there.
    pub(crate) fn skip_to(&mut self, offset: Offset) {
        self.0.offset = self.0.offset.max(offset);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::WriterId;
    use proptest::prelude::*;

    fn record() -> impl Strategy<Value = (Stamp, bool)> {
        (1..6_u64, 1..4_u64, any::<bool>())
            .prop_map(|(epoch, writer, claim)| (Stamp { epoch, writer: WriterId(writer) }, claim))
    }

    fn fold(validity: &mut Validity, from: usize, log: &[(Stamp, bool)]) -> Vec<Verdict> {
        log.iter()
            .enumerate()
            .map(|(i, (stamp, claim))| validity.fold(Offset((from + i) as u64), *stamp, *claim))
            .collect()
    }

    proptest! {
        /// A reader that starts later, from a checkpoint of another reader, agrees with it on all that follows.
        #[test]
        fn readers_agree_wherever_they_started(log in prop::collection::vec(record(), 0..60), at in any::<prop::sample::Index>()) {
            let split = at.index(log.len() + 1);
            let mut early = Validity::default();
            let whole = fold(&mut early, 0, &log);
            let mut first = Validity::default();
            fold(&mut first, 0, &log[..split]);
            let mut late = Validity::from(first.checkpoint());
            prop_assert_eq!(fold(&mut late, split, &log[split..]), &whole[split..]);
            prop_assert_eq!(late, early);
        }

        /// At any time one writer's facts count, the epochs of the claims that count ascend, and facts count only
        /// between their writer's claim and the next one.
        #[test]
        fn one_writer_counts_at_a_time(log in prop::collection::vec(record(), 0..60)) {
            let verdicts = fold(&mut Validity::default(), 0, &log);
            let mut current = Stamp::default();
            for ((stamp, claim), verdict) in log.iter().zip(verdicts) {
                match verdict {
                    Verdict::Claimed => {
                        prop_assert!(*claim && stamp.epoch > current.epoch);
                        current = *stamp;
                    }
                    Verdict::Valid => prop_assert!(!claim && *stamp == current),
                    Verdict::Void if *claim => prop_assert!(stamp.epoch <= current.epoch),
                    Verdict::Void => prop_assert!(*stamp != current),
                }
            }
        }
    }

    #[test]
    fn a_record_that_was_folded_counts_once() {
        let mut validity = Validity::default();
        let mine = Stamp { epoch: 1, writer: WriterId(7) };
        assert_eq!(validity.fold(Offset(0), mine, true), Verdict::Claimed);
        assert_eq!(validity.fold(Offset(1), mine, false), Verdict::Valid);
        assert_eq!(validity.fold(Offset(1), mine, false), Verdict::Void);
        assert_eq!(validity.checkpoint(), Checkpoint { offset: Offset(2), current: mine });
    }
}
