//! A test for each limit of a user that no other play meets.

use super::*;
use crate::{
    account::Token,
    category::Settings,
    conversation::{ConferenceCommand, HistoryWish},
    endpoint::{CategoryCommand, RosterCommand},
    limits::*,
};

fn signed_in() -> Stage {
    let mut stage = Stage::with(&["alice"]);
    stage.arrives("alice/desk");
    stage
}

#[track_caller]
fn refused(stage: &mut Stage, command: endpoint::Command, reason: &str) {
    stage.heard.clear();
    stage.says("alice/desk", command);
    stage.expect(&[&format!("alice/desk: refused {reason}")]);
}

fn roster(command: RosterCommand) -> endpoint::Command {
    endpoint::Command::Roster(command)
}

fn set(who: &str, name: &str, groups: usize) -> endpoint::Command {
    let groups = (0..groups).map(|n| n.to_string().into()).collect();
    roster(RosterCommand::Set { address: address(who), name: Some(name.into()), groups })
}

#[test]
fn contacts_groups_and_names() {
    let mut stage = signed_in();
    refused(&mut stage, set("bob", "", GROUPS_PER_CONTACT + 1), "LimitReached");
    refused(&mut stage, set("bob", &"x".repeat(NAME_BYTES + 1), 0), "NotAcceptable");
    stage.says("alice/desk", set("bob", &"x".repeat(NAME_BYTES), GROUPS_PER_CONTACT));
    stage.expect(&["alice/desk: contact bob"]);
    for n in 1..CONTACTS {
        stage.says("alice/desk", set(&format!("c{n}"), "", 0));
    }
    refused(&mut stage, set("carol", "", 0), "LimitReached");
    let subscribe =
        |who| RosterCommand::Handshake { with: address(who), step: Handshake::Subscribe, carried: "".into() };
    refused(&mut stage, roster(subscribe("carol")), "LimitReached");
    stage.says("alice/desk", roster(subscribe("bob")));
    assert_eq!(stage.heard.first().map(String::as_str), Some("alice/desk: contact bob asked"));
}

#[test]
fn bytes_of_a_roster() {
    let mut stage = signed_in();
    let large = |who: &str| {
        let groups = (0..GROUPS_PER_CONTACT).map(|n| format!("{n:0>1023}").into()).collect();
        roster(RosterCommand::Set { address: address(who), name: None, groups })
    };
    for n in 0..ROSTER_BYTES / (GROUPS_PER_CONTACT * NAME_BYTES + 20) {
        stage.says("alice/desk", large(&format!("c{n}")));
    }
    refused(&mut stage, large("bob"), "LimitReached");
    stage.says("alice/desk", set("c1", "", 0));
    stage.says("alice/desk", large("bob"));
    stage.expect(&["alice/desk: contact c1", "alice/desk: contact bob"]);
}

#[test]
fn presence_in_conferences() {
    let mut stage = signed_in();
    let large = State {
        carried: vec![b'x'; PUBLICATION_BYTES + 1].into(),
        ..State::clone(&state(Availability::Available))
    };
    let command = ConferenceCommand::Join {
        nick: name("Al"),
        state: Arc::new(large),
        password: None,
        history: HistoryWish::default(),
    };
    let conference = address("c@talk.example.org");
    refused(&mut stage, endpoint::Command::Conference { conference, command }, "LimitReached");
}

#[test]
fn requests_that_wait_for_an_answer() {
    let mut stage = signed_in();
    for n in 0..=PENDING_REQUESTS {
        let from = address(&format!("c{n}"));
        stage.ask("alice", Command::Handshake { from, step: Handshake::Subscribe, carried: "".into() });
    }
    assert_eq!(stage.user("alice").roster.requests.len(), PENDING_REQUESTS);
    assert_eq!(stage.heard.len(), PENDING_REQUESTS, "dropped silently");
    let carried = vec![b'x'; PUBLICATION_BYTES + 1].into();
    let with = address("bob");
    refused(
        &mut stage,
        roster(RosterCommand::Handshake { with, step: Handshake::Subscribe, carried }),
        "LimitReached",
    );
}

#[test]
fn blocked_addresses() {
    let mut stage = signed_in();
    let block = |range: std::ops::Range<usize>| {
        roster(RosterCommand::Block(range.map(|n| address(&format!("c{n}"))).collect()))
    };
    refused(&mut stage, block(0..BLOCKED + 1), "LimitReached");
    stage.says("alice/desk", block(0..BLOCKED));
    stage.expect(&[]);
    refused(&mut stage, block(BLOCKED..BLOCKED + 1), "LimitReached");
}

#[test]
fn endpoints() {
    let mut stage = Stage::with(&["alice"]);
    for n in 0..ENDPOINTS {
        stage.attach(&format!("alice/e{n}"));
    }
    stage.attach("alice/desk");
    stage.expect(&["alice/desk: ended, LimitReached"]);
    stage.attach("alice/e0");
    stage.expect(&["alice/e0: ended, Replaced"]);
    assert_eq!(stage.user("alice").endpoints().count(), ENDPOINTS);
}

