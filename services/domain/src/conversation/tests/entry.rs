//! Coming into a conference: who may, and what the newcomer and the others learn, in which order.

use super::*;
use crate::conversation::{Affiliation, Creators};

/// Alice has made and opened the conference and is in.
pub(super) fn tea() -> Play {
    let mut play = Play::conference();
    play.joins("alice/phone", "Alice");
    play.configures("alice/phone", |_| {});
    play
}

pub(super) fn affiliate(play: &mut Play, by: &str, who_is: &str, affiliation: Affiliation) -> Vec<String> {
    let changes = vec![(who(who_is), affiliation, None)];
    play.asks(by, ConferenceCommand::SetAffiliations { changes })
}

#[test]
fn the_first_one_makes_it_and_is_alone_until_it_is_configured() {
    let mut play = Play::conference();
    assert!(!play.conversation.exists());
    assert_eq!(
        play.joins("alice/phone", "Alice"),
        [
            "alice/phone sees Alice Owner Moderator alice/phone (self) created",
            "alice/phone topic ''",
            "alice/phone: done",
        ]
    );
    assert_eq!(play.logged(0), ["created alice", "joined alice as Alice"]);
    assert_eq!(play.joins("bob/desk", "Bob"), ["bob/desk: no, NotFound"]);
    assert_eq!(play.asks("bob/desk", ConferenceCommand::Describe), ["bob/desk: no, NotFound"]);
    assert_eq!(play.configures("alice/phone", |_| {}), ["alice/phone: done"]);
    assert_eq!(play.joins("bob/desk", "Bob").last().map(String::as_str), Some("bob/desk: done"));
    play.is_durable();
}

#[test]
fn an_owner_who_gives_up_configuring_takes_it_away() {
    let mut play = Play::conference();
    play.joins("alice/phone", "Alice");
    assert_eq!(
        play.asks("alice/phone", ConferenceCommand::CancelConfiguration),
        ["alice/phone misses Alice destroyed None (self)", "alice/phone: done"]
    );
    assert!(!play.conversation.exists());
    let mut play = tea();
    assert_eq!(play.asks("alice/phone", ConferenceCommand::CancelConfiguration), ["alice/phone: done"]);
    assert!(play.conversation.exists(), "once open, it only means: no change");
}

#[test]
fn a_newcomer_learns_who_is_in_then_itself_then_what_was_said_then_the_topic() {
    let mut play = tea();
    play.joins("bob/desk", "Bob");
    play.asks("alice/phone", ConferenceCommand::Say { message: text("hello") });
    play.asks("alice/phone", topic("biscuits"));
    assert_eq!(
        play.joins("carol/pad", "Carol"),
        [
            "carol/pad sees Alice Owner Moderator",
            "carol/pad sees Bob None Participant",
            "alice/phone sees Carol None Participant carol/pad",
            "bob/desk sees Carol None Participant",
            "carol/pad sees Carol None Participant carol/pad (self)",
            "carol/pad gets 1 Alice: hello late",
            "carol/pad topic 'biscuits'",
            "carol/pad: done",
        ]
    );
    play.is_durable();
}

#[test]
fn addresses_are_shown_to_all_where_the_configuration_says_so() {
    let mut play = tea();
    play.configures("alice/phone", |configuration| configuration.whois_everyone = true);
    play.joins("bob/desk", "Bob");
    let lines = play.joins("carol/pad", "Carol");
    assert_eq!(lines[0], "carol/pad sees Alice Owner Moderator alice/phone");
    assert_eq!(lines[3], "bob/desk sees Carol None Participant carol/pad");
}

