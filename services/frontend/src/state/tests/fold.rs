//! The rule of `linnet.state`, with owners that put late and compaction that takes what it may.

use crate::{
    limits,
    state::fold::{Fold, FoldError},
};
use domain::{Address, Home};
use event_log::{Checkpoint, Offset, Stamp, WriterId};
use proptest::prelude::*;
use store::{CopyKey, EntityRows, Value, encode_checkpoint};

type Record = (Vec<u8>, Option<Vec<u8>>);

fn home(number: usize) -> Home {
    Home::User(Address::parse(&format!("user{number}@linnet.test")).expect("an address"))
}

/// An entity's value as of an offset: it has no rows, which stand for nothing here.
fn value(reflects: u64) -> Vec<u8> {
    let bytes = EntityRows::encode_parts(Offset(reflects), 0);
    assert!(matches!(EntityRows::decode(&bytes), Ok(Value::Whole(_))));
    bytes
}

fn entity(number: usize, epoch: u64, reflects: u64) -> Record {
    (CopyKey::Entity { home: home(number), epoch }.encode(), Some(value(reflects)))
}

fn checkpoint(epoch: u64, offset: u64) -> Record {
    let current = Stamp { epoch, writer: WriterId(epoch) };
    let checkpoint = Checkpoint { offset: Offset(offset), current };
    (CopyKey::Checkpoint { epoch }.encode(), Some(encode_checkpoint(checkpoint)))
}

fn in_parts(number: usize, epoch: u64, reflects: u64, parts: u32) -> Vec<Record> {
    let bytes = value(reflects);
    let reflects = Offset(reflects);
    let part = |index| CopyKey::Part { home: home(number), reflects, index, epoch }.encode();
    let cut = bytes.len().div_ceil(parts as usize).max(1);
    let mut records: Vec<Record> =
        bytes.chunks(cut).zip(0..).map(|(bytes, index)| (part(index), Some(bytes.to_vec()))).collect();
    let count = u32::try_from(records.len()).expect("few");
    let manifest = EntityRows::encode_parts(reflects, count);
    records.push((CopyKey::Entity { home: home(number), epoch }.encode(), Some(manifest)));
    records
}

fn fold(records: &[Record]) -> Fold {
    let mut fold = Fold::default();
    for (key, value) in records {
        fold.record(key, value.as_deref()).expect("readable");
    }
    fold
}

/// A shard's facts: which entity each record of the log belongs to. Two owners put what they know: the first up to where
/// the second has claimed the shard, the second all of it.
#[derive(Clone, Debug)]
struct Scene {
    facts: Vec<usize>,
    claim: usize,
    /// How often each puts, after how many facts.
    first: Vec<usize>,
    second: Vec<usize>,
    /// Which of the two puts next, how many records.
    turns: Vec<(bool, usize)>,
    /// Compaction takes an older record of a key where this says so.
    takes: Vec<bool>,
    read_at: prop::sample::Index,
}

fn scene() -> impl Strategy<Value = Scene> {
    let facts = prop::collection::vec(0..4_usize, 1..40);
    facts.prop_flat_map(|facts| {
        let len = facts.len();
        let at = || prop::collection::vec(0..=len, 0..5);
        let turns = prop::collection::vec((any::<bool>(), 1..4_usize), 0..60);
        let takes = prop::collection::vec(any::<bool>(), 200);
        (Just(facts), 0..=len, at(), at(), turns, takes, any::<prop::sample::Index>()).prop_map(
            |(facts, claim, mut first, mut second, turns, takes, read_at)| {
                first.iter_mut().for_each(|at| *at = (*at).min(claim));
                first.sort_unstable();
                second.iter_mut().for_each(|at| *at = (*at).max(claim));
                second.sort_unstable();
                Scene { facts, claim, first, second, turns, takes, read_at }
            },
        )
    })
}

impl Scene {
    /// The last fact of an entity below an offset.
    fn truth(&self, entity: usize, below: usize) -> Option<u64> {
        self.facts[..below].iter().rposition(|of| *of == entity).map(|at| at as u64)
    }

    /// What an owner puts that knows of each entity what was put last: what differs, then the checkpoint.
    fn puts(&self, epoch: u64, times: &[usize], there: &mut [Option<u64>; 4]) -> Vec<Record> {
        let mut records = Vec::new();
        for below in times {
            for (of, there) in there.iter_mut().enumerate() {
                let now = self.truth(of, *below);
                if let Some(now) = now.filter(|_| *there < now) {
                    if now % 3 == 0 {
                        records.extend(in_parts(of, epoch, now, 2));
                    } else {
                        records.push(entity(of, epoch, now));
                    }
                    *there = Some(now);
                }
            }
            records.push(checkpoint(epoch, *below as u64));
        }
        records
    }

