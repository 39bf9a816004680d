//! Components (XEP-0114): a program beside the server speaks for a domain of its own, and people talk with it.

use tests::{
    Component, Server, Stage,
    component::{file, secret},
};
use xmpp::stanza::Element;

const IRC: &str = "irc.linnet.test";
const SMS: &str = "sms.linnet.test";

/// A server with two components that may connect, and its file.
fn server() -> (Server, tempfile::NamedTempFile) {
    let file = file(&[IRC, SMS]);
    let path = file.path().to_str().expect("plain").to_owned();
    (Server::start(&["--component", "127.0.0.1:0", "--components", &path]), file)
}

fn connect(server: &Server, address: &str) -> Component {
    Component::connect(server, address, &secret(address)).expect("accepted")
}

#[test]
fn people_talk_with_it_and_it_with_them_and_history_has_both() {
    let (server, _file) = server();
    let mut irc = connect(&server, IRC);
    let mut stage = Stage::on(&server);
    stage.play(
        "alice/phone signs in with management
         alice/phone: <message to='bob@irc.linnet.test' type='chat' id='1'><body>hello out there</body></message>
         alice/phone is acknowledged",
    );
    let heard = irc.expect("message", "1");
    let from = format!("{}/phone", stage.variable("alice"));
    assert_eq!((heard.attribute("from"), heard.attribute("to")), (Some(&*from), Some("bob@irc.linnet.test")));
    irc.say(&format!(
        "<message from='bob@irc.linnet.test' to='{from}' type='chat' id='2'><body>hello in there</body></message>\
         <message from='bob@irc.linnet.test/cloak' to='{from}' type='chat' id='3'><body>again</body></message>"
    ));
    stage.play(
        "alice/phone hears <message from='bob@irc.linnet.test' id='2'><body>hello in there</body></message>
         alice/phone hears <message from='bob@irc.linnet.test/cloak' id='3'><body>again</body></message>
         alice/phone: <message to='irc.linnet.test' type='chat' id='4'><body>to the domain itself</body></message>
         alice/phone sets <query xmlns='urn:xmpp:mam:2'/>
         alice/phone hears <message><result xmlns='urn:xmpp:mam:2'><forwarded xmlns='urn:xmpp:forward:0'>
            <message xmlns='jabber:client' id='1' to='bob@irc.linnet.test'/></forwarded></result></message>
         alice/phone hears <message><result xmlns='urn:xmpp:mam:2'><forwarded xmlns='urn:xmpp:forward:0'>
            <message xmlns='jabber:client' id='2' from='bob@irc.linnet.test'/></forwarded></result></message>",
    );
    assert_eq!(irc.expect("message", "4").attribute("to"), Some(IRC));
}

#[test]
fn requests_go_both_ways_and_none_is_left_without_an_answer() {
    let (server, _file) = server();
    let mut irc = connect(&server, IRC);
    let mut stage = Stage::on(&server);
    stage.play(
        "alice/phone signs in
         alice/phone gets from {d}: <query xmlns='http://jabber.org/protocol/disco#items'/>
         alice/phone is told <query xmlns='http://jabber.org/protocol/disco#items'><item jid='irc.linnet.test'/></query>
         alice/phone gets from irc.linnet.test: <query xmlns='http://jabber.org/protocol/disco#info'/>",
    );
    let asked = irc.expect("iq", "ask-2");
    let (from, to) = (asked.attribute("to").expect("to"), asked.attribute("from").expect("from"));
    assert_eq!((from, asked.first().map(Element::name)), (IRC, Some("query")));
    irc.say(&format!(
        "<iq type='result' id='ask-2' from='{from}' to='{to}'><query xmlns='http://jabber.org/protocol/disco#info'>\
         <identity category='gateway' type='irc'/></query></iq>"
    ));
    stage.play(
        "alice/phone is told <query xmlns='http://jabber.org/protocol/disco#info'><identity category='gateway' type='irc'/></query>",
    );
    irc.say(&format!("<iq type='get' id='v' from='{IRC}' to='{to}'><query xmlns='jabber:iq:version'/></iq>"));
    stage.play(
        "alice/phone hears <iq type='get' id='v' from='irc.linnet.test'><query xmlns='jabber:iq:version'/></iq>
         alice/phone: <iq type='result' id='v' to='irc.linnet.test'><query xmlns='jabber:iq:version'><name>t</name></query></iq>",
    );
    assert_eq!(irc.expect("iq", "v").attribute("type"), Some("result"));
    irc.say(&format!(
        "<iq type='get' id='w' from='{IRC}' to='{}/none'><q xmlns='urn:q'/></iq>",
        stage.variable("alice")
    ));
    assert_eq!(irc.expect("iq", "w").attribute("type"), Some("error"));
    // It goes without answering.
    stage.play("alice/phone gets from bob@irc.linnet.test: <query xmlns='jabber:iq:version'/>");
    irc.expect("iq", "ask-3");
    irc.cut_off();
    stage.play("alice/phone is refused: wait remote-server-timeout");
}

