//! Entry points for fuzzing: each takes any bytes, and panics only if an invariant is broken.

mod stream;

pub use stream::run as stream;

use crate::{
    sasl::{Channel, HtBinding, ScramFirst, ht::Initiator, plain::Plain},
    stanza::{Element, Stanza},
    wire::{Framer, Header, Piece, Scope, StreamError},
};
use bytes::Bytes;
use domain::account::ScramHash;

/// Bytes of an element where it is the fuzzer that sends: low, so that it reaches the limit.
const SMALL: usize = 2048;

/// The bytes of a connection, cut into pieces: the first byte says how the rest is split; whole or split, the same
/// pieces and the same error must come out, and no more is kept than one element and one read.
pub fn wire(data: &[u8]) {
    let Some((&how, bytes)) = data.split_first() else { return };
    let size = usize::from(how % 64).max(1);
    let whole = pieces(&[bytes]);
    assert_eq!(whole, pieces(&bytes.chunks(size).collect::<Vec<_>>()));
    for piece in whole.0 {
        match piece {
            Piece::Header(bytes) => drop(Header::parse(&bytes)),
            Piece::Element(bytes) => stanza(&bytes),
            Piece::End => {}
        }
    }
}

fn pieces(reads: &[&[u8]]) -> (Vec<Piece>, Option<StreamError>) {
    let (mut framer, mut found) = (Framer::new(SMALL), Vec::new());
    for read in reads {
        framer.push(read);
        loop {
            match framer.next_piece() {
                Ok(Some(piece)) => found.push(piece),
                Ok(None) => break,
                Err(error) => return (found, Some(error)),
            }
        }
    }
    (found, None)
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
            for carrier in 0..3 {
                super::stream(&[&[size * 3 + carrier], lead.as_bytes(), text.as_bytes()].concat());
            }
            super::wire(&[&[size], text.as_bytes()].concat());
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
