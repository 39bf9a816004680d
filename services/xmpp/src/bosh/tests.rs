//! Requests in every order, answers that get lost, clients that ask too often or not at all.

use super::*;
use crate::limits::{
    BODY_BYTES, BODY_ELEMENTS, BODY_HOLD, BODY_INACTIVITY, BODY_PAUSE, BODY_POLLING_INACTIVITY,
    BODY_REQUESTS, BODY_WAIT, STANZA_BYTES_BEFORE_SIGN_IN,
};

const NS: &str = "xmlns='http://jabber.org/protocol/httpbind'";
const STREAM: &str = "xmlns:stream='http://etherx.jabber.org/streams'";

/// A session, its clock, and what it has said.
struct Play {
    bosh: Bosh<u32>,
    now: Timestamp,
    said: Vec<String>,
}

fn body(attributes: &str, payload: &str) -> Body {
    Body::parse(format!("<body {attributes} {NS}>{payload}</body>").as_bytes()).expect("a body")
}

fn open(attributes: &str) -> Result<Play, Condition> {
    let (now, domain) = (Timestamp(1_000_000), Address::parse("example.org").expect("valid"));
    let bosh = Bosh::open(now, "s".into(), &domain, body(attributes, ""), 10).map_err(|(_, why)| why)?;
    Ok(Play { bosh, now, said: Vec::new() })
}

/// After the first answer, with rid 10.
fn opened(attributes: &str) -> Play {
    let mut play = open(&format!("rid='10' to='example.org' {attributes}")).expect("a session");
    assert_eq!(play.elements(), ["<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='example.org'/>"]);
    play.bosh.say(b"<open id='1'/>");
    play.bosh.say(b"<features/>");
    play.settle(0);
    assert!(play.said().starts_with("10: <body"));
    play
}

impl Play {
    fn request(&mut self, rid: u64, slot: u32, attributes: &str, payload: &str) -> &mut Self {
        let mut out = Vec::new();
        let body = body(&format!("rid='{rid}' sid='s' {attributes}"), payload);
        self.bosh.request(self.now, body, slot, &mut out);
        self.hear(out);
        self.settle(0)
    }

    fn settle(&mut self, written: u64) -> &mut Self {
        let mut out = Vec::new();
        self.bosh.settle(self.now, written, &mut out);
        self.hear(out);
        self
    }

    fn wait(&mut self, time: Duration) -> &mut Self {
        self.now = self.now.plus(time);
        self.settle(0)
    }

    fn hear(&mut self, out: Vec<Output<u32>>) {
        self.said.extend(out.into_iter().map(|output| match output {
            Output::Answer(slot, body) => format!("{slot}: {}", String::from_utf8_lossy(&body)),
            Output::Arrived(count) => format!("arrived {count}"),
            Output::Lost => "lost".to_owned(),
        }));
    }

    /// All that was said since the last time, without what every body has.
    fn said(&mut self) -> String {
        let said = std::mem::take(&mut self.said).join("\n");
        said.replace(&format!(" {NS}"), "").replace(&format!(" {STREAM}"), "")
    }

    fn elements(&mut self) -> Vec<String> {
        let mut out = Vec::new();
        let mut found = Vec::new();
        while let Some(element) = self.bosh.next_element(self.now, &mut out) {
            found.push(String::from_utf8(element.to_vec()).expect("UTF-8"));
        }
        self.hear(out);
        found
    }
}

#[test]
fn a_session_is_opened_on_terms_that_both_keep() {
    let mut play = open(
        "rid='10' to='example.org' wait='300' hold='5' ver='1.6' ack='1' xml:lang='de' xmpp:version='1.0' \
         xmlns:xmpp='urn:xmpp:xbosh'",
    )
    .expect("a session");
    let open =
        "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='example.org' version='1.0' xml:lang='de'/>";
    assert_eq!(play.elements(), [open]);
    play.bosh.say(b"<open id='1'/>");
    play.bosh.say(b"<stream:features/>");
    assert_eq!(
        play.settle(0).said(),
        "10: <body sid='s' wait='60' hold='1' requests='2' inactivity='30' polling='5' maxpause='120' ver='1.6' \
         from='example.org' xmlns:xmpp='urn:xmpp:xbosh' xmpp:version='1.0' xmpp:restartlogic='true' ack='10'>\
         <stream:features/></body>"
    );
    assert_eq!((BODY_WAIT.as_secs(), BODY_HOLD, BODY_INACTIVITY.as_secs()), (60, 1, 30));
    assert_eq!(BODY_POLLING_INACTIVITY.as_secs(), 90);
}

