//! Messages between people (RFC 6121 §5, §8.5; XEP-0085, 0184, 0191, 0203, 0280, 0308, 0334, 0359).

use super::{Cast, NOW, address, delivery, name, play, play_with, said, session, text};
use domain::{
    Message,
    endpoint::{Delivery, Event, How},
    message::MessageKind,
};
use std::sync::Arc;

#[test]
fn a_message_is_handled_when_it_was_accepted() {
    play(
        &Cast::default(),
        "C: <message to='bob@example.org' type='chat' id='m1' xml:lang='en'><body>Hi &amp; bye</body><thread>t</thread></message>
         D: 1 Send bob@example.org Chat id=\"m1\" lang=\"en\" body=\"Hi & bye\" thread=\"t\"
         C: <message to='bob@example.org/phone' id='m2'><subject>s</subject></message>
         D: 2 Send bob@example.org/phone Normal id=\"m2\" subject=\"s\"
         d: 2
         H: 2
         d: 1
         H: 1",
    );
}

#[test]
fn a_refusal_comes_back_as_the_error_of_the_stanza() {
    play(
        &Cast::default(),
        "C: <message to='Bob@example.org' id='m1'><body>Hi</body></message>
         D: 1 Send bob@example.org Normal id=\"m1\" body=\"Hi\"
         d: 1 !Unavailable
         S: <message type='error' id='m1' from='Bob@example.org' to='alice@example.org/desk'><error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>
         H: 1
         C: <message to='bob@example.org' id='m2'><body>Hi</body></message>
         D: 2 Send bob@example.org Normal id=\"m2\" body=\"Hi\"
         d: 2 !NotAcceptable
         S: <message type='error' id='m2' from='bob@example.org' to='alice@example.org/desk'><error type='cancel'><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><blocked xmlns='urn:xmpp:blocking:errors'/></error></message>
         H: 2
         C: <message to='bob@example.org' type='error' id='m3'><error type='cancel'/></message>
         D: 3 Send bob@example.org Normal traits=512 id=\"m3\" carried <error type='cancel'/>
         d: 3 !Unavailable
         H: 3",
    );
}

#[test]
fn where_no_person_is_there_is_an_error() {
    let error = |to: &str, kind: &str, condition: &str| {
        format!(
            "S: <message type='error' from='{to}' to='alice@example.org/desk'><error type='{kind}'>\
             <{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>"
        )
    };
    for (to, type_, kind, condition) in [
        ("bob@elsewhere.example", "chat", "cancel", "remote-server-not-found"),
        ("bob@exa mple", "chat", "modify", "jid-malformed"),
        ("example.org", "chat", "cancel", "service-unavailable"),
        ("upload.example.org", "chat", "cancel", "service-unavailable"),
        ("bob@example.org", "groupchat", "cancel", "service-unavailable"),
    ] {
        let script = format!(
            "C: <message to='{to}' type='{type_}'><body>x</body></message>\n{}\nH: 1",
            error(to, kind, condition)
        );
        play(&Cast::default(), &script);
    }
}

#[test]
fn what_a_message_carries_says_what_it_is() {
    for (payload, expected) in [
        ("<composing xmlns='http://jabber.org/protocol/chatstates'/>", "traits=1 "),
        ("<received xmlns='urn:xmpp:receipts' id='1'/>", "traits=2 "),
        ("<replace xmlns='urn:xmpp:message-correct:0' id='1'/>", "traits=4 "),
        ("<retract xmlns='urn:xmpp:message-retract:1' id='1'/>", "traits=8 "),
        ("<reactions xmlns='urn:xmpp:reactions:0' id='1'/>", "traits=16 "),
        ("<encrypted xmlns='urn:xmpp:omemo:2'/>", "traits=32 "),
        ("<no-store xmlns='urn:xmpp:hints'/>", "traits=64 "),
        ("<store xmlns='urn:xmpp:hints'/>", "traits=256 "),
        ("<x xmlns='jabber:x:conference' jid='a@b'/>", ""),
    ] {
        let script = format!(
            "C: <message to='bob@example.org'>{payload}</message>\n\
             D: 1 Send bob@example.org Normal {expected}carried {payload}"
        );
        play(&Cast::default(), &script);
    }
}

#[test]
fn what_a_server_says_is_not_taken_from_a_client() {
    play(
        &Cast::default(),
        "C: <message to='bob@example.org'><body>x</body><stanza-id xmlns='urn:xmpp:sid:0' id='1' by='bob@example.org'/><delay xmlns='urn:xmpp:delay' stamp='2002-09-10T23:08:25Z'/><occupant-id xmlns='urn:xmpp:occupant-id:0' id='1'/><private xmlns='urn:xmpp:carbons:2'/><origin-id xmlns='urn:xmpp:sid:0' id='o1'/></message>
         D: 1 Send bob@example.org Normal traits=128 origin=\"o1\" body=\"x\"",
    );
}

#[test]
fn bodies_in_other_languages_are_carried() {
    play(
        &Cast::default(),
        "C: <message to='bob@example.org'><body xml:lang='en'>x</body><body xml:lang='de'>y</body></message>
         D: 1 Send bob@example.org Normal lang=\"en\" body=\"x\" carried <body xml:lang='de'>y</body>",
    );
}

