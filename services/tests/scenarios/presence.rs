//! Presence (RFC 6121 §4, XEP-0115, XEP-0319): who sees what, when people come, change and go.

use tests::{House, Server, Stage, play::play};

static HOUSE: House = House::new(&[]);

#[test]
fn contacts_see_each_other_come_change_and_go() {
    play(
        &HOUSE,
        "alice/phone signs in
         bob/desk signs in
         alice/phone befriends bob/desk
         bob/desk: <presence><show>dnd</show><status>busy as a bee</status><priority>5</priority></presence>
         alice/phone hears <presence from='{bob}/desk' type='-'><show>dnd</show><status>busy as a bee</status>
            <priority>5</priority></presence>
         bob/desk: <presence type='unavailable'><status>gone home</status></presence>
         alice/phone hears <presence from='{bob}/desk' type='unavailable'><status>gone home</status></presence>
         bob/desk leaves
         bob/desk signs in
         bob/desk hears <presence from='{alice}/phone' type='-'/>
         alice/phone hears <presence from='{bob}/desk' type='-'/>
         -- Without a word.
         bob/desk is cut off
         alice/phone hears <presence from='{bob}/desk' type='unavailable'/>",
    );
}

#[test]
fn what_a_client_says_of_itself_reaches_its_contacts() {
    play(
        &HOUSE,
        "alice/phone signs in
         bob/desk signs in
         alice/phone befriends bob/desk
         bob/desk: <presence><show>away</show><idle xmlns='urn:xmpp:idle:1' since='2026-11-21T08:00:00Z'/>
            <c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='urn:tests' ver='QgayPKawpkPSDYmwT/WM94uAlu0='/></presence>
         alice/phone hears <presence from='{bob}/desk'><show>away</show><idle xmlns='urn:xmpp:idle:1' since='2026-11-21T08:00:00Z'/>
            <c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='urn:tests' ver='QgayPKawpkPSDYmwT/WM94uAlu0='/></presence>",
    );
}

#[test]
fn capabilities_are_named_once_and_told_once() {
    play(
        &HOUSE,
        "alice/phone signs in
         bob/desk signs in
         alice/phone befriends bob/desk
         bob/desk: <presence><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='urn:tests' ver='QgayPKawpkPSDYmwT/WM94uAlu0='/></presence>
         alice/phone hears <presence from='{bob}/desk'><c xmlns='http://jabber.org/protocol/caps' ver='QgayPKawpkPSDYmwT/WM94uAlu0='/></presence>
         bob/desk: <presence><show>away</show></presence>
         alice/phone hears <presence from='{bob}/desk'><show>away</show><not xmlns='play'><c xmlns='http://jabber.org/protocol/caps'/></not></presence>
         -- Who comes later has not heard of them.
         alice/pad signs in
         alice/pad hears <presence from='{bob}/desk'><show>away</show><c xmlns='http://jabber.org/protocol/caps' ver='QgayPKawpkPSDYmwT/WM94uAlu0='/></presence>
         bob/desk: <presence><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='urn:tests' ver='q07IKJEyjvHSyhy//CH0CxmKi8w='/></presence>
         alice/phone hears <presence from='{bob}/desk' type='-'><c xmlns='http://jabber.org/protocol/caps' ver='q07IKJEyjvHSyhy//CH0CxmKi8w='/></presence>",
    );
}

#[test]
fn every_device_of_a_user_is_seen_and_sees_the_others() {
    play(
        &HOUSE,
        "alice/phone signs in
         bob/desk signs in
         alice/phone befriends bob/desk
         bob/phone signs in
         bob/desk hears <presence from='{bob}/phone' type='-'/>
         bob/phone hears <presence from='{bob}/desk' type='-'/>
         bob/phone hears <presence from='{alice}/phone' type='-'/>
         alice/phone hears <presence from='{bob}/phone' type='-'/>
         bob/phone leaves
         alice/phone hears <presence from='{bob}/phone' type='unavailable'/>
         bob/desk hears <presence from='{bob}/phone' type='unavailable'/>
         alice/phone hears nothing of <presence from='{bob}/desk' type='unavailable'/>",
    );
}

