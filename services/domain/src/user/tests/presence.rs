//! Presence: who is told what, and when (RFC 6121 §4; DESIGN section 5).

use super::*;
use crate::{
    presentity::{Activity, Source},
    user::LastActivity,
};

fn friends() -> Stage {
    let mut stage = Stage::with(&["alice", "bob"]);
    stage.arrives("alice/desk");
    stage.arrives("bob/phone");
    stage.befriend("alice/desk", "bob/phone");
    stage
}

#[test]
fn a_new_endpoint_learns_who_is_there_and_is_seen() {
    let mut stage = friends();
    stage.attach("alice/pad");
    stage.shows("alice/pad", Availability::Away);
    stage.expect(&[
        "alice/desk: alice/pad is Away, in all Available",
        "alice/pad: alice/pad is Away, in all Available",
        "alice/pad: alice/desk is Available, in all Available",
        "bob/phone: alice/pad is Away, in all Available",
        "alice/pad: bob/phone is Available, in all Available",
    ]);
}

#[test]
fn a_parting_endpoint_is_seen_to_go() {
    let mut stage = friends();
    stage.arrives("alice/pad");
    stage.says("alice/pad", endpoint::Command::Unpublish { note: None });
    stage.expect(&[
        "alice/desk: alice/pad is gone, in all Available",
        "alice/pad: alice/pad is gone, in all Available",
        "bob/phone: alice/pad is gone, in all Available",
    ]);
    stage.says("alice/pad", endpoint::Command::Unpublish { note: None });
    stage.expect(&[]);
    stage.now = Timestamp(7000);
    stage.detach("alice/desk");
    stage.expect(&["bob/phone: alice/desk is gone, in all Offline"]);
    assert_eq!(stage.user("alice").whole().last_seen, Some(Timestamp(7000)));
}

#[test]
fn a_parting_note_travels_with_the_end_whoever_else_stays() {
    let mut stage = friends();
    stage.arrives("alice/pad");
    let unpublish = || endpoint::Command::Unpublish { note: Some("gone fishing".into()) };
    stage.says("alice/pad", unpublish());
    stage.expect(&[
        "alice/desk: alice/pad is gone, gone fishing, in all Available",
        "alice/pad: alice/pad is gone, gone fishing, in all Available",
        "bob/phone: alice/pad is gone, gone fishing, in all Available",
    ]);
    stage.says("alice/desk", unpublish());
    stage.expect(&[
        "alice/desk: alice/desk is gone, gone fishing, in all Offline",
        "bob/phone: alice/desk is gone, gone fishing, in all Offline",
    ]);
}

#[test]
fn the_end_of_a_presence_is_told_once_to_each_with_its_note() {
    let mut stage = Stage::with(&["alice", "bob", "carol"]);
    for endpoint in ["alice/desk", "bob/phone", "carol/pad"] {
        stage.arrives(endpoint);
    }
    stage.befriend("alice/desk", "bob/phone");
    for to in ["bob", "carol"] {
        let shown = Some(state(Availability::Busy));
        let directed = endpoint::Directed { to: address(to), endpoint: None, state: shown, note: None };
        stage.says("alice/desk", endpoint::Command::Direct(directed));
    }
    stage.heard.clear();
    stage.says("alice/desk", endpoint::Command::Unpublish { note: Some("bye".into()) });
    stage.expect(&[
        "alice/desk: alice/desk is gone, bye, in all Offline",
        "carol/pad: directly alice/desk is gone, bye",
        "bob/phone: alice/desk is gone, bye, in all Offline",
    ]);
}

#[test]
fn the_same_state_again_goes_out_again_in_one_shared_notice() {
    let mut stage = friends();
    let publish = |stage: &mut Stage| {
        let mut out = Out::new();
        let command = endpoint::Command::Publish(state(Availability::Busy));
        let command = Command::Endpoint { endpoint: name("desk"), ticket: Ticket(0), command };
        stage.user("alice").handle(Timestamp(5), command, &mut out);
        out.effects.into_iter().find_map(|effect| match effect {
            Effect::ToUsers(to, Command::Notice { .. }) => Some(to),
            _ => None,
        })
    };
    let (first, second) = (publish(&mut stage).expect("told"), publish(&mut stage).expect("told"));
    assert!(Arc::ptr_eq(&first, &second), "the list of watchers is not made anew");
}

