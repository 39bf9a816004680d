//! Stanzas as they come, and what is seen of them.

use super::*;
use crate::{
    limits::{ATTRIBUTES, DECLARATIONS, DEPTH},
    ns,
};
use domain::{Reason, Refusal};

fn stanza(text: &str) -> Stanza {
    Stanza::parse(Bytes::copy_from_slice(text.as_bytes()), &Scope::Usual).expect(text)
}

fn fault(text: &str) -> Option<StreamError> {
    Stanza::parse(Bytes::copy_from_slice(text.as_bytes()), &Scope::Usual).err()
}

fn shown(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}

#[test]
fn a_stanza_is_read_as_deep_as_it_is_routed() {
    let message = stanza(
        "<message to='bob@example.org' id=\"m&amp;1\" type='chat' xml:lang='de'><body>a &lt; b<![CDATA[ & c]]></body>\
         <active xmlns='http://jabber.org/protocol/chatstates'/><x xmlns='urn:x'><body/></x></message>",
    );
    assert_eq!(message.kind(), Kind::Message);
    assert_eq!(
        (message.to(), message.id(), message.type_()),
        (Some("bob@example.org"), Some("m&1"), Some("chat"))
    );
    assert_eq!((message.lang(), message.from()), (Some("de"), None));
    let names: Vec<_> = message.children().map(|c| (c.name(), c.namespace())).collect();
    assert_eq!(
        names,
        [("body", ns::CLIENT), ("active", "http://jabber.org/protocol/chatstates"), ("x", "urn:x")]
    );
    assert_eq!(message.child("body", ns::CLIENT).expect("there").text(), "a < b & c");
    assert_eq!(shown(&message.children().nth(2).expect("there").fragment()), "<x xmlns='urn:x'><body/></x>");
}

#[test]
fn nothing_of_the_content_is_shown_in_debug() {
    let message = stanza("<message><body>a secret</body></message>");
    assert!(!format!("{message:?} {:?}", message.element()).contains("secret"));
}

#[test]
fn a_fragment_stands_for_itself_in_another_stream() {
    for (given, fragment) in [
        // Verbatim: nothing from outside is used.
        ("<message><body  a='1'>x</body></message>", "<body  a='1'>x</body>"),
        ("<message xmlns='jabber:client'><body>x</body></message>", "<body>x</body>"),
        ("<iq><p:q xmlns:p='urn:p' p:a='1'><p:r/></p:q></iq>", "<p:q xmlns:p='urn:p' p:a='1'><p:r/></p:q>"),
        ("<iq><q xmlns='urn:q' xml:lang='en'/></iq>", "<q xmlns='urn:q' xml:lang='en'/>"),
        // Written anew: a prefix or a default namespace of the stanza or the stream is used.
        ("<iq xmlns:p='urn:p'><p:q><r/></p:q></iq>", "<q xmlns='urn:p'><r xmlns='jabber:client'/></q>"),
        (
            "<iq xmlns:p='urn:p'><q xmlns='urn:q' p:a='&lt;'/></iq>",
            "<q xmlns='urn:q' xmlns:a0='urn:p' a0:a='&lt;'/>",
        ),
        ("<iq><stream:q/></iq>", "<q xmlns='http://etherx.jabber.org/streams'/>"),
        ("<c:iq xmlns='urn:d' xmlns:c='jabber:client'><q>x</q></c:iq>", "<q xmlns='urn:d'>x</q>"),
        ("<c:iq xmlns='urn:d' xmlns:c='jabber:client'><c:q><r/></c:q></c:iq>", "<q><r xmlns='urn:d'/></q>"),
    ] {
        let iq = stanza(given);
        assert_eq!(shown(&iq.payload().expect("one").fragment()), fragment, "{given}");
    }
}