#[test]
fn what_opens_no_session_is_told_why() {
    assert_eq!(open("rid='1'").err(), Some(Condition::ImproperAddressing));
    assert_eq!(open("rid='1' to='a b'").err(), Some(Condition::ImproperAddressing));
    assert_eq!(open("rid='1' to='elsewhere.org'").err(), Some(Condition::HostUnknown));
    for bad in [
        "<body/>",
        "<body rid='1'/>",
        "<x rid='1' xmlns='http://jabber.org/protocol/httpbind'/>",
        "<body xmlns='http://jabber.org/protocol/httpbind'/>",
        "<body rid='0' xmlns='http://jabber.org/protocol/httpbind'/>",
        "<body rid='9007199254740992' xmlns='http://jabber.org/protocol/httpbind'/>",
        "<body rid='1' wait='x' xmlns='http://jabber.org/protocol/httpbind'/>",
        "<body rid='1' ver='x' xmlns='http://jabber.org/protocol/httpbind'/>",
        "<!DOCTYPE body><body rid='1' xmlns='http://jabber.org/protocol/httpbind'/>",
        "<body rid='1' xmlns='http://jabber.org/protocol/httpbind'>",
        "\u{0}",
    ] {
        assert_eq!(Body::parse(bad.as_bytes()).err(), Some(Condition::BadRequest), "{bad}");
    }
    let declared = format!("<?xml version='1.0' encoding='utf-8'?><body rid='1' {NS}/>");
    assert!(Body::parse(declared.as_bytes()).is_ok());
}

#[test]
fn elements_reach_the_stream_in_the_order_of_the_rids() {
    let mut play = opened("wait='60' hold='1'");
    play.request(12, 12, "", "<b xmlns='jabber:client'/>");
    assert!(play.elements().is_empty() && play.said().is_empty());
    play.request(
        11,
        11,
        "",
        "<a xmlns='jabber:client'><c/></a><a xmlns='jabber:client' x:y='&amp;' xmlns:x='z'/>",
    );
    assert_eq!(
        play.elements(),
        [
            "<a xmlns='jabber:client'><c/></a>",
            "<a xmlns='jabber:client' xmlns:a0='z' a0:y='&amp;'/>",
            "<b xmlns='jabber:client'/>"
        ]
    );
    // Two are open, one may be held.
    assert_eq!(play.settle(0).said(), "11: <body/>");
    play.bosh.say(b"<d/>");
    assert_eq!(play.settle(0).said(), "12: <body><d/></body>");
}

#[test]
fn the_next_request_waits_until_the_stream_has_taken_the_last() {
    let mut play = opened("wait='60' hold='1'");
    play.request(11, 11, "", "<a xmlns='jabber:client'/>").request(12, 12, "", "<b xmlns='jabber:client'/>");
    assert_eq!(play.said(), "");
    assert_eq!(play.elements().len(), 2);
    assert_eq!(play.settle(0).said(), "11: <body/>");
}

#[test]
fn a_request_is_held_until_there_is_something_or_its_time_is_over() {
    let mut play = opened("wait='20' hold='1'");
    play.request(11, 11, "", "");
    assert_eq!(play.bosh.deadline(), Some(play.now.plus(Duration::from_secs(20))));
    assert_eq!(play.wait(Duration::from_secs(19)).said(), "");
    assert_eq!(play.wait(Duration::from_secs(1)).said(), "11: <body/>");
    play.request(12, 12, "", "");
    play.bosh.say(b"<a/>");
    play.bosh.say(b"<b/>");
    assert_eq!(play.settle(0).said(), "12: <body><a/><b/></body>");
}