#[test]
fn presence_and_subscriptions_go_both_ways() {
    let (server, _file) = server();
    let mut irc = connect(&server, IRC);
    let mut stage = Stage::on(&server);
    stage.play("alice/phone signs in with interests\n alice/phone: <presence to='bob@irc.linnet.test' type='subscribe' id='s'/>");
    let alice = stage.variable("alice").to_owned();
    let asked = irc.hear(|element| element.attribute("type") == Some("subscribe")).expect("asked");
    assert_eq!(asked.attribute("from"), Some(&*alice));
    irc.say(&format!(
        "<presence from='bob@irc.linnet.test' to='{alice}' type='subscribed'/>\
         <presence from='bob@irc.linnet.test/cloak' to='{alice}'><show>away</show></presence>\
         <presence from='bob@irc.linnet.test' to='{alice}' type='subscribe'/>"
    ));
    stage.play(
        "alice/phone hears <presence from='bob@irc.linnet.test/cloak'><show>away</show></presence>
         alice/phone hears <presence from='bob@irc.linnet.test' type='subscribe'/>
         alice/phone: <presence to='bob@irc.linnet.test' type='subscribed'/>",
    );
    let full = format!("{alice}/phone");
    let shown = |type_: Option<&'static str>| {
        let full = full.clone();
        move |element: &Element| {
            element.name() == "presence"
                && element.attribute("from") == Some(&full)
                && element.attribute("type") == type_
        }
    };
    irc.hear(shown(None)).expect("her presence");
    stage.play("alice/phone: <presence to='#room@irc.linnet.test/nick'><show>dnd</show></presence>");
    let directed =
        irc.hear(|element| element.attribute("to") == Some("#room@irc.linnet.test/nick")).expect("directed");
    assert_eq!(directed.attribute("from"), Some(&*full));
    stage.play("alice/phone leaves");
    irc.hear(shown(Some("unavailable"))).expect("she is gone");
}

#[test]
fn while_it_is_away_what_is_said_to_it_is_refused() {
    let (server, _file) = server();
    let mut stage = Stage::on(&server);
    let refused =
        "<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";
    stage.play(&format!(
        "alice/phone signs in with management
         alice/phone: <message to='bob@irc.linnet.test' type='chat' id='1'><body>anybody?</body></message>
         alice/phone hears <message from='bob@irc.linnet.test' type='error' id='1'>{refused}</message>
         alice/phone gets from irc.linnet.test: <query xmlns='jabber:iq:version'/>
         alice/phone is refused: cancel service-unavailable"
    ));
    let mut irc = connect(&server, IRC);
    stage.play(
        "alice/phone: <message to='bob@irc.linnet.test' type='chat' id='2'><body>now?</body></message>",
    );
    irc.expect("message", "2");
    irc.cut_off();
    // As soon as the server has noticed; until then messages are kept for it.
    let mut number = 2;
    loop {
        number += 1;
        stage.play(&format!(
            "alice/phone: <message to='bob@irc.linnet.test' type='chat' id='{number}'><body>and now?</body></message>"
        ));
        stage.client("alice/phone").wait_for_acknowledgement().expect("answered");
        let heard = &stage.client("alice/phone").inbox;
        if heard.iter().any(|element| element.attribute("id") == Some(&number.to_string())) {
            break;
        }
        assert!(number < 1_000, "the server does not notice");
    }
    stage.play(&format!(
        "alice/phone hears <message from='bob@irc.linnet.test' type='error' id='{number}'>{refused}</message>"
    ));
}

