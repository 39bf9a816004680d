//! Stream management: what is handled, what is kept, what is sent again.

use super::*;
use crate::limits::{IN_FLIGHT, UNACKED_BYTES, UNACKED_STANZAS};

const ENABLED: &str = "
    C: <enable xmlns='urn:xmpp:sm:3' resume='true'/>
    S: <enabled xmlns='urn:xmpp:sm:3' id='…' resume='true' max='300'/>
";

fn bound(scripts: &[&str]) {
    play(&Carrier::Tls(channel()), &[&[BOUND], scripts].concat());
}

#[test]
fn a_stanza_is_handled_when_it_is_done_and_all_before_it() {
    bound(&[
        "C: <presence/>\n E: stanza 1 <presence/>",
        ENABLED,
        "C: <message id='a'/><message id='b'/><r xmlns='urn:xmpp:sm:3'/>
        E: stanza 2 <message id='a'/>
        E: stanza 3 <message id='b'/>
        H: done 3
        H: done 1
        H: done 2
        S: <a xmlns='urn:xmpp:sm:3' h='2'/>
        C: <r xmlns='urn:xmpp:sm:3'/>
        S: <a xmlns='urn:xmpp:sm:3' h='2'/>
        C: <enable xmlns='urn:xmpp:sm:3'/>
        S: <failed xmlns='urn:xmpp:sm:3'><unexpected-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>",
    ]);
}

#[test]
fn acknowledgements_are_asked_for_in_time() {
    bound(&[
        ENABLED,
        "H: send <message id='1'/>
        S: <message id='1'/>
        H: wait 1
        S: <r xmlns='urn:xmpp:sm:3'/>
        H: send <message id='2'/>
        S: <message id='2'/>
        H: wait 2
        C: <a xmlns='urn:xmpp:sm:3' h='1'/>
        E: acked 1
        S: <r xmlns='urn:xmpp:sm:3'/>
        C: <a xmlns='urn:xmpp:sm:3' h='2'/>
        E: acked 2
        C: <a xmlns='urn:xmpp:sm:3' h='3'/>
        S: <stream:error><undefined-condition xmlns='urn:ietf:params:xml:ns:xmpp-streams'/><handled-count-too-high xmlns='urn:xmpp:sm:3' h='3' send-count='2'/></stream:error></stream:stream>
        E: ended
        E: close",
    ]);
    let eight = "H: send <presence/>\n S: <presence/>\n".repeat(7);
    bound(&[ENABLED, &eight, "H: send <presence/>\n S: <presence/><r xmlns='urn:xmpp:sm:3'/>"]);
}

#[test]
fn without_stream_management_what_the_network_took_is_acknowledged() {
    bound(&[
        "H: send <message id='1'/>\n S: <message id='1'/>\n H: flushed\n E: acked 1\n H: lost\n E: ended",
    ]);
}

#[test]
fn what_was_not_acknowledged_is_sent_again() {
    let resumed = "
        H: reconnect
        C: {open}
        S: …</stream:features>
        C: <auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{plain}</auth>
        E: ask password alice@example.org pencil
        H: right
        S: <success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>
        C: {open}
        S: …</stream:features>
        C: <resume xmlns='urn:xmpp:sm:3' previd='nothing' h='0'/>
        E: ask resume alice@example.org nothing
        H: gone
        S: <failed xmlns='urn:xmpp:sm:3'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>
        C: <resume xmlns='urn:xmpp:sm:3' previd='{id}' h='1'/>
        E: ask resume alice@example.org {id}
        H: parked
    ";
    let sent = "
        C: <message id='x'/>
        E: stanza 1 <message id='x'/>
        H: send <message id='1'/>
        S: <message id='1'/>
        H: send <message id='2'/>
        S: <message id='2'/>
    ";
    let again = "
        E: resumed alice@example.org/phone
        E: active true
        E: acked 1
        S: <resumed xmlns='urn:xmpp:sm:3' h='1' previd='{id}'/><message id='2'/><message id='3'/><r xmlns='urn:xmpp:sm:3'/>
        C: <message id='y'/><a xmlns='urn:xmpp:sm:3' h='3'/>
        E: stanza 2 <message id='y'/>
        E: acked 2
        E: acked 3
    ";
    let lost = "H: lost\n E: parked for 300\n H: send <message id='3'/>\n H: done 1";
    bound(&[ENABLED, sent, lost, &format!("{resumed}{again}")]);
    // The old connection was still there, and its last message still in work: the reply waits for it.
    let busy = "H: send <message id='3'/>\n S: <message id='3'/>";
    bound(&[ENABLED, sent, busy, resumed, &format!("H: done 1 {again}")]);
    // It waits, but not for ever; what is not handled then will come again.
    let late = again.replace("h='1' previd", "h='0' previd");
    bound(&[ENABLED, sent, busy, resumed, &format!("H: wait 10 {late}")]);
}

#[test]
fn a_session_ends_when_nobody_comes_back() {
    bound(&[ENABLED, "H: lost\n E: parked for 300\n H: wait 299\n H: wait 1\n E: ended"]);
    bound(&[
        ENABLED,
        "H: send <message id='1'/>
        S: <message id='1'/>
        H: wait 1
        S: <r xmlns='urn:xmpp:sm:3'/>
        H: wait 90
        E: parked for 300
        E: close
        H: wait 300
        E: ended",
    ]);
    bound(&[ENABLED, "C: </stream:stream>\n S: </stream:stream>\n E: ended\n E: close"]);
}

/// A bound stream with stream management, to be filled.
fn enabled() -> Play {
    let mut play = Play::new(Carrier::Tls(channel()), usize::MAX);
    play.run(BOUND);
    play.run(ENABLED);
    play
}

#[test]
fn what_is_kept_for_a_client_has_a_limit() {
    let fill = |play: &mut Play, stanza: &Bytes, most: usize| {
        for _ in 0..most {
            play.stream.send(play.now, stanza.clone(), None, &mut play.out);
        }
        assert!(!play.stream.is_closed());
        play.stream.send(play.now, stanza.clone(), None, &mut play.out);
        assert!(play.stream.is_closed());
        assert!(play.out.bytes.ends_with(b"</stream:error></stream:stream>"));
    };
    fill(&mut enabled(), &Bytes::from_static(b"<presence/>"), UNACKED_STANZAS);
    let large = Bytes::from(format!("<message>{}</message>", "x".repeat(65_536)));
    fill(&mut enabled(), &large, UNACKED_BYTES.div_ceil(large.len()));
}

#[test]
fn what_the_network_does_not_take_has_a_limit() {
    let mut play = Play::new(Carrier::Tls(channel()), usize::MAX);
    play.run(BOUND);
    for receipt in 0..=UNACKED_STANZAS as u64 {
        assert!(!play.stream.is_closed());
        play.stream.send(play.now, Bytes::from_static(b"<presence/>"), Some(receipt), &mut play.out);
    }
    assert!(play.stream.is_closed());
}

#[test]
fn nothing_more_is_read_while_too_much_is_in_work() {
    let mut play = enabled();
    let flood = "<presence/>".repeat(IN_FLIGHT + 5);
    play.stream.handle(play.now, Input::Bytes(flood.as_bytes()), &mut play.out);
    assert_eq!((play.out.events.len(), play.stream.wants_input()), (IN_FLIGHT, false));
    for number in 1..=5 {
        play.stream.handle(play.now, Input::Done(number), &mut play.out);
    }
    assert_eq!(play.out.events.len(), IN_FLIGHT + 5);
}
