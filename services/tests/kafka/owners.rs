//! The real `Owner` over two logs on the same topics: taking, stealing, gaps, and facts that are void. What one of them
//! acknowledged counts for every reader.

use crate::ear::{A, Heard, Line, connect, options};
use domain::Address;
use event_log::{
    Checkpoint, Input, Log, LostBy, Offset, Outcome, Output, Owner, Record, Stamp, Validity, Verdict,
    WriterId, codec,
};
use std::collections::BTreeSet;
use tests::Kafka;

/// A node that wants shard A.
struct Node<'a> {
    log: &'a Log,
    line: Line,
    owner: Owner,
    stamp: Option<Stamp>,
    lost: Option<LostBy>,
    applied: Vec<Offset>,
    acknowledged: BTreeSet<Offset>,
}

impl<'a> Node<'a> {
    /// Takes the shard, and comes back when it has it or has lost it again.
    fn take(log: &'a Log, writer: u64) -> Self {
        let owner = Owner::new(WriterId(writer), Checkpoint::default());
        let line = Line::new(log, A);
        let (stamp, lost, applied, acknowledged) = Default::default();
        let mut node = Self { log, line, owner, stamp, lost, applied, acknowledged };
        node.drive(Input::Take);
        while node.stamp.is_none() && node.lost.is_none() {
            node.hear();
        }
        node
    }

    fn drive(&mut self, input: Input<'_>) {
        let mut outputs = Vec::new();
        self.owner.handle(input, &mut outputs);
        for output in outputs {
            match output {
                Output::Read(from) => self.read(from),
                Output::Apply(offset) => self.applied.push(offset),
                Output::Claim(stamp) => {
                    self.line.appender.append(codec::encode_claim(stamp)).expect("queued");
                }
                Output::Owned(stamp) => self.stamp = Some(stamp),
                Output::Acknowledge { first, count } => {
                    let mut new = (0..u64::from(count)).map(|index| first.plus(index));
                    assert!(new.all(|offset| self.acknowledged.insert(offset)), "twice");
                }
                Output::Lost(by) => self.lost = Some(by),
            }
        }
    }

    fn read(&mut self, from: Offset) {
        let page = read(self.log, from);
        let records: Vec<_> =
            page.iter().map(|(at, record)| (*at, record.stamp(), record.is_claim())).collect();
        self.drive(Input::Records(&records));
    }

    /// The next outcome.
    fn hear(&mut self) {
        let outcome = match self.line.next() {
            Heard::Appended(first, count) => Outcome::Appended { first: Offset(first), count },
            Heard::Failed(..) => Outcome::Failed,
        };
        self.drive(Input::Outcome(outcome));
    }

    /// Appends facts as the owner that it believes to be; false: it knows that it is not.
    fn decide(&self) -> bool {
        let user = Address::parse("alice@linnet.test").expect("an address");
        let Some(stamp) = self.owner.stamp() else { return false };
        self.line.appender.append(codec::encode_user(stamp, &user, &[])).is_ok()
    }
}

fn read(log: &Log, from: Offset) -> Vec<(Offset, Record)> {
    let page = log.read(A, from, 64 * 1024).unwrap_or_else(|error| panic!("{error}"));
    page.into_iter().map(|(at, bytes)| (at, codec::decode(bytes).expect("a record"))).collect()
}

/// What counts, for a reader from the beginning.
fn valid(log: &Log) -> BTreeSet<Offset> {
    let mut validity = Validity::default();
    let mut valid = BTreeSet::new();
    loop {
        let page = read(log, validity.checkpoint().offset);
        if page.is_empty() {
            return valid;
        }
        for (at, record) in page {
            if validity.fold(at, record.stamp(), record.is_claim()) == Verdict::Valid {
                valid.insert(at);
            }
        }
    }
}

#[test]
fn who_lost_a_shard_without_knowing_acknowledges_nothing() {
    let options = options(Kafka::shared());
    let (log, other) = (connect(&options), connect(&options));
    let mut first = Node::take(&log, 1);
    assert!(first.decide());
    first.hear();
    assert_eq!(first.acknowledged, BTreeSet::from([Offset(1)]));

    let mut second = Node::take(&other, 2);
    assert_eq!((second.stamp.expect("taken").epoch, &second.applied), (2, &vec![Offset(1)]));
    // It believes that it is the owner still; its record lands behind the other's claim, and is void.
    assert!(first.decide());
    first.hear();
    let stamp = Stamp { epoch: 2, writer: WriterId(2) };
    assert_eq!((first.lost, first.acknowledged.len()), (Some(LostBy::Claim(stamp)), 1));

    // The owner finds a void record in between, and goes on.
    assert!(second.decide());
    second.hear();
    assert_eq!((second.lost, &second.acknowledged), (None, &BTreeSet::from([Offset(4)])));
    let third = Node::take(&log, 3);
    assert_eq!(third.applied, [Offset(1), Offset(4)]);
    assert_eq!(valid(&other), BTreeSet::from([Offset(1), Offset(4)]));
}

#[test]
fn what_is_acknowledged_counts_however_often_a_shard_is_stolen() {
    let options = options(Kafka::shared());
    let log = connect(&options);
    let acknowledged: Vec<BTreeSet<Offset>> = std::thread::scope(|scope| {
        let options = &options;
        let nodes = (1..=3).map(|writer| scope.spawn(move || steal_again_and_again(options, writer)));
        nodes.collect::<Vec<_>>().into_iter().map(|node| node.join().expect("it ends")).collect()
    });
    let valid = valid(&log);
    let count: usize = acknowledged.iter().map(BTreeSet::len).sum();
    let all: BTreeSet<_> = acknowledged.into_iter().flatten().collect();
    assert!(all.len() == count && count > 0, "{count} acknowledged, {} of them once", all.len());
    assert!(all.is_subset(&valid), "acknowledged and void: {:?}", all.difference(&valid));
}

fn steal_again_and_again(options: &event_log::kafka::Options, writer: u64) -> BTreeSet<Offset> {
    let log = connect(options);
    let mut acknowledged = BTreeSet::new();
    for _ in 0..10 {
        let mut node = Node::take(&log, writer);
        let mut open = 0;
        // Some on the way at any time, until it is stolen or has had enough.
        for _ in 0..30 {
            while open < 5 && node.lost.is_none() && node.decide() {
                open += 1;
            }
            if node.lost.is_some() || open == 0 {
                break;
            }
            let before = node.acknowledged.len();
            node.hear();
            open -= node.acknowledged.len().saturating_sub(before).min(open);
        }
        acknowledged.extend(node.acknowledged);
    }
    acknowledged
}
