//! Taking, holding and losing a shard: plays with one writer, and several writers under a random scheduler.

use super::*;
use proptest::prelude::*;

const ME: WriterId = WriterId(1);
const OTHER: WriterId = WriterId(2);

fn stamp(epoch: u64, writer: WriterId) -> Stamp {
    Stamp { epoch, writer }
}

fn tell(owner: &mut Owner, input: Input<'_>) -> Vec<Output> {
    let mut out = Vec::new();
    owner.handle(input, &mut out);
    out
}

fn acknowledge(first: u64, count: u32) -> Output {
    Output::Acknowledge { first: Offset(first), count }
}

fn appended(first: u64, count: u32) -> Input<'static> {
    Input::Outcome(Outcome::Appended { first: Offset(first), count })
}

/// An owner of an empty shard, its claim at offset 0.
fn owner() -> Owner {
    let mut owner = Owner::new(ME, Checkpoint::default());
    assert_eq!(tell(&mut owner, Input::Take), [Output::Read(Offset(0))]);
    assert_eq!(tell(&mut owner, Input::Records(&[])), [Output::Claim(stamp(1, ME))]);
    assert_eq!(tell(&mut owner, appended(0, 1)), [Output::Read(Offset(0))]);
    let claim = [(Offset(0), stamp(1, ME), true)];
    assert_eq!(tell(&mut owner, Input::Records(&claim)), [Output::Owned(stamp(1, ME))]);
    owner
}

#[test]
fn who_takes_a_shard_applies_what_counts_and_claims_above_it() {
    let mut owner = Owner::new(ME, Checkpoint::default());
    tell(&mut owner, Input::Take);
    let log = [
        (Offset(0), stamp(4, OTHER), true),
        (Offset(1), stamp(4, OTHER), false),
        (Offset(2), stamp(3, ME), false),
    ];
    assert_eq!(tell(&mut owner, Input::Records(&log)), [Output::Apply(Offset(1)), Output::Read(Offset(3))]);
    assert_eq!(owner.stamp(), None);
    assert_eq!(tell(&mut owner, Input::Records(&[])), [Output::Claim(stamp(5, ME))]);
    // The former owner wrote once more before the claim; that still counts.
    assert_eq!(tell(&mut owner, appended(4, 1)), [Output::Read(Offset(3))]);
    let log = [(Offset(3), stamp(4, OTHER), false), (Offset(4), stamp(5, ME), true)];
    let expected = [Output::Apply(Offset(3)), Output::Owned(stamp(5, ME))];
    assert_eq!(tell(&mut owner, Input::Records(&log)), expected);
    assert_eq!(owner.stamp(), Some(stamp(5, ME)));
}

#[test]
fn of_two_claims_the_first_of_the_higher_epoch_wins() {
    let mut owner = Owner::new(ME, Checkpoint::default());
    tell(&mut owner, Input::Take);
    tell(&mut owner, Input::Records(&[]));
    assert_eq!(tell(&mut owner, appended(1, 1)), [Output::Read(Offset(0))]);
    let log = [(Offset(0), stamp(1, OTHER), true), (Offset(1), stamp(1, ME), true)];
    assert_eq!(tell(&mut owner, Input::Records(&log)), [Output::Lost(LostBy::Claim(stamp(1, OTHER)))]);
}

#[test]
fn contiguous_is_acknowledged_at_once_and_a_gap_is_read_first() {
    let mut owner = owner();
    assert_eq!(tell(&mut owner, appended(1, 3)), [acknowledge(1, 3)]);
    assert_eq!(tell(&mut owner, appended(5, 2)), [Output::Read(Offset(4))]);
    assert_eq!(tell(&mut owner, appended(7, 1)), []);
    let gap = [(Offset(4), stamp(1, OTHER), true)];
    let expected = [acknowledge(5, 2), acknowledge(7, 1)];
    assert_eq!(tell(&mut owner, Input::Records(&gap)), expected);
    assert_eq!(owner.checkpoint().offset, Offset(8));
}

#[test]
fn a_higher_claim_in_a_gap_loses_the_shard_with_all_that_is_pending() {
    let mut owner = owner();
    tell(&mut owner, appended(2, 1));
    let gap = [(Offset(1), stamp(2, OTHER), true), (Offset(2), stamp(1, ME), false)];
    assert_eq!(tell(&mut owner, Input::Records(&gap)), [Output::Lost(LostBy::Claim(stamp(2, OTHER)))]);
    assert_eq!(owner.stamp(), None);
    assert_eq!(tell(&mut owner, appended(3, 1)), []);
}

#[test]
fn an_unknown_outcome_loses_the_shard() {
    let mut owner = owner();
    assert_eq!(tell(&mut owner, Input::Outcome(Outcome::Failed)), [Output::Lost(LostBy::Failure)]);
}

#[test]
fn a_hole_is_no_gap_to_read_over() {
    let mut owner = owner();
    tell(&mut owner, appended(3, 1));
    let hole = [(Offset(2), stamp(1, OTHER), false)];
    assert_eq!(tell(&mut owner, Input::Records(&hole)), [Output::Lost(LostBy::Disorder)]);
}

