//! XMPP over HTTPS requests (XEP-0206 over XEP-0124): what a web client without a WebSocket lives on.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use tests::{
    House, Server, Stage,
    play::play,
    server::{DOMAIN, password},
    wire::{Reply, request},
};
use xmpp::stanza::Element;

static HOUSE: House = House::new(&[]);

const NS: &str = "xmlns='http://jabber.org/protocol/httpbind'";

#[test]
fn somebody_on_requests_talks_with_somebody_on_a_socket() {
    play(
        &HOUSE,
        "alice/web signs in by requests
         bob/desk signs in with management
         alice/web befriends bob/desk
         alice/web: <message to='{bob}' type='chat' id='1'><body>from the web &amp; back</body></message>
         bob/desk hears <message from='{alice}/web' id='1'><body>from the web &amp; back</body></message>
         bob/desk: <message to='{alice}' type='chat' id='2'><body>one</body></message>
         bob/desk: <message to='{alice}' type='chat' id='3'><body>two</body></message>
         bob/desk is acknowledged
         alice/web hears <message from='{bob}/desk' id='2'><body>one</body></message>
         alice/web hears <message from='{bob}/desk' id='3'><body>two</body></message>
         alice/web gets <query xmlns='jabber:iq:roster'/>
         alice/web is told <query xmlns='jabber:iq:roster'><item jid='{bob}' subscription='both'/></query>
         alice/web leaves
         bob/desk hears <presence from='{alice}/web' type='unavailable'/>",
    );
}

#[test]
fn stream_management_goes_on_from_requests_to_a_socket() {
    play(
        &HOUSE,
        "alice/web signs in by requests with management
         bob/desk signs in
         bob/desk: <message to='{alice}' type='chat' id='1'><body>one</body></message>
         alice/web hears <message id='1'/>
         alice/web: <message to='{bob}' type='chat' id='2'><body>two</body></message>
         alice/web is acknowledged
         alice/web is cut off
         bob/desk hears <message id='2'/>
         bob/desk: <message to='{alice}' type='chat' id='3'><body>three</body></message>
         alice/web resumes
         alice/web hears <message id='3'><body>three</body></message>
         alice/web hears nothing of <message id='1'/>",
    );
}

#[test]
fn who_pauses_and_does_not_come_back_is_gone_and_loses_nothing() {
    let mut stage = Stage::in_house(&HOUSE);
    stage.play(
        "alice/web signs in by requests
         bob/desk signs in with management
         alice/web befriends bob/desk",
    );
    stage.client("alice/web").pause(1).expect("answered");
    stage.play(
        "bob/desk: <message to='{alice}' type='chat' id='1'><body>are you there?</body></message>
         bob/desk is acknowledged
         bob/desk hears <presence from='{alice}/web' type='unavailable'/>
         alice/phone signs in
         alice/phone hears <message from='{bob}/desk' id='1'><body>are you there?</body></message>",
    );
}

/// A client that counts its rids by hand.
struct Raw<'s> {
    server: &'s Server,
    sid: String,
}

impl<'s> Raw<'s> {
    fn open(server: &'s Server) -> Self {
        let opened =
            post(server, &format!("<body rid='1' to='{DOMAIN}' wait='60' hold='1' ver='1.11' {NS}/>"));
        assert_eq!(opened.attribute("requests"), Some("2"), "{}", shown(&opened));
        assert!(opened.child("features", "http://etherx.jabber.org/streams").is_some(), "{}", shown(&opened));
        Self { server, sid: opened.attribute("sid").expect("a session").to_owned() }
    }

    /// Signed in as this account; rids up to 4 are used.
    fn signed_in(server: &'s Server, user: &str) -> Self {
        let raw = Self::open(server);
        let secret = STANDARD.encode(format!("\0{user}\0{}", password(user)));
        let sasl = "urn:ietf:params:xml:ns:xmpp-sasl";
        let done = raw.ask(2, "", &format!("<auth xmlns='{sasl}' mechanism='PLAIN'>{secret}</auth>"));
        assert!(done.child("success", sasl).is_some(), "{}", shown(&done));
        raw.ask(3, &format!("to='{DOMAIN}' xmpp:restart='true' xmlns:xmpp='urn:xmpp:xbosh'"), "");
        let bind = "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>raw</resource></bind>";
        let bound = raw.ask(4, "", &format!("<iq xmlns='jabber:client' type='set' id='b'>{bind}</iq>"));
        assert_eq!(bound.first().and_then(|iq| iq.attribute("type")), Some("result"), "{}", shown(&bound));
        raw
    }

    fn ask(&self, rid: u64, attributes: &str, payload: &str) -> Element {
        let sid = &self.sid;
        post(self.server, &format!("<body rid='{rid}' sid='{sid}' {attributes} {NS}>{payload}</body>"))
    }
}

fn exchange(server: &Server, line: &str, headers: &[&str], body: &str) -> Reply {
    let mut headers: Vec<String> = headers.iter().map(|&header| header.to_owned()).collect();
    headers.push(format!("Content-Length: {}", body.len()));
    request(server.ports().http, server.trust(), line, &headers, body.as_bytes()).expect("HTTPS")
}

fn post(server: &Server, body: &str) -> Element {
    let reply = exchange(server, "POST /http-bind", &["Content-Type: text/xml; charset=utf-8"], body);
    assert_eq!(reply.status, 200, "{}", reply.head);
    assert!(
        reply.head.to_ascii_lowercase().contains("content-type: text/xml; charset=utf-8"),
        "{}",
        reply.head
    );
    Element::parse(&reply.body).expect("XML")
}

fn shown(element: &Element) -> String {
    String::from_utf8_lossy(&element.to_bytes()).into_owned()
}

