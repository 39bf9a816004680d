//! Strategies for what a user's home tells its endpoints.

use super::{
    conferences::{conference_answer, conference_event},
    people::*,
};
use domain::endpoint::{Answer, Delivery, Ending, Event, How};
use proptest::{collection::vec, option, prelude::*, sample::select};

pub(super) fn answer() -> impl Strategy<Value = Answer> {
    use Answer as A;
    prop_oneof![
        Just(A::Done),
        (any::<u64>(), time()).prop_map(|(number, at)| A::Accepted { number, at }),
        option::of((vec(contact(), 0..3), any::<u64>())).prop_map(A::Roster),
        vec(address(), 0..3).prop_map(A::Blocked),
        vec(text(), 0..3).prop_map(A::Categories),
        (vec(item(), 0..3), any::<bool>()).prop_map(|(items, complete)| A::Items { items, complete }),
        settings().prop_map(A::Settings),
        conference_answer().prop_map(A::Conference),
    ]
}

pub(super) fn event() -> impl Strategy<Value = Event> {
    use Event as E;
    let how = select(vec![How::Direct, How::ReceivedElsewhere, How::SentElsewhere]);
    let ending = select(vec![
        Ending::Replaced,
        Ending::AccountChanged,
        Ending::LimitReached,
        Ending::TooSlow,
        Ending::Draining,
        Ending::HomeMoved,
    ]);
    one_of(vec![
        (ticket(), answer()).prop_map(|(ticket, answer)| E::Done(ticket, answer)).boxed(),
        (ticket(), refusal()).prop_map(|(ticket, refusal)| E::Refused(ticket, refusal)).boxed(),
        (said(), how, any::<bool>(), any::<u64>())
            .prop_map(|(said, how, late, serial)| E::Delivery(Delivery { said, how, late, serial }))
            .boxed(),
        notice().prop_map(E::Notice).boxed(),
        (endpoint(), maybe_state(), maybe_text())
            .prop_map(|(from, state, note)| E::Directed { from, state, note })
            .boxed(),
        (address(), handshake(), bytes())
            .prop_map(|(from, step, carried)| E::Handshake { from, step, carried })
            .boxed(),
        (contact(), any::<u64>())
            .prop_map(|(contact, version)| E::ContactChanged { contact, version })
            .boxed(),
        (address(), any::<u64>())
            .prop_map(|(address, version)| E::ContactRemoved { address, version })
            .boxed(),
        (vec(address(), 0..3), any::<bool>())
            .prop_map(|(addresses, blocked)| E::BlockChanged { addresses: addresses.into(), blocked })
            .boxed(),
        category_notice().prop_map(E::Category).boxed(),
        (endpoint(), bytes()).prop_map(|(from, payload)| E::Relay { from, payload }).boxed(),
        (address(), conference_event())
            .prop_map(|(conference, event)| E::Conference { conference, event: event.into() })
            .boxed(),
        ending.prop_map(E::Ended).boxed(),
    ])
}
