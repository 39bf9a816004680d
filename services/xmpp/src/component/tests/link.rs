//! The handshake, and what ends a connection.

use super::{
    super::{Components, Event, Link, Out, Secret},
    NOW, address,
};
use crate::limits::SIGN_IN_TIME;
use sha1::{Digest as _, Sha1};

fn components() -> Components {
    Components::from([(address("irc.example.org"), Secret("a secret of some length".into()))])
}

fn header(to: &str) -> String {
    format!(
        "<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' {to}>"
    )
}

fn hear(link: &mut Link, text: &str) -> (String, Vec<Event>) {
    let mut out = Out::default();
    link.received(text.as_bytes(), &components(), &mut out);
    (String::from_utf8(out.bytes).expect("UTF-8"), out.events)
}

fn proof(secret: &str) -> String {
    let id = "07".repeat(16);
    let digest = Sha1::digest(format!("{id}{secret}"));
    format!("<handshake>{}</handshake>", digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

#[test]
fn who_knows_the_secret_is_let_in_and_heard() {
    let mut link = Link::new([7; 16], 1000, NOW);
    let (opened, _) = hear(&mut link, &header("to='irc.example.org'"));
    assert!(opened.contains("from='irc.example.org' id='07070707") && opened.ends_with('>'), "{opened}");
    let (written, events) = hear(&mut link, &format!("{}<presence/>", proof("a secret of some length")));
    assert!(written.is_empty() && matches!(events[..], [Event::Proven]), "{events:?}");
    let mut out = Out::default();
    link.accept(&components(), &mut out);
    assert_eq!(out.bytes, b"<handshake/>");
    assert!(
        matches!(&out.events[..], [Event::Stanza(stanza)] if stanza.kind() == crate::stanza::Kind::Presence)
    );
    // Some name the namespace that the header has given.
    let (_, events) = hear(&mut link, "<message xmlns='jabber:component:accept'><body>x</body></message>");
    let Some(Event::Stanza(message)) = events.first() else { panic!("{events:?}") };
    assert!(message.child("body", crate::ns::CLIENT).is_some());
    let (end, events) = hear(&mut link, "</stream:stream>");
    assert!(end == "</stream:stream>" && matches!(events[..], [Event::Close]));
}

#[test]
fn who_does_not_is_told_why() {
    let mut link = Link::new([7; 16], 1000, NOW);
    hear(&mut link, &header("to='irc.example.org'"));
    let (written, events) = hear(&mut link, &proof("another secret"));
    assert!(
        written.contains("<not-authorized ") && matches!(events[..], [Event::Failed, Event::Close]),
        "{written}"
    );
    for (text, expected) in [
        (header("to='sms.example.org'"), "host-unknown"),
        (header(""), "improper-addressing"),
        (header("to='irc.example.org'").replace(":component:accept", ":client"), "invalid-namespace"),
        (header("to='irc.example.org'") + "<message/>", "not-authorized"),
        ("x".to_owned(), "not-well-formed"),
    ] {
        let (written, events) = hear(&mut Link::new([7; 16], 1000, NOW), &text);
        assert!(written.contains(&format!("<{expected} ")), "{text}: {written}");
        assert!(matches!(events.last(), Some(Event::Close)));
    }
}

#[test]
fn who_takes_too_long_or_says_too_much_is_ended() {
    let mut link = Link::new([7; 16], 1000, NOW);
    let mut out = Out::default();
    link.tick(NOW.plus(SIGN_IN_TIME), &mut out);
    assert!(String::from_utf8_lossy(&out.bytes).contains("<connection-timeout "));
    let mut link = Link::new([7; 16], 1000, NOW);
    hear(&mut link, &header("to='irc.example.org'"));
    hear(&mut link, &proof("a secret of some length"));
    link.accept(&components(), &mut out);
    let (written, _) = hear(&mut link, &format!("<message>{}</message>", "x".repeat(1000)));
    assert!(written.contains("<policy-violation "), "{written}");
    assert_eq!(format!("{:?}", components()), "{irc.example.org: Secret}");
}
