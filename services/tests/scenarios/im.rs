//! IM between two (RFC 6121 §5, §8; XEP-0085, XEP-0184, XEP-0280, XEP-0308, XEP-0333, XEP-0359, XEP-0444): who hears
//! what, in which order, and what the sender is told when nobody can.

use tests::{House, Stage, play::play};

static HOUSE: House = House::new(&[]);

#[test]
fn to_the_person_means_to_every_device() {
    play(
        &HOUSE,
        "alice/phone signs in
         bob/desk signs in
         bob/phone signs in
         alice/phone: <message to='{bob}' type='chat' id='1'><body>hello</body><thread>t1</thread></message>
         bob/desk hears <message from='{alice}/phone' to='{bob}' type='chat' id='1'><body>hello</body><thread>t1</thread></message>
         bob/phone hears <message from='{alice}/phone' to='{bob}' type='chat' id='1'><body>hello</body></message>",
    );
}

#[test]
fn to_one_device_means_to_that_one() {
    play(
        &HOUSE,
        "alice/phone signs in
         bob/desk signs in
         bob/phone signs in
         alice/phone: <message to='{bob}/phone' type='chat' id='1'><body>just here</body></message>
         bob/phone hears <message from='{alice}/phone' to='{bob}/phone' id='1'><body>just here</body></message>
         bob/desk hears nothing of <message from='{alice}/phone'/>
         -- One that is not there: to the others instead.
         alice/phone: <message to='{bob}/gone' type='chat' id='2'><body>whoever</body></message>
         bob/phone hears <message from='{alice}/phone' id='2'><body>whoever</body></message>
         bob/desk hears <message from='{alice}/phone' id='2'><body>whoever</body></message>",
    );
}

#[test]
fn a_device_below_zero_gets_nothing_that_is_not_for_itself() {
    play(
        &HOUSE,
        "alice/phone signs in
         bob/desk signs in
         bob/robot signs in
         bob/robot: <presence><priority>-1</priority></presence>
         bob/robot hears <presence from='{bob}/robot'><priority>-1</priority></presence>
         alice/phone: <message to='{bob}' type='chat' id='1'><body>people only</body></message>
         bob/desk hears <message from='{alice}/phone' id='1'/>
         bob/robot hears nothing of <message from='{alice}/phone'/>
         alice/phone: <message to='{bob}/robot' type='chat' id='2'><body>work</body></message>
         bob/robot hears <message from='{alice}/phone' id='2'/>",
    );
}

#[test]
fn every_message_has_an_id_of_the_history_that_nobody_can_forge() {
    play(
        &HOUSE,
        "alice/phone signs in
         bob/desk signs in
         alice/phone: <message to='{bob}' type='chat' id='1'><body>one</body><origin-id xmlns='urn:xmpp:sid:0' id='o1'/>
            <stanza-id xmlns='urn:xmpp:sid:0' id='forged' by='{bob}'/></message>
         bob/desk hears <message id='1'><body>one</body><origin-id xmlns='urn:xmpp:sid:0' id='o1'/>
            <stanza-id xmlns='urn:xmpp:sid:0' by='{bob}' id='{first}'/>
            <not xmlns='play'><stanza-id xmlns='urn:xmpp:sid:0' id='forged'/></not></message>
         alice/phone: <message to='{bob}' type='chat' id='2'><body>two</body></message>
         bob/desk hears <message id='2'><stanza-id xmlns='urn:xmpp:sid:0' by='{bob}' id='{second}'/></message>",
    );
}

#[test]
fn all_devices_of_both_see_both_sides() {
    play(
        &HOUSE,
        "alice/phone signs in
         alice/desk signs in
         bob/desk signs in
         bob/phone signs in
         alice/desk sets <enable xmlns='urn:xmpp:carbons:2'/>
         alice/desk is told
         bob/phone sets <enable xmlns='urn:xmpp:carbons:2'/>
         bob/phone is told
         alice/phone: <message to='{bob}/desk' type='chat' id='1'><body>hello</body></message>
         bob/desk hears <message from='{alice}/phone' id='1'><body>hello</body></message>
         alice/desk hears <message from='{alice}' to='{alice}/desk' type='chat'><sent xmlns='urn:xmpp:carbons:2'>
            <forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='{alice}/phone' to='{bob}/desk' id='1'>
            <body>hello</body></message></forwarded></sent></message>
         bob/phone hears <message from='{bob}' to='{bob}/phone'><received xmlns='urn:xmpp:carbons:2'>
            <forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='{alice}/phone' to='{bob}/desk' id='1'>
            <body>hello</body></message></forwarded></received></message>
         alice/phone hears nothing of <message><sent xmlns='urn:xmpp:carbons:2'/></message>
         -- Not what is private, and not any more once it is off.
         alice/phone: <message to='{bob}/desk' type='chat' id='2'><body>hush</body><private xmlns='urn:xmpp:carbons:2'/>
            <no-copy xmlns='urn:xmpp:hints'/></message>
         bob/desk hears <message id='2'/>
         alice/desk hears nothing of <message><sent xmlns='urn:xmpp:carbons:2'/></message>
         bob/phone sets <disable xmlns='urn:xmpp:carbons:2'/>
         bob/phone is told
         alice/phone: <message to='{bob}/desk' type='chat' id='3'><body>again</body></message>
         alice/desk hears <message><sent xmlns='urn:xmpp:carbons:2'/></message>
         bob/phone hears nothing of <message><received xmlns='urn:xmpp:carbons:2'/></message>",
    );
}