#[test]
fn publications_and_directed_presence() {
    let mut stage = signed_in();
    let large = || {
        let carried = vec![b'x'; PUBLICATION_BYTES + 1].into();
        Arc::new(State { carried, ..State::clone(&state(Availability::Busy)) })
    };
    let note = Some("x".repeat(PUBLICATION_BYTES + 1).into());
    let directed = |to: &str, state| {
        endpoint::Command::Direct(endpoint::Directed {
            to: address(to),
            endpoint: None,
            state: Some(state),
            note: None,
        })
    };
    refused(&mut stage, endpoint::Command::Publish(large()), "LimitReached");
    refused(&mut stage, endpoint::Command::SetManual(Some(large())), "LimitReached");
    refused(&mut stage, endpoint::Command::Unpublish { note }, "LimitReached");
    refused(&mut stage, directed("bob", large()), "LimitReached");
    let source = crate::presentity::Source::Call;
    let set_source = endpoint::Command::SetSource { source, state: Some(large()), until: None };
    refused(&mut stage, set_source, "LimitReached");
    for n in 0..DIRECTED {
        stage.says("alice/desk", directed(&format!("c{n}"), state(Availability::Busy)));
    }
    stage.expect(&[]);
    refused(&mut stage, directed("bob", state(Availability::Busy)), "LimitReached");
}

fn publish(category: &str, id: &str, bytes: usize) -> endpoint::Command {
    let settings = Some(Settings { max_items: 1000, send_last: false, ..Settings::default() });
    let content = vec![b'x'; bytes].into();
    let command = CategoryCommand::Publish { category: category.into(), id: id.into(), content, settings };
    endpoint::Command::Category { owner: address("alice"), command }
}

#[test]
fn categories_and_their_items() {
    let mut stage = signed_in();
    refused(&mut stage, publish("c", "1", ITEM_BYTES + 1), "LimitReached");
    refused(&mut stage, publish("c", "", 1), "NotAcceptable");
    refused(&mut stage, publish(&"c".repeat(NAME_BYTES + 1), "1", 1), "NotAcceptable");
    for n in 0..=ITEMS_PER_CATEGORY {
        stage.says("alice/desk", publish("c", &n.to_string(), 1));
    }
    let items = stage.user("alice").categories.get("c").map(|c| c.items().count());
    assert_eq!(items, Some(ITEMS_PER_CATEGORY), "the oldest went");
    for n in 1..CATEGORIES {
        stage.says("alice/desk", publish(&format!("c{n}"), "1", 1));
    }
    refused(&mut stage, publish("d", "1", 1), "LimitReached");
}

#[test]
fn bytes_of_all_categories_and_of_one_answer() {
    let mut stage = signed_in();
    let items = CATEGORY_BYTES / (ITEM_BYTES + ITEM_COST + 4);
    for n in 0..items {
        stage.says("alice/desk", publish("c", &n.to_string(), ITEM_BYTES));
    }
    let ids: usize = (0..items).map(|n| n.to_string().len()).sum();
    let left = CATEGORY_BYTES - items * (ITEM_BYTES + ITEM_COST) - 2 * ids - ITEM_COST - 2;
    refused(&mut stage, publish("c", "x", left + 1), "LimitReached");
    stage.says("alice/desk", publish("c", "x", left));
    stage.says("alice/desk", publish("c", "0", ITEM_BYTES)); // in place of the old one
    stage.heard.clear();
    let read = CategoryCommand::Read { category: "c".into(), ids: Vec::new(), max: None };
    stage.says("alice/desk", endpoint::Command::Category { owner: address("alice"), command: read });
    let line = stage.heard.pop().expect("an answer");
    assert!(line.ends_with(" x 0] cut"), "{line}");
    assert!(line.split(' ').count() < READ_BYTES / ITEM_BYTES + 5);
}

#[test]
fn conferences_of_one_endpoint() {
    let mut stage = signed_in();
    let join = |n: usize| {
        let command = ConferenceCommand::Join {
            nick: name("Al"),
            state: state(Availability::Available),
            password: None,
            history: HistoryWish::default(),
        };
        endpoint::Command::Conference { conference: address(&format!("c{n}@talk.example.org")), command }
    };
    for n in 0..CONFERENCES_PER_ENDPOINT {
        stage.says("alice/desk", join(n));
    }
    stage.open.clear(); // the conferences would answer
    refused(&mut stage, join(CONFERENCES_PER_ENDPOINT), "LimitReached");
}

#[test]
fn kept_messages() {
    let mut stage = Stage::with(&["alice"]);
    let (alice, bob) = (address("alice"), address("bob"));
    let conversation = ConversationId::between(alice, bob.clone());
    stage.ask("alice", Command::AskStanding { conversation: conversation.clone(), towards: bob.clone() });
    for number in 1..=KEPT_MESSAGES as u64 {
        assert!(!stage.told().iter().any(|told| told.ends_with("Offline")), "after {number}");
        let said = said("bob/phone", "alice", number, message("x"));
        stage.ask("alice", Command::Deliver { endpoint: None, said, late: false });
    }
    assert!(stage.told().iter().any(|told| told.ends_with("alice is Offline")));
}

#[test]
fn live_conversations() {
    let mut stage = signed_in();
    for n in 0..=LIVE_CONVERSATIONS {
        let towards = address(&format!("c{n}"));
        let conversation = ConversationId::between(address("alice"), towards.clone());
        stage.ask("alice", Command::AskStanding { conversation, towards });
    }
    let told = stage.told();
    assert!(told[LIVE_CONVERSATIONS - 1].ends_with("alice is Reachable"));
    assert!(told[LIVE_CONVERSATIONS].ends_with("alice is Offline"));
}

#[test]
fn sign_in_tokens() {
    let mut stage = signed_in();
    for n in 0..=TOKENS {
        let expires = if n == 7 { Timestamp(5000) } else { Timestamp(9000) };
        let token = Token {
            client: n.to_string(),
            secret: Vec::new(),
            mechanism: "HT-SHA-256-NONE".into(),
            expires,
            count: 0,
        };
        stage.ask("alice", Command::SetToken { token });
    }
    let tokens = stage.user("alice").tokens();
    assert_eq!(tokens.len(), TOKENS);
    assert!(tokens.iter().all(|t| t.client != "7"), "the one that expires first goes");
}
