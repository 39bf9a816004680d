//! Bad input and trouble (RFC 6120 §4.9, §8.3, §11, §13): each is answered with the standard's own error, the connection
//! is kept or closed as the standard says, and nobody else is disturbed.

use tests::{Client, House, Server, Stage, client::Way, play::play, server::password};

static HOUSE: House = House::new(&[]);

const HEADER: &str = "<?xml version='1.0'?><stream:stream to='linnet.test' version='1.0' xmlns='jabber:client' \
     xmlns:stream='http://etherx.jabber.org/streams'>";

/// Two people who talk while something goes wrong elsewhere.
struct Witnesses(Stage<'static>, u32);

impl Witnesses {
    fn new() -> Self {
        let mut stage = Stage::in_house(&HOUSE);
        stage.play("carol/desk signs in\ndave/desk signs in");
        Self(stage, 0)
    }

    fn talk(&mut self) {
        self.1 += 1;
        let id = self.1;
        self.0.play(&format!(
            "carol/desk: <message to='{{dave}}' type='chat' id='w{id}'><body>still here?</body></message>
             dave/desk hears <message id='w{id}'/>"
        ));
    }
}

/// A stranger sends this inside TLS; the stream must end with this error (or one of these). What went wrong, if so.
fn ends_with(witnesses: &mut Witnesses, sent: &[u8], condition: &str) -> Option<String> {
    let mut stage = Stage::in_house(&HOUSE);
    stage.play("mallory connects by TLS");
    let client = stage.client("mallory");
    // The server may have closed before everything is written.
    let _ = client.send_raw(sent);
    let error = client.take_first(tests::limits::WAIT, |element| element.name() == "error");
    let said = error.as_ref().and_then(|error| error.first()).map_or("nothing", |first| first.name());
    let right = condition.split('|').any(|allowed| allowed == said) && client.wait_for_end();
    let shown = String::from_utf8_lossy(&sent[..sent.len().min(250)]).into_owned();
    let wrong = (!right).then(|| format!("{shown}\n  ended with {said}, not {condition}"));
    witnesses.talk();
    wrong
}

#[test]
fn what_is_no_stream_is_told_so_and_hung_up_on() {
    let mut witnesses = Witnesses::new();
    let mut wrong = Vec::new();
    let header = |inside: &str| format!("{HEADER}{inside}");
    let nested = header(&"<a>".repeat(100));
    let attributes: String = (0..300).map(|n| format!(" a{n}=''")).collect();
    let attributes = header(&format!("<message{attributes}/>"));
    let large = header(&format!("<message><body>{}</body></message>", "x".repeat(11_000)));
    let long_header = format!("<stream:stream to='linnet.test' id='{}'", "x".repeat(10_000));
    for (sent, condition) in [
        ("GET / HTTP/1.1\r\nHost: linnet.test\r\n\r\n", "not-well-formed"),
        (
            "<?xml version='1.0' encoding='ISO-8859-1'?><stream:stream to='linnet.test' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>",
            "unsupported-encoding",
        ),
        ("<?xml version='1.0'?><!DOCTYPE s [<!ENTITY lol 'lol'>]><stream:stream>", "restricted-xml"),
        (
            "<stream:stream to='linnet.test' version='1.0' xmlns='jabber:client' xmlns:stream='urn:nothing'>",
            "invalid-namespace",
        ),
        (
            "<stream:stream to='linnet.test' version='1.0' xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams'>",
            "invalid-namespace",
        ),
        (
            "<stream:stream to='elsewhere.test' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>",
            "host-unknown",
        ),
        (long_header.as_str(), "policy-violation"),
        (&header("</a>"), "not-well-formed|bad-format"),
        (&header("<a></b>"), "not-well-formed"),
        (&header("hello"), "bad-format|not-well-formed"),
        (&header("<a b='1' b='2'/>"), "not-well-formed"),
        (&header("<x:a/>"), "bad-namespace-prefix|not-well-formed"),
        (&header("<!-- a remark -->"), "restricted-xml"),
        (&header("<?php ?>"), "restricted-xml"),
        (&header("<message><body>&lol;</body></message>"), "restricted-xml|not-well-formed"),
        (&header("<message><body>\u{1}</body></message>"), "not-well-formed"),
        (nested.as_str(), "policy-violation"),
        (attributes.as_str(), "policy-violation"),
        (large.as_str(), "policy-violation"),
        (&header("<message to='carol@linnet.test'><body>early</body></message>"), "not-authorized"),
        (&header("<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>"), "not-authorized"),
        (&header("<nonsense xmlns='urn:nonsense'/>"), "unsupported-stanza-type|not-authorized"),
    ] {
        wrong.extend(ends_with(&mut witnesses, sent.as_bytes(), condition));
    }
    let mut bytes = header("<message><body>").into_bytes();
    bytes.extend([0xff, 0xfe, 0x80]);
    bytes.extend(b"</body></message>");
    wrong.extend(ends_with(&mut witnesses, &bytes, "not-well-formed|unsupported-encoding|bad-format"));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_no_stanza_ends_the_stream_of_who_sent_it() {
    let mut witnesses = Witnesses::new();
    let large = format!("<message to='{{bob}}'><body>{}</body></message>", "x".repeat(300_000));
    let nested = format!("<message to='{{bob}}'>{}{}</message>", "<a>".repeat(100), "</a>".repeat(100));
    let attributes: String = (0..1_000_000).map(|n| format!(" a{n}=''")).collect();
    let attributes = format!("<message{attributes}/>");
    for (sent, condition) in [
        ("<message to='{bob}' from='{bob}'><body>from somebody else</body></message>", "invalid-from"),
        ("<message xmlns='urn:nonsense' to='{bob}'/>", "invalid-namespace"),
        ("<message to='{bob}'><body>&lt;b></body>", ""),
        ("<message to='{bob}'><body>&lol;</body></message>", "restricted-xml"),
        ("<message to='{bob}'><!-- remark --></message>", "restricted-xml"),
        (large.as_str(), "policy-violation"),
        (nested.as_str(), "policy-violation"),
        (attributes.as_str(), "policy-violation"),
    ] {
        let mut stage = Stage::in_house(&HOUSE);
        stage.play("alice/phone signs in\nbob/desk signs in");
        let bob = stage.variable("bob").to_owned();
        // The server may have closed before everything is written.
        let _ = stage.client("alice/phone").send_raw(sent.replace("{bob}", &bob).as_bytes());
        if condition.is_empty() {
            // Not finished is not wrong; whoever goes away in the middle has said nothing.
            stage.play("alice/phone is cut off");
        } else {
            stage.play(&format!(
                "alice/phone hears <stream:error><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>
                 alice/phone is hung up on"
            ));
        }
        stage.play("bob/desk hears nothing of <message/>");
        witnesses.talk();
    }
}

#[test]
fn what_cannot_be_done_is_answered_and_the_stream_goes_on() {
    play(
        &HOUSE,
        "alice/phone signs in
         bob/desk signs in
         alice/phone gets from {d}: <query xmlns='urn:nobody:knows'/>
         alice/phone is refused: cancel service-unavailable
         alice/phone gets <query xmlns='urn:nobody:knows'/>
         alice/phone is refused: cancel service-unavailable
         alice/phone gets from {#tea}: <query xmlns='http://jabber.org/protocol/disco#info'/>
         alice/phone is refused: cancel item-not-found
         alice/phone: <iq type='get' id='two'><ping xmlns='urn:xmpp:ping'/><ping xmlns='urn:xmpp:ping'/></iq>
         alice/phone hears <iq type='error' id='two'><error type='modify'><bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>
         alice/phone: <iq type='nonsense' id='type'><ping xmlns='urn:xmpp:ping'/></iq>
         alice/phone hears <iq type='error' id='type'><error type='modify'><bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>
         alice/phone: <iq type='get' id='bad' to='@@'><ping xmlns='urn:xmpp:ping'/></iq>
         alice/phone hears <iq type='error' id='bad'><error type='modify'><jid-malformed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>
         alice/phone: <iq type='get' id='away' to='elsewhere.test'><ping xmlns='urn:xmpp:ping'/></iq>
         alice/phone hears <iq type='error' id='away'><error type='cancel'><remote-server-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>
         alice/phone: <presence to='elsewhere.test' id='p'/>
         alice/phone hears <presence type='error' id='p'><error type='cancel'><remote-server-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>
         -- Nobody answers an answer.
         alice/phone: <iq type='result' id='never-asked'/>
         alice/phone: <iq type='error' id='never-asked-2'/>
         alice/phone hears nothing of <iq type='error'/>
         alice/phone: <message to='{bob}' type='chat' id='1'><body>fine</body></message>
         bob/desk hears <message id='1'/>",
    );
}

#[test]
fn who_guesses_passwords_is_put_off_whatever_the_password() {
    let server = Server::start(&[]);
    server.add_users(&["alice".to_owned(), "bob".to_owned()]);
    for _ in 0..4 {
        let mut client = Client::new(&server, "alice", "guess");
        client.prepare(Way::Tls).expect("mechanisms are offered");
        for n in 0..5 {
            let plain = tests::client::Mechanism::named("PLAIN");
            client.authenticate(plain, &format!("guess {n}")).expect_err("a guess");
            client.inbox.clear();
        }
        assert!(client.wait_for_end(), "five on one stream are enough");
    }
    let mut client = Client::new(&server, "alice", "desk");
    client.prepare(Way::Tls).expect("mechanisms are offered");
    let right = tests::client::Mechanism::named("SCRAM-SHA-256");
    let put_off = client.authenticate(right, &password("alice")).expect_err("too many guesses");
    assert!(put_off.contains("<temporary-auth-failure"), "{put_off}");
    Client::new(&server, "bob", "desk").sign_in(Way::Tls).expect("nobody else is put off");
}

#[test]
fn who_is_slow_to_sign_in_is_hung_up_on() {
    let mut stage = Stage::in_house(&HOUSE);
    stage.play("mallory connects");
    let client = stage.client("mallory");
    let began = std::time::Instant::now();
    let mut header = HEADER.bytes().cycle();
    while client.is_connected() && began.elapsed() < std::time::Duration::from_mins(1) {
        // One byte of a header that never ends, then a look at what comes.
        let byte = if began.elapsed().as_secs() < 1 { header.next().expect("endless") } else { b' ' };
        let _ = client.send_raw(&[byte]);
        client.listen(std::time::Instant::now() + std::time::Duration::from_millis(500));
    }
    assert!(!client.is_connected(), "it was never hung up on");
    let took = began.elapsed().as_secs();
    assert!((25..45).contains(&took), "after {took} s");
    stage.play("mallory hears <stream:error><connection-timeout xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>");
}

#[test]
fn ten_thousand_who_never_sign_in_do_not_disturb_who_has() {
    let server = Server::start(&[]);
    let mut stage = Stage::on(&server);
    stage.play("alice/phone signs in\nbob/desk signs in");
    let mut open = Vec::new();
    for n in 0..10_000_u32 {
        // A thousand from each of ten addresses: more from one would be refused for that.
        let from = std::net::Ipv4Addr::from(0x7f00_0102 + n / 1_000);
        open.push(tests::wire::Socket::connect_from(from.into(), server.ports().xmpp));
        if n % 1_000 == 999 {
            stage.play(&format!(
                "alice/phone: <message to='{{bob}}' type='chat' id='{n}'><body>{n}</body></message>
                 bob/desk hears <message id='{n}'/>"
            ));
        }
    }
    assert!(open.iter().filter(|socket| socket.is_ok()).count() >= 5_000, "they did connect");
    drop(open);
    stage.play("carol/phone signs in");
}

#[test]
fn one_address_has_so_many_connections_and_no_more() {
    let server = Server::start(&["--max-connections-per-address", "3"]);
    let mut stage = Stage::on(&server);
    stage.play(
        "alice/phone signs in
         bob/desk signs in
         carol/desk signs in
         mallory connects
         mallory is hung up on
         alice/phone: <message to='{bob}' type='chat' id='1'><body>still here</body></message>
         bob/desk hears <message id='1'/>
         carol/desk leaves",
    );
    // The server notices in its own time that one has gone.
    let account = stage.account("alice");
    let until = std::time::Instant::now() + tests::limits::WAIT;
    while Client::new(&server, &account, "again").sign_in(Way::StartTls).is_err() {
        assert!(std::time::Instant::now() < until, "the place is never free again");
    }
}

/// Messages to somebody who does not read, each this large.
const FLOOD: usize = 300;
const LARGE: usize = 30_000;

#[test]
fn who_stops_reading_gets_everything_later_and_nobody_waits_for_that() {
    let mut stage = Stage::in_house(&HOUSE);
    stage.play(
        "alice/phone signs in with management
         bob/desk signs in with management
         bob/desk keeps silent
         carol/desk signs in
         dave/desk signs in",
    );
    // Bob's client reads nothing from here on.
    let body = "x".repeat(LARGE);
    for n in 0..FLOOD {
        stage.play(&format!(
            "alice/phone: <message to='{{bob}}' type='chat' id='f{n}'><body>{body}</body></message>"
        ));
        if n % 50 == 0 {
            stage.play(&format!(
                "carol/desk: <message to='{{dave}}' type='chat' id='{n}'><body>{n}</body></message>
                 dave/desk hears <message id='{n}'/>"
            ));
        }
    }
    stage.play("alice/phone is acknowledged");
    let mut later = String::from("bob/desk is cut off\nbob/desk signs in with management\n");
    for n in 0..FLOOD {
        later += &format!("bob/desk hears <message from='{{alice}}/phone' id='f{n}'/>\n");
    }
    stage.play(&later);
}
