//! Offline IM: what nobody confirmed is kept, in order, and handed out until somebody does.

use super::*;
use crate::limits::{KEPT_BYTES, UNCONFIRMED, UNCONFIRMED_BYTES};
use proptest::prelude::*;

fn confirm(serial: u64) -> endpoint::Command {
    endpoint::Command::Confirm { serial }
}

fn deliver(stage: &mut Stage, to: &str, number: u64) {
    let said = said("bob/phone", to, number, message(&format!("m{number}")));
    let (user, _) = to.split_once('/').unwrap_or((to, ""));
    stage.ask(user, Command::Deliver { endpoint: None, said, late: false });
}

#[test]
fn a_confirmed_message_is_confirmed_to_its_conversation_once() {
    let mut stage = Stage::with(&["alice"]);
    stage.arrives("alice/desk");
    stage.arrives("alice/pad");
    stage.heard.clear();
    (1..=3).for_each(|number| deliver(&mut stage, "alice", number));
    assert!(stage.told().is_empty());
    stage.says("alice/desk", confirm(2));
    assert_eq!(stage.told(), ["[alice bob] alice confirms [1, 2]"]);
    stage.says("alice/pad", confirm(3));
    assert_eq!(stage.told(), ["[alice bob] alice confirms [3]"]);
    stage.says("alice/desk", confirm(3));
    assert!(stage.told().is_empty());
    assert_eq!(stage.facts[&address("alice")].len(), 1, "the account: nothing had to be kept");
}

#[test]
fn nobody_is_there_so_it_is_kept_and_handed_out_in_order() {
    let mut stage = Stage::with(&["alice"]);
    (1..=3).for_each(|number| deliver(&mut stage, "alice", number));
    assert_eq!(
        stage.told(),
        [
            "[alice bob] alice confirms [1]",
            "[alice bob] alice confirms [2]",
            "[alice bob] alice confirms [3]"
        ]
    );
    deliver(&mut stage, "alice", 2);
    assert_eq!(stage.told(), ["[alice bob] alice confirms [2]"], "again, but kept once");
    stage.attach("alice/desk");
    stage.shows("alice/desk", Availability::Available);
    deliver(&mut stage, "alice", 4);
    stage.expect(&[
        "alice/desk: alice/desk is Available, in all Available",
        "alice/desk: gets \"m1\" from bob/phone, late #1",
        "alice/desk: gets \"m2\" from bob/phone, late #2",
        "alice/desk: gets \"m3\" from bob/phone, late #3",
        "alice/desk: gets \"m4\" from bob/phone #4",
    ]);
    stage.says("alice/desk", confirm(2));
    assert!(matches!(stage.facts[&address("alice")].last(), Some(Fact::Kept { .. })), "logged later");
    let due = stage.user("alice").deadline().expect("a deadline");
    stage.tick("alice", due.0);
    assert!(matches!(stage.facts[&address("alice")].last(), Some(Fact::KeptDropped { seq: 2 })));
    assert_eq!(stage.user("alice").deadline(), None);
    stage.says("alice/desk", confirm(4));
    stage.detach("alice/desk"); // a fact: the confirmations travel with it
    assert!(matches!(stage.facts[&address("alice")].last(), Some(Fact::KeptDropped { seq: 3 })));
    assert!(stage.user("alice").is_idle());
    stage.arrives("alice/desk");
    assert_eq!(stage.serials.get(&endpoint_id("alice/desk")), None, "nothing is left");
}

#[test]
fn an_endpoint_dies_with_messages_and_they_are_kept() {
    let mut stage = Stage::with(&["alice"]);
    stage.arrives("alice/desk");
    (1..=3).for_each(|number| deliver(&mut stage, "alice", number));
    stage.says("alice/desk", confirm(1));
    stage.told();
    stage.detach("alice/desk");
    assert_eq!(stage.told(), ["[alice bob] alice confirms [2]", "[alice bob] alice confirms [3]"]);
    stage.attach("alice/pad");
    stage.heard.clear();
    stage.shows("alice/pad", Availability::Available);
    stage.expect(&[
        "alice/pad: alice/pad is Available, in all Available",
        "alice/pad: gets \"m2\" from bob/phone, late #1",
        "alice/pad: gets \"m3\" from bob/phone, late #2",
    ]);
}

#[test]
fn what_one_endpoint_alone_held_goes_to_the_others_when_it_dies() {
    let mut stage = Stage::with(&["alice"]);
    stage.arrives("alice/desk");
    stage.arrives("alice/pad");
    deliver(&mut stage, "alice/desk", 1);
    deliver(&mut stage, "alice", 2);
    stage.heard.clear();
    stage.detach("alice/desk");
    stage.expect(&[
        "alice/pad: alice/desk is gone, in all Available",
        "alice/pad: gets \"m1\" from bob/phone, late #2",
    ]);
    assert_eq!(stage.told(), ["[alice bob] alice confirms [1]"], "the second is still held");
    stage.says("alice/pad", confirm(1));
    assert_eq!(stage.told(), ["[alice bob] alice confirms [2]"]);
}

