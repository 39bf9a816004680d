//! The subscription table against RFC 6121 appendix A, row by row, and both sides of it played to the end.

use super::{
    Handshake::{self, Subscribe, Subscribed, Unsubscribe, Unsubscribed},
    Relation, Subscription,
};
use proptest::prelude::*;

const STEPS: [Handshake; 4] = [Subscribe, Subscribed, Unsubscribe, Unsubscribed];

/// A state by its name in the appendix: the user's half and the contact's half.
fn state(name: &str) -> Relation {
    let (to, asked, from, requested) = match name {
        "None" => (false, false, false, false),
        "None+Out" => (false, true, false, false),
        "None+In" => (false, false, false, true),
        "None+Out+In" => (false, true, false, true),
        "To" => (true, false, false, false),
        "To+In" => (true, false, false, true),
        "From" => (false, false, true, false),
        "From+Out" => (false, true, true, false),
        "Both" => (true, false, true, false),
        other => panic!("no state {other}"),
    };
    Relation { subscription: Subscription { to, from, asked, approved: false }, requested }
}

/// Columns: the state, then for each step whether it passes (routed or delivered) and the state after it.
type Table = [(&'static str, [(bool, &'static str); 4]); 9];

/// A.2: subscribe, subscribed, unsubscribe, unsubscribed. "Subscribed" that nobody asked for is §3.4's pre-approval.
#[rustfmt::skip]
const OUTBOUND: Table = [
    ("None",        [(true, "None+Out"),    (false, "None"),     (true, "None"),    (false, "None")]),
    ("None+Out",    [(true, "None+Out"),    (false, "None+Out"), (true, "None"),    (false, "None+Out")]),
    ("None+In",     [(true, "None+Out+In"), (true, "From"),      (true, "None+In"), (true, "None")]),
    ("None+Out+In", [(true, "None+Out+In"), (true, "From+Out"),  (true, "None+In"), (true, "None+Out")]),
    ("To",          [(true, "To"),          (false, "To"),       (true, "None"),    (false, "To")]),
    ("To+In",       [(true, "To+In"),       (true, "Both"),      (true, "None+In"), (true, "To")]),
    ("From",        [(true, "From+Out"),    (false, "From"),     (true, "From"),    (true, "None")]),
    ("From+Out",    [(true, "From+Out"),    (false, "From+Out"), (true, "From"),    (true, "None+Out")]),
    ("Both",        [(true, "Both"),        (false, "Both"),     (true, "From"),    (true, "To")]),
];

/// A.3.
#[rustfmt::skip]
const INBOUND: Table = [
    ("None",        [(true, "None+In"),      (false, "None"),    (false, "None"),     (false, "None")]),
    ("None+Out",    [(true, "None+Out+In"),  (true, "To"),       (false, "None+Out"), (true, "None")]),
    ("None+In",     [(false, "None+In"),     (false, "None+In"), (true, "None"),      (false, "None+In")]),
    ("None+Out+In", [(false, "None+Out+In"), (true, "To+In"),    (true, "None+Out"),  (true, "None+In")]),
    ("To",          [(true, "To+In"),        (false, "To"),      (false, "To"),       (true, "None")]),
    ("To+In",       [(false, "To+In"),       (false, "To+In"),   (true, "To"),        (true, "None+In")]),
    ("From",        [(false, "From"),        (false, "From"),    (true, "None"),      (false, "From")]),
    ("From+Out",    [(false, "From+Out"),    (true, "Both"),     (true, "None+Out"),  (true, "From")]),
    ("Both",        [(false, "Both"),        (false, "Both"),    (true, "To"),        (true, "From")]),
];

#[test]
fn every_outbound_row_of_the_appendix() {
    for (before, row) in OUTBOUND {
        for (step, (route, after)) in STEPS.into_iter().zip(row) {
            let mut expected = state(after);
            let asked_for = state(before).requested || state(before).subscription.from;
            expected.subscription.approved = step == Subscribed && !asked_for;
            let outcome = state(before).outbound(step);
            assert_eq!((outcome.route, outcome.next), (route, expected), "{before} {step:?}");
        }
    }
}

