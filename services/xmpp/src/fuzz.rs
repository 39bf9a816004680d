//! Entry points for fuzzing: each takes any bytes, and panics only if an invariant is broken.

use crate::{
    sasl::{Channel, HtBinding, ScramFirst, ht::Initiator, plain::Plain},
    stanza::{Element, Stanza},
    stream::{Answer, Carrier, Event, Input, Out, Question, Settings, Stream, Verdict},
    wire::Scope,
};
use bytes::Bytes;
use domain::{Address, Timestamp, account::ScramHash};
use std::sync::Arc;

/// A stream whose host says yes to everything. The first byte chooses the carrier and how the rest is split; whole or
/// split, the same must come out.
pub fn stream(data: &[u8]) {
    let Some((&how, bytes)) = data.split_first() else { return };
    if how & 1 == 0 {
        let whole = run(Carrier::Tls(Channel::default()), &[bytes]);
        let pieces: Vec<&[u8]> = bytes.chunks(usize::from(how >> 1).max(1)).collect();
        assert_eq!(whole, run(Carrier::Tls(Channel::default()), &pieces));
    } else {
        let messages: Vec<&[u8]> = bytes.split(|&b| b == b'\n').collect();
        run(Carrier::WebSocket(Channel::default()), &messages);
    }
}

/// What a stream writes and tells when these pieces come in.
fn run(carrier: Carrier, pieces: &[&[u8]]) -> (Vec<u8>, Vec<String>) {
    let Ok(domain) = Address::parse("example.org") else { return Default::default() };
    let framed = matches!(carrier, Carrier::WebSocket(_));
    let now = Timestamp(0);
    let mut stream = Stream::new(Arc::new(Settings::new(domain, [0; 32])), carrier, [0; 32], now);
    let (mut written, mut told) = (Vec::new(), Vec::new());
    for piece in pieces {
        let mut out = Out::default();
        let input = if framed { Input::Message(piece) } else { Input::Bytes(piece) };
        stream.handle(now, input, &mut out);
        while !out.events.is_empty() {
            for event in std::mem::take(&mut out.events) {
                told.push(format!("{event:?}"));
                if let Event::Ask(id, question) = event {
                    stream.handle(now, Input::Answer(id, agree(&question)), &mut out);
                } else if let Event::Stanza(_, stanza) = event {
                    look_at(&stanza);
                }
            }
        }
        written.append(&mut out.bytes);
    }
    assert!(stream.deadline().is_none() || !stream.is_closed());
    (written, told)
}

fn agree(question: &Question) -> Answer {
    match question {
        Question::Verifier { .. } => Answer::Verifier { verifier: None, enabled: true },
        Question::Password { .. } => Answer::Password(Verdict::Right),
        Question::Tokens { .. } => Answer::Tokens { tokens: Vec::new(), enabled: true },
        Question::Bind { .. } => Answer::Bound(Ok(())),
        Question::Resume { .. } => Answer::Parked(None),
    }
}

/// One element, in both scopes: what was read once can be read again in every other way.
pub fn stanza(data: &[u8]) {
    for scope in [Scope::Usual, Scope::Framed] {
        if let Ok(stanza) = Stanza::parse(Bytes::copy_from_slice(data), &scope) {
            look_at(&stanza);
        }
    }
    if let Ok(element) = Element::parse(data) {
        let again = Element::parse(&element.to_bytes());
        assert!(again.as_ref().is_ok_and(|again| again.to_bytes() == element.to_bytes()));
    }
}

/// The parts of a stanza agree with its tree, and a fragment means elsewhere what it means here.
fn look_at(stanza: &Stanza) {
    let tree = stanza.element();
    assert!(tree.is(stanza.name(), stanza.namespace()));
    assert_eq!((tree.attribute("to"), tree.attribute("id")), (stanza.to(), stanza.id()));
    assert_eq!(tree.text(), stanza.text());
    assert_eq!(tree.children().count(), stanza.children().len());
    for (child, element) in stanza.children().zip(tree.children()) {
        assert!(element.is(child.name(), child.namespace()));
        assert_eq!(element.text(), child.text());
        let fragment = Element::parse(&child.fragment());
        assert!(fragment.is_ok_and(|fragment| fragment == *element && child.element() == *element));
    }
}

/// First messages of all mechanisms.
pub fn sasl(data: &[u8]) {
    let channel = Channel { exporter: Some([0; 32]), end_point: None };
    for (plus, offered) in [(false, false), (false, true), (true, true)] {
        if let Ok(first) = ScramFirst::parse(ScramHash::Sha256, plus, offered, data, &channel) {
            let verifier = crate::sasl::fake_verifier(&[0; 32], &first.user, ScramHash::Sha256);
            let (scram, _) = first.challenge(verifier, "nonce");
            assert!(scram.finish(data).is_err());
        }
    }
    let _ = Plain::parse(data);
    let _ = Initiator::parse(data, HtBinding::Exporter, &channel);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    /// Text that is often XML, and now and then well-formed.
    fn nearly_xml() -> impl Strategy<Value = String> {
        let part = prop_oneof![
            Just("<message>"),
            Just("</message>"),
            Just("<message to='a@example.org' id=\"&lt;\">"),
            Just("<iq type='set' id='1'>"),
            Just("</iq>"),
            Just("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>"),
            Just("<p:x xmlns:p='urn:p' p:a='1' xml:lang='en'>"),
            Just("</p:x>"),
            Just("<x xmlns='urn:x'><y/></x>"),
            Just("<presence/>"),
            Just("<stream:x>"),
            Just("</stream:x>"),
            Just("</stream:stream>"),
            Just("<enable xmlns='urn:xmpp:sm:3' resume='1'/>"),
            Just("<r xmlns='urn:xmpp:sm:3'/>"),
            Just("<![CDATA[ < ]]>"),
            Just("&amp;"),
            Just("&#x41;"),
            Just("text"),
            Just("\r\n\t"),
            Just("&"),
            Just("<"),
            Just(">"),
            Just("'"),
        ];
        proptest::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
    }

    /// What leads to a bound stream.
    const LEAD: &str = "<stream:stream to='example.org' version='1.0' xmlns='jabber:client' \
        xmlns:stream='http://etherx.jabber.org/streams'>\
        <auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGFsaWNlAHBlbmNpbA==</auth>\
        <stream:stream to='example.org' version='1.0' xmlns='jabber:client' \
        xmlns:stream='http://etherx.jabber.org/streams'>\
        <iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>";

    proptest! {
        #[test]
        fn streams(size in 0_u8..60, text in nearly_xml(), bound in any::<bool>()) {
            let lead = if bound { LEAD } else { "" };
            super::stream(&[&[size * 2], lead.as_bytes(), text.as_bytes()].concat());
            super::stream(&[&[1], text.as_bytes()].concat());
        }

        #[test]
        fn stanzas(text in nearly_xml(), inside in nearly_xml()) {
            super::stanza(text.as_bytes());
            super::stanza(format!("<message xmlns='jabber:client'>{inside}</message>").as_bytes());
        }

        #[test]
        fn messages(text in "(n|y|p=tls-exporter),(a=x)?,n=[a-z=2C]{0,6},r=[!-~]{0,4}(,p=.{0,4})?", bytes: Vec<u8>) {
            super::sasl(text.as_bytes());
            super::sasl(&bytes);
        }
    }
}