#[test]
fn an_endpoint_that_begins_to_take_messages_gets_what_is_kept() {
    let mut stage = Stage::with(&["alice"]);
    stage.attach("alice/desk");
    stage.says("alice/desk", endpoint::Command::Publish(priority(-1)));
    deliver(&mut stage, "alice", 1);
    stage.heard.clear();
    stage.says("alice/desk", endpoint::Command::Publish(priority(1)));
    stage.says("alice/desk", endpoint::Command::Publish(priority(-1)));
    stage.says("alice/desk", endpoint::Command::Publish(priority(1)));
    let got: Vec<_> = stage.heard.iter().filter(|line| line.contains("gets")).collect();
    assert_eq!(got, ["alice/desk: gets \"m1\" from bob/phone, late #1"], "and only once");
}

#[test]
fn a_full_window_keeps_what_follows_until_there_is_room() {
    let mut stage = Stage::with(&["alice"]);
    stage.arrives("alice/desk");
    let window = u64::try_from(UNCONFIRMED).expect("small");
    (1..=window + 2).for_each(|number| deliver(&mut stage, "alice", number));
    assert_eq!(stage.serials[&endpoint_id("alice/desk")], window);
    let kept = stage.facts[&address("alice")].iter().filter(|fact| matches!(fact, Fact::Kept { .. })).count();
    assert_eq!(
        kept as u64,
        window + 2,
        "what is before those that find no room is kept, too, to stay before them"
    );
    assert_eq!(stage.told().len(), 2, "and told to their conversation at once");
    stage.heard.clear();
    stage.says("alice/desk", confirm(1));
    stage.expect(&[&format!("alice/desk: gets \"m{}\" from bob/phone, late #{}", window + 1, window + 1)]);
    stage.says("alice/desk", confirm(window));
    stage.expect(&[&format!("alice/desk: gets \"m{}\" from bob/phone, late #{}", window + 2, window + 2)]);
}

fn deliver_large(stage: &mut Stage, number: u64, bytes: usize) {
    let large = Message { body: Some("x".repeat(bytes).into()), ..message(&format!("m{number}")) };
    let said = said("bob/phone", "alice", number, large);
    stage.ask("alice", Command::Deliver { endpoint: None, said, late: false });
}

#[test]
fn so_many_bytes_are_kept_and_no_more() {
    let mut stage = Stage::with(&["alice"]);
    let conversation = ConversationId::between(address("alice"), address("bob"));
    stage.ask("alice", Command::AskStanding { conversation, towards: address("bob") });
    assert_eq!(stage.told(), ["[alice bob] alice is Reachable"]);
    deliver_large(&mut stage, 1, KEPT_BYTES / 2);
    assert_eq!(stage.told(), ["[alice bob] alice confirms [1]"]);
    deliver_large(&mut stage, 2, KEPT_BYTES / 2);
    assert_eq!(stage.told(), ["[alice bob] alice confirms [2]", "[alice bob] alice is Offline"]);
    stage.arrives("alice/desk");
    stage.says("alice/desk", confirm(1));
    assert_eq!(stage.told(), ["[alice bob] alice is Reachable"]);
}

#[test]
fn a_window_is_full_of_bytes_too() {
    let mut stage = Stage::with(&["alice"]);
    (1..=4).for_each(|number| deliver_large(&mut stage, number, UNCONFIRMED_BYTES / 2));
    stage.arrives("alice/desk");
    let endpoint = endpoint_id("alice/desk");
    assert_eq!(stage.serials[&endpoint], 2, "two fill the window");
    stage.says("alice/desk", confirm(1));
    assert_eq!(stage.serials[&endpoint], 3);
    stage.says("alice/desk", confirm(3));
    assert_eq!(stage.serials[&endpoint], 4);
}

#[test]
fn at_the_limit_senders_are_refused_until_some_are_confirmed() {
    let mut stage = Stage { policy: Policy { kept_messages: 2, ..Policy::default() }, ..Stage::default() };
    stage.ask("alice", Command::CreateAccount { verifiers: Vec::new(), at: Timestamp(1) });
    let conversation = ConversationId::between(address("alice"), address("bob"));
    stage.ask("alice", Command::AskStanding { conversation, towards: address("bob") });
    deliver(&mut stage, "alice", 1);
    assert_eq!(stage.told(), ["[alice bob] alice is Reachable", "[alice bob] alice confirms [1]"]);
    deliver(&mut stage, "alice", 2);
    assert_eq!(stage.told(), ["[alice bob] alice confirms [2]", "[alice bob] alice is Offline"]);
    deliver(&mut stage, "alice", 3); // acknowledged before the refusal arrived
    assert_eq!(stage.told(), ["[alice bob] alice confirms [3]"]);
    stage.arrives("alice/desk");
    stage.says("alice/desk", confirm(2));
    assert_eq!(stage.told(), ["[alice bob] alice is Reachable"]);
}

/// What happens to an inbox.
#[derive(Clone, Copy, Debug)]
enum Move {
    Deliver { to: Option<usize> },
    Again { number: u64 },
    Come(usize),
    Go(usize),
    Show(usize, i8),
    Confirm(usize, u64),
    Wait,
}

