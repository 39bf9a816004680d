//! What a session remembers: which deliveries pass, what is asked again, what a new home is told.

use super::*;
use crate::{
    EndpointId, EndpointName, Message, Reason, Refusal, Timestamp,
    endpoint::{Answer, Delivery, How, Rendered, Said},
    limits::PASSED_ON,
};

fn address(name: &str) -> Address {
    Address::parse(&format!("{name}@example.org")).expect("an address")
}

fn delivery(number: u64, serial: u64) -> Event {
    let from = EndpointId::new(address("bob"), EndpointName::parse("desk").expect("a name"));
    let said = Said {
        conversation: ConversationId::between(address("alice"), address("bob")),
        number,
        at: Timestamp(1),
        from,
        nick: None,
        occupant_id: None,
        to: None,
        message: Arc::new(Message { body: Some("hello".into()), ..Message::default() }),
        rendered: Rendered::default(),
    };
    Event::Delivery(Delivery { said: Arc::new(said), how: How::Direct, late: false, serial })
}

/// The serial under which the door sees it, and what the home hears at once.
fn hear(recall: &mut Recall, number: u64, serial: u64) -> (Option<u64>, Option<u64>) {
    let (event, command) = recall.hears(delivery(number, serial));
    let door = event.map(|event| match event {
        Event::Delivery(delivery) => delivery.serial,
        other => panic!("{other:?}"),
    });
    let home = command.map(|command| match command {
        Command::Confirm { serial } => serial,
        other => panic!("{other:?}"),
    });
    (door, home)
}

fn confirm(recall: &mut Recall, serial: u64) -> Option<u64> {
    match recall.asks(Ticket(0), 0, Command::Confirm { serial }) {
        Ask::Now(Command::Confirm { serial }) => Some(serial),
        Ask::Now(other) => panic!("{other:?}"),
        Ask::Later => None,
    }
}

fn send(origin_id: Option<&str>) -> Command {
    let message =
        Message { body: Some("hello".into()), origin_id: origin_id.map(Arc::from), ..Message::default() };
    Command::Send { to: address("bob"), endpoint: None, message: Arc::new(message) }
}

fn id_of(command: &Command) -> Option<&str> {
    match command {
        Command::Send { message, .. } => message.origin_id.as_deref(),
        _ => None,
    }
}

#[test]
fn what_another_home_hands_out_again_is_not_passed_on_again() {
    let mut recall = Recall::default();
    assert_eq!(hear(&mut recall, 1, 1), (Some(1), None));
    assert_eq!(hear(&mut recall, 2, 2), (Some(2), None));
    assert_eq!(confirm(&mut recall, 1), Some(1));
    recall.adrift();
    recall.attached();
    // The client has the first, the second is on its way to it, the third is new.
    assert_eq!(hear(&mut recall, 1, 1), (None, Some(1)));
    assert_eq!(hear(&mut recall, 2, 2), (None, None));
    assert_eq!(hear(&mut recall, 3, 3), (Some(3), None));
    assert_eq!(confirm(&mut recall, 2), Some(2));
    assert_eq!(confirm(&mut recall, 3), Some(3));
}

#[test]
fn a_home_hears_of_nothing_that_the_client_may_be_without() {
    let mut recall = Recall::default();
    hear(&mut recall, 1, 1);
    confirm(&mut recall, 1);
    recall.adrift();
    recall.attached();
    // One that is new comes before one that is known.
    assert_eq!(hear(&mut recall, 7, 1), (Some(2), None));
    assert_eq!(hear(&mut recall, 1, 2), (None, None));
    assert_eq!(confirm(&mut recall, 2), Some(2));
}

#[test]
fn what_was_written_with_a_stanza_is_known_by_the_serials_of_the_home() {
    let mut recall = Recall::default();
    hear(&mut recall, 1, 11);
    hear(&mut recall, 2, 12);
    hear(&mut recall, 3, 13);
    assert_eq!((recall.reached(0), recall.reached(2), recall.reached(9)), (0, 12, 13));
}