#[test]
fn a_lost_answer_is_given_again_and_is_the_same() {
    let mut play = opened("wait='60' hold='1'");
    play.request(11, 11, "", "<a xmlns='jabber:client'/>");
    assert_eq!(play.elements().len(), 1);
    play.bosh.say(b"<r/>");
    assert_eq!(play.settle(0).said(), "11: <body><r/></body>");
    assert_eq!(play.request(11, 21, "", "<a xmlns='jabber:client'/>").said(), "21: <body><r/></body>");
    assert!(play.elements().is_empty(), "what was taken once is not taken again");
    // One that is still held moves to its new connection.
    play.request(12, 12, "", "");
    assert_eq!(play.request(12, 22, "", "").said(), "12: <body/>");
    play.bosh.say(b"<s/>");
    assert_eq!(play.settle(0).said(), "22: <body><s/></body>");
    // And so does one that came too early.
    play.request(14, 14, "", "");
    assert_eq!(play.request(14, 24, "", "").said(), "14: <body/>");
}

#[test]
fn a_rid_out_of_the_window_ends_the_session() {
    for (rid, held) in [(11 + BODY_REQUESTS, false), (12 + BODY_REQUESTS, true), (9, true)] {
        let mut play = opened("wait='60' hold='1'");
        let mut expected = String::new();
        if held {
            play.request(11, 11, "", "");
            expected = "11: <body type='terminate' condition='other-request'/>\n".to_owned();
        }
        let last = "99: <body type='terminate' condition='item-not-found'/>\nlost";
        assert_eq!(play.request(rid, 99, "", "").said(), format!("{expected}{last}"), "{rid}");
        assert!(play.bosh.is_over());
    }
}

#[test]
fn an_answer_has_arrived_when_the_client_cannot_do_without_or_says_so() {
    let mut play = opened("wait='60' hold='1'");
    play.request(11, 11, "", "");
    play.bosh.say(b"<a/>");
    assert_eq!(play.settle(1).said(), "11: <body><a/></body>");
    // Whoever asks 12 may still wait for 11: that the answer to 10 is there says nothing of stanzas.
    assert_eq!(play.request(12, 12, "", "").said(), "");
    assert_eq!(play.request(13, 13, "", "<x xmlns='jabber:client'/>").said(), "arrived 1\n12: <body/>");

    let mut play = opened("wait='60' hold='1' ack='1'");
    play.request(11, 11, "", "");
    play.bosh.say(b"<a/>");
    play.said();
    assert_eq!(play.settle(1).said(), "11: <body><a/></body>");
    assert_eq!(play.request(12, 12, "ack='10'", "").said(), "");
    play.bosh.say(b"<b/>");
    play.settle(2).said();
    assert_eq!(play.request(13, 13, "", "").said(), "arrived 2");
}

#[test]
fn who_is_silent_for_too_long_is_gone() {
    let mut play = opened("wait='60' hold='1'");
    assert_eq!(play.bosh.deadline(), Some(play.now.plus(BODY_INACTIVITY)));
    assert_eq!(play.wait(BODY_INACTIVITY.saturating_sub(Duration::from_secs(1))).said(), "");
    assert_eq!(play.wait(Duration::from_secs(1)).said(), "lost");
    assert!(play.bosh.is_over());
}

#[test]
fn a_gap_that_is_never_filled_is_silence_too() {
    let mut play = opened("wait='60' hold='1'");
    play.request(12, 12, "", "");
    assert_eq!(
        play.wait(BODY_INACTIVITY).said(),
        "12: <body type='terminate' condition='other-request'/>\nlost"
    );
}

#[test]
fn a_pause_is_answered_at_once_and_without_content() {
    let mut play = opened("wait='60' hold='1'");
    play.request(11, 11, "", "");
    assert_eq!(play.request(12, 12, "pause='100'", "").said(), "11: <body/>\n12: <body/>");
    play.bosh.say(b"<a/>");
    assert_eq!(play.wait(Duration::from_secs(99)).said(), "");
    play.request(13, 13, "", "");
    assert!(play.said().ends_with("13: <body><a/></body>"));
    assert_eq!(play.bosh.deadline(), Some(play.now.plus(BODY_INACTIVITY)), "the usual time holds again");
    let mut play = opened("wait='60' hold='1'");
    let longer = format!("pause='{}'", BODY_PAUSE.as_secs() + 1);
    assert!(play.request(11, 11, &longer, "").said().contains("policy-violation"));
}

