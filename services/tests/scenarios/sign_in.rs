//! Signing in (RFC 6120 §4–§7, XEP-0388, XEP-0386, XEP-0440, XEP-0484, RFC 7395): every way that a client may come.

use tests::{
    Client, House, Server, Stage,
    client::{Mechanism, Way},
    play::play,
    server::{DOMAIN, password},
};

static HOUSE: House = House::new(&[]);

#[test]
fn before_tls_nothing_but_tls_is_offered() {
    play(
        &HOUSE,
        "mallory connects
         mallory opens
         mallory hears <stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>
            <not xmlns='play'><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/></not></stream:features>",
    );
}

#[test]
fn inside_tls_the_mechanisms_are_offered_and_then_bind() {
    play(
        &HOUSE,
        "alice/phone connects
         alice/phone opens
         alice/phone hears <stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>
         alice/phone secures
         alice/phone opens
         alice/phone hears <stream:features>
            <mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>
            <mechanism>SCRAM-SHA-256-PLUS</mechanism><mechanism>SCRAM-SHA-256</mechanism>
            <mechanism>SCRAM-SHA-1-PLUS</mechanism><mechanism>SCRAM-SHA-1</mechanism><mechanism>PLAIN</mechanism>
            </mechanisms>
            <authentication xmlns='urn:xmpp:sasl:2'><mechanism>SCRAM-SHA-256-PLUS</mechanism>
            <inline><bind xmlns='urn:xmpp:bind:0'/><sm xmlns='urn:xmpp:sm:3'/><fast xmlns='urn:xmpp:fast:0'/></inline>
            </authentication>
            <sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'><channel-binding type='tls-exporter'/>
            <channel-binding type='tls-server-end-point'/></sasl-channel-binding>
            <not xmlns='play'><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></not></stream:features>
         alice/phone offers SCRAM-SHA-256-PLUS
         alice/phone hears <stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>
            <sm xmlns='urn:xmpp:sm:3'/><ver xmlns='urn:xmpp:features:rosterver'/>
            <sub xmlns='urn:xmpp:features:pre-approval'/></stream:features>",
    );
}

#[test]
fn every_mechanism_signs_in() {
    let mut stage = Stage::in_house(&HOUSE);
    stage.play("alice/phone signs in");
    let account = stage.account("alice");
    for name in ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"] {
        for way in [Way::StartTls, Way::Tls] {
            let mut client = Client::new(stage.server(), &account, name);
            client.prepare(way).expect("mechanisms are offered");
            client.authenticate(Mechanism::named(name), &password(&account)).expect(name);
            client.expect("features").expect("bind is offered");
            client.bind().expect(name);
        }
    }
}

#[test]
fn a_wrong_password_is_refused_and_another_try_is_allowed() {
    let mut stage = Stage::in_house(&HOUSE);
    stage.play("alice/phone connects");
    let client = stage.client("alice/phone");
    client.prepare(Way::Tls).expect("mechanisms are offered");
    for name in ["SCRAM-SHA-256", "PLAIN"] {
        let failure = client.authenticate(Mechanism::named(name), "guess").expect_err("refused");
        assert!(failure.contains("<not-authorized/>"), "{name}: {failure}");
        client.inbox.clear();
    }
    let right = password(&client.user.clone());
    client.authenticate(Mechanism::named("SCRAM-SHA-256"), &right).expect("the right one");
    client.expect("features").expect("bind is offered");
}

#[test]
fn nobody_can_tell_who_has_an_account() {
    let mut stage = Stage::in_house(&HOUSE);
    stage.play("alice/phone connects");
    let mut client = Client::new(stage.server(), "nobody-of-that-name", "phone");
    client.prepare(Way::Tls).expect("mechanisms are offered");
    let failure = client.authenticate(Mechanism::named("SCRAM-SHA-1"), "guess").expect_err("refused");
    assert!(failure.contains("<not-authorized/>"), "{failure}");
}

#[test]
fn one_round_trip_signs_in_binds_and_switches_on() {
    let mut stage = Stage::in_house(&HOUSE);
    stage.play("alice/phone connects by TLS");
    let client = stage.client("alice/phone");
    client.prepare(Way::Tls).expect("mechanisms are offered");
    let inline = "<user-agent id='d4565fa7-4d72-4749-b3d3-740edbf87770'><software>tests</software></user-agent>\
         <bind xmlns='urn:xmpp:bind:0'><tag>tests</tag><enable xmlns='urn:xmpp:carbons:2'/>\
         <enable xmlns='urn:xmpp:sm:3' resume='true'/></bind>";
    let plus = Mechanism::named("SCRAM-SHA-256-PLUS");
    let success = client.authenticate_inline(plus, inline).expect("success");
    let sasl2 = "urn:xmpp:sasl:2";
    let identifier = success.child("authorization-identifier", sasl2).expect("says who").text();
    assert!(identifier.starts_with(&format!("{}@linnet.test/tests", client.user)), "{identifier}");
    let bound = success.child("bound", "urn:xmpp:bind:0").expect("bound");
    let enabled = bound.child("enabled", "urn:xmpp:sm:3").expect("management");
    assert!(enabled.attribute("id").is_some_and(|id| !id.is_empty()));
    client.expect("features").expect("what is left to choose");
    client.fence().expect("it is bound");
}