#[test]
fn what_is_not_allowed_is_named() {
    use StreamError::{BadNamespacePrefix, NotWellFormed, PolicyViolation, RestrictedXml};
    let attributes =
        |count: usize| format!("<iq {}/>", (0..count).map(|n| format!("a{n}='' ")).collect::<String>());
    assert_eq!(fault(&attributes(ATTRIBUTES)), None);
    let wide = attributes(ATTRIBUTES + 1);
    let nested = |depth: usize| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
    assert_eq!(fault(&nested(DEPTH)), None);
    let deep = nested(DEPTH + 1);
    // So many in one element, and as many more in one inside it.
    let declaring = |rest: usize| {
        let of = |name: &str, count: usize| {
            format!("<{name} {}", (0..count).map(|n| format!("xmlns:{name}{n}='u' ")).collect::<String>())
        };
        let (half, rest) = (of("a", DECLARATIONS / 4), of("d", rest));
        format!("{half}>{}>{}>{rest}/></b></c></a>", of("c", DECLARATIONS / 4), of("b", DECLARATIONS / 4))
    };
    assert_eq!(fault(&declaring(DECLARATIONS / 4)), None);
    let declared = declaring(DECLARATIONS / 4 + 1);
    for (given, error) in [
        ("<iq>&nbsp;</iq>", RestrictedXml),
        ("<iq><!-- x --></iq>", RestrictedXml),
        ("<iq><?x y?></iq>", RestrictedXml),
        ("<iq><!DOCTYPE x></iq>", RestrictedXml),
        ("<iq a='&e;'/>", RestrictedXml),
        ("<iq><a></b></iq>", NotWellFormed),
        ("<iq></iq><iq/>", NotWellFormed),
        ("<iq a='1' a='2'/>", NotWellFormed),
        ("<iq xmlns:p='u' xmlns:q='u' p:a='1' q:a='2'/>", NotWellFormed),
        ("<iq a=1/>", NotWellFormed),
        ("<iq a='1'b='2'/>", NotWellFormed),
        ("<iq a='<'/>", NotWellFormed),
        ("<iq>]]></iq>", NotWellFormed),
        ("<iq>\u{1}</iq>", NotWellFormed),
        ("<1q/>", NotWellFormed),
        ("<iq xmlns:p=''/>", NotWellFormed),
        ("<iq xmlns:xml='urn:x'/>", NotWellFormed),
        ("<a:b:c/>", NotWellFormed),
        ("<p:iq/>", BadNamespacePrefix),
        ("<iq><x p:a='1'/></iq>", BadNamespacePrefix),
        (wide.as_str(), PolicyViolation),
        (declared.as_str(), PolicyViolation),
        (deep.as_str(), PolicyViolation),
    ] {
        assert_eq!(fault(given), Some(error), "{given}");
    }
}

#[test]
fn a_websocket_message_declares_for_itself() {
    let bytes = Bytes::from_static(b"<iq type='get' xmlns='jabber:client'/>");
    assert_eq!(Stanza::parse(bytes, &Scope::Framed).expect("good").kind(), Kind::Iq);
    let bare = Stanza::parse(Bytes::from_static(b"<iq type='get'/>"), &Scope::Framed).expect("well-formed");
    assert_eq!((bare.kind(), bare.namespace()), (Kind::Nonza, ""));
}

#[test]
fn a_tree_is_written_as_it_was_meant() {
    let tree = Element::new("query", "jabber:iq:roster").with("ver", "'1'").with_child(
        Element::new("item", "jabber:iq:roster").with_text("a & b").with_child(Element::new("x", ns::CLIENT)),
    );
    let written = "<query xmlns='jabber:iq:roster' ver='&apos;1&apos;'><item>a &amp; b<x xmlns='jabber:client'/>\
                   </item></query>";
    assert_eq!(shown(&tree.to_bytes()), written);
    assert!(Element::parse(written.as_bytes()).expect("good") == tree);
}

#[test]
fn a_refusal_goes_back_where_the_stanza_came_from() {
    let refused = |text: &str| {
        let mut out = Vec::new();
        write_refusal(&stanza(text), &Refusal::because(Reason::LimitReached, "too many"), &mut out);
        String::from_utf8(out).expect("UTF-8")
    };
    assert_eq!(
        refused("<iq type='set' id='1' to='b@x' from='a@x/1'><q xmlns='urn:q'/></iq>"),
        "<iq from='b@x' to='a@x/1' id='1' type='error'><error type='modify'>\
         <policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>\
         <text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>too many</text></error></iq>"
    );
    assert_eq!(refused("<iq type='result' id='1'/>"), "");
    assert_eq!(refused("<message type='error'/>"), "");
}
