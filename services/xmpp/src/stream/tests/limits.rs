//! The stream's limits of time and size, each at its edge.

use super::*;
use crate::limits::{
    ACK_BYTES, ACK_DELAY, ACK_STANZAS, ACK_TIME, CLIENT_ID_BYTES, RESUME_REPLY_TIME, RESUME_TIME,
    SIGN_IN_TIME, STANZA_BYTES, STANZA_BYTES_BEFORE_SIGN_IN, TOKEN_LIFE,
};

const REQUEST: &[u8] = b"<r xmlns='urn:xmpp:sm:3'/>";

fn enabled() -> Play {
    let mut play = Play::new(Carrier::Tls(channel()), usize::MAX);
    play.run(BOUND);
    play.run("C: <enable xmlns='urn:xmpp:sm:3' resume='true'/>\n S: <enabled …/>");
    play
}

fn send(play: &mut Play, bytes: usize) -> bool {
    let empty = "<message></message>".len();
    let stanza = format!("<message>{}</message>", "x".repeat(bytes - empty));
    play.out.bytes.clear();
    play.stream.send(play.now, stanza.into(), None, &mut play.out);
    play.out.bytes.ends_with(REQUEST)
}

#[test]
fn an_acknowledgement_is_asked_for_after_so_many_stanzas_or_bytes() {
    let mut play = enabled();
    let asked = (1..=ACK_STANZAS).map(|_| send(&mut play, 100)).position(|asks| asks);
    assert_eq!(asked, Some(ACK_STANZAS as usize - 1));
    assert!(!send(&mut enabled(), ACK_BYTES - 1));
    assert!(send(&mut enabled(), ACK_BYTES));
}

#[test]
fn an_acknowledgement_is_asked_for_and_waited_for_so_long() {
    let mut play = enabled();
    assert!(!send(&mut play, 100));
    assert_eq!(play.stream.deadline(), Some(play.now.plus(ACK_DELAY)));
    play.run(&format!(
        "S: <message…</message>\n H: wait {}\n S: <r xmlns='urn:xmpp:sm:3'/>",
        ACK_DELAY.as_secs()
    ));
    assert_eq!(play.stream.deadline(), Some(play.now.plus(ACK_TIME)));
    let lost = format!("H: wait {}\n E: parked for {}\n E: close", ACK_TIME.as_secs(), RESUME_TIME.as_secs());
    play.run(&lost);
    play.run(&format!("H: wait {}\n E: ended", RESUME_TIME.as_secs()));
}

#[test]
fn a_resumption_waits_so_long_for_what_is_in_work() {
    let mut play = enabled();
    play.run("C: <message id='x'/>\n E: stanza 1 <message id='x'/>");
    play.run(
        "H: reconnect
        C: {open}
        S: …</stream:features>
        C: <auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{plain}</auth>
        E: ask password alice@example.org pencil
        H: right
        S: <success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>
        C: {open}
        S: …</stream:features>
        C: <resume xmlns='urn:xmpp:sm:3' previd='{id}' h='0'/>
        E: ask resume alice@example.org {id}
        H: parked",
    );
    assert_eq!(play.stream.deadline(), Some(play.now.plus(RESUME_REPLY_TIME)));
    play.run(&format!(
        "H: wait {}
        E: resumed alice@example.org/phone
        E: active true
        S: <resumed xmlns='urn:xmpp:sm:3' h='0' previd='{{id}}'/>",
        RESUME_REPLY_TIME.as_secs()
    ));
}

#[test]
fn a_client_has_so_long_to_sign_in() {
    let mut play = Play::new(Carrier::Tcp, usize::MAX);
    assert_eq!(play.stream.deadline(), Some(play.now.plus(SIGN_IN_TIME)));
    play.run(&format!(
        "H: wait {}\n H: wait 1\n S: <?xml…<connection-timeout …</stream:stream>\n E: close",
        SIGN_IN_TIME.as_secs() - 1
    ));
}

#[test]
fn a_client_with_an_id_that_is_too_long_gets_no_token() {
    for (bytes, tokens) in [(CLIENT_ID_BYTES, 1), (CLIENT_ID_BYTES + 1, 0)] {
        let mut play = Play::new(Carrier::Tls(channel()), usize::MAX);
        play.run(&format!(
            "C: {{open}}
            S: …</stream:features>
            C: <authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'><initial-response>{{plain}}</initial-response><user-agent id='{}'/><request-token xmlns='urn:xmpp:fast:0' mechanism='HT-SHA-256-NONE'/></authenticate>
            E: ask password alice@example.org pencil",
            "x".repeat(bytes)
        ));
        let Some(Event::SetToken { token, .. }) = right(&mut play).into_iter().next() else {
            assert_eq!(tokens, 0, "a token for {bytes} bytes");
            continue;
        };
        assert_eq!((tokens, token.expires), (1, play.now.plus(TOKEN_LIFE)));
    }
}

/// The host says that the password is right.
fn right(play: &mut Play) -> Vec<Event> {
    play.stream.handle(play.now, Input::Answer(AskId(1), Answer::Password(Verdict::Right)), &mut play.out);
    std::mem::take(&mut play.out.events)
}

#[test]
fn an_element_has_so_many_bytes_before_and_after_sign_in() {
    let filled = |bytes: usize| format!("<message id='{}'/>", "x".repeat(bytes - "<message id=''/>".len()));
    for (bytes, closes) in [(STANZA_BYTES, false), (STANZA_BYTES + 1, true)] {
        let mut play = enabled();
        play.stream.handle(play.now, Input::Bytes(filled(bytes).as_bytes()), &mut play.out);
        assert_eq!(play.stream.is_closed(), closes, "{bytes}");
        assert_eq!(String::from_utf8_lossy(&play.out.bytes).contains("<policy-violation"), closes);
    }
    for (bytes, error) in [
        (STANZA_BYTES_BEFORE_SIGN_IN, "not-authorized"),
        (STANZA_BYTES_BEFORE_SIGN_IN + 1, "policy-violation"),
    ] {
        let mut play = Play::new(Carrier::Tls(channel()), usize::MAX);
        play.run("C: {open}\n S: …</stream:features>");
        play.stream.handle(play.now, Input::Bytes(filled(bytes).as_bytes()), &mut play.out);
        assert!(String::from_utf8_lossy(&play.out.bytes).contains(error), "{bytes}");
    }
}
