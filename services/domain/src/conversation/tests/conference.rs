//! In a conference: what is said, shown and asked there, and how it ends.

use super::{entry::tea, *};
use crate::conversation::Affiliation;

fn say(body: &str) -> ConferenceCommand {
    ConferenceCommand::Say { message: text(body) }
}

fn show(name: &str) -> ConferenceCommand {
    ConferenceCommand::Show { nick: nick(name), state: available() }
}

fn leave() -> ConferenceCommand {
    ConferenceCommand::Leave { note: None }
}

/// Alice, Bob and Carol are in.
fn three() -> Play {
    let mut play = tea();
    play.joins("bob/desk", "Bob");
    play.joins("carol/pad", "Carol");
    play
}

#[test]
fn what_is_said_reaches_everyone_with_one_number() {
    let mut play = three();
    assert_eq!(
        play.asks("bob/desk", say("hello")),
        [
            "alice/phone gets 1 Bob: hello",
            "bob/desk gets 1 Bob: hello",
            "carol/pad gets 1 Bob: hello",
            "bob/desk: accepted 1",
        ]
    );
    let lines = play.asks("carol/pad", ConferenceCommand::Say { message: typing() });
    assert_eq!(lines[0], "alice/phone gets 0 Carol: -");
    assert_eq!(lines[3], "carol/pad: accepted 0");
    assert_eq!(play.asks("carol/pad", say("hi"))[3], "carol/pad: accepted 2");
    assert_eq!(play.asks("eve/phone", say("hm")), ["eve/phone: no, NotAcceptable"]);
    play.is_durable();
}

#[test]
fn a_retry_is_accepted_with_the_first_number_and_not_repeated() {
    let mut play = three();
    let again = || ConferenceCommand::Say { message: text_with_id("hello", "x1") };
    assert_eq!(play.asks("bob/desk", again()).len(), 4);
    let logged = play.log.len();
    assert_eq!(play.asks("bob/desk", again()), ["bob/desk: accepted 1"]);
    let whisper = ConferenceCommand::Whisper { nick: nick("Alice"), message: text_with_id("psst", "x2") };
    play.asks("bob/desk", whisper.clone());
    assert_eq!(play.asks("bob/desk", whisper), ["bob/desk: accepted 2"]);
    assert_eq!(play.log.len(), logged + 1);
}

#[test]
fn a_whisper_is_for_one_and_in_nobodys_history() {
    let mut play = three();
    let whisper = |to: &str| ConferenceCommand::Whisper { nick: nick(to), message: text("psst") };
    assert_eq!(
        play.asks("bob/desk", whisper("Carol")),
        ["carol/pad gets 1 Bob: psst", "bob/desk: accepted 1"]
    );
    assert_eq!(play.asks("bob/desk", whisper("Dora")), ["bob/desk: no, NotFound"]);
    let lines = play.joins("dora/pad", "Dora");
    assert!(!lines.iter().any(|line| line.contains("psst")));
    play.configures("alice/phone", |configuration| configuration.whispers = false);
    assert_eq!(play.asks("bob/desk", whisper("Carol")), ["bob/desk: no, Forbidden"]);
    play.is_durable();
}

#[test]
fn the_topic_is_the_moderators_unless_all_may_set_it() {
    let mut play = three();
    assert_eq!(play.asks("bob/desk", topic("buns")), ["bob/desk: no, Forbidden"]);
    assert_eq!(
        play.asks("alice/phone", topic("scones")),
        [
            "alice/phone topic 'scones'",
            "bob/desk topic 'scones'",
            "carol/pad topic 'scones'",
            "alice/phone: accepted 1",
        ]
    );
    play.configures("alice/phone", |configuration| configuration.anyone_sets_topic = true);
    assert_eq!(play.asks("bob/desk", topic("buns"))[3], "bob/desk: accepted 2");
    play.is_durable();
}

