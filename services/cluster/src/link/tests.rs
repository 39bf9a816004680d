//! The machine of a link: two ends and a wire that breaks, and its bounds.

use super::{
    queue::{Ends, Item, Nonsense, Outgoing, Queue},
    wire::{self, Introduction, Refusal},
};
use crate::{
    NodeId, Standing, limits,
    ownership::table::{News, Pin, Row},
};
use bytes::Bytes;
use domain::{Shard, ShardCount};
use proptest::prelude::*;
use proto::cluster::{self as contract, frame};
use std::{collections::VecDeque, time::Duration};

const NOW: Duration = Duration::ZERO;

fn message(number: u64) -> Item {
    Item::Message(Bytes::copy_from_slice(&number.to_be_bytes()))
}

/// One side: its end, what it has said and heard in the session that stands, what is on the wire to it.
struct Side {
    queue: Queue,
    next: u64,
    heard: Vec<(u64, Item)>,
    wire: VecDeque<Outgoing>,
}

/// Two ends; messages bear the session of who sent them and count up in it.
struct Pair {
    sides: [Side; 2],
    up: bool,
    sessions: u64,
}

impl Pair {
    fn new() -> Self {
        let side =
            |session| Side { queue: Queue::new(session), next: 0, heard: Vec::new(), wire: VecDeque::new() };
        Self { sides: [side(1), side(2)], up: false, sessions: 2 }
    }

    fn session(&mut self) -> u64 {
        self.sessions += 1;
        self.sessions
    }

    fn push(&mut self, from: usize) {
        let side = &mut self.sides[from];
        let number = side.queue.ends().session * 1_000_000 + side.next;
        side.queue.push(NOW, message(number)).expect("there is room");
        side.next += 1;
    }

    fn flush(&mut self, from: usize) {
        if let Some(batch) = self.sides[from].queue.batch().filter(|_| self.up) {
            self.sides[1 - from].wire.push_back(batch);
        }
    }

    fn deliver(&mut self, to: usize, most: usize) {
        let other = self.sides[1 - to].queue.ends().session;
        let side = &mut self.sides[to];
        let Some(batch) = side.wire.pop_front() else { return };
        side.queue.acknowledged(NOW, batch.handled).expect("was sent");
        for (number, item) in (batch.first..).zip(batch.items).take(most) {
            if side.queue.expects(number).expect("without a hole") {
                side.heard.push((other, item));
                side.queue.took();
            }
        }
        // What was not taken any more was cut off with the connection.
        if most < limits::BATCH_MESSAGES {
            self.cut();
        }
    }

    fn cut(&mut self) {
        self.up = false;
        self.sides.iter_mut().for_each(|side| side.wire.clear());
    }

    fn reset(&mut self, who: usize) {
        let session = self.session();
        self.sides[who].queue.reset(session);
        self.sides[who].next = 0;
        self.cut();
    }

    /// Dials until both agree; says how often.
    fn greet(&mut self) -> usize {
        self.cut();
        for attempt in 1..=4 {
            let hello = self.sides[0].queue.ends();
            let answered = self.meet(1, hello);
            let answer = self.sides[1].queue.ends();
            let agreed = self.meet(0, answer);
            if answered && agreed {
                self.up = true;
                return attempt;
            }
        }
        panic!("they never agree");
    }

    fn meet(&mut self, who: usize, other: Ends) -> bool {
        let session = self.session();
        let before = self.sides[who].queue.ends().session;
        let greeted = self.sides[who].queue.greet(NOW, other, session);
        if self.sides[who].queue.ends().session != before {
            assert!(greeted.lost);
            self.sides[who].next = 0;
        }
        greeted.agreed
    }

