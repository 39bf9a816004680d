//! Bad input and trouble: each has its error, and the stream ends as RFC 6120 §4.9 says.

use super::*;
use crate::limits::{
    FAILED_SIGN_INS, HEADER_BYTES, HEADER_PREFIXES, STANZA_BYTES_BEFORE_SIGN_IN, WAITING_MESSAGES,
};

/// What a fresh stream says to these bytes must hold the error, once.
fn refused(bytes: &str, error: &str) {
    for piece in [usize::MAX, 1, 3] {
        let mut play = Play::new(Carrier::Tls(channel()), piece);
        let text = format!(
            "C: {bytes}\n S: <?xml…<stream:error><{error} xmlns='…</stream:error></stream:stream>\n E: close"
        );
        play.run(&text);
    }
}

#[test]
fn headers_that_are_none() {
    let prefixes = (0..HEADER_PREFIXES).fold(String::new(), |all, n| all + &format!("xmlns:p{n}='u' "));
    let header = |change: &str, to: &str| OPEN.replace(change, to);
    for (bytes, error) in [
        ("GET / HTTP/1.1".to_owned(), "not-well-formed"),
        ("</stream:stream>".to_owned(), "not-well-formed"),
        (header("version='1.0' xmlns", "version='0.9' xmlns"), "unsupported-version"),
        (header("version='1.0' xmlns", "xmlns"), "unsupported-version"),
        (header("to='example.org'", "to='example.com'"), "host-unknown"),
        (header("to='example.org'", ""), "improper-addressing"),
        (header("jabber:client", "jabber:server"), "invalid-namespace"),
        (header("http://etherx.jabber.org/streams", "urn:x"), "invalid-namespace"),
        (header("xmlns:stream=", "xmlns:s="), "bad-namespace-prefix"),
        (header("<stream:stream", "<stream:streams"), "bad-format"),
        (header("?><", "?><!DOCTYPE x><"), "restricted-xml"),
        (header("?><", "?><!-- x --><"), "restricted-xml"),
        (header("?><", " encoding='latin1'?><"), "unsupported-encoding"),
        (header("'1.0'?>", "'1.1'?>"), "not-well-formed"),
        (header("'1.0' xmlns", "'1.0' version='1.0' xmlns"), "not-well-formed"),
        (header("to=", &format!("{} to=", "x".repeat(HEADER_BYTES))), "policy-violation"),
        (header("to=", &format!("{prefixes}to=")), "policy-violation"),
    ] {
        refused(&bytes, error);
    }
}

#[test]
fn elements_before_sign_in() {
    let after_header = |text: &str, error: &str| {
        let expected =
            format!("S: …</stream:features><stream:error><{error} xmlns='…</stream:stream>\n E: close");
        play(&Carrier::Tls(channel()), &[&format!("C: {{open}}{text}\n {expected}")]);
    };
    let long = format!("<message>{}", "x".repeat(STANZA_BYTES_BEFORE_SIGN_IN));
    for (text, error) in [
        ("<message to='bob@example.org'/>", "not-authorized"),
        ("<iq type='get' id='1'/>", "not-authorized"),
        ("<enable xmlns='urn:xmpp:sm:3'/>", "not-authorized"),
        ("<message xmlns='jabber:server'/>", "invalid-namespace"),
        ("<x xmlns='urn:x'/>", "unsupported-stanza-type"),
        ("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", "unsupported-stanza-type"),
        ("hello", "bad-format"),
        ("<a></b>", "not-well-formed"),
        (&long, "policy-violation"),
    ] {
        after_header(text, error);
    }
}

#[test]
fn stanzas_of_somebody_else() {
    let end = "E: ended\n E: close";
    for from in ["bob@example.org", "alice@example.org/desk", "example.org", "@", ""] {
        let script = format!(
            "C: <message from='{from}'/>
            S: <stream:error><invalid-from xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>\n {end}"
        );
        play(&Carrier::Tls(channel()), &[BOUND, &script]);
    }
    for from in ["alice@example.org", "alice@example.org/phone", "Alice@Example.ORG/phone"] {
        let script = format!("C: <message from='{from}'/>\n E: stanza 1 <message from='{from}'/>");
        play(&Carrier::Tls(channel()), &[BOUND, &script]);
    }
}

#[test]
fn a_bound_client_is_told_what_is_wrong() {
    for (text, error) in [
        ("<iq xmlns='jabber:server'/>", "invalid-namespace"),
        ("<foo/>", "unsupported-stanza-type"),
        ("<sleepy xmlns='urn:xmpp:csi:0'/>", "unsupported-stanza-type"),
        ("<p:message/>", "bad-namespace-prefix"),
        ("<message>&nbsp;</message>", "restricted-xml"),
    ] {
        let script = format!("C: {text}\n S: <stream:error><{error} …</stream:stream>\n E: ended\n E: close");
        play(&Carrier::Tls(channel()), &[BOUND, &script]);
    }
}

#[test]
fn small_talk_of_a_bound_client() {
    let script = "
        C: <inactive xmlns='urn:xmpp:csi:0'/><active xmlns='urn:xmpp:csi:0'/> <r xmlns='urn:xmpp:sm:3'/>
        E: active false
        E: active true
        C: <iq type='set' id='s'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>
        S: <iq type='result' id='s'/>
        H: drain
        S: <stream:error><system-shutdown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>
        E: ended
        E: close
    ";
    play(&Carrier::Tls(channel()), &[BOUND, script]);
}

#[test]
fn slow_clients_are_cut_off() {
    let nothing = "H: wait 29\n H: wait 1\n S: <?xml…<connection-timeout …</stream:stream>\n E: close";
    play(&Carrier::Tcp, &[nothing]);
    let half = "C: {open}\n S: …</stream:features>\n H: wait 30\n S: <stream:error><connection-timeout …</stream:stream>\n E: close";
    play(&Carrier::Tls(channel()), &[half]);
}

#[test]
fn a_client_that_goes_while_it_is_bound_is_signed_out() {
    let (before, _) = BOUND.split_once("H: bound").expect("there");
    play(&Carrier::Tls(channel()), &[before, "H: lost\n E: ended\n H: bound"]);
}

#[test]
fn failed_sign_ins_have_a_limit() {
    let mut play = Play::new(Carrier::Tls(channel()), usize::MAX);
    play.run("C: {open}\n S: …</stream:features>");
    for failed in 1..=FAILED_SIGN_INS {
        assert!(!play.stream.is_closed());
        let auth = b"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='NONE'/>";
        play.stream.handle(play.now, Input::Bytes(auth), &mut play.out);
        assert_eq!(play.stream.is_closed(), failed == FAILED_SIGN_INS);
    }
}

#[test]
fn waiting_messages_have_a_limit() {
    let mut play = Play::new(Carrier::WebSocket(Channel::default()), usize::MAX);
    let auth = "C: <open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='example.org' version='1.0'/>
        S: <open…/>
        S: …</stream:features>
        C: <auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{plain}</auth>
        E: ask password alice@example.org pencil";
    play.run(auth);
    for waiting in 0..=WAITING_MESSAGES {
        assert_eq!(play.stream.is_closed(), waiting > WAITING_MESSAGES);
        play.stream.handle(play.now, Input::Message(b"<presence xmlns='jabber:client'/>"), &mut play.out);
    }
    assert!(play.stream.is_closed());
}