#[test]
fn a_manual_state_wins_until_it_is_reset_and_survives() {
    let mut stage = friends();
    stage.says("alice/desk", endpoint::Command::SetManual(Some(state(Availability::BeRightBack))));
    stage.expect(&[
        "alice/desk: alice/desk is BeRightBack, in all BeRightBack",
        "bob/phone: alice/desk is BeRightBack, in all BeRightBack",
    ]);
    stage.shows("alice/desk", Availability::Available);
    stage.heard.clear();
    let facts = stage.facts[&address("alice")].clone();
    let mut again = User::new(address("alice"), Policy::default());
    for fact in &facts {
        again.apply(fact);
    }
    assert_eq!(again.sources.manual(), Some(&state(Availability::BeRightBack)));
    stage.says("alice/desk", endpoint::Command::SetManual(None));
    stage.says("alice/desk", endpoint::Command::SetManual(None));
    stage.expect(&[
        "alice/desk: alice/desk is Available, in all Available",
        "bob/phone: alice/desk is Available, in all Available",
    ]);
}

#[test]
fn a_meeting_makes_busy_until_it_is_over() {
    let mut stage = friends();
    let meeting = State { activity: Some(Activity::InAMeeting), ..State::clone(&state(Availability::Busy)) };
    stage.says(
        "alice/desk",
        endpoint::Command::SetSource {
            source: Source::Calendar,
            state: Some(Arc::new(meeting)),
            until: Some(Timestamp(9000)),
        },
    );
    stage.expect(&[
        "alice/desk: alice/desk is Busy InAMeeting, in all Busy",
        "bob/phone: alice/desk is Busy InAMeeting, in all Busy",
    ]);
    assert_eq!(stage.user("alice").deadline(), Some(Timestamp(9000)));
    stage.tick("alice", 9000);
    stage.expect(&[
        "alice/desk: alice/desk is Available, in all Available",
        "bob/phone: alice/desk is Available, in all Available",
    ]);
    assert_eq!(stage.user("alice").deadline(), None);
}

#[test]
fn the_invisible_are_gone_for_others_but_get_messages() {
    let mut stage = friends();
    stage.shows("alice/desk", Availability::Offline);
    stage.expect(&[
        "alice/desk: alice/desk is Offline, in all Offline",
        "bob/phone: alice/desk is gone, in all Offline",
    ]);
    stage.writes("bob/phone", "alice", message("boo"));
    stage.expect(&["bob/phone: accepted as 1", "alice/desk: gets \"boo\" from bob/phone #1"]);
}

#[test]
fn directed_presence_goes_to_one_and_ends_with_the_endpoint() {
    let mut stage = Stage::with(&["alice", "bob"]);
    stage.arrives("alice/desk");
    stage.arrives("bob/phone");
    stage.arrives("bob/pad");
    for to in ["phone", "pad"] {
        let busy = Some(state(Availability::Busy));
        let directed =
            endpoint::Directed { to: address("bob"), endpoint: Some(name(to)), state: busy, note: None };
        stage.says("alice/desk", endpoint::Command::Direct(directed));
    }
    stage.expect(&["bob/phone: directly alice/desk is Busy", "bob/pad: directly alice/desk is Busy"]);
    let note = Some("bye".into());
    let directed = endpoint::Directed { to: address("bob"), endpoint: Some(name("pad")), state: None, note };
    stage.says("alice/desk", endpoint::Command::Direct(directed));
    stage.expect(&["bob/pad: directly alice/desk is gone, bye"]);
    stage.detach("alice/desk");
    stage.expect(&["bob/phone: directly alice/desk is gone"]);
}

#[test]
fn presence_that_nobody_asked_for_is_not_shown() {
    let mut stage = Stage::with(&["alice", "bob"]);
    stage.arrives("alice/desk");
    let notice = Arc::new(crate::presentity::Notice {
        presentity: address("bob"),
        endpoint: Some(name("phone")),
        state: Some(state(Availability::Available)),
        parting: None,
        aggregate: stage.user("bob").whole(),
    });
    stage.ask("alice", Command::Notice { endpoint: None, notice });
    stage.expect(&[]);
}

#[test]
fn who_sees_the_presence_learns_when_somebody_was_last_there() {
    let mut stage = friends();
    let last = |stage: &mut Stage, asker: &str| stage.user("alice").last_activity(&address(asker));
    assert_eq!(last(&mut stage, "bob"), Some(LastActivity::Now));
    assert_eq!(last(&mut stage, "carol"), None, "a stranger");
    stage.attach("alice/hidden");
    stage.now = Timestamp(7000);
    stage.detach("alice/desk");
    assert_eq!(last(&mut stage, "bob"), Some(LastActivity::At(Timestamp(7000))), "signed in, but not there");
    assert_eq!(last(&mut stage, "alice"), Some(LastActivity::Now));
    stage.says(
        "alice/hidden",
        endpoint::Command::Roster(endpoint::RosterCommand::Block(vec![address("bob")])),
    );
    assert_eq!(last(&mut stage, "bob"), None, "blocked");
}
