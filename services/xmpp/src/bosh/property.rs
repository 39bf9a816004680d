//! Whatever a client does: every request is answered once, and what it sends reaches the stream once and in order.

use super::{Body, Bosh, Output};
use crate::limits::BODY_REQUESTS;
use domain::{Address, Timestamp};
use proptest::prelude::*;
use std::{collections::BTreeMap, time::Duration};

#[derive(Clone, Debug)]
enum Step {
    /// With a rid so far from the next one, and so many elements.
    Request(i64, usize, &'static str),
    /// The stream takes an element.
    Take,
    /// The stream writes one.
    Say,
    /// Seconds pass.
    Wait(u64),
    /// The stream ends.
    End,
}

fn step() -> impl Strategy<Value = Step> {
    let kinds = prop_oneof![8 => Just(""), 1 => Just("pause='3'"), 1 => Just("type='terminate'")];
    prop_oneof![
        10 => (-3_i64..3, 0_usize..3, kinds).prop_map(|(offset, count, kind)| Step::Request(offset, count, kind)),
        8 => Just(Step::Take),
        4 => Just(Step::Say),
        3 => (0_u64..40).prop_map(Step::Wait),
        1 => Just(Step::End),
    ]
}

/// The session, and what is known of it from outside.
struct World {
    bosh: Bosh<u32>,
    now: Timestamp,
    next: u64,
    slots: u32,
    answers: BTreeMap<u32, Vec<String>>,
    /// rid and place of each element that the stream took.
    taken: Vec<(u64, usize)>,
    said: usize,
}

impl World {
    fn new() -> Self {
        let (now, domain) = (Timestamp(0), Address::parse("example.org").expect("valid"));
        let first = body("rid='100' to='example.org' wait='10' hold='1'", "");
        let bosh = Bosh::open(now, "s".into(), &domain, first, 0).expect("a session");
        Self { bosh, now, next: 101, slots: 0, answers: BTreeMap::new(), taken: Vec::new(), said: 0 }
    }

    fn step(&mut self, step: &Step) {
        let mut out = Vec::new();
        match step {
            Step::Request(offset, count, kind) => {
                let rid = self.next.saturating_add_signed(*offset);
                let elements = |place| format!("<e xmlns='jabber:client' rid='{rid}' place='{place}'/>");
                let payload: String = (0..*count).map(elements).collect();
                self.slots += 1;
                let request = body(&format!("rid='{rid}' sid='s' {kind}"), &payload);
                self.bosh.request(self.now, request, self.slots, &mut out);
                self.next = self.next.max(rid + 1);
            }
            Step::Take => {
                if let Some(element) = self.bosh.next_element(self.now, &mut out) {
                    self.took(&String::from_utf8_lossy(&element));
                }
            }
            Step::Say => {
                self.said += 1;
                self.bosh.say(format!("<s n='{}'/>", self.said).as_bytes());
            }
            Step::Wait(seconds) => self.now = self.now.plus(Duration::from_secs(*seconds)),
            Step::End => self.bosh.end(),
        }
        self.bosh.settle(self.now, self.said as u64, &mut out);
        for output in out {
            if let Output::Answer(slot, answer) = output {
                self.answers.entry(slot).or_default().push(String::from_utf8_lossy(&answer).into_owned());
            }
        }
    }

    fn took(&mut self, element: &str) {
        let value = |name: &str| {
            let (_, rest) = element.split_once(&format!("{name}='"))?;
            rest.split('\'').next()?.parse().ok()
        };
        if let (Some(rid), Some(place)) = (value("rid"), value("place")) {
            self.taken.push((rid, usize::try_from(place).expect("small")));
        }
    }

    fn open(&self) -> usize {
        (0..=self.slots).filter(|slot| !self.answers.contains_key(slot)).count()
    }
}

fn body(attributes: &str, payload: &str) -> Body {
    let text = format!("<body {attributes} xmlns='http://jabber.org/protocol/httpbind'>{payload}</body>");
    Body::parse(text.as_bytes()).expect("a body")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn every_request_is_answered_once_and_every_element_taken_once(steps in proptest::collection::vec(step(), 0..60)) {
        let mut world = World::new();
        for step in &steps {
            if world.bosh.is_over() {
                break;
            }
            world.step(step);
            let most = usize::try_from(2 * BODY_REQUESTS).expect("few");
            prop_assert!(world.open() <= most, "{} are open", world.open());
        }
        // Whatever is open is answered when nobody comes any more.
        for _ in 0..4 {
            if !world.bosh.is_over() {
                world.step(&Step::Wait(200));
            }
        }
        prop_assert!(world.bosh.is_over());
        prop_assert_eq!(world.open(), 0);
        prop_assert!(world.answers.values().all(|answers| answers.len() == 1));
        prop_assert!(world.taken.is_sorted_by(|before, after| before < after), "{:?}", world.taken);
    }
}