#[test]
fn typing_receipts_markers_corrections_and_reactions_pass() {
    play(
        &HOUSE,
        "alice/phone signs in
         bob/desk signs in
         alice/phone: <message to='{bob}/desk' type='chat'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>
         bob/desk hears <message from='{alice}/phone' type='chat'><composing xmlns='http://jabber.org/protocol/chatstates'/>
            <not xmlns='play'><body xmlns='jabber:client'/></not></message>
         alice/phone: <message to='{bob}/desk' type='chat' id='m1'><body>helo</body><active xmlns='http://jabber.org/protocol/chatstates'/>
            <request xmlns='urn:xmpp:receipts'/><markable xmlns='urn:xmpp:chat-markers:0'/></message>
         bob/desk hears <message id='m1'><body>helo</body><active xmlns='http://jabber.org/protocol/chatstates'/>
            <request xmlns='urn:xmpp:receipts'/><markable xmlns='urn:xmpp:chat-markers:0'/></message>
         bob/desk: <message to='{alice}/phone' type='chat'><received xmlns='urn:xmpp:receipts' id='m1'/></message>
         alice/phone hears <message from='{bob}/desk'><received xmlns='urn:xmpp:receipts' id='m1'/></message>
         bob/desk: <message to='{alice}/phone' type='chat'><displayed xmlns='urn:xmpp:chat-markers:0' id='m1'/></message>
         alice/phone hears <message from='{bob}/desk'><displayed xmlns='urn:xmpp:chat-markers:0' id='m1'/></message>
         alice/phone: <message to='{bob}/desk' type='chat' id='m2'><body>hello</body><replace xmlns='urn:xmpp:message-correct:0' id='m1'/></message>
         bob/desk hears <message id='m2'><body>hello</body><replace xmlns='urn:xmpp:message-correct:0' id='m1'/></message>
         bob/desk: <message to='{alice}/phone' type='chat' id='m3'><reactions xmlns='urn:xmpp:reactions:0' id='m2'><reaction>👋</reaction></reactions></message>
         alice/phone hears <message id='m3'><reactions xmlns='urn:xmpp:reactions:0' id='m2'><reaction>👋</reaction></reactions></message>
         bob/desk: <message to='{alice}/phone' type='chat' id='m4'><body>yes</body><reply xmlns='urn:xmpp:reply:0' to='{alice}/phone' id='m2'/></message>
         alice/phone hears <message id='m4'><body>yes</body><reply xmlns='urn:xmpp:reply:0' to='{alice}/phone' id='m2'/></message>",
    );
}

#[test]
fn messages_wait_for_who_is_away_in_order_with_their_time() {
    play(
        &HOUSE,
        "alice/phone signs in with management
         carol/desk signs in with management
         alice/phone: <message to='{bob}' type='chat' id='1'><body>one</body></message>
         alice/phone: <message to='{bob}' type='chat'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>
         alice/phone: <message to='{bob}' type='chat' id='2'><body>two</body></message>
         carol/desk: <message to='{bob}' id='3'><subject>a letter</subject><body>three</body></message>
         carol/desk is acknowledged
         alice/phone: <message to='{bob}' type='chat' id='4'><body>four</body></message>
         alice/phone: <message to='{bob}' type='headline' id='h'><body>old news tomorrow</body></message>
         alice/phone is acknowledged
         bob/desk signs in
         bob/desk hears <message from='{alice}/phone' type='chat' id='1'><body>one</body><delay xmlns='urn:xmpp:delay' stamp='*'/></message>
         bob/desk hears <message from='{alice}/phone' type='chat' id='2'><body>two</body><delay xmlns='urn:xmpp:delay' stamp='*'/></message>
         bob/desk hears <message from='{alice}/phone' type='chat' id='4'><body>four</body></message>
         bob/desk hears <message from='{carol}/desk' id='3'><subject>a letter</subject><body>three</body></message>
         bob/desk hears nothing of <message/>
         bob/desk leaves
         -- Once is enough.
         bob/phone signs in
         bob/phone hears nothing of <message/>",
    );
}

