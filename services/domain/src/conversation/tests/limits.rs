//! A test for each limit of a conversation: what happens at it.

use super::{
    entry::{affiliate, tea},
    *,
};
use crate::{conversation::Affiliation, limits};

#[test]
fn conversation_pending() {
    let policy = Policy { pending: 2, ..Policy::default() };
    let mut play = Play::with(ConversationId::between(who("alice"), who("bob")), policy);
    play.sends("alice/phone", "bob", text("one"));
    play.stands("bob", "alice", Standing::Reachable);
    play.sends("alice/phone", "bob", text("two"));
    assert_eq!(play.sends("alice/phone", "bob", text("three")), ["alice/phone: no, TryLater"]);
    assert_eq!(
        play.sends("alice/phone", "bob", typing())[0],
        "alice sent 0 for 4",
        "nothing is pending of it"
    );
    play.confirms("bob", &[1]);
    assert_eq!(play.sends("alice/phone", "bob", text("three"))[0], "alice sent 3 for 5");
    assert_eq!(Policy::default().pending, limits::CONVERSATION_PENDING);
}

#[test]
fn conversation_held() {
    let mut play = Play::between("alice", "bob");
    for _ in 0..limits::CONVERSATION_HELD {
        play.sends("alice/phone", "bob", text("hello"));
    }
    assert_eq!(play.sends("alice/phone", "bob", text("more")), ["alice/phone: no, TryLater"]);
    assert_eq!(
        play.sends("bob/desk", "alice", text("me?")),
        ["ask alice towards bob"],
        "the other has a queue of his own"
    );
    let lines = play.stands("bob", "alice", Standing::Reachable);
    assert_eq!(lines.len(), 2 * limits::CONVERSATION_HELD);
}

#[test]
fn remembered_ids() {
    let mut play = Play::between("alice", "bob");
    play.sends("alice/phone", "bob", text_with_id("first", "first"));
    play.stands("bob", "alice", Standing::Reachable);
    for n in 1..limits::REMEMBERED_IDS {
        play.sends("alice/phone", "bob", text_with_id("more", &format!("{n}")));
    }
    assert!(play.sends("alice/phone", "bob", text_with_id("first", "first"))[0].ends_with("again"));
    play.sends("alice/phone", "bob", text_with_id("more", "one too many"));
    assert!(!play.sends("alice/phone", "bob", text_with_id("first", "first"))[0].ends_with("again"));
}

#[test]
fn conference_participants() {
    let policy = Policy { participants: 2, ..Policy::default() };
    let mut play = Play::with(ConversationId::Conference(who("tea")), policy);
    play.joins("alice/phone", "Alice");
    play.configures("alice/phone", |_| {});
    assert_eq!(play.configures("alice/phone", |c| c.max_occupants = 3), ["alice/phone: no, NotAcceptable"]);
    assert_eq!(play.configures("alice/phone", |c| c.max_occupants = 0), ["alice/phone: no, NotAcceptable"]);
    affiliate(&mut play, "alice/phone", "anna", Affiliation::Admin);
    play.joins("bob/desk", "Bob");
    assert_eq!(play.joins("anna/desk", "Anna"), ["anna/desk: no, LimitReached"], "not even an admin");
    assert_eq!(usize::try_from(Policy::default().participants), Ok(limits::CONFERENCE_PARTICIPANTS));
}

#[test]
fn conference_recent() {
    let mut play = tea();
    let most = u32::try_from(limits::CONFERENCE_RECENT).expect("small");
    assert_eq!(play.configures("alice/phone", |c| c.history = most + 1), ["alice/phone: no, NotAcceptable"]);
    play.configures("alice/phone", |c| c.history = most);
    for n in 0..=most {
        play.asks("alice/phone", ConferenceCommand::Say { message: text(&format!("{n}")) });
    }
    let lines = play.joins("bob/desk", "Bob");
    let shown: Vec<&String> = lines.iter().filter(|line| line.ends_with("late")).collect();
    assert_eq!(shown.len(), limits::CONFERENCE_RECENT);
    assert_eq!(shown[0], "bob/desk gets 2 Alice: 1 late");
    play.is_durable();
}

#[test]
fn affiliations() {
    let mut play = tea();
    let changes = |range: std::ops::Range<usize>| {
        let changes = range.map(|n| (who(&format!("user{n}")), Affiliation::Member, None)).collect();
        ConferenceCommand::SetAffiliations { changes }
    };
    // Alice is one.
    let lines = play.asks("alice/phone", changes(0..limits::AFFILIATIONS));
    assert_eq!(lines, ["alice/phone: no, LimitReached"]);
    let lines = play.asks("alice/phone", changes(1..limits::AFFILIATIONS));
    assert_eq!(lines.last().map(String::as_str), Some("alice/phone: done"));
    play.configures("alice/phone", |c| c.members_only = true);
    let invite = ConferenceCommand::Invite { who: who("user0"), reason: None, continues: None };
    assert_eq!(play.asks("alice/phone", invite), ["alice/phone: no, LimitReached"]);
    affiliate(&mut play, "alice/phone", "user1", Affiliation::None);
    let lines = affiliate(&mut play, "alice/phone", "user0", Affiliation::Member);
    assert_eq!(lines.last().map(String::as_str), Some("alice/phone: done"));
}

#[test]
fn invitations() {
    let mut play = tea();
    for n in 0..=limits::INVITATIONS {
        let who = who(&format!("user{n}"));
        play.asks("alice/phone", ConferenceCommand::Invite { who, reason: None, continues: None });
    }
    let decline = || ConferenceCommand::Decline { to: who("alice"), reason: None };
    assert_eq!(play.asks("user0/phone", decline()), ["user0/phone: no, Forbidden"], "forgotten");
    assert_eq!(play.asks("user1/phone", decline())[0], "alice/phone declined by user1");
}

#[test]
fn texts() {
    let mut play = tea();
    let long = |bytes: usize| -> Arc<str> { "x".repeat(bytes + 1).into() };
    let too_long = "alice/phone: no, LimitReached";
    assert_eq!(play.asks("alice/phone", topic(&long(limits::TOPIC_BYTES))), [too_long]);
    let fits = play.asks("alice/phone", topic(&long(limits::TOPIC_BYTES - 1)));
    assert_eq!(fits.last().map(String::as_str), Some("alice/phone: accepted 1"));
    assert_eq!(play.configures("alice/phone", |c| c.name = long(limits::NAME_BYTES)), [too_long]);
    assert_eq!(play.configures("alice/phone", |c| c.language = long(limits::NAME_BYTES)), [too_long]);
    assert_eq!(play.configures("alice/phone", |c| c.password = Some(long(limits::NAME_BYTES))), [too_long]);
    assert_eq!(
        play.configures("alice/phone", |c| c.description = long(limits::DESCRIPTION_BYTES)),
        [too_long]
    );
    let empty = play.configures("alice/phone", |c| c.password = Some("".into()));
    assert_eq!(empty, ["alice/phone: no, NotAcceptable"]);
}