#[test]
fn a_nick_is_one_persons_whatever_the_endpoint() {
    let mut play = tea();
    assert_eq!(play.joins("bob/desk", "Alice"), ["bob/desk: no, Conflict"]);
    assert_eq!(
        play.joins("alice/desk", "Alice"),
        [
            "alice/phone sees Alice Owner Moderator alice/desk (self)",
            "alice/desk sees Alice Owner Moderator alice/desk (self)",
            "alice/desk topic ''",
            "alice/desk: done",
        ]
    );
    assert_eq!(play.conversation.occupants(), 1);
    play.joins("bob/desk", "Bob");
    assert_eq!(
        play.asks("alice/desk", ConferenceCommand::Leave { note: None }),
        [
            "alice/desk misses Alice left (self)",
            "alice/phone sees Alice Owner Moderator alice/phone (self)",
            "bob/desk sees Alice Owner Moderator",
            "alice/desk: done",
        ]
    );
    assert_eq!(
        play.asks("alice/phone", ConferenceCommand::Leave { note: None }),
        ["alice/phone misses Alice left (self)", "bob/desk misses Alice left", "alice/phone: done",]
    );
    play.is_durable();
}

#[test]
fn a_reserved_nick_is_kept_for_its_person() {
    let mut play = tea();
    let reserve = |name: Option<&str>| ConferenceCommand::ReserveNick { nick: name.map(nick) };
    assert_eq!(play.asks("bob/desk", reserve(Some("Bobby"))), ["bob/desk: no, Forbidden"]);
    affiliate(&mut play, "alice/phone", "bob", Affiliation::Member);
    assert_eq!(play.asks("bob/desk", reserve(Some("Alice"))), ["bob/desk: no, Conflict"]);
    assert_eq!(play.asks("bob/desk", reserve(Some("Bobby"))), ["bob/desk: done"]);
    assert_eq!(play.joins("carol/pad", "Bobby"), ["carol/pad: no, Conflict"]);
    let asked = play.asks("bob/desk", ConferenceCommand::ReservedNick);
    assert_eq!(asked, ["bob/desk: ReservedNick(Some(Bobby))"]);
    play.is_durable();
    assert_eq!(play.asks("bob/desk", reserve(None)), ["bob/desk: done"]);
    assert_eq!(play.joins("carol/pad", "Bobby").last().map(String::as_str), Some("carol/pad: done"));
}

#[test]
fn who_may_not_come_in_is_told_why() {
    let mut play = tea();
    affiliate(&mut play, "alice/phone", "eve", Affiliation::Outcast);
    assert_eq!(play.joins("eve/phone", "Eve"), ["eve/phone: no, Banned"]);

    play.configures("alice/phone", |configuration| configuration.members_only = true);
    assert_eq!(play.joins("bob/desk", "Bob"), ["bob/desk: no, MembersOnly"]);
    affiliate(&mut play, "alice/phone", "bob", Affiliation::Member);
    play.configures("alice/phone", |configuration| configuration.locked = true);
    assert_eq!(play.joins("bob/desk", "Bob"), ["bob/desk: no, Forbidden"]);
    play.configures("alice/phone", |configuration| {
        configuration.locked = false;
        configuration.password = Some("scone".into());
    });
    assert_eq!(play.joins("bob/desk", "Bob"), ["bob/desk: no, PasswordRequired"]);
    let with = |password: &str| ConferenceCommand::Join {
        nick: nick("Bob"),
        state: available(),
        password: Some(password.into()),
        history: HistoryWish::default(),
    };
    assert_eq!(play.asks("bob/desk", with("bun")), ["bob/desk: no, PasswordRequired"]);
    assert_eq!(play.asks("bob/desk", with("scone")).last().map(String::as_str), Some("bob/desk: done"));
}

#[test]
fn a_full_conference_lets_in_only_those_who_run_it() {
    let mut play = tea();
    play.configures("alice/phone", |configuration| configuration.max_occupants = 2);
    affiliate(&mut play, "alice/phone", "dora", Affiliation::Admin);
    play.joins("bob/desk", "Bob");
    assert_eq!(play.joins("carol/pad", "Carol"), ["carol/pad: no, LimitReached"]);
    assert_eq!(play.joins("bob/phone", "Bob").last().map(String::as_str), Some("bob/phone: done"));
    assert_eq!(play.joins("dora/pad", "Dora").last().map(String::as_str), Some("dora/pad: done"));
}

