//! The roster, blocking (RFC 6121 §2, XEP-0191).

use super::{Cast, address, play};
use domain::{
    endpoint::{Answer, Event},
    presentity::Container,
    roster::{Contact, Subscription},
};
use std::sync::Arc;

fn bob() -> Arc<Contact> {
    Arc::new(Contact {
        address: address("bob@example.org"),
        name: Some("Bob".into()),
        groups: vec!["Friends & co".into()],
        subscription: Subscription { to: true, from: false, asked: false, approved: true },
        container: None,
    })
}

#[test]
fn the_roster_is_read_by_version_and_pushed_when_it_changes() {
    let cast = Cast {
        answers: vec![("all", Answer::Roster(Some((vec![bob()], 5)))), ("same", Answer::Roster(None))],
        events: vec![
            ("changed", Event::ContactChanged { contact: bob(), version: 6 }),
            ("removed", Event::ContactRemoved { address: address("bob@example.org"), version: 7 }),
        ],
        ..Cast::default()
    };
    play(
        &cast,
        "C: <iq type='get' id='r1'><query xmlns='jabber:iq:roster' ver=''/></iq>
         D: 1 Roster(Get { version: None })
         d: 1 all
         S: <iq type='result' id='r1' to='alice@example.org/desk'><query xmlns='jabber:iq:roster' ver='5'><item jid='bob@example.org' name='Bob' subscription='to' approved='true'><group>Friends &amp; co</group></item></query></iq>
         H: 1
         C: <iq type='get' id='r2' to='alice@example.org'><query xmlns='jabber:iq:roster' ver='5'/></iq>
         D: 2 Roster(Get { version: Some(5) })
         d: 2 same
         S: <iq type='result' id='r2' from='alice@example.org' to='alice@example.org/desk'></iq>
         H: 2
         E: changed
         S: <iq type='set' id='linnet-3' to='alice@example.org/desk'><query xmlns='jabber:iq:roster' ver='6'><item jid='bob@example.org' name='Bob' subscription='to' approved='true'><group>Friends &amp; co</group></item></query></iq>
         C: <iq type='result' id='linnet-3'/>
         H: 3
         E: removed
         S: <iq type='set' id='linnet-4' to='alice@example.org/desk'><query xmlns='jabber:iq:roster' ver='7'><item jid='bob@example.org' subscription='remove'/></query></iq>",
    );
}

#[test]
fn a_contact_is_set_and_removed() {
    play(
        &Cast::default(),
        "C: <iq type='set' id='1'><query xmlns='jabber:iq:roster'><item jid='Bob@example.org' name='Bob'><group>A</group><group>B</group></item></query></iq>
         D: 1 Roster(Set { address: bob@example.org, name: Some(\"Bob\"), groups: [\"A\", \"B\"] })
         d: 1
         S: <iq type='result' id='1' to='alice@example.org/desk'></iq>
         H: 1
         C: <iq type='set' id='2'><query xmlns='jabber:iq:roster'><item jid='bob@example.org' subscription='remove'/></query></iq>
         D: 2 Roster(Remove { address: bob@example.org })
         d: 2 !NotFound
         S: <iq type='error' id='2' to='alice@example.org/desk'><error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>
         H: 2",
    );
}

#[test]
fn a_contact_is_put_into_an_audience_of_the_presence() {
    let mut friend = (*bob()).clone();
    (friend.groups, friend.container) = (Vec::new(), Some(Container::Friends));
    let changed = Event::ContactChanged { contact: Arc::new(friend), version: 6 };
    play(
        &Cast { events: vec![("changed", changed)], ..Cast::default() },
        "C: <iq type='set' id='1'><query xmlns='jabber:iq:roster'><item jid='bob@example.org'><audience xmlns='urn:linnet:audience:0'>friends</audience></item></query></iq>
         D: 1 Roster(Set { address: bob@example.org, name: None, groups: [] })
         d: 1
         D: 2 Roster(Place { address: bob@example.org, container: Some(Friends) })
         d: 2
         S: <iq type='result' id='1' to='alice@example.org/desk'></iq>
         H: 1
         E: changed
         S: <iq type='set' id='linnet-3' to='alice@example.org/desk'><query xmlns='jabber:iq:roster' ver='6'><item jid='bob@example.org' name='Bob' subscription='to' approved='true'><audience xmlns='urn:linnet:audience:0'>friends</audience></item></query></iq>",
    );
}

#[test]
fn what_is_no_change_is_refused() {
    for (items, kind, condition, text) in [
        ("", "modify", "bad-request", "a roster change has exactly one item"),
        (
            "<item jid='a@b'/><item jid='c@d'/>",
            "modify",
            "bad-request",
            "a roster change has exactly one item",
        ),
        ("<item/>", "modify", "bad-request", "the item has no address"),
        ("<item jid='a b@c'/>", "modify", "jid-malformed", "that is no bare address"),
        ("<item jid='a@b'><group/></item>", "modify", "not-acceptable", "a group has no name"),
        (
            "<item jid='a@b'><group>x</group><group>x</group></item>",
            "modify",
            "bad-request",
            "a group stands twice",
        ),
    ] {
        let script = format!(
            "C: <iq type='set' id='1'><query xmlns='jabber:iq:roster'>{items}</query></iq>
             S: <iq type='error' id='1' to='alice@example.org/desk'><error type='{kind}'><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>{text}</text></error></iq>
             H: 1"
        );
        play(&Cast::default(), &script);
    }
}

#[test]
fn somebody_is_blocked_and_unblocked() {
    let cast = Cast {
        answers: vec![("eve", Answer::Blocked(vec![address("eve@example.org")]))],
        events: vec![(
            "blocked",
            Event::BlockChanged { addresses: [address("eve@example.org")].into(), blocked: true },
        )],
        ..Cast::default()
    };
    play(
        &cast,
        "C: <iq type='set' id='1'><block xmlns='urn:xmpp:blocking'><item jid='eve@example.org'/></block></iq>
         D: 1 Roster(Block([eve@example.org]))
         d: 1
         S: <iq type='result' id='1' to='alice@example.org/desk'></iq>
         H: 1
         E: blocked
         S: <iq type='set' id='linnet-2' to='alice@example.org/desk'><block xmlns='urn:xmpp:blocking'><item jid='eve@example.org'/></block></iq>
         C: <iq type='get' id='2'><blocklist xmlns='urn:xmpp:blocking'/></iq>
         D: 3 Roster(Blocked)
         d: 3 eve
         S: <iq type='result' id='2' to='alice@example.org/desk'><blocklist xmlns='urn:xmpp:blocking'><item jid='eve@example.org'/></blocklist></iq>
         H: 2
         C: <iq type='set' id='3'><unblock xmlns='urn:xmpp:blocking'/></iq>
         D: 4 Roster(Unblock([]))
         d: 4
         S: <iq type='result' id='3' to='alice@example.org/desk'></iq>
         H: 3
         C: <iq type='set' id='4'><block xmlns='urn:xmpp:blocking'/></iq>
         S: <iq type='error' id='4' to='alice@example.org/desk'><error type='modify'><bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>
         H: 4",
    );
}