#[test]
fn a_record_of_mine_that_i_was_not_told_of_is_left_to_the_next_attempt() {
    let mut owner = owner();
    assert_eq!(tell(&mut owner, appended(2, 1)), [Output::Read(Offset(1))]);
    let gap = [(Offset(1), stamp(1, ME), false), (Offset(2), stamp(1, ME), false)];
    assert_eq!(tell(&mut owner, Input::Records(&gap)), [Output::Lost(LostBy::Disorder)]);
    assert_eq!(owner.checkpoint(), Checkpoint { offset: Offset(1), current: stamp(1, ME) });
}

#[test]
fn too_many_held_runs_lose_the_shard() {
    let mut owner = owner();
    tell(&mut owner, appended(2, 1));
    for held in 1..HELD_RUNS as u64 {
        assert_eq!(tell(&mut owner, appended(2 + held, 1)), []);
    }
    let last = tell(&mut owner, appended(2 + HELD_RUNS as u64, 1));
    assert_eq!(last, [Output::Lost(LostBy::Disorder)]);
}

/// A node in the simulation: an owner, what it has on the way, what it was told was acknowledged.
struct Node {
    writer: WriterId,
    owner: Owner,
    /// Handed over, not yet in the log: stamp, and of facts their number.
    sent: VecDeque<(Stamp, Option<usize>)>,
    /// In the log, the outcome on its way back.
    outcomes: VecDeque<Outcome>,
    /// Facts appended as this owner and not acknowledged, oldest first.
    pending: VecDeque<usize>,
    read: Option<Offset>,
    alive: bool,
}

impl Node {
    fn new(writer: WriterId) -> Self {
        let owner = Owner::new(writer, Checkpoint::default());
        let (sent, outcomes, pending) = Default::default();
        Self { writer, owner, sent, outcomes, pending, read: None, alive: false }
    }

    fn tell(&mut self, input: Input<'_>, acknowledged: &mut Vec<usize>) {
        for output in tell(&mut self.owner, input) {
            match output {
                Output::Read(from) => self.read = Some(from),
                Output::Claim(stamp) => self.sent.push_back((stamp, None)),
                Output::Owned(_) | Output::Apply(_) => {}
                Output::Acknowledge { count, .. } => {
                    acknowledged.extend(self.pending.drain(..usize::try_from(count).expect("small")));
                }
                Output::Lost(_) => self.drop_shard(),
            }
        }
    }

    /// As a host does: another owner, and outcomes of the old one reach no one. What was sent may still come.
    fn drop_shard(&mut self) {
        self.owner = Owner::new(self.writer, Checkpoint::default());
        self.outcomes.clear();
        self.pending.clear();
        self.read = None;
        self.alive = false;
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Take,
    Decide,
    Land { lose: bool, late: bool },
    Outcome,
    Read { most: usize },
}

fn step() -> impl Strategy<Value = (usize, Step)> {
    let step = prop_oneof![
        1 => Just(Step::Take),
        4 => Just(Step::Decide),
        6 => (0..12_u8, 0..12_u8).prop_map(|(lose, late)| Step::Land { lose: lose == 0, late: late == 0 }),
        6 => Just(Step::Outcome),
        6 => (1..4_usize).prop_map(|most| Step::Read { most }),
    ];
    (0..3_usize, step)
}

proptest! {
    /// Whatever several writers do and whatever is delayed, lost or of unknown outcome: what one of them
    /// acknowledged counts for every reader.
    #[test]
    fn what_is_acknowledged_counts(steps in prop::collection::vec(step(), 0..400)) {
        let mut log: Vec<(Offset, Stamp, Option<usize>)> = Vec::new();
        let (mut decided, mut acknowledged) = (0, Vec::new());
        let mut nodes = [1, 2, 3].map(|id| Node::new(WriterId(id)));
        for (index, step) in steps {
            let node = &mut nodes[index];
            match step {
                Step::Take if !node.alive => {
                    node.alive = true;
                    node.tell(Input::Take, &mut acknowledged);
                }
                Step::Decide => if let Some(stamp) = node.owner.stamp() {
                    node.sent.push_back((stamp, Some(decided)));
                    node.pending.push_back(decided);
                    decided += 1;
                },
                Step::Land { lose, late } => if let Some((stamp, fact)) = node.sent.pop_front() {
                    // Of this attempt, or still on its way from an earlier one?
                    let mine = fact.map_or(node.owner.stamp().is_none(), |fact| node.pending.contains(&fact));
                    let first = Offset(log.len() as u64);
                    if !lose {
                        log.push((first, stamp, fact));
                    }
                    if node.alive && mine {
                        let known = Outcome::Appended { first, count: 1 };
                        node.outcomes.push_back(if lose || late { Outcome::Failed } else { known });
                    }
                },
                Step::Outcome => if let Some(outcome) = node.outcomes.pop_front() {
                    node.tell(Input::Outcome(outcome), &mut acknowledged);
                },
                Step::Read { most } => if let Some(from) = node.read.take() {
                    let from = usize::try_from(from.0).expect("small").min(log.len());
                    let page = log[from..].iter().take(most);
                    let records: Vec<_> = page.map(|(at, stamp, fact)| (*at, *stamp, fact.is_none())).collect();
                    node.tell(Input::Records(&records), &mut acknowledged);
                },
                Step::Take => {}
            }
        }
        let mut validity = Validity::default();
        let mut valid = Vec::new();
        for (offset, stamp, fact) in log {
            if validity.fold(offset, stamp, fact.is_none()) == Verdict::Valid {
                valid.extend(fact);
            }
        }
        for fact in acknowledged {
            prop_assert!(valid.contains(&fact));
        }
    }
}