    /// Of each session of the other a beginning was heard, once and in order.
    fn check(&self) {
        for side in &self.sides {
            let mut last = None;
            for (session, item) in &side.heard {
                let expected = match last {
                    Some((of, number)) if of == *session => number + 1,
                    _ => session * 1_000_000,
                };
                assert_eq!(*item, message(expected));
                last = Some((*session, expected));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_or_doubled_in_a_session_however_the_wire_breaks(
        steps in prop::collection::vec((0_u8..12, 0_usize..2, 1_usize..6), 1..200),
    ) {
        let mut pair = Pair::new();
        for (step, who, many) in steps {
            match step {
                0..=3 => (0..many).for_each(|_| pair.push(who)),
                4..=6 => pair.flush(who),
                7..=8 => pair.deliver(who, limits::BATCH_MESSAGES),
                9 => pair.deliver(who, many),
                10 => { prop_assert!(pair.greet() <= 3); }
                _ if many == 1 => pair.reset(who),
                _ => pair.cut(),
            }
            pair.check();
        }
        // In the end everything that waits comes.
        pair.greet();
        for _ in 0..300 {
            for who in 0..2 {
                pair.flush(who);
                pair.deliver(1 - who, limits::BATCH_MESSAGES);
            }
        }
        pair.check();
        for who in 0..2 {
            prop_assert_eq!(pair.sides[who].queue.depth(), (0, 0));
            let session = pair.sides[who].queue.ends().session;
            let heard = pair.sides[1 - who].heard.iter().filter(|(of, _)| *of == session).count() as u64;
            prop_assert_eq!(heard, pair.sides[who].next);
        }
    }

    #[test]
    fn any_bytes_are_news_or_none(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _news = wire::decode_news(&bytes);
    }
}

#[test]
fn a_full_queue_gives_back_by_number_and_by_bytes() {
    let mut queue = Queue::new(1);
    for number in 0..limits::QUEUE_MESSAGES as u64 {
        queue.push(NOW, message(number)).expect("there is room");
    }
    assert_eq!(queue.push(NOW, message(7)), Err(message(7)));
    // News of ownership have room of their own, with a bound too.
    for _ in 0..limits::NEWS_WAITING {
        queue.push(NOW, Item::News(Bytes::new())).expect("there is room");
    }
    assert!(queue.push(NOW, Item::News(Bytes::new())).is_err());

    let large = Item::Message(Bytes::from(vec![0; limits::MESSAGE_BYTES]));
    let mut queue = Queue::new(1);
    let fit = (0..100).take_while(|_| queue.push(NOW, large.clone()).is_ok()).count();
    assert_eq!(fit, limits::QUEUE_BYTES / limits::MESSAGE_BYTES);
    let too_large = Item::Message(Bytes::from(vec![0; limits::MESSAGE_BYTES + 1]));
    assert!(Queue::new(1).push(NOW, too_large).is_err());
}

fn established() -> Queue {
    let mut queue = Queue::new(1);
    assert!(queue.greet(NOW, Ends { session: 9, known: 0, handled: 0 }, 5).agreed);
    queue
}

#[test]
fn a_batch_is_bounded_by_number_and_by_bytes() {
    let mut queue = established();
    for number in 0..2_000 {
        queue.push(NOW, message(number)).expect("there is room");
    }
    assert_eq!(queue.batch().expect("something").items.len(), limits::BATCH_MESSAGES);
    let mut queue = established();
    for _ in 0..3 {
        queue.push(NOW, Item::Message(vec![0; limits::BATCH_BYTES / 2].into())).expect("there is room");
    }
    queue.push(NOW, Item::Message(vec![0; limits::BATCH_BYTES * 2].into())).expect("there is room");
    let counts: Vec<usize> = std::iter::from_fn(|| queue.batch()).map(|batch| batch.items.len()).collect();
    assert_eq!(counts, [2, 1, 1]);
}

#[test]
fn what_waits_without_an_acknowledgement_makes_the_link_stuck() {
    let mut queue = established();
    let at = Duration::from_secs;
    assert_eq!(queue.stuck_at(), None);
    queue.push(at(1), message(0)).expect("there is room");
    queue.push(at(2), message(1)).expect("there is room");
    assert_eq!(queue.stuck_at(), Some(at(1) + limits::STUCK));
    queue.batch();
    queue.acknowledged(at(3), 1).expect("was sent");
    assert_eq!(queue.stuck_at(), Some(at(3) + limits::STUCK));
    queue.acknowledged(at(4), 2).expect("was sent");
    assert_eq!(queue.stuck_at(), None);
}

#[test]
fn what_cannot_be_is_nonsense() {
    let mut queue = established();
    queue.push(NOW, message(0)).expect("there is room");
    assert_eq!(queue.acknowledged(NOW, 1), Err(Nonsense), "not sent yet");
    queue.batch();
    assert_eq!(queue.acknowledged(NOW, 2), Err(Nonsense));
    assert_eq!(queue.expects(1), Err(Nonsense), "a hole");
    // A hello that claims to have taken more than there ever was: both begin anew.
    let greeted = queue.greet(NOW, Ends { session: 9, known: 1, handled: 77 }, 5);
    assert!(greeted.lost && !greeted.agreed && !queue.established());
}

fn introduction(name: &str, protocol: u32) -> Introduction {
    Introduction {
        me: NodeId::new(name, 7),
        release: "1.0.0".into(),
        domain: "example.org".into(),
        shards: ShardCount::DEFAULT,
        protocol,
    }
}

const ENDS: Ends = Ends { session: 3, known: 2, handled: 1 };

#[test]
fn a_version_one_apart_is_spoken_with_and_one_further_is_refused_by_name() {
    let hello = |protocol| Some(introduction("b", protocol).hello(ENDS));
    let us = introduction("a", 5);
    for near in 4..=6 {
        assert_eq!(us.judge(hello(near)).expect("near").ends, ENDS);
    }
    for far in [3, 7] {
        let refusal = us.judge(hello(far)).expect_err("far");
        assert_eq!(refusal, Refusal::Version { name: "a".into(), theirs: far, ours: 5 });
        assert!(refusal.to_string().contains(&format!("version {far}")), "{refusal}");
    }
}

#[test]
fn another_deployment_oneself_and_garbage_are_refused() {
    let us = introduction("a", 1);
    let mut other = introduction("b", 1);
    other.domain = "example.net".into();
    assert!(matches!(us.judge(Some(other.hello(ENDS))), Err(Refusal::Domain { .. })));
    let mut other = introduction("b", 1);
    other.shards = ShardCount::new(7).expect("not none");
    assert!(matches!(us.judge(Some(other.hello(ENDS))), Err(Refusal::Shards { theirs: 7, .. })));
    assert!(matches!(us.judge(Some(us.hello(ENDS))), Err(Refusal::Oneself(_))));
    let batch = wire::encode_batch(Outgoing { first: 0, items: Vec::new(), handled: 0 });
    for garbage in [None, Some(batch), Some(contract::Frame { frame: None })] {
        assert!(matches!(us.judge(garbage), Err(Refusal::Garbage)));
    }
    let long = "n".repeat(limits::NAME_BYTES + 1);
    for name in ["", "a\u{7}b", &long] {
        let mut frame = introduction("b", 1).hello(ENDS);
        if let Some(frame::Frame::Hello(hello)) = &mut frame.frame {
            hello.node = Some(contract::Node { name: name.into(), incarnation: 1 });
        }
        assert!(matches!(us.judge(Some(frame)), Err(Refusal::Garbage)));
    }
}

#[test]
fn news_come_out_as_they_went_in() {
    let news = News {
        whole: true,
        standing: Standing::Draining,
        rows: vec![
            (Shard(3), Row { epoch: 9, owner: Some(NodeId::new("a", u64::MAX)) }),
            (Shard(4), Row { epoch: 1, owner: None }),
        ],
        pins: vec![(Shard(63), Pin { number: 2, node: Some(NodeId::new("b", 1)) })],
    };
    assert_eq!(wire::decode_news(&wire::encode_news(&news)), Some(news));
}
