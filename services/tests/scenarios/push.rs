//! Push notifications (XEP-0357): who is told that something waits, and what they are told. Carol's program is the push
//! service here; to the server it is an address like any other.

use tests::{House, Server, Stage, play::play};

static HOUSE: House = House::new(&[]);

const ENABLE: &str = "<enable xmlns='urn:xmpp:push:0' jid='{carol}/service' node='device-7'>
    <x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>http://jabber.org/protocol/pubsub#publish-options</value></field>
    <field var='secret'><value>s3cret</value></field></x></enable>";

/// A push of which so much waits; nothing of what was said is in it.
fn push(id: &str, waiting: u32) -> String {
    format!(
        "<iq type='set' from='{{alice}}/push' to='{{carol}}/service' id='{{{id}}}'><pubsub xmlns='http://jabber.org/protocol/pubsub'>
         <publish node='device-7'><item><notification xmlns='urn:xmpp:push:0'><x xmlns='jabber:x:data' type='submit'>
            <field var='FORM_TYPE'><value>urn:xmpp:push:summary</value></field>
            <field var='message-count'><value>{waiting}</value></field></x></notification></item></publish>
         <publish-options><x xmlns='jabber:x:data'><field var='secret'><value>s3cret</value></field></x></publish-options></pubsub></iq>"
    )
}

#[test]
fn a_service_is_told_that_something_waits_for_who_is_not_there() {
    let told = push("q", 1);
    play(
        &HOUSE,
        &format!(
            "alice/phone signs in
             bob/desk signs in
             carol/service signs in
             alice/phone gets <query xmlns='http://jabber.org/protocol/disco#info'/>
             alice/phone is told <query xmlns='http://jabber.org/protocol/disco#info'><feature var='urn:xmpp:push:0'/></query>
             alice/phone sets {ENABLE}
             alice/phone is told
             bob/desk: <message to='{{alice}}' type='chat' id='1'><body>seen at once</body></message>
             alice/phone hears <message id='1'/>
             carol/service hears nothing of <iq type='set'/>
             alice/phone leaves
             bob/desk: <message to='{{alice}}' type='chat' id='2'><body>are you there?</body></message>
             carol/service hears {told}
             carol/service: <iq type='result' to='{{alice}}/push' id='{{q}}'/>
             alice/phone signs in
             alice/phone hears <message id='2'><body>are you there?</body></message>
             alice/phone sets <disable xmlns='urn:xmpp:push:0' jid='{{carol}}/service'/>
             alice/phone is told"
        ),
    );
}

#[test]
fn a_device_whose_connection_is_lost_is_woken_too() {
    let told = push("q", 1);
    play(
        &HOUSE,
        &format!(
            "alice/phone signs in with management
             bob/desk signs in
             carol/service signs in
             alice/phone sets {ENABLE}
             alice/phone is told
             alice/phone is acknowledged
             alice/phone is cut off
             bob/desk: <message to='{{alice}}' type='chat' id='1'><body>are you there?</body></message>
             carol/service hears {told}
             alice/phone resumes
             alice/phone hears <message id='1'><body>are you there?</body></message>"
        ),
    );
}

#[test]
fn a_service_that_cannot_be_reached_is_refused() {
    play(
        &HOUSE,
        "alice/phone signs in
         alice/phone sets <enable xmlns='urn:xmpp:push:0' jid='push.elsewhere.example' node='n'/>
         alice/phone is refused: cancel remote-server-not-found",
    );
}

#[test]
fn what_is_enabled_survives_kill_and_restart() {
    let mut server = Server::start(&[]);
    let mut stage = Stage::on(&server);
    stage.play(&format!("alice/phone signs in\nalice/phone sets {ENABLE}\nalice/phone is told"));
    let packed = stage.pack();
    server.kill();
    server.restart();
    let told = push("q", 1);
    Stage::go_on(&server, packed).play(&format!(
        "bob/desk signs in
         carol/service signs in
         bob/desk: <message to='{{alice}}' type='chat' id='1'><body>are you there?</body></message>
         carol/service hears {told}"
    ));
}
