//! Presence (RFC 6121 §3, §4; XEP-0115, 0163, 0319).

use super::{Cast, address, endpoint, name, play};
use domain::{
    Timestamp,
    category::{CategoryNotice, Change, Item},
    endpoint::{Ending, Event},
    presentity::{Aggregate, Availability, Notice, State},
    roster::Handshake,
};
use std::sync::Arc;

fn state(availability: Availability, note: Option<&str>) -> State {
    State { note: note.map(Arc::from), ..State::of(availability) }
}

fn notice(endpoint: Option<&str>, state: Option<State>, last_seen: Option<Timestamp>) -> Event {
    let availability = state.as_ref().map_or(Availability::Offline, |state| state.availability);
    let aggregate = Arc::new(Aggregate { availability, activity: None, note: None, last_seen });
    Event::Notice(Arc::new(Notice {
        presentity: address("bob@example.org"),
        endpoint: endpoint.map(name),
        state: state.map(Arc::new),
        parting: None,
        aggregate,
    }))
}

/// Bob's phone goes with a note, and his desk stays.
fn parting(note: &str) -> Event {
    let Event::Notice(there) = notice(Some("phone"), Some(state(Availability::Available, None)), None) else {
        unreachable!("a notice was made")
    };
    Event::Notice(Arc::new(Notice { state: None, parting: Some(note.into()), ..Notice::clone(&there) }))
}

