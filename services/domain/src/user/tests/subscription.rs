//! The hand-shake as people live it (RFC 6121 §3).

use super::*;
use Handshake::*;

fn two() -> Stage {
    let mut stage = Stage::with(&["alice", "bob"]);
    stage.arrives("alice/desk");
    stage.arrives("bob/phone");
    stage
}

#[test]
fn alice_asks_and_bob_says_yes() {
    let mut stage = two();
    stage.steps("alice/desk", Subscribe, "bob");
    stage.expect(&["alice/desk: contact bob asked", "bob/phone: alice Subscribe"]);
    stage.steps("bob/phone", Subscribed, "alice");
    stage.expect(&[
        "bob/phone: contact alice from",
        "alice/desk: bob Subscribed",
        "alice/desk: contact bob to",
        "alice/desk: bob/phone is Available, in all Available",
    ]);
    stage.steps("bob/phone", Subscribe, "alice");
    stage.steps("alice/desk", Subscribed, "bob");
    stage.expect(&[
        "bob/phone: contact alice from asked",
        "alice/desk: bob Subscribe",
        "alice/desk: contact bob to from",
        "bob/phone: alice Subscribed",
        "bob/phone: contact alice to from",
        "bob/phone: alice/desk is Available, in all Available",
    ]);
}

#[test]
fn bob_says_no_or_changes_his_mind() {
    let mut stage = two();
    stage.steps("alice/desk", Subscribe, "bob");
    stage.heard.clear();
    stage.steps("bob/phone", Unsubscribed, "alice");
    stage.expect(&["alice/desk: bob Unsubscribed", "alice/desk: contact bob"]);
    stage.befriend("alice/desk", "bob/phone");
    stage.steps("bob/phone", Unsubscribed, "alice");
    stage.expect(&[
        "bob/phone: contact alice to",
        "alice/desk: bob/phone is gone, in all Offline",
        "alice/desk: bob Unsubscribed",
        "alice/desk: contact bob from",
    ]);
    stage.steps("bob/phone", Unsubscribed, "alice");
    stage.expect(&[]);
}

#[test]
fn alice_no_longer_wants_to_see_bob() {
    let mut stage = two();
    stage.befriend("alice/desk", "bob/phone");
    stage.steps("alice/desk", Unsubscribe, "bob");
    stage.expect(&[
        "alice/desk: contact bob from",
        "bob/phone: alice Unsubscribe",
        "bob/phone: contact alice to",
        "alice/desk: bob/phone is gone, in all Offline",
    ]);
}

#[test]
fn a_request_waits_for_bob_and_is_shown_at_each_sign_in_until_he_answers() {
    let mut stage = Stage::with(&["alice", "bob"]);
    stage.arrives("alice/desk");
    stage.steps("alice/desk", Subscribe, "bob");
    stage.steps("alice/desk", Subscribe, "bob");
    stage.heard.clear();
    for _ in 0..2 {
        stage.attach("bob/phone");
        stage.shows("bob/phone", Availability::Available);
        stage.expect(&["bob/phone: bob/phone is Available, in all Available", "bob/phone: alice Subscribe"]);
        stage.detach("bob/phone");
    }
    stage.arrives("bob/phone");
    stage.steps("bob/phone", Subscribed, "alice");
    stage.heard.clear();
    stage.detach("bob/phone");
    stage.attach("bob/phone");
    stage.heard.clear();
    stage.shows("bob/phone", Availability::Available);
    stage.expect(&[
        "bob/phone: bob/phone is Available, in all Available",
        "alice/desk: bob/phone is Available, in all Available",
    ]);
}

#[test]
fn an_approval_in_advance_saves_the_question() {
    let mut stage = two();
    stage.steps("bob/phone", Subscribed, "alice");
    stage.expect(&["bob/phone: contact alice approved"]);
    stage.steps("alice/desk", Subscribe, "bob");
    stage.expect(&[
        "alice/desk: contact bob asked",
        "bob/phone: contact alice from approved",
        "alice/desk: bob Subscribed",
        "alice/desk: contact bob to",
        "alice/desk: bob/phone is Available, in all Available",
    ]);
}

#[test]
fn one_who_is_subscribed_already_gets_yes_at_once() {
    let mut stage = two();
    stage.befriend("alice/desk", "bob/phone");
    stage.steps("alice/desk", Subscribe, "bob");
    stage.expect(&["alice/desk: bob/phone is Available, in all Available"]);
}

#[test]
fn nobody_is_asked_in_vain_or_asks_themselves() {
    let mut stage = two();
    stage.steps("alice/desk", Subscribe, "nobody");
    stage.expect(&[
        "alice/desk: contact nobody asked",
        "alice/desk: nobody Unsubscribed",
        "alice/desk: contact nobody",
    ]);
    stage.steps("alice/desk", Subscribe, "alice");
    stage.expect(&["alice/desk: refused NotAcceptable"]);
}

#[test]
fn a_contact_is_removed_with_both_subscriptions() {
    let mut stage = two();
    stage.befriend("alice/desk", "bob/phone");
    let remove = endpoint::RosterCommand::Remove { address: address("bob") };
    stage.says("alice/desk", endpoint::Command::Roster(remove.clone()));
    stage.expect(&[
        "alice/desk: no contact bob",
        "bob/phone: alice/desk is gone, in all Offline",
        "bob/phone: alice Unsubscribe",
        "bob/phone: contact alice to",
        "bob/phone: alice Unsubscribed",
        "bob/phone: contact alice",
        "alice/desk: bob/phone is gone, in all Offline",
    ]);
    stage.says("alice/desk", endpoint::Command::Roster(remove));
    stage.expect(&["alice/desk: refused NotFound"]);
}

#[test]
fn a_probe_heals_what_only_one_side_remembers() {
    let mut stage = two();
    stage.befriend("alice/desk", "bob/phone");
    let forgotten = stage.user("bob").roster.contacts.remove(&address("alice"));
    assert!(forgotten.is_some());
    stage.attach("alice/pad");
    stage.heard.clear();
    stage.shows("alice/pad", Availability::Available);
    assert!(stage.heard.contains(&"alice/desk: contact bob".to_owned()), "{:?}", stage.heard);
}

#[test]
fn a_presence_that_nobody_wants_is_told_so() {
    let mut stage = two();
    stage.befriend("alice", "bob");
    let forgotten = stage.user("alice").roster.contacts.remove(&address("bob"));
    assert!(forgotten.is_some());
    stage.shows("bob/phone", Availability::Busy);
    stage.expect(&[
        "bob/phone: bob/phone is Busy, in all Busy",
        "bob/phone: alice Unsubscribe",
        "bob/phone: contact alice to",
        "alice/desk: bob/phone is gone, in all Offline",
    ]);
}
