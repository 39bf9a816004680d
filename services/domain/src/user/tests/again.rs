//! Homes that move: an endpoint that attaches again, and contacts that are asked again.

use super::*;
use crate::{limits::REHOMED_GRACE, user::Again};

fn attaches_again(shows: Option<Arc<State>>) -> Command {
    let again = Again { state: shows, roster: true, ..Again::default() };
    Command::AttachAgain { endpoint: name("desk"), again: Box::new(again) }
}

/// Alice's home as a new owner gets it: without anything that was not durable.
fn moves(stage: &mut Stage, who: &str) {
    let (address, policy) = (address(who), stage.policy.clone());
    let mut anew = User::new(address.clone(), policy);
    stage.facts.get(&address).into_iter().flatten().for_each(|fact| anew.apply(fact));
    stage.users.insert(address, anew);
}

#[test]
fn an_endpoint_goes_on_at_a_new_home_and_watchers_end_with_what_it_shows() {
    let mut stage = Stage::with(&["alice", "bob"]);
    stage.befriend("alice", "bob");
    stage.arrives("alice/desk");
    stage.arrives("bob/phone");
    moves(&mut stage, "alice");
    stage.ask("alice", attaches_again(Some(state(Availability::Busy))));
    let heard = std::mem::take(&mut stage.heard);
    let knows = |who: &str, whom: &str| heard.iter().any(|line| line.starts_with(who) && line.contains(whom));
    assert!(knows("bob/phone", "alice/desk"), "{heard:?}");
    assert!(knows("alice/desk", "bob/phone"), "what he told meanwhile went nowhere: {heard:?}");
    stage.writes("bob/phone", "alice", message("still there?"));
    assert!(stage.heard.iter().any(|line| line.contains("alice/desk: gets \"still there?\"")));
}

#[test]
fn what_was_not_confirmed_is_handed_out_again() {
    let mut stage = Stage::with(&["alice", "bob"]);
    stage.arrives("alice/desk");
    stage.arrives("bob/phone");
    stage.writes("bob/phone", "alice", message("one"));
    stage.heard.clear();
    // The same home, which was out of reach for a while.
    stage.ask("alice", attaches_again(Some(state(Availability::Available))));
    assert!(stage.heard.iter().any(|line| line.contains("gets \"one\"")), "{:?}", stage.heard);
}

#[test]
fn who_may_sign_in_no_longer_is_told_so() {
    let mut stage = Stage::with(&["alice"]);
    stage.ask("alice", Command::SetEnabled(false));
    stage.heard.clear();
    stage.ask("alice", attaches_again(None));
    assert_eq!(stage.heard.len(), 1, "{:?}", stage.heard);
    assert_eq!(stage.user("alice").endpoints().count(), 0);
}

#[test]
fn contacts_whose_homes_have_moved_are_asked_again_after_a_while() {
    let mut stage = Stage::with(&["alice", "bob", "carol"]);
    stage.befriend("alice", "bob");
    stage.befriend("alice", "carol");
    stage.arrives("alice/desk");
    stage.arrives("bob/phone");
    stage.heard.clear();
    let now = stage.now;
    stage.user("alice").moved(now, &|who| *who == address("bob"));
    let due = now.plus(REHOMED_GRACE);
    assert_eq!(stage.user("alice").deadline(), Some(due));
    stage.tick("alice", due.0);
    assert_eq!(stage.heard.len(), 1, "{:?}", stage.heard);
    assert!(stage.heard[0].starts_with("alice/desk") && stage.heard[0].contains("bob/phone"));
    assert_eq!(stage.user("alice").deadline(), None);
}
