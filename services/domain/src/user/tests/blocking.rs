//! Blocking, as XEP-0191 wants it seen from both sides.

use super::*;
use crate::endpoint::RosterCommand;

fn block(who: &[&str]) -> endpoint::Command {
    endpoint::Command::Roster(RosterCommand::Block(who.iter().map(|w| address(w)).collect()))
}

fn unblock(who: &[&str]) -> endpoint::Command {
    endpoint::Command::Roster(RosterCommand::Unblock(who.iter().map(|w| address(w)).collect()))
}

fn friends() -> Stage {
    let mut stage = Stage::with(&["alice", "bob"]);
    stage.arrives("alice/desk");
    stage.arrives("bob/phone");
    stage.befriend("alice/desk", "bob/phone");
    stage.says("alice/desk", endpoint::Command::Roster(RosterCommand::Blocked));
    stage.expect(&["alice/desk: blocked []"]);
    stage
}

#[test]
fn the_blocked_see_nothing_until_they_are_unblocked() {
    let mut stage = friends();
    stage.says("alice/desk", block(&["bob"]));
    stage.expect(&["alice/desk: blocked now [bob]", "bob/phone: alice/desk is gone, in all Offline"]);
    stage.shows("alice/desk", Availability::Busy);
    stage.expect(&["alice/desk: alice/desk is Busy, in all Busy"]);
    stage.shows("bob/phone", Availability::Busy);
    stage.expect(&["bob/phone: bob/phone is Busy, in all Busy"]);
    stage.says("alice/desk", unblock(&[]));
    stage.expect(&[
        "alice/desk: unblocked now []",
        "bob/phone: alice/desk is Busy, in all Busy",
        "alice/desk: bob/phone is Busy, in all Busy",
    ]);
}

#[test]
fn nothing_goes_to_the_blocked_and_nothing_comes_from_them() {
    let mut stage = friends();
    stage.says("alice/desk", block(&["bob"]));
    stage.heard.clear();
    stage.writes("alice/desk", "bob", message("hello"));
    stage.steps("alice/desk", Handshake::Subscribe, "bob");
    let relay = |to| endpoint::Command::Relay { to: endpoint_id(to), payload: "ping".into() };
    stage.says("alice/desk", relay("bob/phone"));
    stage.expect(&["alice/desk: refused NotAcceptable"; 3]);
    stage.says("bob/phone", relay("alice/desk"));
    stage.expect(&["bob/phone: refused Unavailable"]);
    stage.steps("bob/phone", Handshake::Unsubscribe, "alice");
    stage.expect(&["bob/phone: contact alice from"]);
    let directed = endpoint::Directed {
        to: address("alice"),
        endpoint: None,
        state: Some(state(Availability::Available)),
        note: None,
    };
    stage.says("bob/phone", endpoint::Command::Direct(directed));
    stage.expect(&[]);
}

#[test]
fn a_whole_domain_can_be_blocked() {
    let mut stage = friends();
    stage.says("alice/desk", block(&["example.net"]));
    stage.expect(&["alice/desk: blocked now [example.net]"]);
    stage.ask(
        "alice",
        Command::Handshake {
            from: address("eve@example.net"),
            step: Handshake::Subscribe,
            carried: "".into(),
        },
    );
    stage.writes("alice/desk", "eve@example.net", message("hello"));
    stage.expect(&["alice/desk: refused NotAcceptable"]);
    stage.says("alice/desk", block(&["example.net"]));
    stage.says("alice/desk", unblock(&["example.org"]));
    stage.says("alice/desk", unblock(&["example.net"]));
    stage.expect(&["alice/desk: unblocked now [example.net]"]);
}

#[test]
fn nobody_blocks_themselves_or_nobody() {
    let mut stage = friends();
    stage.says("alice/desk", block(&["alice"]));
    stage.says("alice/desk", block(&[]));
    stage.expect(&["alice/desk: refused NotAcceptable", "alice/desk: refused BadRequest"]);
}