#[test]
fn a_message_comes_with_its_place_and_is_confirmed_once_received() {
    let mut message = text(MessageKind::Chat, "a < b");
    message.id = Some("m1".into());
    message.origin_id = Some("o1".into());
    message.carried = "<markable xmlns='urn:xmpp:chat-markers:0'/>".into();
    let said = said("alice@example.org", "bob@example.org/phone", 7, message);
    let id = domain::history::HistoryId::of(&said);
    let cast = Cast { events: vec![("it", delivery(said, How::Direct, 3))], ..Cast::default() };
    let script = format!(
        "E: it
         S3: <message to='alice@example.org' from='bob@example.org/phone' id='m1' type='chat'><body>a &lt; b</body><origin-id xmlns='urn:xmpp:sid:0' id='o1'/><markable xmlns='urn:xmpp:chat-markers:0'/><stanza-id xmlns='urn:xmpp:sid:0' by='alice@example.org' id='{id}'/></message>
         R: 3
         D: 1 Confirm {{ serial: 3 }}
         R: 3"
    );
    play(&cast, &script);
}

#[test]
fn one_addressed_to_this_endpoint_says_so_and_a_late_one_says_when() {
    let mut said = said("alice@example.org", "bob@example.org/phone", 0, text(MessageKind::Normal, "x"));
    said.to = Some(name("desk"));
    let event = Event::Delivery(Delivery { said: Arc::new(said), how: How::Direct, late: true, serial: 0 });
    play(
        &Cast { events: vec![("it", event)], ..Cast::default() },
        "E: it
         S: <message to='alice@example.org/desk' from='bob@example.org/phone'><body>x</body><delay xmlns='urn:xmpp:delay' from='alice@example.org' stamp='2026-11-21T11:00:00Z'/></message>",
    );
}

#[test]
fn copies_come_only_when_asked_for_and_else_count_as_received() {
    let mut received = said("alice@example.org", "bob@example.org/phone", 0, text(MessageKind::Chat, "x"));
    received.to = Some(name("tablet"));
    let sent = said("bob@example.org", "alice@example.org/tablet", 0, text(MessageKind::Chat, "y"));
    let cast = Cast {
        events: vec![
            ("received", delivery(received, How::ReceivedElsewhere, 1)),
            ("sent", delivery(sent, How::SentElsewhere, 2)),
        ],
        ..Cast::default()
    };
    play(
        &cast,
        "E: received
         D: 1 Confirm { serial: 1 }
         C: <iq type='set' id='c1'><enable xmlns='urn:xmpp:carbons:2'/></iq>
         S: <iq type='result' id='c1' to='alice@example.org/desk'></iq>
         H: 1
         E: sent
         S2: <message from='alice@example.org' to='alice@example.org/desk' type='chat'><sent xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' to='bob@example.org' from='alice@example.org/tablet' type='chat'><body>y</body></message></forwarded></sent></message>
         E: received
         S1: <message from='alice@example.org' to='alice@example.org/desk' type='chat'><received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' to='alice@example.org/tablet' from='bob@example.org/phone' type='chat'><body>x</body></message></forwarded></received></message>",
    );
}

#[test]
fn an_error_between_clients_stays_one() {
    let message = Message {
        traits: domain::message::Traits::SIGNAL,
        carried: "<error type='cancel'/>".into(),
        ..Message::default()
    };
    let said = said("alice@example.org", "bob@example.org/phone", 0, message);
    play(
        &Cast { events: vec![("it", delivery(said, How::Direct, 0))], ..Cast::default() },
        "E: it
         S: <message to='alice@example.org' from='bob@example.org/phone' type='error'><error type='cancel'/></message>",
    );
}

#[test]
fn a_copy_is_rendered_once_for_all_its_readers() {
    let said = Arc::new(said(
        "tea@conference.example.org",
        "bob@example.org/bob",
        1,
        text(MessageKind::Conference, "hello"),
    ));
    let deliver = |said: &Arc<domain::endpoint::Said>| {
        let mut out = Vec::new();
        let delivery = Delivery { said: said.clone(), how: How::Direct, late: false, serial: 0 };
        session().event(NOW, Event::Delivery(delivery), &mut out);
        super::shown(&out[0])
    };
    let first = deliver(&said);
    assert!(
        first.contains("type='groupchat'") && first.contains("by='tea@conference.example.org'"),
        "{first}"
    );
    let kept = said.rendered.by("xmpp", || panic!("it was rendered"));
    assert!(kept.starts_with(b" from='tea@conference.example.org/bob'"));
    assert_eq!(deliver(&said), first);
}

#[test]
fn nobody_looks_so_typing_waits_for_the_text() {
    let mut typing = text(MessageKind::Chat, "");
    typing.body = None;
    typing.traits = domain::message::Traits::TYPING;
    typing.carried = "<composing xmlns='http://jabber.org/protocol/chatstates'/>".into();
    let cast = Cast {
        events: vec![
            ("typing", delivery(said("alice@example.org", "bob@example.org/p", 0, typing), How::Direct, 0)),
            (
                "text",
                delivery(
                    said("alice@example.org", "bob@example.org/p", 0, text(MessageKind::Chat, "x")),
                    How::Direct,
                    0,
                ),
            ),
        ],
        ..Cast::default()
    };
    let mut session = session();
    session.client_state(false, &mut Vec::new());
    play_with(
        &mut session,
        &cast,
        "E: typing
         E: text
         S: <message to='alice@example.org' from='bob@example.org/p' type='chat'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>
         S: <message to='alice@example.org' from='bob@example.org/p' type='chat'><body>x</body></message>",
    );
    assert_eq!(session.me().user, address("alice@example.org"));
}
