//! Which endpoints get a message (RFC 6121 §8.5, XEP-0280).

use super::*;
use crate::message::Traits;

fn stage() -> Stage {
    let mut stage = Stage::with(&["alice", "bob"]);
    for who in ["alice/desk", "alice/pad", "bob/phone", "bob/car"] {
        stage.arrives(who);
    }
    stage.says("bob/car", endpoint::Command::Publish(priority(-1)));
    stage.heard.clear();
    stage
}

#[test]
fn to_all_who_take_messages_and_a_copy_to_the_speakers_others() {
    let mut stage = stage();
    stage.arrives("bob/watch");
    stage.writes("alice/desk", "bob", message("hello"));
    stage.expect(&[
        "alice/desk: accepted as 1",
        "alice/pad: copy of sent \"hello\" from alice/desk",
        "bob/phone: gets \"hello\" from alice/desk #1",
        "bob/watch: gets \"hello\" from alice/desk #1",
    ]);
}

#[test]
fn to_one_endpoint_and_a_copy_to_the_others() {
    let mut stage = stage();
    stage.writes("alice/desk", "bob/car", message("left"));
    stage.expect(&[
        "alice/desk: accepted as 1",
        "alice/pad: copy of sent \"left\" from alice/desk",
        "bob/car: gets \"left\" from alice/desk #1",
        "bob/phone: copy of received \"left\" from alice/desk",
    ]);
}

#[test]
fn to_an_endpoint_that_is_gone_is_to_all() {
    let mut stage = stage();
    stage.writes("alice/desk", "bob/boat", message("ahoy"));
    stage.expect(&[
        "alice/desk: accepted as 1",
        "alice/pad: copy of sent \"ahoy\" from alice/desk",
        "bob/phone: gets \"ahoy\" from alice/desk #1",
    ]);
}

#[test]
fn no_copies_where_the_sender_wants_none() {
    let mut stage = stage();
    stage.writes("alice/desk", "bob/car", Message { traits: Traits::NO_COPY, ..message("psst") });
    stage.expect(&["alice/desk: accepted as 1", "bob/car: gets \"psst\" from alice/desk #1"]);
}

#[test]
fn typing_is_relayed_and_forgotten() {
    let mut stage = stage();
    stage.writes("alice/desk", "bob", Message { body: None, traits: Traits::TYPING, ..message("") });
    stage.expect(&[
        "alice/desk: accepted as 0",
        "alice/pad: copy of sent \"(no text)\" from alice/desk",
        "bob/phone: gets \"(no text)\" from alice/desk",
    ]);
    stage.detach("bob/phone");
    let facts = stage.facts[&address("bob")].len();
    stage.writes("alice/desk", "bob", Message { body: None, traits: Traits::TYPING, ..message("") });
    assert_eq!(stage.facts[&address("bob")].len(), facts, "it is not kept");
}

#[test]
fn headlines_are_for_those_who_are_there() {
    let mut stage = stage();
    let headline = || Message { kind: MessageKind::Headline, ..message("news") };
    stage.writes("alice/desk", "bob", headline());
    stage.expect(&["alice/desk: accepted as 0", "bob/phone: gets \"news\" from alice/desk"]);
    stage.writes("alice/desk", "bob/boat", headline());
    stage.expect(&["alice/desk: accepted as 0"]);
}

#[test]
fn a_note_to_oneself_reaches_the_other_endpoints() {
    let mut stage = stage();
    stage.writes("alice/desk", "alice", message("milk"));
    stage.expect(&["alice/desk: accepted as 1", "alice/pad: gets \"milk\" from alice/desk"]);
}

#[test]
fn a_retry_is_answered_and_not_copied_again() {
    let mut stage = stage();
    let said = said("alice/desk", "bob", 1, message("hello"));
    stage.open.insert((endpoint_id("alice/desk"), Ticket(77)));
    stage.ask("alice", Command::Sent { ticket: Ticket(77), said, again: true });
    stage.expect(&["alice/desk: accepted as 1"]);
}

#[test]
fn what_is_meant_for_a_conference_is_no_message_to_a_user() {
    let mut stage = stage();
    stage.writes("alice/desk", "bob", Message { kind: MessageKind::Conference, ..message("all") });
    stage.expect(&["alice/desk: refused BadRequest"]);
}