#[test]
fn what_was_accepted_when_it_went_comes_when_it_is_back() {
    let (server, _file) = server();
    let mut irc = connect(&server, IRC);
    let mut stage = Stage::on(&server);
    stage.play("alice/phone signs in with management");
    send_much(&mut stage);
    irc.cut_off();
    drop(irc);
    let mut irc = connect(&server, IRC);
    let late = irc.expect("message", "60");
    assert!(late.child("delay", "urn:xmpp:delay").is_some(), "it says when it was said");
    // And once.
    stage.play(
        "alice/phone: <message to='bob@irc.linnet.test' type='chat' id='61'><body>done</body></message>",
    );
    irc.expect("message", "61");
    assert!(!irc.has("60"));
}

#[test]
fn what_was_accepted_comes_after_a_crash_too() {
    let (mut server, _file) = server();
    let mut irc = connect(&server, IRC);
    let mut stage = Stage::on(&server);
    stage.play("alice/phone signs in with management");
    irc.say(&format!(
        "<message from='{IRC}' to='{}' id='0'><body>x</body></message>",
        stage.variable("alice")
    ));
    stage.play("alice/phone hears <message id='0'/>");
    send_much(&mut stage);
    let packed = stage.pack();
    server.kill();
    server.restart();
    let mut stage = Stage::go_on(&server, packed);
    let mut irc = connect(&server, IRC);
    assert!(irc.expect("message", "60").child("delay", "urn:xmpp:delay").is_some());
    stage.play(
        "alice/phone signs in
         alice/phone: <message to='bob@irc.linnet.test' type='chat' id='61'><body>done</body></message>",
    );
    irc.expect("message", "61");
    assert!(!irc.has("60"));
}

/// More than the network takes while nobody reads.
fn send_much(stage: &mut Stage<'_>) {
    let text = "x".repeat(200 * 1024);
    for number in 1..=60 {
        let message = format!(
            "<message to='bob@irc.linnet.test' type='chat' id='{number}'><body>{text}</body></message>"
        );
        stage.client("alice/phone").send(&message).expect("sent");
    }
    stage.play("alice/phone is acknowledged");
}

#[test]
fn who_does_not_know_the_secret_is_not_let_in() {
    let (server, _file) = server();
    let refused =
        |address: &str, secret: &str| Component::connect(&server, address, secret).err().unwrap_or_default();
    assert_eq!(refused(IRC, "something else"), "not-authorized");
    assert_eq!(refused("other.linnet.test", "something else"), "host-unknown");
    assert_eq!(refused("linnet.test", "something else"), "host-unknown");
}

#[test]
fn it_speaks_for_its_own_domain_only_and_once() {
    let (server, _file) = server();
    let mut stage = Stage::on(&server);
    stage.play("alice/phone signs in");
    let alice = stage.variable("alice").to_owned();
    for from in [&*alice, "bob@sms.linnet.test", "linnet.test"] {
        let mut irc = connect(&server, IRC);
        irc.say(&format!("<message from='{from}' to='{alice}' id='forged'><body>x</body></message>"));
        assert_eq!(irc.fails_with(), "invalid-from");
    }
    let mut first = connect(&server, IRC);
    let mut second = connect(&server, IRC);
    assert_eq!(first.fails_with(), "conflict");
    second.say(&format!("<message from='{IRC}' to='{alice}' id='true'><body>y</body></message>"));
    stage
        .play("alice/phone hears <message id='true'/>\n alice/phone hears nothing of <message id='forged'/>");
}