#[test]
fn a_new_nick_is_told_with_the_old_one() {
    let mut play = three();
    assert_eq!(play.asks("bob/desk", show("Carol")), ["bob/desk: no, Conflict"]);
    assert_eq!(
        play.asks("bob/desk", show("Bobby")),
        [
            "alice/phone sees Bob become Bobby",
            "bob/desk sees Bob become Bobby (self)",
            "carol/pad sees Bob become Bobby",
            "alice/phone sees Bobby None Participant bob/desk",
            "bob/desk sees Bobby None Participant bob/desk (self)",
            "carol/pad sees Bobby None Participant",
            "bob/desk: done",
        ]
    );
    let ping = |name: &str| ConferenceCommand::SelfPing { nick: nick(name) };
    assert_eq!(play.asks("bob/desk", ping("Bobby")), ["bob/desk: done"]);
    assert_eq!(play.asks("bob/desk", ping("Bob")), ["bob/desk: no, NotFound"]);
    assert_eq!(play.asks("bob/phone", ping("Bobby")), ["bob/phone: no, NotAcceptable"]);
    assert_eq!(play.asks("bob/phone", show("Robert")), ["bob/phone: no, NotAcceptable"]);
    play.is_durable();
}

#[test]
fn the_endpoints_of_a_person_move_to_a_new_nick_together_and_may_meet_there() {
    let mut play = three();
    play.joins("bob/phone", "Bob");
    play.joins("bob/pad", "Robert");
    assert_eq!(play.conversation.occupants(), 4);
    let lines = play.asks("bob/phone", show("Robert"));
    assert!(lines.contains(&"bob/desk sees Bob become Robert (self)".into()), "{lines:?}");
    assert!(lines.contains(&"bob/pad sees Bob become Robert".into()), "{lines:?}");
    assert_eq!(play.conversation.occupants(), 3);
    for name in ["bob/desk", "bob/phone", "bob/pad"] {
        let ping = ConferenceCommand::SelfPing { nick: nick("Robert") };
        assert_eq!(play.asks(name, ping), [format!("{name}: done")]);
    }
    play.is_durable();
}

#[test]
fn who_is_no_longer_there_for_anybody_leaves_with_the_same_word() {
    let mut play = three();
    let how = Departure::Left { note: Some("bye".into()) };
    assert_eq!(
        play.does(Command::EndpointGone { endpoint: endpoint("bob/desk"), how }),
        ["bob/desk misses Bob left (self)", "alice/phone misses Bob left", "carol/pad misses Bob left"]
    );
    play.is_durable();
}

#[test]
fn an_ad_hoc_conference_ends_with_its_last_occupant_and_can_be_made_anew() {
    let mut play = three();
    play.asks("alice/phone", say("hello"));
    play.asks("alice/phone", leave());
    let gone = Command::EndpointGone { endpoint: endpoint("bob/desk"), how: Departure::Vanished };
    assert_eq!(play.does(gone.clone()), ["carol/pad misses Bob Vanished"]);
    assert_eq!(play.does(gone), [""; 0], "once");
    let logged = play.log.len();
    assert_eq!(play.asks("carol/pad", leave()), ["carol/pad misses Carol left (self)", "carol/pad: done"]);
    assert_eq!(play.logged(logged), ["left carol", "ended"]);
    assert!(!play.conversation.exists() && play.conversation.is_idle());
    play.is_durable();
    assert_eq!(play.asks("carol/pad", say("hm")), ["carol/pad: no, NotAcceptable"]);
    assert_eq!(play.asks("carol/pad", leave()), ["carol/pad: no, NotFound"]);
    // Bob makes it again: it is his, and knows nothing of the past but where the count was.
    assert_eq!(
        play.joins("bob/desk", "Bob"),
        ["bob/desk sees Bob Owner Moderator bob/desk (self) created", "bob/desk topic ''", "bob/desk: done",]
    );
    assert_eq!(play.asks("bob/desk", say("mine"))[1], "bob/desk: accepted 2");
    play.is_durable();
}

#[test]
fn a_destroyed_conference_says_where_to_go() {
    let mut play = three();
    let destroy = || ConferenceCommand::Destroy { alternate: Some(who("coffee")), reason: None };
    assert_eq!(play.asks("bob/desk", destroy()), ["bob/desk: no, Forbidden"]);
    let told = "destroyed Some(coffee@example.org) (self)";
    assert_eq!(
        play.asks("alice/phone", destroy()),
        [
            format!("alice/phone misses Alice {told}"),
            format!("bob/desk misses Bob {told}"),
            format!("carol/pad misses Carol {told}"),
            "alice/phone: done".into(),
        ]
    );
    assert!(!play.conversation.exists());
    let mut play = three();
    assert_eq!(play.does(Command::End).len(), 3, "an administrator needs no ticket");
    assert!(!play.conversation.exists());
    assert_eq!(play.does(Command::End), [""; 0]);
    play.is_durable();
}

