//! What waits for the log when a session attaches.

use super::*;
use domain::{
    Message, Ticket,
    endpoint::{Answer, Delivery, How, Rendered, Said},
    user::Policy,
};

fn address(name: &str) -> Address {
    Address::parse(&format!("{name}@example.org")).expect("an address")
}

fn endpoint(name: &str) -> EndpointName {
    EndpointName::parse(name).expect("a name")
}

fn delivery(serial: u64) -> Event {
    let said = Said {
        conversation: ConversationId::between(address("alice"), address("bob")),
        number: serial,
        at: Timestamp(1),
        from: EndpointId::new(address("bob"), endpoint("desk")),
        nick: None,
        occupant_id: None,
        to: None,
        message: Arc::new(Message::default()),
        rendered: Rendered::default(),
    };
    Event::Delivery(Delivery { said: Arc::new(said), how: How::Direct, late: false, serial })
}

/// How many effects stay of what waits, turn by turn, when this has attached.
fn stays(attached: Option<Attached>) -> [usize; 2] {
    let machine = User::new(address("alice"), Policy::default());
    let mut host = UserHost::new(address("alice"), machine, Arc::default());
    host.attached = attached;
    let done = Event::Done(Ticket(1), Answer::Done);
    let both = vec![endpoint("desk"), endpoint("phone")];
    let mut waiting = VecDeque::from([
        vec![Effect::ToEndpoint(endpoint("desk"), delivery(1)), Effect::ToEndpoints(both, delivery(0))],
        vec![Effect::ToEndpoint(endpoint("desk"), done), Effect::ToEndpoint(endpoint("phone"), delivery(7))],
    ]);
    host.take_back(&mut waiting);
    assert!(host.attached.is_none(), "it is for one turn");
    for effect in waiting.iter().flatten() {
        if let Effect::ToEndpoints(names, _) = effect {
            assert!(names.contains(&endpoint("phone")));
        }
    }
    [waiting[0].len(), waiting[1].len()]
}

#[test]
fn a_session_is_told_nothing_that_was_for_another_one_of_its_endpoint() {
    let attached = |again| Some(Attached { endpoint: endpoint("desk"), again });
    assert_eq!(stays(None), [2, 2]);
    assert_eq!(stays(attached(false)), [1, 1], "and the phone keeps what is for both");
    assert_eq!(stays(attached(true)), [1, 2], "answers are for the same session, deliveries come again");
}
