//! Requests: the rules for all of them, from client to client, and the services that are reached (RFC 6120 §8.2.3,
//! RFC 6121 §8.5).

use super::{Cast, endpoint, play};
use domain::endpoint::Event;

fn error(id: &str, from: &str, kind: &str, condition: &str) -> String {
    format!(
        "S: <iq type='error'{id}{from} to='alice@example.org/desk'><error type='{kind}'>\
         <{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
    )
}

#[test]
fn what_is_no_iq_is_refused() {
    for (iq, id) in [
        ("<iq type='get'><ping xmlns='urn:xmpp:ping'/></iq>", ""),
        ("<iq id='1'><ping xmlns='urn:xmpp:ping'/></iq>", " id='1'"),
        ("<iq id='1' type='what'><ping xmlns='urn:xmpp:ping'/></iq>", " id='1'"),
        ("<iq id='1' type='get'/>", " id='1'"),
        ("<iq id='1' type='set'><a xmlns='b'/><a xmlns='b'/></iq>", " id='1'"),
    ] {
        let script = format!("C: {iq}\n{}\nH: 1", error(id, "", "modify", "bad-request"));
        play(&Cast::default(), &script);
    }
}

#[test]
fn where_nobody_answers_the_server_does() {
    for (to, kind, condition) in [
        ("example.org", "cancel", "service-unavailable"),
        ("alice@example.org", "cancel", "service-unavailable"),
        ("bob@example.org", "cancel", "service-unavailable"),
        ("upload.example.org", "cancel", "service-unavailable"),
        ("conference.example.org", "cancel", "service-unavailable"),
        ("tea@conference.example.org", "cancel", "service-unavailable"),
        ("bob@elsewhere.example", "cancel", "remote-server-not-found"),
        ("a b@example.org", "modify", "jid-malformed"),
    ] {
        let script = format!(
            "C: <iq type='get' id='1' to='{to}'><what xmlns='urn:example:unknown'/></iq>\n{}\nH: 1",
            error(" id='1'", &format!(" from='{to}'"), kind, condition)
        );
        play(&Cast::default(), &script);
    }
}

#[test]
fn an_answer_that_nobody_waits_for_is_dropped() {
    play(
        &Cast::default(),
        "C: <iq type='result' id='nobody'/>
         H: 1
         C: <iq type='error' id='linnet-99' to='example.org'><error type='cancel'/></iq>
         H: 2
         C: <iq type='result' id='1' to='conference.example.org'/>
         H: 3",
    );
}

#[test]
fn clients_ask_each_other() {
    let relayed = Event::Relay {
        from: endpoint("bob@example.org/phone"),
        payload: " type='result' id='1'><a xmlns='urn:example'>&lt;</a></iq>".into(),
    };
    play(
        &Cast { events: vec![("answer", relayed)], ..Cast::default() },
        "C: <iq type='get' id='1' from='alice@example.org/desk' to='bob@example.org/phone' xml:lang='en'><a xmlns='urn:example'>&lt;</a></iq>
         D: 1 Relay { to: bob@example.org/phone, payload: b\" type='get' id='1' xml:lang='en'><a xmlns='urn:example'>&lt;</a></iq>\" }
         d: 1
         H: 1
         E: answer
         S: <iq from='bob@example.org/phone' to='alice@example.org/desk' type='result' id='1'><a xmlns='urn:example'>&lt;</a></iq>
         C: <iq type='get' id='2' to='bob@example.org/gone'><a xmlns='urn:example'/></iq>
         D: 2 Relay { to: bob@example.org/gone, payload: b\" type='get' id='2'><a xmlns='urn:example'/></iq>\" }
         d: 2 !NotFound
         S: <iq type='error' id='2' from='bob@example.org/gone' to='alice@example.org/desk'><error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>
         H: 2
         C: <iq type='result' id='3' to='bob@example.org/gone'/>
         D: 3 Relay { to: bob@example.org/gone, payload: b\" type='result' id='3'></iq>\" }
         d: 3 !Unavailable
         H: 3",
    );
}

#[test]
fn carbons_are_switched_by_a_set_only() {
    play(
        &Cast::default(),
        &format!(
            "C: <iq type='get' id='1'><enable xmlns='urn:xmpp:carbons:2'/></iq>\n{}\nH: 1
             C: <iq type='set' id='2'><what xmlns='urn:xmpp:carbons:2'/></iq>\n{}\nH: 2
             C: <iq type='set' id='3'><disable xmlns='urn:xmpp:carbons:2'/></iq>
             S: <iq type='result' id='3' to='alice@example.org/desk'></iq>
             H: 3",
            error(" id='1'", "", "modify", "bad-request"),
            error(" id='2'", "", "modify", "bad-request")
        ),
    );
}