#[test]
fn to_nobody_and_to_nowhere() {
    play(
        &HOUSE,
        "alice/phone signs in
         alice/phone: <message to='nobody-here@{d}' type='chat' id='1'><body>hello?</body></message>
         alice/phone hears <message from='nobody-here@{d}' type='error' id='1'><error type='cancel'>
            <service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>
         alice/phone: <message to='someone@elsewhere.example' type='chat' id='2'><body>hello?</body></message>
         alice/phone hears <message from='someone@elsewhere.example' type='error' id='2'><error type='cancel'>
            <remote-server-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>
         alice/phone: <message to='not @ an address' type='chat' id='3'><body>hello?</body></message>
         alice/phone hears <message type='error' id='3'><error type='modify'><jid-malformed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>
         alice/phone: <message to='{alice}' type='groupchat' id='4'><body>hello?</body></message>
         alice/phone hears <message type='error' id='4'><error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>
         -- Errors are never answered.
         alice/phone: <message to='nobody-here@{d}' type='error' id='5'/>
         alice/phone hears nothing of <message id='5'/>",
    );
}

#[test]
fn one_talks_to_oneself() {
    play(
        &HOUSE,
        "alice/phone signs in
         alice/desk signs in
         alice/phone: <message to='{alice}' type='chat' id='1'><body>remember the milk</body></message>
         alice/desk hears <message from='{alice}/phone' id='1'><body>remember the milk</body></message>",
    );
}

#[test]
fn a_hundred_in_a_row_keep_their_order() {
    let mut script = String::from("alice/phone signs in\nbob/desk signs in\n");
    for n in 0..100 {
        script +=
            &format!("alice/phone: <message to='{{bob}}' type='chat' id='a{n}'><body>{n}</body></message>\n");
        script +=
            &format!("bob/desk: <message to='{{alice}}' type='chat' id='b{n}'><body>{n}</body></message>\n");
    }
    for n in 0..100 {
        script +=
            &format!("bob/desk hears <message from='{{alice}}/phone' id='a{n}'><body>{n}</body></message>\n");
        script +=
            &format!("alice/phone hears <message from='{{bob}}/desk' id='b{n}'><body>{n}</body></message>\n");
    }
    play(&HOUSE, &script);
}

#[test]
fn who_is_inactive_is_not_woken_for_typing() {
    play(
        &HOUSE,
        "alice/phone signs in
         alice/desk signs in
         bob/desk signs in
         alice/phone befriends bob/desk
         alice/phone: <inactive xmlns='urn:xmpp:csi:0'/>
         -- The server has heard that, since it answers what came after it.
         alice/phone hears nothing of <message/>
         bob/desk: <presence><show>away</show></presence>
         bob/desk: <presence><show>xa</show></presence>
         bob/desk: <message to='{alice}' type='chat'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>
         -- Her other device has it, so this one would.
         alice/desk hears <message from='{bob}/desk'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>
         alice/phone: <active xmlns='urn:xmpp:csi:0'/>
         -- Only the newest of what waited.
         alice/phone hears <presence from='{bob}/desk'><show>xa</show></presence>
         alice/phone hears <message from='{bob}/desk'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>
         alice/phone hears nothing of <presence from='{bob}/desk'><show>away</show></presence>
         alice/phone: <inactive xmlns='urn:xmpp:csi:0'/>
         bob/desk: <message to='{alice}' type='chat' id='now'><body>wake up</body></message>
         alice/phone hears <message from='{bob}/desk' id='now'><body>wake up</body></message>",
    );
}

#[test]
fn very_many_short_messages_to_somebody_who_was_away_all_come() {
    /// More than the way to one session holds at once.
    const MANY: usize = 2_000;
    let mut stage = Stage::in_house(&HOUSE);
    stage.play("alice/phone signs in with management");
    for n in 0..MANY {
        stage.play(&format!(
            "alice/phone: <message to='{{bob}}' type='chat' id='{n}'><body>{n}</body></message>"
        ));
        if n % 100 == 99 {
            stage.play("alice/phone is acknowledged");
        }
    }
    stage.play("bob/desk signs in with management");
    let all: String = (0..MANY).map(|n| format!("bob/desk hears <message id='{n}'/>\n")).collect();
    stage.play(&all);
}
