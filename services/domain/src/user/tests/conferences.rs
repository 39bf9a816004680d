//! Conferences as a user's home sees them, and what is relayed between endpoints.

use super::*;
use crate::conversation::{
    Affiliation, ConferenceCommand, ConferenceEvent, Departure, HistoryWish, Occupant, Role,
};

fn join(conference: &str) -> endpoint::Command {
    let command = ConferenceCommand::Join {
        nick: name("Al"),
        state: state(Availability::Available),
        password: None,
        history: HistoryWish::default(),
    };
    endpoint::Command::Conference { conference: address(conference), command }
}

fn answer_last(stage: &mut Stage, who: &str) {
    let who = endpoint_id(who);
    let ticket = Ticket(stage.tickets);
    let answer = Ok(endpoint::Answer::Done);
    stage.ask(who.user.as_str(), Command::Answer { endpoint: who.name, ticket, answer });
}

fn own_end() -> Arc<ConferenceEvent> {
    Arc::new(ConferenceEvent::Gone {
        occupant: Occupant {
            nick: name("Al"),
            endpoint: None,
            occupant_id: "x".into(),
            affiliation: Affiliation::None,
            role: Role::None,
            state: state(Availability::Available),
        },
        own: true,
        how: Departure::Vanished,
    })
}

fn event(endpoint: Option<&str>, event: Arc<ConferenceEvent>) -> Command {
    Command::Conference { endpoint: endpoint.map(name), conference: address("tea@talk.example.org"), event }
}

#[test]
fn each_conference_is_told_when_an_endpoint_goes() {
    let mut stage = Stage::with(&["alice"]);
    stage.arrives("alice/desk");
    for conference in ["tea@talk.example.org", "work@talk.example.org"] {
        stage.says("alice/desk", join(conference));
        answer_last(&mut stage, "alice/desk");
    }
    stage.told();
    stage.ask("alice", event(Some("desk"), own_end()));
    stage.expect(&["alice/desk: news of tea@talk"]);
    stage.says("alice/desk", endpoint::Command::Unpublish { note: None });
    assert_eq!(stage.told(), ["[work@talk] alice/desk is gone"]);
    stage.detach("alice/desk");
    assert!(stage.told().is_empty());
}

#[test]
fn a_conference_that_speaks_to_the_dead_is_told() {
    let mut stage = Stage::with(&["alice"]);
    let topic = ConferenceEvent::Topic { topic: "".into(), by: None, at: None, said: None };
    stage.ask("alice", event(Some("desk"), Arc::new(topic)));
    assert_eq!(stage.told(), ["[tea@talk] alice/desk is gone"]);
    stage.ask("alice", event(Some("desk"), own_end()));
    assert!(stage.told().is_empty(), "it knows");
    let mut said = Arc::into_inner(said("bob/phone", "alice", 3, message("hi"))).expect("one");
    said.conversation = ConversationId::Conference(address("tea@talk.example.org"));
    let said = Arc::new(said);
    stage.ask(
        "alice",
        Command::Deliver { endpoint: Some(name("desk")), said: Arc::clone(&said), late: false },
    );
    assert_eq!(stage.told(), ["[tea@talk] alice/desk is gone"]);
    stage.arrives("alice/desk");
    stage.ask("alice", Command::Deliver { endpoint: Some(name("desk")), said, late: false });
    stage.expect(&["alice/desk: gets \"hi\" from bob/phone"]);
    assert!(stage.told().is_empty(), "no confirmation is wanted");
}

#[test]
fn invitations_reach_all_endpoints_unless_the_inviter_is_blocked() {
    let mut stage = Stage::with(&["alice"]);
    stage.arrives("alice/desk");
    stage.arrives("alice/pad");
    stage.heard.clear();
    let invited = |from| {
        let from = endpoint_id(from);
        event(
            None,
            Arc::new(ConferenceEvent::Invited { from, reason: None, password: None, continues: None }),
        )
    };
    stage.ask("alice", invited("bob/phone"));
    stage.expect(&["alice/desk: news of tea@talk", "alice/pad: news of tea@talk"]);
    let block = endpoint::RosterCommand::Block(vec![address("bob")]);
    stage.says("alice/desk", endpoint::Command::Roster(block));
    stage.ask("alice", invited("bob/phone"));
    stage.expect(&[]);
}

#[test]
fn requests_are_relayed_to_the_right_endpoint_or_refused() {
    let mut stage = Stage::with(&["alice", "bob"]);
    stage.arrives("alice/desk");
    stage.arrives("bob/phone");
    let relay = |to| endpoint::Command::Relay { to: endpoint_id(to), payload: "ping".into() };
    stage.says("alice/desk", relay("bob/phone"));
    stage.expect(&["bob/phone: relayed ping from alice/desk"]);
    stage.says("alice/desk", relay("bob/boat"));
    stage.says("alice/desk", relay("nobody/pc"));
    stage.expect(&["alice/desk: refused Unavailable", "alice/desk: refused Unavailable"]);
}