#[test]
fn a_token_signs_in_once_the_password_has() {
    let mut stage = Stage::in_house(&HOUSE);
    stage.play("alice/phone connects by TLS");
    let client = stage.client("alice/phone");
    let agent = "<user-agent id='b3d3740e-4d72-4749-b3d3-740edbf87770'/>";
    let bind = "<bind xmlns='urn:xmpp:bind:0'><tag>t</tag></bind>";
    for (bound, mechanism) in [(true, "HT-SHA-256-EXPR"), (false, "HT-SHA-256-NONE")] {
        client.inbox.clear();
        client.prepare(Way::Tls).expect("mechanisms are offered");
        let wish = format!("{agent}<request-token xmlns='urn:xmpp:fast:0' mechanism='{mechanism}'/>{bind}");
        let success = client.authenticate_inline(Mechanism::named("SCRAM-SHA-256"), &wish).expect("success");
        let token = success.child("token", "urn:xmpp:fast:0").expect("a token");
        let secret = token.attribute("token").expect("its secret").to_owned();
        client.cut_off();

        for count in 1..3 {
            client.prepare(Way::Tls).expect("mechanisms are offered");
            let inline = format!("{agent}<fast xmlns='urn:xmpp:fast:0' count='{count}'/>{bind}");
            let success = client.authenticate_by_token(&secret, bound, &inline);
            let success = success.unwrap_or_else(|failure| panic!("{mechanism}, use {count}: {failure}"));
            assert!(success.child("bound", "urn:xmpp:bind:0").is_some());
            client.cut_off();
        }
        client.prepare(Way::Tls).expect("mechanisms are offered");
        let replayed = format!("{agent}<fast xmlns='urn:xmpp:fast:0' count='2'/>{bind}");
        let failure = client.authenticate_by_token(&secret, bound, &replayed).expect_err("a replay");
        assert!(failure.contains("<not-authorized") || failure.contains("<credentials-expired"), "{failure}");
        client.inbox.clear();
        client.prepare(Way::Tls).expect("mechanisms are offered");
        let failure =
            client.authenticate_by_token("guess", bound, &inline_of(agent, bind)).expect_err("no token");
        assert!(failure.contains("<not-authorized"), "{failure}");
    }
}

fn inline_of(agent: &str, bind: &str) -> String {
    format!("{agent}<fast xmlns='urn:xmpp:fast:0' count='9'/>{bind}")
}

#[test]
fn by_tls_and_by_websocket_people_are_in_the_same_house() {
    play(
        &HOUSE,
        "alice/phone signs in by TLS
         bob/web signs in by WebSocket
         carol/desk signs in
         alice/phone: <message to='{bob}' type='chat' id='1'><body>hello &amp; &lt;welcome&gt;</body></message>
         bob/web hears <message from='{alice}/phone' type='chat' id='1'><body>hello &amp; &lt;welcome&gt;</body></message>
         bob/web: <message to='{carol}' type='chat' id='2'><body>and you</body></message>
         carol/desk hears <message from='{bob}/web' id='2'><body>and you</body></message>
         carol/desk: <message to='{alice}' type='chat' id='3'><body>round</body></message>
         alice/phone hears <message from='{carol}/desk' id='3'><body>round</body></message>
         bob/web leaves
         alice/phone leaves",
    );
}

#[test]
fn the_same_name_again_ends_the_older_one() {
    let mut stage = Stage::in_house(&HOUSE);
    stage.play("alice/phone signs in");
    let account = stage.account("alice");
    let mut second = Client::new(stage.server(), &account, "phone");
    second.sign_in(Way::Tls).expect("signed in");
    assert_eq!(second.name, "phone");
    stage.play(
        "alice/phone hears <stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>
         alice/phone is hung up on",
    );
    second.fence().expect("the newer one lives");
}

#[test]
fn a_name_is_given_to_who_asks_for_none() {
    let mut stage = Stage::in_house(&HOUSE);
    stage.play("alice/phone signs in");
    let account = stage.account("alice");
    let mut client = Client::new(stage.server(), &account, "");
    client.authenticated(Way::Tls).expect("as far as bind");
    client.send("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>").expect("sent");
    let answer = client.expect("iq").expect("bound");
    let ns = "urn:ietf:params:xml:ns:xmpp-bind";
    let jid = answer.child("bind", ns).and_then(|bind| bind.child("jid", ns)).expect("its address").text();
    assert!(jid.starts_with(&format!("{account}@linnet.test/")) && !jid.ends_with('/'), "{jid}");
}

#[test]
fn who_proves_the_old_password_does_not_come_in_after_its_change() {
    let server = Server::start(&[]);
    server.add_users(&["alice".to_owned()]);
    let mut client = Client::new(&server, "alice", "desk");
    client.authenticated(Way::Tls).expect("the password is right so far");
    let address = format!("alice@{DOMAIN}");
    let changed = server.command(&["user", "password", &address, "--password-stdin"], "another one");
    assert!(changed.status.success(), "{}", String::from_utf8_lossy(&changed.stderr));
    let refused = client.bind().expect_err("what was proven is not so any more");
    assert!(refused.contains("<not-authorized"), "{refused}");
}