#[test]
fn every_inbound_row_of_the_appendix() {
    for (before, row) in INBOUND {
        for (step, (deliver, after)) in STEPS.into_iter().zip(row) {
            let outcome = state(before).inbound(step);
            assert_eq!((outcome.deliver, outcome.next), (deliver, state(after)), "{before} {step:?}");
            let answers = step == Subscribe && state(before).subscription.from;
            assert_eq!(outcome.reply, answers.then_some(Subscribed), "{before} {step:?}");
        }
    }
}

#[test]
fn an_approval_in_advance_answers_for_the_user_until_it_is_taken_back() {
    let approved = state("To").outbound(Subscribed).next;
    assert!(approved.subscription.approved);
    let asked = approved.inbound(Subscribe);
    assert_eq!((asked.deliver, asked.reply), (false, Some(Subscribed)));
    assert!(asked.next.subscription.from && asked.next.subscription.to);
    assert!(!approved.outbound(Unsubscribed).next.subscription.approved);
    assert!(!approved.outbound(Unsubscribed).route, "the contact never asked");
}

/// Two homes and the ordered wires between them.
#[derive(Default)]
struct Pair {
    sides: [Relation; 2],
    wires: [std::collections::VecDeque<Handshake>; 2],
}

impl Pair {
    fn act(&mut self, who: usize, step: Handshake) {
        let outcome = self.sides[who].outbound(step);
        self.sides[who] = outcome.next;
        if outcome.route {
            self.wires[who].push_back(step);
        }
    }

    /// The oldest step that `who` sent arrives.
    fn arrive(&mut self, who: usize) {
        if let Some(step) = self.wires[who].pop_front() {
            let outcome = self.sides[1 - who].inbound(step);
            self.sides[1 - who] = outcome.next;
            self.wires[1 - who].extend(outcome.reply);
        }
    }

    fn settle(&mut self) {
        for _ in 0..10_000 {
            if self.wires.iter().all(std::collections::VecDeque::is_empty) {
                return;
            }
            self.arrive(0);
            self.arrive(1);
        }
        panic!("the hand-shake never comes to rest");
    }

    /// What probes and notices put right where steps crossed on the wire: who asks for a presence that is not for them
    /// hears "unsubscribed", who shows one that is not wanted hears "unsubscribe". Both leave open questions alone.
    fn heal(&mut self) {
        for side in 0..2 {
            let (me, other) = (self.sides[side], self.sides[1 - side]);
            if me.subscription.to && !other.subscription.from && !other.requested {
                self.sides[side] = me.inbound(Unsubscribed).next;
            }
            let me = self.sides[side];
            if me.subscription.from && !other.subscription.to && !other.subscription.asked {
                self.sides[side] = me.inbound(Unsubscribe).next;
            }
        }
    }
}

proptest! {
    /// Whoever does what when, once the wires are quiet both agree who sees whom, or one has a question to answer; and
    /// once it is answered they agree.
    #[test]
    fn both_sides_agree_once_quiet(
        moves in prop::collection::vec((0usize..2, 0usize..5), 0..60),
        answers in prop::array::uniform2(prop::sample::select(vec![Subscribed, Unsubscribed])),
    ) {
        let mut pair = Pair::default();
        for (who, what) in moves {
            match STEPS.get(what) {
                Some(step) => pair.act(who, *step),
                None => pair.arrive(who),
            }
            for side in pair.sides {
                let sub = side.subscription;
                prop_assert!(!(sub.to && sub.asked || sub.from && side.requested));
            }
        }
        pair.settle();
        pair.heal();
        for (me, other) in [(0, 1), (1, 0)] {
            let (me, other) = (pair.sides[me].subscription, pair.sides[other]);
            prop_assert!(me.to == other.subscription.from || other.requested, "{:?}", pair.sides);
        }
        for (side, answer) in answers.into_iter().enumerate() {
            if pair.sides[side].requested {
                pair.act(side, answer);
                pair.settle();
            }
        }
        pair.heal();
        for (me, other) in [(0, 1), (1, 0)] {
            prop_assert_eq!(pair.sides[me].subscription.to, pair.sides[other].subscription.from);
        }
    }
}
