//! Two people talk.

use super::*;
use crate::limits::{CONFIRMATION_DELAY, STANDING_FRESH, STANDING_WAIT};

/// Alice and Bob, who can reach each other.
fn talk() -> Play {
    let mut play = Play::between("bob", "alice");
    play.sends("alice/phone", "bob", text("hello"));
    play.stands("bob", "alice", Standing::Reachable);
    play.sends("bob/desk", "alice", text("hi"));
    play.stands("alice", "bob", Standing::Reachable);
    play
}

#[test]
fn the_first_message_asks_opens_a_session_and_is_handed_out() {
    let mut play = Play::between("alice", "bob");
    assert_eq!(play.sends("alice/phone", "bob", text("hello")), ["ask bob towards alice"]);
    assert_eq!(play.sends("alice/desk", "bob", text("you there?")), [""; 0], "asked once");
    assert!(play.log.is_empty(), "nothing is decided yet");
    assert_eq!(
        play.stands("bob", "alice", Standing::Reachable),
        ["alice sent 1 for 1", "bob gets 1 hello", "alice sent 2 for 2", "bob gets 2 you there?",]
    );
    assert_eq!(play.logged(0), ["opened 1", "said 1", "said 2"]);
    assert_eq!(play.sends("alice/desk", "bob", text("well")), ["alice sent 3 for 3", "bob gets 3 well"]);
    assert_eq!(play.logged(3), ["said 3"]);
    play.is_durable();
}

#[test]
fn a_person_who_cannot_be_reached_is_unavailable_whatever_the_cause() {
    for standing in [Standing::Unknown, Standing::Blocked, Standing::Offline] {
        let mut play = Play::between("alice", "bob");
        play.sends("alice/phone", "bob", text("hello"));
        play.sends("alice/phone", "bob", typing());
        let no = "alice/phone: no, Unavailable";
        assert_eq!(play.stands("bob", "alice", standing), [no, no]);
        assert_eq!(play.sends("alice/phone", "bob", text("hello?")), [no]);
        assert!(play.log.is_empty());
    }
}

#[test]
fn a_standing_that_changes_counts_from_then_on() {
    let mut play = talk();
    play.stands("bob", "alice", Standing::Blocked);
    assert_eq!(play.sends("alice/phone", "bob", text("hm")), ["alice/phone: no, Unavailable"]);
    assert_eq!(play.sends("bob/desk", "alice", text("sorry")), ["bob sent 3 for 4", "alice gets 3 sorry"]);
    play.stands("bob", "alice", Standing::Reachable);
    assert_eq!(play.sends("alice/phone", "bob", text("ah")), ["alice sent 4 for 5", "bob gets 4 ah"]);
}

#[test]
fn an_old_standing_is_used_and_asked_for_again() {
    let mut play = talk();
    play.passes(STANDING_FRESH + Duration::from_millis(1));
    let lines = play.sends("alice/phone", "bob", text("still there?"));
    assert_eq!(lines, ["ask bob towards alice", "alice sent 3 for 3", "bob gets 3 still there?"]);
}

#[test]
fn a_home_that_does_not_answer_in_time_refuses_what_waits() {
    let mut play = Play::between("alice", "bob");
    let start = play.now;
    play.sends("alice/phone", "bob", text("hello"));
    play.sends("alice/desk", "bob", text("hello"));
    assert_eq!(play.waits(), ["alice/phone: no, TryLater", "alice/desk: no, TryLater"]);
    assert_eq!(play.now, start.plus(STANDING_WAIT));
    assert_eq!(play.stands("bob", "alice", Standing::Reachable), [""; 0], "too late: not listening");
    assert!(play.conversation.is_idle());
    assert_eq!(play.sends("alice/phone", "bob", text("hello")), ["ask bob towards alice"]);
}

#[test]
fn a_retry_gets_the_first_number_again_and_nobody_else_notices() {
    let mut play = talk();
    play.sends("alice/phone", "bob", text_with_id("lunch?", "x1"));
    let logged = play.log.len();
    assert_eq!(play.sends("alice/phone", "bob", text_with_id("lunch?", "x1")), ["alice sent 3 for 4 again"]);
    // Bob's own id of the same text is another message.
    assert_eq!(
        play.sends("bob/desk", "alice", text_with_id("yes", "x1")),
        ["bob sent 4 for 5", "alice gets 4 yes"]
    );
    assert_eq!(play.logged(logged), ["said 4"]);
    // Also after Bob blocked Alice, and after a restart.
    play.stands("bob", "alice", Standing::Blocked);
    assert_eq!(play.sends("alice/phone", "bob", text_with_id("lunch?", "x1")), ["alice sent 3 for 6 again"]);
    play.restarted(Survivors::None);
    play.stands("bob", "alice", Standing::Reachable);
    assert_eq!(play.sends("alice/phone", "bob", text_with_id("lunch?", "x1")), ["alice sent 3 for 7 again"]);
}

