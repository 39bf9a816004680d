//! Sessions that take nothing, and what they lose.

use super::*;
use crate::limits::{NOTICES, OVERFLOW};
use crate::session::here;
use domain::{Address, EndpointId, presentity};

/// From one of so many people: presence of the same one is latest-wins.
fn notice(of: usize) -> Event {
    let aggregate = presentity::Aggregate {
        availability: presentity::Availability::Available,
        activity: None,
        note: None,
        last_seen: None,
    };
    Event::Notice(Arc::new(presentity::Notice {
        presentity: Address::parse(&format!("u{of}@example.org")).expect("an address"),
        endpoint: None,
        state: None,
        parting: None,
        aggregate: Arc::new(aggregate),
    }))
}

fn directed() -> Event {
    let user = Address::parse("bob@example.org").expect("an address");
    Event::Directed {
        from: EndpointId::new(user, EndpointName::parse("desk").expect("a name")),
        state: None,
        note: None,
    }
}

#[test]
fn a_session_that_takes_nothing_is_lost_when_its_overflow_is_full() {
    let (events, _inbox) = transport::inbox(4);
    let name = EndpointName::parse("desk").expect("a name");
    let mut outbox = Outbox::new(name, Line::Near(Inbox { session: here(1), events }), Arc::default());
    // The inbox takes some, and presence of the same one takes one place only.
    (0..4).for_each(|_| outbox.send(directed()));
    (0..2 * OVERFLOW).for_each(|n| outbox.send(notice(n % 10)));
    assert_eq!((outbox.overflow.len(), outbox.meters.coalesced.get()), (10, 2 * OVERFLOW as u64 - 10));
    for _ in 0..OVERFLOW {
        outbox.send(directed());
    }
    assert!(!outbox.is_lost(Timestamp(0)));
    outbox.send(directed());
    assert!(outbox.is_lost(Timestamp(0)));
}

#[test]
fn presence_of_a_whole_roster_finds_room_and_who_is_lost_is_told_first() {
    let (events, mut inbox) = transport::inbox(4);
    let name = EndpointName::parse("desk").expect("a name");
    let mut outbox = Outbox::new(name, Line::Near(Inbox { session: here(1), events }), Arc::default());
    (0..4 + NOTICES).for_each(|n| outbox.send(notice(n)));
    assert!(!outbox.is_lost(Timestamp(0)));
    outbox.send(notice(usize::MAX));
    assert!(outbox.is_lost(Timestamp(0)));
    outbox.give_up();
    let cx = std::task::Context::from_waker(std::task::Waker::noop());
    let told = inbox.poll_first(&cx);
    let ended = Event::Ended(endpoint::Ending::TooSlow);
    assert_eq!(format!("{told:?}"), format!("{:?}", std::task::Poll::Ready(SessionEvent::Endpoint(ended))));
}