fn condition(body: &Element) -> Option<&str> {
    body.attribute("condition").filter(|_| body.attribute("type") == Some("terminate"))
}

const PING: &str = "<iq xmlns='jabber:client' type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>";

#[test]
fn an_answer_that_was_lost_is_asked_for_again_with_the_same_rid() {
    let mut stage = Stage::in_house(&HOUSE);
    stage.play("alice/phone signs in\n bob/desk signs in");
    let (user, to) = (stage.account("alice"), stage.variable("bob").to_owned());
    let raw = Raw::signed_in(stage.server(), &user);
    let message =
        format!("<message xmlns='jabber:client' to='{to}' type='chat' id='once'><body>once</body></message>");
    let first = raw.ask(5, "", &format!("{message}{PING}"));
    assert_eq!(first.first().and_then(|iq| iq.attribute("id")), Some("p"), "{}", shown(&first));
    let again = raw.ask(5, "", &format!("{message}{PING}"));
    assert_eq!(shown(&first), shown(&again));
    // It was said once.
    stage.play("bob/desk hears <message id='once'/>\n bob/desk hears nothing of <message id='once'/>");
}

#[test]
fn a_rid_out_of_the_window_ends_the_session() {
    let server = HOUSE.server();
    for rid in [1_000, 0] {
        let mut stage = Stage::in_house(&HOUSE);
        stage.play("alice/phone signs in");
        let raw = Raw::signed_in(&server, &stage.account("alice"));
        let expected = if rid == 0 { "bad-request" } else { "item-not-found" };
        assert_eq!(condition(&raw.ask(rid, "", PING)), Some(expected));
        if rid > 0 {
            assert_eq!(condition(&raw.ask(5, "", PING)), Some("item-not-found"), "the session is gone");
        }
    }
}

#[test]
fn who_terminates_is_answered_and_gone() {
    let mut stage = Stage::in_house(&HOUSE);
    stage.play("alice/phone signs in");
    let raw = Raw::signed_in(stage.server(), &stage.account("alice"));
    let seen = raw.ask(5, "", "<presence xmlns='jabber:client'/>");
    assert_eq!(seen.first().map(Element::name), Some("presence"), "{}", shown(&seen));
    let last = raw.ask(6, "type='terminate'", "<presence xmlns='jabber:client' type='unavailable'/>");
    assert_eq!((last.attribute("type"), last.attribute("condition")), (Some("terminate"), None));
    assert_eq!(condition(&raw.ask(7, "", "")), Some("item-not-found"));
    stage.play(
        "alice/phone hears <presence from='{alice}/raw'/>
         alice/phone hears <presence from='{alice}/raw' type='unavailable'/>",
    );
}

#[test]
fn who_asks_wrongly_is_told_in_the_body() {
    let server = HOUSE.server();
    let conditions = [
        ("no XML".to_owned(), "bad-request"),
        (format!("<body to='{DOMAIN}' {NS}/>"), "bad-request"),
        (format!("<body rid='1' {NS}/>"), "improper-addressing"),
        (format!("<body rid='1' to='elsewhere.test' {NS}/>"), "host-unknown"),
        (format!("<body rid='2' sid='none' {NS}/>"), "item-not-found"),
        (format!("<body rid='1' to='{DOMAIN}' {NS}>{}</body>", "<a/>".repeat(257)), "policy-violation"),
    ];
    for (body, expected) in conditions {
        assert_eq!(condition(&post(&server, &body)), Some(expected), "{body:.100}");
    }
    let raw = Raw::open(&server);
    assert_eq!(condition(&raw.ask(2, "pause='3600'", "")), Some("policy-violation"));
    let raw = Raw::open(&server);
    let refused = raw.ask(2, "", "<message xmlns='jabber:client'/>");
    assert_eq!(condition(&refused), Some("remote-stream-error"), "{}", shown(&refused));
    assert!(refused.child("error", "http://etherx.jabber.org/streams").is_some(), "{}", shown(&refused));
    let raw = Raw::open(&server);
    let long = "x".repeat(11 * 1024);
    assert_eq!(
        condition(&raw.ask(2, "", &format!("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{long}</auth>"))),
        Some("policy-violation")
    );
    let huge = "x".repeat(512 * 1024 + 1);
    assert_eq!(exchange(&server, "POST /http-bind", &[], &huge).status, 413);
}

#[test]
fn browsers_may_ask_from_elsewhere_and_find_it_by_the_domain() {
    let server = HOUSE.server();
    let reply = exchange(&server, "OPTIONS /http-bind", &["Origin: https://web.test"], "");
    let head = reply.head.to_ascii_lowercase();
    assert_eq!(reply.status, 204, "{head}");
    assert!(
        head.contains("access-control-allow-origin: *") && head.contains("allow-methods: post"),
        "{head}"
    );
    for file in ["host-meta", "host-meta.json"] {
        let reply = exchange(&server, &format!("GET /.well-known/{file}"), &[], "");
        let text = String::from_utf8_lossy(&reply.body).into_owned();
        assert!(text.contains("urn:xmpp:alt-connections:xbosh") && text.contains("/http-bind"), "{text}");
        assert!(text.contains("urn:xmpp:alt-connections:websocket"), "{text}");
    }
}

#[test]
fn sigterm_is_told_to_who_waits() {
    let mut server = Server::start(&[]);
    let mut stage = Stage::on(&server);
    stage.play("alice/web signs in by requests");
    server.ask_to_stop();
    stage.play(
        "alice/web hears <stream:error><system-shutdown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>
         alice/web is hung up on",
    );
    drop(stage);
    assert_eq!(server.ended().code(), Some(0), "{}", server.log());
}