#[test]
fn a_parting_word_is_heard_by_all_who_saw_whoever_else_stays() {
    play(
        &HOUSE,
        "alice/phone signs in
         bob/desk signs in
         carol/desk signs in
         alice/phone befriends bob/desk
         alice/phone starts {#tea} as Alice
         bob/desk enters {#tea} as Bob
         bob/phone signs in
         alice/phone hears <presence from='{bob}/phone' type='-'/>
         bob/desk: <presence to='{carol}'><status>for you</status></presence>
         carol/desk hears <presence from='{bob}/desk' type='-'/>
         bob/desk: <presence to='{carol}' type='unavailable'><status>good night, Carol</status></presence>
         carol/desk hears <presence from='{bob}/desk' type='unavailable'><status>good night, Carol</status></presence>
         bob/desk: <presence to='{carol}'/>
         carol/desk hears <presence from='{bob}/desk' type='-'/>
         bob/desk: <presence type='unavailable'><status>good night</status></presence>
         alice/phone hears <presence from='{bob}/desk' type='unavailable'><status>good night</status></presence>
         bob/phone hears <presence from='{bob}/desk' type='unavailable'><status>good night</status></presence>
         carol/desk hears <presence from='{bob}/desk' type='unavailable'><status>good night</status></presence>
         alice/phone hears <presence from='{#tea}/Bob' type='unavailable'><status>good night</status></presence>
         bob/desk hears <presence from='{#tea}/Bob' type='unavailable'><x xmlns='http://jabber.org/protocol/muc#user'><status code='110'/></x></presence>
         alice/phone hears nothing of <presence from='{bob}/desk' type='unavailable'/>",
    );
}

#[test]
fn strangers_see_nothing_but_what_is_sent_to_them() {
    play(
        &HOUSE,
        "alice/phone signs in
         bob/desk signs in
         bob/desk: <presence><status>for contacts</status></presence>
         alice/phone hears nothing of <presence from='{bob}/desk'/>
         bob/desk: <presence to='{alice}'><status>for you</status></presence>
         alice/phone hears <presence from='{bob}/desk'><status>for you</status></presence>
         -- Who was told directly is told of the end too (RFC 6121 §4.6.3).
         bob/desk is cut off
         alice/phone hears <presence from='{bob}/desk' type='unavailable'/>",
    );
}

#[test]
fn a_probe_is_answered_for_those_who_may_know() {
    play(
        &HOUSE,
        "alice/phone signs in
         bob/desk signs in
         carol/desk signs in
         alice/phone befriends bob/desk
         bob/desk: <presence><status>here</status></presence>
         alice/phone hears <presence from='{bob}/desk'><status>here</status></presence>
         alice/phone: <presence to='{bob}' type='probe'/>
         alice/phone hears <presence from='{bob}/desk' type='-'><status>here</status></presence>
         carol/desk: <presence to='{bob}' type='probe'/>
         carol/desk hears nothing of <presence from='{bob}/desk'/>",
    );
}

#[test]
fn who_is_invisible_gets_no_messages_and_sends_no_presence() {
    play(
        &HOUSE,
        "alice/phone signs in
         bob/desk signs in
         alice/phone befriends bob/desk
         bob/phone binds
         alice/phone hears nothing of <presence from='{bob}/phone'/>
         alice/phone: <message to='{bob}' type='chat'><body>to those who are there</body></message>
         bob/desk hears <message from='{alice}/phone'><body>to those who are there</body></message>
         bob/phone hears nothing of <message from='{alice}/phone'/>",
    );
}

#[test]
fn what_is_no_presence_is_refused() {
    let long = "x".repeat(5000);
    play(
        &HOUSE,
        &format!(
            "alice/phone signs in
             alice/phone: <presence id='p1'><status>{long}</status></presence>
             alice/phone hears <presence type='error' id='p1'><error type='modify'><bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>
             alice/phone: <presence id='p2' type='nonsense'/>
             alice/phone hears <presence type='error' id='p2'><error type='modify'><bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>"
        ),
    );
}

#[test]
fn a_presence_that_was_chosen_outlives_devices_and_a_crash() {
    let choose = |state: &str, note: &str| {
        format!(
            "bob/desk sets at {{d}}: <command xmlns='http://jabber.org/protocol/commands' node='urn:linnet:presence'>\
             <x xmlns='jabber:x:data' type='submit'><field var='state'><value>{state}</value></field>\
             <field var='note'><value>{note}</value></field></x></command>\n\
             bob/desk is told\n"
        )
    };
    let mut server = Server::start(&[]);
    let mut stage = Stage::on(&server);
    stage.play(
        "alice/phone signs in
         bob/desk signs in
         alice/phone befriends bob/desk",
    );
    stage.play(&choose("do-not-disturb", "writing"));
    stage.play(
        "alice/phone hears <presence from='{bob}/desk' type='-'><show>dnd</show><status>writing</status></presence>
         -- What a device says is not heard meanwhile.
         bob/desk: <presence><show>chat</show></presence>
         alice/phone hears nothing of <presence from='{bob}/desk'><show>chat</show></presence>",
    );
    let packed = stage.pack();
    server.kill();
    server.restart();
    let mut stage = Stage::go_on(&server, packed);
    stage.play(
        "alice/phone signs in
         bob/pad signs in
         alice/phone hears <presence from='{bob}/pad' type='-'><show>dnd</show><status>writing</status></presence>",
    );
    stage.play(&choose("automatic", "").replace("bob/desk", "bob/pad"));
    stage.play("alice/phone hears <presence from='{bob}/pad' type='-'/>");
}