#[test]
fn presence_is_shown_to_all_to_one_and_taken_back() {
    play(
        &Cast::default(),
        "C: <presence><show>xa</show><status>out</status><priority>5</priority></presence>
         D: 1 Publish(State { availability: Away, activity: None, eager: false, extended: true, idle_since: None, note: Some(\"out\"), priority: 5, carried: b\"\" })
         d: 1
         H: 1
         C: <presence to='bob@example.org/phone'/>
         D: 2 Direct(Directed { to: bob@example.org, endpoint: Some(phone), state: Some(State { availability: Available, activity: None, eager: false, extended: false, idle_since: None, note: None, priority: 0, carried: b\"\" }), note: None })
         C: <presence to='bob@example.org' type='unavailable'><status>bye</status></presence>
         D: 3 Direct(Directed { to: bob@example.org, endpoint: None, state: None, note: Some(\"bye\") })
         C: <presence type='unavailable'><status>bye</status></presence>
         D: 4 Unpublish { note: Some(\"bye\") }
         d: 4
         H: 4",
    );
}

#[test]
fn the_steps_of_a_subscription_go_to_the_bare_address() {
    play(
        &Cast::default(),
        "C: <presence to='bob@example.org/phone' type='subscribe'><status>please</status></presence>
         D: 1 Roster(Handshake { with: bob@example.org, step: Subscribe, carried: b\"<status>please</status>\" })
         C: <presence to='bob@example.org' type='unsubscribed'/>
         D: 2 Roster(Handshake { with: bob@example.org, step: Unsubscribed, carried: b\"\" })
         d: 1 !Conflict
         S: <presence type='error' from='bob@example.org/phone' to='alice@example.org/desk'><error type='cancel'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>
         H: 1",
    );
}

#[test]
fn what_is_no_presence_for_a_client_to_send() {
    play(
        &Cast::default(),
        "C: <presence type='probe' to='bob@example.org/phone'/>
         D: 1 Probe { to: bob@example.org }
         d: 1
         H: 1
         C: <presence type='error' to='bob@elsewhere.example'/>
         H: 2
         C: <presence type='nonsense'/>
         S: <presence type='error' to='alice@example.org/desk'><error type='modify'><bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>
         H: 3
         C: <presence type='subscribe'/>
         S: <presence type='error' to='alice@example.org/desk'><error type='modify'><bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>
         H: 4
         C: <presence to='conference.example.org'/>
         H: 5
         C: <presence to='bob@elsewhere.example' type='subscribe'/>
         S: <presence type='error' from='bob@elsewhere.example' to='alice@example.org/desk'><error type='cancel'><remote-server-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>
         H: 6",
    );
}

#[test]
fn contacts_come_change_and_go() {
    let cast = Cast {
        events: vec![
            ("busy", notice(Some("phone"), Some(state(Availability::Busy, Some("in <a> call"))), None)),
            ("gone", notice(Some("phone"), None, None)),
            ("gone for good", parting("so long")),
            ("offline", notice(None, None, Some(super::NOW))),
            (
                "directed",
                Event::Directed {
                    from: endpoint("bob@example.org/phone"),
                    state: Some(Arc::new(state(Availability::Available, None))),
                    note: None,
                },
            ),
            (
                "directly gone",
                Event::Directed {
                    from: endpoint("bob@example.org/phone"),
                    state: None,
                    note: Some("<bye>".into()),
                },
            ),
            (
                "asked",
                Event::Handshake {
                    from: address("bob@example.org"),
                    step: Handshake::Subscribe,
                    carried: "<status>hi</status>".into(),
                },
            ),
        ],
        ..Cast::default()
    };
    play(
        &cast,
        "E: busy
         S: <presence from='bob@example.org/phone' to='alice@example.org/desk'><show>dnd</show><status>in &lt;a&gt; call</status><state xmlns='urn:linnet:presence:0' availability='6000'/></presence>
         E: gone
         S: <presence from='bob@example.org/phone' to='alice@example.org/desk' type='unavailable'></presence>
         E: gone for good
         S: <presence from='bob@example.org/phone' to='alice@example.org/desk' type='unavailable'><status>so long</status></presence>
         E: offline
         S: <presence from='bob@example.org' to='alice@example.org/desk' type='unavailable'><delay xmlns='urn:xmpp:delay' from='bob@example.org' stamp='2026-11-21T11:00:00Z'/></presence>
         E: directed
         S: <presence from='bob@example.org/phone' to='alice@example.org/desk'></presence>
         E: directly gone
         S: <presence from='bob@example.org/phone' to='alice@example.org/desk' type='unavailable'><status>&lt;bye&gt;</status></presence>
         E: asked
         S: <presence from='bob@example.org' to='alice@example.org' type='subscribe'><status>hi</status></presence>",
    );
}

#[test]
fn a_client_is_asked_what_it_can_do_and_hears_of_nothing_else() {
    let item = Item {
        id: "i1".into(),
        publisher: endpoint("bob@example.org/phone"),
        content: "<nick xmlns='http://jabber.org/protocol/nick'>Bob</nick>".into(),
    };
    let notice = CategoryNotice {
        owner: address("bob@example.org"),
        category: "http://jabber.org/protocol/nick".into(),
        change: Change::Published(Arc::new(item)),
    };
    let cast = Cast { events: vec![("nick", Event::Category(Arc::new(notice)))], ..Cast::default() };
    play(
        &cast,
        "E: nick
         C: <presence><c xmlns='http://jabber.org/protocol/caps' hash='none' node='urn:test' ver='1'/></presence>
         S: <iq type='get' id='linnet-1' from='example.org' to='alice@example.org/desk'><query xmlns='http://jabber.org/protocol/disco#info' node='urn:test#1'/></iq>
         D: 2 Publish(State { availability: Available, activity: None, eager: false, extended: false, idle_since: None, note: None, priority: 0, carried: b\"<c xmlns='http://jabber.org/protocol/caps' hash='none' node='urn:test' ver='1'/>\" })
         E: nick
         C: <iq type='result' id='linnet-1' to='example.org'><query xmlns='http://jabber.org/protocol/disco#info' node='urn:test#1'><feature var='http://jabber.org/protocol/nick+notify'/></query></iq>
         S: <message from='bob@example.org' to='alice@example.org/desk' type='headline'><event xmlns='http://jabber.org/protocol/pubsub#event'><items node='http://jabber.org/protocol/nick'><item id='i1'><nick xmlns='http://jabber.org/protocol/nick'>Bob</nick></item></items></event></message>
         H: 2",
    );
}

#[test]
fn a_session_that_the_home_ends_says_why() {
    let cast = Cast {
        events: vec![
            ("replaced", Event::Ended(Ending::Replaced)),
            ("changed", Event::Ended(Ending::AccountChanged)),
            ("draining", Event::Ended(Ending::Draining)),
            ("moved", Event::Ended(Ending::HomeMoved)),
            ("many", Event::Ended(Ending::LimitReached)),
        ],
        ..Cast::default()
    };
    play(
        &cast,
        "E: replaced
         S: end conflict
         E: changed
         S: end not-authorized
         E: draining
         S: end system-shutdown
         E: moved
         S: end reset
         E: many
         S: end policy-violation",
    );
}