fn any_move() -> impl Strategy<Value = Move> {
    prop_oneof![
        4 => prop::option::of(0usize..3).prop_map(|to| Move::Deliver { to }),
        1 => (1u64..20).prop_map(|number| Move::Again { number }),
        2 => (0usize..3).prop_map(Move::Come),
        1 => (0usize..3).prop_map(Move::Go),
        2 => ((0usize..3), (-1i8..2)).prop_map(|(who, priority)| Move::Show(who, priority)),
        2 => ((0usize..3), (0u64..12)).prop_map(|(who, serial)| Move::Confirm(who, serial)),
        1 => Just(Move::Wait),
    ]
}

const ENDPOINTS: [&str; 3] = ["alice/desk", "alice/pad", "alice/phone"];

fn play(stage: &mut Stage, number: &mut u64, next: Move) {
    match next {
        Move::Deliver { to } => {
            *number += 1;
            deliver(stage, to.map_or("alice", |to| ENDPOINTS[to]), *number);
        }
        Move::Again { number: old } if old <= *number => deliver(stage, "alice", old),
        Move::Again { .. } => {}
        Move::Come(who) => stage.attach(ENDPOINTS[who]),
        Move::Go(who) => stage.detach(ENDPOINTS[who]),
        Move::Show(who, level) => stage.says(ENDPOINTS[who], endpoint::Command::Publish(priority(level))),
        Move::Confirm(who, serial) => stage.says(ENDPOINTS[who], confirm(serial)),
        Move::Wait => {
            let later = stage.now.0 + 2000;
            stage.tick("alice", later);
        }
    }
}

/// What a conversation learns from this.
fn confirmed(command: &conversation::Command) -> Vec<u64> {
    match command {
        conversation::Command::Confirm { numbers, .. } => numbers.clone(),
        _ => Vec::new(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever happens, each message is at the end with an endpoint that confirms it, and its conversation knows.
    #[test]
    fn nothing_is_lost(moves in prop::collection::vec(any_move(), 0..80)) {
        let mut stage = Stage::with(&["alice"]);
        let mut number = 0;
        for next in moves {
            play(&mut stage, &mut number, next);
        }
        for who in ENDPOINTS {
            stage.detach(who);
        }
        prop_assert!(stage.user("alice").inbox.all_kept(), "what nobody holds is kept");
        stage.arrives("alice/last");
        stage.says("alice/last", confirm(u64::MAX));
        let later = stage.now.0 + 2000;
        stage.tick("alice", later);
        prop_assert!(stage.user("alice").inbox.all_kept_messages().next().is_none());
        let confirmed: BTreeSet<u64> = stage.told.iter().flat_map(|(_, command)| confirmed(command)).collect();
        prop_assert_eq!(confirmed, (1..=number).collect::<BTreeSet<_>>());
    }

    /// The home is lost at any moment, with windows that are full after three messages: what the conversation then hands
    /// out again never comes behind what was said later.
    #[test]
    fn the_order_outlives_the_home(moves in prop::collection::vec(any_move(), 0..40)) {
        let mut stage = Stage::with(&["alice"]);
        let mut number = 0;
        for next in moves {
            match next {
                Move::Deliver { to: None } => {
                    number += 1;
                    deliver_large(&mut stage, number, UNCONFIRMED_BYTES / 3);
                }
                Move::Again { .. } => {}
                next => play(&mut stage, &mut number, next),
            }
        }
        let mut later = Stage { now: stage.now, ..Stage::default() };
        for fact in &stage.facts[&address("alice")] {
            later.user("alice").apply(fact);
        }
        let confirmed: BTreeSet<u64> = stage.told.iter().flat_map(|(_, command)| confirmed(command)).collect();
        (1..=number).filter(|n| !confirmed.contains(n)).for_each(|n| deliver(&mut later, "alice", n));
        later.arrives("alice/desk");
        later.says("alice/desk", confirm(u64::MAX));
        later.says("alice/desk", confirm(u64::MAX));
        let got = later.heard.iter().filter_map(|line| line.split('"').nth(1)?.strip_prefix('m')?.parse().ok());
        let got: Vec<u64> = got.collect();
        prop_assert!(got.is_sorted(), "{got:?}");
    }

    /// One endpoint that takes everything gets everything in order, once, whatever it confirms.
    #[test]
    fn the_order_is_kept(confirms in prop::collection::vec(prop::option::of(1u64..60), 0..60)) {
        let mut stage = Stage::with(&["alice"]);
        (1..=5).for_each(|number| deliver(&mut stage, "alice", number));
        stage.attach("alice/desk");
        stage.shows("alice/desk", Availability::Available);
        let mut number = 5;
        for serial in confirms {
            if let Some(serial) = serial {
                stage.says("alice/desk", confirm(serial));
            } else {
                number += 1;
                deliver(&mut stage, "alice", number);
            }
        }
        let got: Vec<_> = stage.heard.iter().filter_map(|l| l.split('"').nth(1).map(str::to_owned)).collect();
        prop_assert_eq!(got, (1..=number).map(|n| format!("m{n}")).collect::<Vec<_>>());
    }
}
