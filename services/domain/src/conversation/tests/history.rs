//! What is in whose history, and who may read a conference's (XEP-0313 §6.1).

use super::*;
use crate::{
    conversation::{Affiliation, ConferenceAnswer, Readers},
    user::Command as ToUser,
};

/// The conference `tea` of alice/phone, open, with bob/desk in.
fn tea() -> Play {
    let mut play = Play::conference();
    play.joins("alice/phone", "Alice");
    play.configures("alice/phone", |configuration| configuration.persistent = true);
    play.joins("bob/desk", "Bob");
    play
}

fn say(body: &str) -> ConferenceCommand {
    ConferenceCommand::Say { message: text(body) }
}

/// Since when the asker may read, or why not.
fn reads(play: &mut Play, who: &str) -> Result<Timestamp, crate::Reason> {
    let ticket = play.ticket();
    let (from, command) = (endpoint(who), ConferenceCommand::ReadHistory);
    let effects = play.turn_raw(|conversation, now, out| {
        conversation.handle(now, Command::Conference { from, ticket, command }, out);
    });
    match effects.as_slice() {
        [Effect::Tell { command: ToUser::Answer { answer, .. }, .. }] => match answer {
            Ok(Answer::Conference(ConferenceAnswer::History { since })) => Ok(*since),
            Ok(other) => panic!("{other:?}"),
            Err(refusal) => Err(refusal.reason),
        },
        other => panic!("{other:?}"),
    }
}

fn readers(play: &Play) -> Vec<&Readers> {
    play.log
        .iter()
        .filter_map(|fact| match fact {
            Fact::Said { readers, .. } => Some(readers),
            _ => None,
        })
        .collect()
}

#[test]
fn those_who_are_in_or_may_come_in_at_any_time_may_read() {
    use crate::Reason::{Forbidden, NotFound};
    let mut play = tea();
    assert!(reads(&mut play, "alice/phone").is_ok());
    assert!(reads(&mut play, "bob/desk").is_ok());
    assert_eq!(reads(&mut play, "bob/other"), Err(Forbidden), "another device of his is not in");
    assert_eq!(reads(&mut play, "carol/pad"), Err(Forbidden));
    let change =
        |affiliation| ConferenceCommand::SetAffiliations { changes: vec![(who("carol"), affiliation, None)] };
    play.asks("alice/phone", change(Affiliation::Member));
    assert!(reads(&mut play, "carol/pad").is_ok(), "a member who is not in");
    play.asks("alice/phone", change(Affiliation::Outcast));
    assert_eq!(reads(&mut play, "carol/pad"), Err(Forbidden));
    play.asks("bob/desk", ConferenceCommand::Leave { note: None });
    assert_eq!(reads(&mut play, "bob/desk"), Err(Forbidden));
    assert!(reads(&mut play, "alice/other").is_ok(), "the owner");
    play.asks("alice/phone", ConferenceCommand::Destroy { alternate: None, reason: None });
    assert_eq!(reads(&mut play, "alice/phone"), Err(NotFound));
}

#[test]
fn a_conference_that_is_not_open_yet_is_its_owners_alone() {
    let mut play = Play::conference();
    play.joins("alice/phone", "Alice");
    assert!(reads(&mut play, "alice/phone").is_ok());
    assert_eq!(reads(&mut play, "bob/desk"), Err(crate::Reason::NotFound));
}

#[test]
fn a_conference_made_again_begins_after_all_that_was_said_in_the_first() {
    let mut play = tea();
    let first = reads(&mut play, "alice/phone").expect("in");
    play.asks("bob/desk", say("the old secret"));
    let Some(Fact::Said { at: old, .. }) = play.log.last().cloned() else { panic!("said") };
    play.asks("alice/phone", ConferenceCommand::Destroy { alternate: None, reason: None });
    play.restarted(Survivors::None);
    // In the same millisecond.
    play.joins("carol/pad", "Carol");
    let since = reads(&mut play, "carol/pad").expect("in");
    assert!(since > old && old >= first);
    play.asks("carol/pad", say("a new one"));
    let Some(Fact::Said { at, number, .. }) = play.log.last() else { panic!("said") };
    assert!(*at >= since);
    assert_eq!(*number, 2, "numbers go on");
    play.is_durable();
}

#[test]
fn what_is_said_while_nothing_is_archived_is_in_no_history() {
    let mut play = tea();
    play.asks("bob/desk", say("one"));
    play.configures("alice/phone", |configuration| configuration.archived = false);
    assert_eq!(reads(&mut play, "bob/desk"), Err(crate::Reason::Unavailable));
    play.asks("bob/desk", say("two"));
    play.asks("alice/phone", topic("off the record"));
    play.configures("alice/phone", |configuration| configuration.archived = true);
    assert!(reads(&mut play, "bob/desk").is_ok());
    play.asks("bob/desk", say("three"));
    let (all, nobody) = (&Readers::All, &Readers::Nobody);
    assert_eq!(readers(&play), [all, nobody, nobody, all]);
}

#[test]
fn a_whisper_is_in_the_history_of_the_two() {
    let mut play = tea();
    let whisper = ConferenceCommand::Whisper { nick: nick("Alice"), message: text("psst") };
    play.asks("bob/desk", whisper);
    assert_eq!(readers(&play), [&Readers::Whispered(who("alice"))]);
}

#[test]
fn a_topic_is_said_once_and_not_shown_again_to_a_newcomer_among_the_rest() {
    let mut play = tea();
    let ConferenceCommand::SetTopic { topic: text, message } = topic("scones") else { panic!("a topic") };
    let message = Arc::new(Message { origin_id: Some("o1".into()), ..(*message).clone() });
    let set = || ConferenceCommand::SetTopic { topic: text.clone(), message: message.clone() };
    assert_eq!(play.asks("alice/phone", set()).last().map(String::as_str), Some("alice/phone: accepted 1"));
    assert_eq!(play.asks("alice/phone", set()), ["alice/phone: accepted 1"], "a retry");
    assert_eq!(readers(&play), [&Readers::All]);
    let lines = play.joins("carol/pad", "Carol");
    assert!(!lines.iter().any(|line| line.contains("gets")), "{lines:?}");
    assert!(lines.contains(&"carol/pad topic 'scones'".to_owned()));
    play.is_durable();
}

#[test]
fn a_topic_is_nothing_else() {
    let mut play = tea();
    let other = ConferenceCommand::SetTopic { topic: "scones".into(), message: text("and more") };
    assert_eq!(play.asks("alice/phone", other), ["alice/phone: no, BadRequest"]);
}
