//! The roster: reading by version, changing, audiences (RFC 6121 §2).

use super::*;
use crate::{endpoint::RosterCommand, presentity::Container};

fn set(who: &str, groups: &[&str]) -> endpoint::Command {
    let groups = groups.iter().map(|g| (*g).into()).collect();
    endpoint::Command::Roster(RosterCommand::Set { address: address(who), name: Some("B.".into()), groups })
}

fn get(version: Option<u64>) -> endpoint::Command {
    endpoint::Command::Roster(RosterCommand::Get { version })
}

fn place(who: &str, container: Container) -> endpoint::Command {
    endpoint::Command::Roster(RosterCommand::Place { address: address(who), container: Some(container) })
}

#[test]
fn changes_are_pushed_to_those_who_read_the_roster() {
    let mut stage = Stage::with(&["alice"]);
    stage.arrives("alice/desk");
    stage.attach("alice/pad");
    stage.says("alice/desk", set("bob", &["work", "tennis"]));
    stage.expect(&["alice/desk: contact bob"]);
    stage.says("alice/pad", get(None));
    stage.expect(&["alice/pad: roster [bob]"]);
    stage.says("alice/desk", set("carol", &[]));
    stage.expect(&["alice/desk: contact carol", "alice/pad: contact carol"]);
    stage.says("alice/desk", set("carol", &[]));
    stage.expect(&[]);
}

#[test]
fn who_has_the_version_gets_nothing_again() {
    let mut stage = Stage::with(&["alice"]);
    stage.arrives("alice/desk");
    let old = stage.user("alice").roster_version();
    stage.says("alice/desk", get(Some(old)));
    stage.says("alice/desk", set("bob", &[]));
    stage.says("alice/desk", get(Some(old)));
    let new = stage.user("alice").roster_version();
    stage.says("alice/desk", get(Some(new)));
    stage.expect(&[
        "alice/desk: roster is the same",
        "alice/desk: contact bob",
        "alice/desk: roster [bob]",
        "alice/desk: roster is the same",
    ]);
    assert_eq!(new, old + 1);
}

#[test]
fn a_contact_keeps_its_subscription_when_renamed() {
    let mut stage = Stage::with(&["alice", "bob"]);
    stage.arrives("alice/desk");
    stage.arrives("bob/phone");
    stage.befriend("alice/desk", "bob/phone");
    stage.says("alice/desk", set("bob", &["work"]));
    stage.expect(&["alice/desk: contact bob to from"]);
}

#[test]
fn what_cannot_be_a_contact_is_refused() {
    let mut stage = Stage::with(&["alice"]);
    stage.arrives("alice/desk");
    for (command, reason) in [
        (set("alice", &[]), "NotAcceptable"),
        (set("bob", &["a", "a"]), "BadRequest"),
        (set("bob", &[""]), "NotAcceptable"),
        (place("bob", Container::Friends), "NotFound"),
        (place("bob", Container::Blocked), "NotAcceptable"),
    ] {
        stage.says("alice/desk", command);
        stage.expect(&[&format!("alice/desk: refused {reason}")]);
    }
    assert!(stage.user("alice").roster.contacts.is_empty());
}

#[test]
fn the_audience_decides_what_a_contact_sees() {
    let mut stage = Stage::with(&["alice", "bob"]);
    stage.arrives("alice/desk");
    stage.arrives("bob/phone");
    stage.befriend("alice/desk", "bob/phone");
    stage.shows("alice/desk", Availability::DoNotDisturb);
    stage.expect(&[
        "alice/desk: alice/desk is DoNotDisturb, in all DoNotDisturb",
        "bob/phone: alice/desk is DoNotDisturb, in all DoNotDisturb",
    ]);
    stage.says("alice/desk", place("bob", Container::Workgroup));
    stage.expect(&[
        "alice/desk: contact bob to from",
        "bob/phone: alice/desk is Busy UrgentOnly, in all Busy",
    ]);
    stage.says("alice/desk", place("bob", Container::Workgroup));
    stage.expect(&[]);
}