#[test]
fn a_persistent_conference_outlives_its_occupants_and_restarts() {
    let mut play = three();
    play.configures("alice/phone", |configuration| configuration.persistent = true);
    play.asks("bob/desk", say("hello"));
    let logged = play.log.len();
    assert_eq!(play.restarted(Survivors::None), [""; 0], "their sessions are gone too");
    assert_eq!(play.logged(logged), ["left alice", "left bob", "left carol"]);
    assert!(play.conversation.exists() && play.conversation.is_idle());
    play.is_durable();
    assert_eq!(
        play.joins("dora/pad", "Dora"),
        [
            "dora/pad sees Dora None Participant dora/pad (self)",
            "dora/pad gets 1 Bob: hello late",
            "dora/pad topic ''",
            "dora/pad: done",
        ]
    );
    play.asks("dora/pad", leave());
    // Nobody is in when the owner lets it go.
    play.configures("alice/phone", |configuration| configuration.persistent = false);
    assert!(!play.conversation.exists());
}

#[test]
fn an_ad_hoc_conference_ends_with_the_process() {
    let mut play = three();
    let logged = play.log.len();
    play.restarted(Survivors::None);
    assert_eq!(play.logged(logged), ["left alice", "left bob", "left carol", "ended"]);
    play.is_durable();
}

#[test]
fn endpoints_that_may_have_survived_are_told_that_they_are_in() {
    let mut play = three();
    assert_eq!(play.restarted(Survivors::Ask), [""; 0], "their homes may have moved, too: they have time");
    assert_eq!(
        play.waits(),
        [
            "alice/phone sees Alice Owner Moderator alice/phone (self)",
            "bob/desk sees Bob None Participant bob/desk (self)",
            "carol/pad sees Carol None Participant carol/pad (self)",
        ]
    );
    play.does(Command::EndpointGone { endpoint: endpoint("bob/desk"), how: Departure::Vanished });
    assert_eq!(
        play.asks("alice/phone", say("who is left?")),
        [
            "alice/phone gets 1 Alice: who is left?",
            "carol/pad gets 1 Alice: who is left?",
            "alice/phone: accepted 1",
        ]
    );
    play.is_durable();
}

#[test]
fn it_is_described_to_everyone_but_its_occupants_only_where_it_is_public() {
    let mut play = three();
    let lines = play.asks("eve/phone", ConferenceCommand::Describe);
    assert!(lines[0].contains("occupants: 3"), "{lines:?}");
    assert_eq!(
        play.asks("eve/phone", ConferenceCommand::Occupants),
        ["eve/phone: Occupants([Alice, Bob, Carol])"]
    );
    play.configures("alice/phone", |configuration| configuration.public = false);
    assert_eq!(play.asks("eve/phone", ConferenceCommand::Occupants), ["eve/phone: Occupants([])"]);
    let inside = play.asks("bob/desk", ConferenceCommand::Occupants);
    assert_eq!(inside, ["bob/desk: Occupants([Alice, Bob, Carol])"]);
}

#[test]
fn a_request_is_carried_to_the_occupant_by_nick() {
    let mut play = three();
    let relay = |to: &str| ConferenceCommand::Relay { nick: nick(to), payload: "<ping/>".into() };
    assert_eq!(play.asks("bob/desk", relay("Carol")), ["carol/pad relay from Bob", "bob/desk: done"]);
    assert_eq!(play.asks("bob/desk", relay("Dora")), ["bob/desk: no, NotFound"]);
    assert_eq!(play.asks("eve/phone", relay("Carol")), ["eve/phone: no, NotAcceptable"]);
}

#[test]
fn members_only_switched_on_puts_the_others_out() {
    let mut play = three();
    super::entry::affiliate(&mut play, "alice/phone", "bob", Affiliation::Member);
    assert_eq!(
        play.configures("alice/phone", |configuration| configuration.members_only = true),
        [
            "alice/phone reconfigured",
            "bob/desk reconfigured",
            "carol/pad reconfigured",
            "carol/pad misses Carol NotMember (self)",
            "alice/phone misses Carol NotMember",
            "bob/desk misses Carol NotMember",
            "alice/phone: done",
        ]
    );
    let forbidden = ConferenceCommand::GetConfiguration;
    assert_eq!(play.asks("bob/desk", forbidden), ["bob/desk: no, Forbidden"]);
    assert_eq!(play.configures("bob/desk", |_| {}), ["bob/desk: no, Forbidden"]);
    play.is_durable();
}