#[test]
fn a_message_that_comes_late_from_another_device_is_new() {
    let mut recall = Recall::default();
    assert_eq!(hear(&mut recall, 6, 1), (Some(1), None));
    assert_eq!(hear(&mut recall, 5, 2), (Some(2), None));
}

#[test]
fn what_was_passed_on_long_ago_is_forgotten() {
    let mut recall = Recall::default();
    for number in 1..=PASSED_ON as u64 + 1 {
        hear(&mut recall, number, number);
    }
    confirm(&mut recall, PASSED_ON as u64 + 1);
    assert_eq!(hear(&mut recall, 2, 1), (None, Some(1)));
    assert!(hear(&mut recall, 1, 2).0.is_some());
}

#[test]
fn what_is_not_answered_is_asked_again_in_order_and_answered_once() {
    let mut recall = Recall::default();
    for ticket in 1..=3 {
        assert!(matches!(recall.asks(Ticket(ticket), 0, send(None)), Ask::Now(_)));
    }
    recall.hears(Event::Done(Ticket(2), Answer::Done));
    let again = recall.adrift();
    assert_eq!(again.state, None);
    assert!(matches!(recall.asks(Ticket(4), 0, send(Some("mine"))), Ask::Later), "nobody to ask");
    let asked = recall.attached();
    assert_eq!(asked.iter().map(|(ticket, ..)| ticket.0).collect::<Vec<_>>(), [1, 3, 4]);
    let refused = Event::Refused(Ticket(1), Refusal::from(Reason::TryLater));
    assert!(recall.hears(refused.clone()).0.is_some());
    assert!(recall.hears(refused).0.is_none());
}

#[test]
fn a_message_without_an_id_gets_one_and_keeps_its_own() {
    let (mut without, mut with) = (send(None), send(Some("mine")));
    identify(&mut without, || "made".to_owned());
    identify(&mut with, || "made".to_owned());
    assert_eq!((id_of(&without), id_of(&with)), (Some("made"), Some("mine")));
}

#[test]
fn only_what_depends_on_the_home_that_moved_is_asked_again() {
    let mut recall = Recall::default();
    let me = address("alice");
    recall.asks(Ticket(1), 0, send(None));
    recall.asks(Ticket(2), 0, Command::Roster(RosterCommand::Get { version: None }));
    let pair = Home::Conversation(ConversationId::between(me.clone(), address("bob")));
    assert_eq!(recall.moved(&me, |home| *home == pair).len(), 1);
    assert_eq!(recall.moved(&me, |home| *home != pair).len(), 0);
}

#[test]
fn a_new_home_learns_what_the_endpoint_shows() {
    let mut recall = Recall::default();
    let state = Arc::new(State::of(crate::presentity::Availability::Available));
    recall.asks(Ticket(1), 0, Command::Publish(Arc::clone(&state)));
    recall.asks(Ticket(2), 0, Command::Roster(RosterCommand::Get { version: None }));
    let again = recall.adrift();
    let expected = Remembered { state: Some(state), roster: true, ..Remembered::default() };
    assert_eq!(again, expected);
    recall.asks(Ticket(3), 0, Command::Unpublish { note: None });
    assert_eq!(recall.adrift().state, None);
}

#[test]
fn what_comes_while_the_home_is_out_of_reach_waits_for_the_next_one() {
    let mut recall = Recall::default();
    assert_eq!(hear(&mut recall, 1, 1), (Some(1), None));
    recall.adrift();
    // The second was lost with the link; the third came over the next one, before the session has attached again.
    assert_eq!(hear(&mut recall, 3, 3), (None, None));
    recall.attached();
    assert_eq!(hear(&mut recall, 2, 1), (Some(2), None));
    assert_eq!(hear(&mut recall, 3, 2), (Some(3), None));
    assert_eq!(confirm(&mut recall, 2), Some(1), "and the serials of the former home mean nothing");
}