#[test]
fn who_lost_track_and_joins_again_is_told_everything_again() {
    let mut play = tea();
    play.joins("bob/desk", "Bob");
    let logged = play.log.len();
    assert_eq!(
        play.joins("bob/desk", "Bob"),
        [
            "alice/phone sees Bob None Participant bob/desk",
            "bob/desk sees Bob None Participant bob/desk (self)",
            "bob/desk sees Alice Owner Moderator",
            "bob/desk sees Bob None Participant bob/desk (self)",
            "bob/desk topic ''",
            "bob/desk: done",
        ]
    );
    assert_eq!(play.log.len(), logged, "nothing new");
}

#[test]
fn a_newcomer_chooses_how_much_of_the_past_it_wants() {
    let mut play = tea();
    let start = play.now;
    for body in ["one", "two", "three"] {
        play.asks("alice/phone", ConferenceCommand::Say { message: text(body) });
        play.passes(Duration::from_secs(10));
    }
    let mut shown = |wish: HistoryWish| {
        let command =
            ConferenceCommand::Join { nick: nick("Bob"), state: available(), password: None, history: wish };
        let lines = play.asks("bob/desk", command);
        lines
            .iter()
            .filter_map(|line| line.split_once("Alice: ").map(|(_, b)| b.to_owned()))
            .collect::<Vec<_>>()
    };
    let all = HistoryWish::default();
    assert_eq!(shown(all), ["one late", "two late", "three late"]);
    assert_eq!(shown(HistoryWish { messages: Some(1), ..all }), ["three late"]);
    assert_eq!(shown(HistoryWish { bytes: Some(0), ..all }), [""; 0]);
    assert_eq!(shown(HistoryWish { bytes: Some(8), ..all }), ["two late", "three late"]);
    assert_eq!(shown(HistoryWish { within: Some(Duration::from_secs(10)), ..all }), ["three late"]);
    let since = Some(start.plus(Duration::from_secs(10)));
    assert_eq!(shown(HistoryWish { since, ..all }), ["two late", "three late"]);
    play.configures("alice/phone", |configuration| configuration.history = 0);
    let quiet = play.joins("bob/desk", "Bob");
    assert!(!quiet.iter().any(|line| line.contains("gets")), "the conference decides the most");
}

#[test]
fn policy_says_who_may_make_one() {
    for (creators, may) in [
        (Creators::Everyone, true),
        (Creators::Domain("example.org".into()), true),
        (Creators::Domain("example.net".into()), false),
        (Creators::Nobody, false),
    ] {
        let policy = Policy { creators, ..Policy::default() };
        let mut play = Play::with(ConversationId::Conference(who("tea")), policy);
        let lines = play.joins("alice/phone", "Alice");
        assert_eq!(lines.last().is_some_and(|line| line == "alice/phone: done"), may, "{lines:?}");
        assert_eq!(play.conversation.exists(), may);
    }
}

#[test]
fn an_occupant_id_is_the_persons_and_the_conferences() {
    let id = |seed: u64, place: &str, from: &str| {
        let policy = Policy { seed, ..Policy::default() };
        let mut play = Play::with(ConversationId::Conference(who(place)), policy);
        let ticket = play.ticket();
        let command = Command::Conference { from: endpoint(from), ticket, command: join("N") };
        let effects = play.turn_raw(|conversation, now, out| conversation.handle(now, command, out));
        let Effect::Tell { command: user::Command::Conference { event, .. }, .. } = &effects[0] else {
            panic!("the own presence")
        };
        let ConferenceEvent::Present { occupant, .. } = &**event else { panic!("the own presence") };
        let shown = occupant.occupant_id.clone();
        play.asks(from, ConferenceCommand::Say { message: text("hi") });
        let Some(Fact::Said { occupant_id, .. }) = play.log.last() else { panic!("said") };
        assert_eq!(occupant_id.as_ref(), Some(&shown), "a message carries it too");
        shown
    };
    let alice = id(7, "tea", "alice/phone");
    assert_eq!(alice.len(), 32);
    assert_eq!(alice, id(7, "tea", "alice/desk"));
    assert_ne!(alice, id(7, "tea", "bob/phone"));
    assert_ne!(alice, id(7, "coffee", "alice/phone"));
    assert_ne!(alice, id(8, "tea", "alice/phone"));
}
