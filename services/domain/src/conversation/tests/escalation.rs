//! Two become three.

use super::*;

fn escalate(with: &str, invite: &[&str], thread: Option<&str>) -> ConferenceCommand {
    ConferenceCommand::Escalate {
        with: who(with),
        invite: invite.iter().map(|name| who(name)).collect(),
        nick: nick("Alice"),
        state: available(),
        thread: thread.map(Into::into),
    }
}

#[test]
fn two_become_three_and_the_third_sees_nothing_of_before() {
    let mut talk = Play::between("alice", "bob");
    talk.sends("alice/phone", "bob", text("between us"));
    talk.stands("bob", "alice", Standing::Reachable);

    let mut play = Play::conference();
    assert_eq!(
        play.asks("alice/phone", escalate("bob", &["carol"], Some("t1"))),
        [
            "alice/phone sees Alice Owner Moderator alice/phone (self) created",
            "alice/phone topic ''",
            "bob invited by alice continues Some(\"t1\")",
            "carol invited by alice continues Some(\"t1\")",
            "alice/phone: done",
        ]
    );
    assert_eq!(
        play.logged(0),
        [
            "created alice",
            "configured",
            "affiliated bob Member",
            "affiliated carol Member",
            "joined alice as Alice",
        ]
    );
    play.joins("bob/desk", "Bob");
    play.asks("alice/phone", ConferenceCommand::Say { message: text("carol joins us") });
    // Not even what was said in the conference before she came.
    assert_eq!(
        play.joins("carol/pad", "Carol"),
        [
            "carol/pad sees Alice Owner Moderator alice/phone",
            "carol/pad sees Bob Member Participant bob/desk",
            "alice/phone sees Carol Member Participant carol/pad",
            "bob/desk sees Carol Member Participant carol/pad",
            "carol/pad sees Carol Member Participant carol/pad (self)",
            "carol/pad topic ''",
            "carol/pad: done",
        ]
    );
    // Any of them adds another.
    let invite = ConferenceCommand::Invite { who: who("dora"), reason: None, continues: None };
    assert_eq!(play.joins("dora/pad", "Dora"), ["dora/pad: no, MembersOnly"]);
    assert_eq!(play.asks("bob/desk", invite).last().map(String::as_str), Some("bob/desk: done"));
    assert_eq!(play.joins("dora/pad", "Dora").last().map(String::as_str), Some("dora/pad: done"));
    play.is_durable();
}

#[test]
fn nobody_is_invited_twice_nor_oneself_and_no_thread_is_needed() {
    let mut play = Play::conference();
    let lines = play.asks("alice/phone", escalate("bob", &["bob", "alice", "carol", "carol"], None));
    let invited: Vec<&String> = lines.iter().filter(|line| line.contains("invited")).collect();
    assert_eq!(
        invited,
        ["bob invited by alice continues Some(\"\")", "carol invited by alice continues Some(\"\")"]
    );
}

#[test]
fn a_refused_escalation_leaves_nothing_behind() {
    let policy = Policy { participants: 3, ..Policy::default() };
    let mut play = Play::with(ConversationId::Conference(who("tea")), policy);
    let lines = play.asks("alice/phone", escalate("bob", &["carol", "dora"], None));
    assert_eq!(lines, ["alice/phone: no, LimitReached"]);
    assert!(!play.conversation.exists() && play.log.is_empty());
    play.joins("eve/phone", "Eve");
    assert_eq!(play.asks("alice/phone", escalate("bob", &["carol"], None)), ["alice/phone: no, Conflict"]);
}