#[test]
fn two_tries_that_both_wait_become_one_message() {
    let mut play = Play::between("alice", "bob");
    play.sends("alice/phone", "bob", text_with_id("hello", "x1"));
    play.sends("alice/phone", "bob", text_with_id("hello", "x1"));
    assert_eq!(
        play.stands("bob", "alice", Standing::Reachable),
        ["alice sent 1 for 1", "bob gets 1 hello", "alice sent 1 for 2 again"]
    );
}

#[test]
fn typing_is_relayed_and_never_logged() {
    let mut play = talk();
    let logged = play.log.len();
    assert_eq!(play.sends("alice/phone", "bob", typing()), ["alice sent 0 for 3", "bob gets 0 -"]);
    assert_eq!(play.log.len(), logged);
}

#[test]
fn confirmations_are_logged_with_the_next_message_or_after_a_while() {
    let mut play = talk();
    let logged = play.log.len();
    assert_eq!(play.confirms("bob", &[1, 2, 7]), [""; 0], "2 is Bob's own, 7 was never said");
    play.confirms("bob", &[1]);
    assert_eq!(play.conversation.deadline(), Some(play.now.plus(CONFIRMATION_DELAY)));
    play.sends("bob/desk", "alice", text("so"));
    assert_eq!(play.logged(logged), ["confirmed bob [1]", "said 3"]);
    play.confirms("alice", &[3]);
    play.confirms("alice", &[2]);
    assert_eq!(play.waits(), [""; 0]);
    assert_eq!(play.logged(logged + 2), ["confirmed alice [2, 3]"]);
    play.is_durable();
}

#[test]
fn what_was_not_confirmed_is_handed_out_again_after_a_restart() {
    let mut play = talk();
    play.sends("alice/phone", "bob", text("are you there?"));
    play.confirms("bob", &[1]);
    play.waits();
    assert_eq!(
        play.restarted(Survivors::None),
        [
            "ask alice towards bob",
            "ask bob towards alice",
            "alice gets 2 hi late",
            "bob gets 3 are you there? late",
        ]
    );
    play.confirms("bob", &[3]);
    play.confirms("alice", &[2]);
    play.waits();
    assert_eq!(play.waits(), ["alice forgets", "bob forgets"], "the session was still open");
    assert!(play.conversation.is_idle());
    play.is_durable();
}

#[test]
fn a_session_closes_after_the_quiet_time_and_the_next_message_opens_another() {
    let mut play = talk();
    let said_at = play.now;
    play.confirms("bob", &[1]);
    play.confirms("alice", &[2]);
    play.waits();
    assert!(!play.conversation.is_idle());
    assert_eq!(play.waits(), ["alice forgets", "bob forgets"]);
    assert_eq!(play.now, said_at.plus(crate::limits::SESSION_QUIET));
    assert_eq!(play.log.last(), Some(&Fact::SessionClosed { session: 1, at: said_at }));
    assert!(play.conversation.is_idle());
    assert_eq!(play.conversation.deadline(), None);
    play.sends("bob/desk", "alice", text("one more"));
    let logged = play.log.len();
    play.stands("alice", "bob", Standing::Reachable);
    assert_eq!(play.logged(logged), ["opened 2", "said 3"]);
}

#[test]
fn what_is_never_confirmed_is_handed_out_again_when_it_is_quiet() {
    let mut play = talk();
    play.confirms("alice", &[2]);
    play.waits();
    assert_eq!(play.waits(), ["alice forgets", "bob forgets", "bob gets 1 hello late"]);
    assert!(!play.conversation.is_idle());
    assert_eq!(play.waits(), ["bob gets 1 hello late"]);
    play.confirms("bob", &[1]);
    play.waits();
    assert!(play.conversation.is_idle());
}

#[test]
fn a_message_to_oneself_is_for_the_other_endpoints() {
    let mut play = Play::between("alice", "alice");
    assert_eq!(play.sends("alice/phone", "alice", text("milk")), ["alice sent 1 for 1"]);
    assert_eq!(play.logged(0), ["opened 1", "said 1"]);
    assert_eq!(play.sends("alice/phone", "alice", typing()), ["alice sent 0 for 2"]);
    assert_eq!(play.waits(), [""; 0]);
    assert!(play.conversation.is_idle());
    play.is_durable();
}

#[test]
fn time_never_goes_back() {
    let mut play = talk();
    play.now = Timestamp(1);
    play.sends("alice/phone", "bob", text("the clock was set"));
    let Some(Fact::Said { at, .. }) = play.log.last() else { panic!("said") };
    assert_eq!(*at, Timestamp(1_000_000));
}

#[test]
fn strangers_and_commands_for_conferences_are_refused() {
    let mut play = talk();
    assert_eq!(play.sends("eve/phone", "bob", text("hm")), ["eve/phone: no, BadRequest"]);
    assert_eq!(play.sends("alice/phone", "alice", text("hm")), ["alice/phone: no, BadRequest"]);
    assert_eq!(play.joins("alice/phone", "alice"), ["alice/phone: no, BadRequest"]);
    assert_eq!(play.confirms("eve", &[1]), [""; 0]);
    assert_eq!(Play::conference().sends("alice/phone", "bob", text("hm")), ["alice/phone: no, BadRequest"]);
}