#[test]
fn who_asks_too_often_for_nothing_is_refused() {
    let mut polling = opened("wait='0' hold='0'");
    assert_eq!(polling.request(11, 11, "", "").said(), "11: <body/>");
    polling.wait(BODY_POLLING);
    assert!(polling.request(12, 12, "", "").said().ends_with("12: <body/>"));
    polling.wait(BODY_POLLING.saturating_sub(Duration::from_secs(1)));
    assert!(
        polling
            .request(13, 13, "", "")
            .said()
            .contains("13: <body type='terminate' condition='policy-violation'/>")
    );

    let mut holding = opened("wait='60' hold='1'");
    holding.request(11, 11, "", "");
    assert!(
        holding
            .request(12, 12, "", "")
            .said()
            .contains("12: <body type='terminate' condition='policy-violation'/>")
    );

    // Who was told something may ask on at once.
    let mut polling = opened("wait='0' hold='0'");
    polling.bosh.say(b"<a/>");
    assert_eq!(polling.request(11, 11, "", "").said(), "11: <body><a/></body>");
    assert!(polling.request(12, 12, "", "").said().ends_with("12: <body/>"));
}

#[test]
fn sasl_restarts_the_stream() {
    let mut play = opened("wait='60' hold='1'");
    play.request(11, 11, "xmpp:restart='true' xml:lang='de' xmlns:xmpp='urn:xmpp:xbosh'", "");
    let open = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='example.org' xml:lang='de'/>";
    assert_eq!(play.elements(), [open]);
}

#[test]
fn both_sides_may_end_it() {
    let mut play = opened("wait='60' hold='1'");
    play.request(11, 11, "", "");
    play.request(12, 12, "type='terminate'", "<presence xmlns='jabber:client' type='unavailable'/>");
    assert_eq!(
        play.elements(),
        [
            "<presence xmlns='jabber:client' type='unavailable'/>",
            "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>"
        ]
    );
    play.bosh.say(b"<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>");
    play.bosh.end();
    assert_eq!(play.settle(0).said(), "11: <body/>\n12: <body type='terminate'/>");
    assert!(play.bosh.is_over());

    let mut play = opened("wait='60' hold='1'");
    play.bosh.say(b"<stream:error x='y'/>");
    play.bosh.end();
    assert_eq!(play.settle(0).said(), "", "it waits for the next request");
    assert_eq!(
        play.request(11, 11, "", "<a xmlns='jabber:client'/>").said(),
        "11: <body type='terminate' condition='remote-stream-error'><stream:error x='y'/></body>"
    );
    assert!(play.elements().is_empty() && play.bosh.is_over());
}

#[test]
fn bodies_and_what_waits_have_limits() {
    let element = "<a xmlns='jabber:client'/>";
    let with =
        |count: usize| Body::parse(format!("<body rid='1' {NS}>{}</body>", element.repeat(count)).as_bytes());
    assert!(with(BODY_ELEMENTS).is_ok());
    assert_eq!(with(BODY_ELEMENTS + 1).err(), Some(Condition::PolicyViolation));
    let long = |length: usize| {
        let around = format!("<body rid='1' {NS}></body>").len();
        Body::parse(format!("<body rid='1' {NS}>{}</body>", " ".repeat(length - around)).as_bytes())
    };
    assert!(long(BODY_BYTES).is_ok());
    assert_eq!(long(BODY_BYTES + 1).err(), Some(Condition::PolicyViolation));
    let mut play = opened("wait='60' hold='1'");
    play.bosh.say(&vec![b'x'; BODY_WAITING_BYTES - 1]);
    assert!(!play.bosh.is_full());
    play.bosh.say(b"x");
    assert!(play.bosh.is_full());
}

#[test]
fn before_sign_in_a_request_is_small() {
    let stanza = |bytes: usize| format!("<x xmlns='jabber:client'>{}</x>", "x".repeat(bytes));
    let large = stanza(STANZA_BYTES_BEFORE_SIGN_IN);
    let mut play = opened("wait='60' hold='1'");
    // Also one that would have to wait for its turn.
    assert!(play.request(12, 12, "", &large).said().contains("policy-violation"));
    let mut play = opened("wait='60' hold='1'");
    play.bosh.signed_in();
    assert!(!play.request(11, 11, "", &large).said().contains("policy-violation"));
}