    /// The partition: the second compares itself with what lies there when it comes, and the first goes on putting late.
    fn partition(&self) -> Vec<Record> {
        let mut early = self.puts(1, &self.first, &mut [None; 4]).into_iter();
        let mut log: Vec<Record> = Vec::new();
        let mut late: Option<std::vec::IntoIter<Record>> = None;
        for (is_second, count) in &self.turns {
            if *is_second {
                let records = late.get_or_insert_with(|| {
                    let there = fold(&log);
                    let mut known = [0, 1, 2, 3].map(|of| there.reflects(&home(of)).map(|at| at.0));
                    let mut records = self.puts(2, &self.second, &mut known);
                    let first = records.iter().position(|(key, _)| key[0] == b'c');
                    // Garbage goes once the first checkpoint lies there.
                    if let Some(first) = first {
                        let after = records.split_off(first + 1);
                        records.extend(there.garbage(2).into_iter().map(|key| (key.encode(), None)));
                        records.extend(after);
                    }
                    records.into_iter()
                });
                log.extend(records.take(*count));
            } else {
                log.extend(early.by_ref().take(*count));
            }
        }
        log
    }

    /// With some records gone that a later one of the same key hides.
    fn compacted(&self, log: &[Record]) -> Vec<Record> {
        let hidden = |at: usize| log[at + 1..].iter().any(|(key, _)| *key == log[at].0);
        let takes = |at: usize| self.takes.get(at).copied().unwrap_or_default();
        let kept = (0..log.len()).filter(|at| !(hidden(*at) && takes(*at)));
        kept.map(|at| log[at].clone()).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    /// Wherever a reader finds the partition, each entity is there as of one of its own facts, at least the last one below
    /// the highest checkpoint, and compaction changes nothing.
    #[test]
    fn a_reader_gets_all_that_the_highest_checkpoint_speaks_for(scene in scene()) {
        let log = scene.partition();
        let log = &log[..scene.read_at.index(log.len() + 1)];
        let (whole, compacted) = (fold(log), fold(&scene.compacted(log)));
        let reached = whole.checkpoint().expect("whole");
        prop_assert_eq!(reached, compacted.checkpoint().expect("whole"));
        let below = reached.map_or(0, |reached| usize::try_from(reached.offset.0).expect("small"));
        for of in 0..4 {
            let found = whole.reflects(&home(of)).map(|at| at.0);
            prop_assert_eq!(found, compacted.reflects(&home(of)).map(|at| at.0));
            prop_assert!(found >= scene.truth(of, below), "entity {of}: {found:?}");
            if let Some(found) = found {
                prop_assert_eq!(scene.facts[usize::try_from(found).expect("small")], of);
            }
        }
        prop_assert!(scene.claim <= scene.facts.len());
    }
}

#[test]
fn what_a_former_owner_puts_late_hides_nothing() {
    let log = [entity(0, 1, 3), entity(0, 2, 9), checkpoint(2, 10), entity(0, 1, 5), checkpoint(1, 6)];
    let fold = fold(&log);
    assert_eq!(fold.reflects(&home(0)), Some(Offset(9)));
    assert_eq!(fold.checkpoint().expect("whole").map(|checkpoint| checkpoint.offset), Some(Offset(10)));
    let mut garbage = fold.garbage(3);
    garbage.sort();
    let mut expected = vec![
        CopyKey::Checkpoint { epoch: 1 },
        CopyKey::Checkpoint { epoch: 2 },
        CopyKey::Entity { home: home(0), epoch: 1 },
    ];
    expected.sort();
    assert_eq!(garbage, expected);
}

#[test]
fn an_entity_whose_parts_are_missing_is_not_used_unless_another_is_as_new() {
    let mut log = in_parts(0, 1, 6, 2);
    log.remove(0);
    log.insert(0, entity(0, 2, 4));
    assert!(matches!(fold(&log).checkpoint(), Err(FoldError::Torn)));
    log.push(entity(0, 3, 6));
    let fold = fold(&log);
    assert_eq!(fold.checkpoint().expect("whole"), None);
    assert_eq!(fold.reflects(&home(0)), Some(Offset(6)));
    // Entities go before their parts, so that no reader misses one.
    let garbage = fold.garbage(4);
    let first_part = garbage.iter().position(|key| matches!(key, CopyKey::Part { .. })).expect("a part");
    assert!(garbage[..first_part].contains(&CopyKey::Entity { home: home(0), epoch: 1 }));
    assert!(garbage[first_part..].iter().all(|key| matches!(key, CopyKey::Part { .. })));
}

#[test]
fn parts_that_wait_have_a_limit() {
    let mut fold = Fold::default();
    let part = vec![0; limits::STATE_PARTS_BYTES / 4];
    for index in 0..5 {
        let key = CopyKey::Part { home: home(0), reflects: Offset(1), index, epoch: 1 }.encode();
        let taken = fold.record(&key, Some(&part));
        assert_eq!(taken.is_ok(), index < 4, "{index}");
    }
}
