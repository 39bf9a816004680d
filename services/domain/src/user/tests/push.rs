//! Pushes: when a service is told, how often, and when no more (XEP-0357).

use super::*;
use crate::{account::PushService, limits, message::Traits};

fn enable(node: &str) -> endpoint::Command {
    let (address, options) = (endpoint_id("bot/push"), "<x/>".into());
    endpoint::Command::EnablePush(PushService { address, node: node.into(), options })
}

/// Alice has one device that enabled a service and went; bob writes to her.
fn gone() -> Stage {
    let mut stage = Stage::with(&["alice", "bob", "bot"]);
    stage.arrives("bob/desk");
    stage.arrives("alice/phone");
    stage.says("alice/phone", enable("n"));
    stage.detach("alice/phone");
    stage.heard.clear();
    stage
}

fn bob_writes(stage: &mut Stage) {
    stage.writes("bob/desk", "alice", message("hello"));
    stage.heard.retain(|line| !line.starts_with("bob/"));
}

fn answers(stage: &mut Stage, from: &str, refused: bool) {
    let push = *stage.pushed.last().expect("pushed");
    let from = endpoint_id(from);
    stage.ask("alice", Command::PushAnswered { from, ticket: Ticket(9), push, refused });
}

#[test]
fn a_service_is_told_at_once_and_then_of_all_that_came_meanwhile() {
    let mut stage = gone();
    bob_writes(&mut stage);
    stage.expect(&["bot/push n: 1 wait"]);
    bob_writes(&mut stage);
    bob_writes(&mut stage);
    stage.expect(&[]);
    let due = stage.now.plus(limits::PUSH_INTERVAL);
    assert_eq!(stage.user("alice").deadline(), Some(due));
    assert!(!stage.user("alice").is_idle(), "the pause is kept");
    stage.tick("alice", due.0);
    stage.expect(&["bot/push n: 3 wait"]);
    stage.tick("alice", due.plus(limits::PUSH_INTERVAL).0);
    stage.expect(&[]);
    assert!(stage.user("alice").is_idle());
}

#[test]
fn nobody_is_told_while_somebody_can_see_it() {
    let mut stage = gone();
    stage.arrives("alice/desk");
    bob_writes(&mut stage);
    stage.expect(&["alice/desk: gets \"hello\" from bob/desk #1"]);
    // Who comes before the pause is over sees it, too.
    let mut stage = gone();
    bob_writes(&mut stage);
    bob_writes(&mut stage);
    stage.arrives("alice/desk");
    let due = stage.now.plus(limits::PUSH_INTERVAL);
    stage.heard.clear();
    stage.tick("alice", due.0);
    stage.expect(&[]);
}

#[test]
fn a_device_whose_connection_is_lost_sees_nothing_until_it_is_back() {
    let mut stage = gone();
    let parked = |stage: &mut Stage, parked| {
        stage.ask("alice", Command::Parked { endpoint: name("phone"), parked });
    };
    stage.arrives("alice/phone");
    stage.says("alice/phone", enable("n"));
    parked(&mut stage, true);
    stage.expect(&[]);
    bob_writes(&mut stage);
    stage.expect(&["alice/phone: gets \"hello\" from bob/desk #1", "bot/push n: 1 wait"]);
    parked(&mut stage, false);
    stage.now = stage.now.plus(limits::PUSH_INTERVAL);
    bob_writes(&mut stage);
    stage.expect(&["alice/phone: gets \"hello\" from bob/desk #2"]);
    // It had them, but had not said so when its connection was lost.
    parked(&mut stage, true);
    stage.expect(&["bot/push n: 2 wait"]);
}

#[test]
fn what_is_nothing_to_read_wakes_nobody() {
    let mut stage = gone();
    let receipt = Message { body: None, traits: Traits::RECEIPT, ..message("") };
    stage.writes("bob/desk", "alice", receipt);
    stage.heard.retain(|line| !line.starts_with("bob/"));
    stage.expect(&[]);
    let secret = Message { body: None, traits: Traits::ENCRYPTED, ..message("") };
    stage.writes("bob/desk", "alice", secret);
    stage.heard.retain(|line| !line.starts_with("bob/"));
    stage.expect(&["bot/push n: 2 wait"]);
}

#[test]
fn a_service_that_refuses_is_disabled_and_only_by_its_own_word() {
    let mut stage = gone();
    bob_writes(&mut stage);
    for (from, refused, left) in [("mallory/push", true, 1), ("bot/push", false, 1)] {
        answers(&mut stage, from, refused);
        assert_eq!(stage.user("alice").account.as_ref().map(|a| a.pushes.len()), Some(left), "{from}");
    }
    stage.now = stage.now.plus(limits::PUSH_INTERVAL);
    bob_writes(&mut stage);
    answers(&mut stage, "bot/push", true);
    assert_eq!(stage.user("alice").account.as_ref().map(|a| a.pushes.len()), Some(0));
    stage.now = stage.now.plus(limits::PUSH_INTERVAL);
    stage.heard.clear();
    bob_writes(&mut stage);
    stage.expect(&[]);
}

#[test]
fn a_service_is_disabled_by_node_or_as_a_whole_and_what_is_enabled_survives() {
    let mut stage = gone();
    stage.arrives("alice/phone");
    for node in ["n", "m", "o"] {
        stage.says("alice/phone", enable(node));
    }
    let disable = |node: Option<&str>| endpoint::Command::DisablePush {
        address: endpoint_id("bot/push"),
        node: node.map(Arc::from),
    };
    stage.says("alice/phone", disable(Some("m")));
    let nodes = |user: &User| -> Vec<Arc<str>> {
        user.account.iter().flat_map(|a| &a.pushes).map(|service| Arc::clone(&service.node)).collect()
    };
    assert_eq!(nodes(stage.user("alice")), ["n".into(), "o".into()]);
    let mut again = User::new(address("alice"), Policy::default());
    for fact in &stage.facts[&address("alice")] {
        again.apply(fact);
    }
    assert_eq!(nodes(&again), ["n".into(), "o".into()]);
    stage.says("alice/phone", disable(None));
    assert_eq!(nodes(stage.user("alice")), []);
}

#[test]
fn services_have_limits() {
    let mut stage = gone();
    stage.arrives("alice/phone");
    for number in 0..=limits::PUSH_SERVICES {
        stage.says("alice/phone", enable(&number.to_string()));
    }
    let services = stage.user("alice").account.clone().expect("an account").pushes;
    assert_eq!((services.len(), &*services[0].node), (limits::PUSH_SERVICES, "1"), "the oldest went");
    stage.says("alice/phone", enable(&"x".repeat(limits::PUSH_BYTES + 1)));
    stage.expect(&["alice/phone: refused LimitReached"]);
    // Of pushes that nobody answers, the oldest are forgotten.
    stage.detach("alice/phone");
    for _ in 0..=limits::PUSHES_OPEN / limits::PUSH_SERVICES {
        stage.now = stage.now.plus(limits::PUSH_INTERVAL);
        bob_writes(&mut stage);
    }
    let push = stage.pushed[0];
    stage.ask(
        "alice",
        Command::PushAnswered { from: endpoint_id("bot/push"), ticket: Ticket(9), push, refused: true },
    );
    assert_eq!(stage.user("alice").account.as_ref().map(|a| a.pushes.len()), Some(limits::PUSH_SERVICES));
}
