//! Conferences (XEP-0045, XEP-0249, XEP-0410, XEP-0421): made, entered, talked in, led, ended.

use tests::{House, Server, Stage, play::play};

static HOUSE: House = House::new(&[]);

#[test]
fn one_is_made_and_others_come_talk_and_go() {
    play(
        &HOUSE,
        "alice/phone signs in
         bob/desk signs in
         alice/phone: <presence to='{#tea}/Alice'><x xmlns='http://jabber.org/protocol/muc'/></presence>
         alice/phone hears <presence from='{#tea}/Alice'><x xmlns='http://jabber.org/protocol/muc#user'>
            <item affiliation='owner' role='moderator'/><status code='110'/><status code='201'/></x>
            <occupant-id xmlns='urn:xmpp:occupant-id:0' id='{a}'/></presence>
         alice/phone sets at {#tea}: <query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'/></query>
         alice/phone is told
         bob/desk: <presence to='{#tea}/Bob'><show>away</show><x xmlns='http://jabber.org/protocol/muc'/></presence>
         bob/desk hears <presence from='{#tea}/Alice' to='{bob}/desk'><x xmlns='http://jabber.org/protocol/muc#user'>
            <item affiliation='owner' role='moderator'/></x></presence>
         bob/desk hears <presence from='{#tea}/Bob'><show>away</show><x xmlns='http://jabber.org/protocol/muc#user'>
            <item affiliation='none' role='participant'/><status code='110'/></x></presence>
         bob/desk hears <message from='{#tea}' type='groupchat'><subject/><not xmlns='play'><body xmlns='jabber:client'/></not></message>
         alice/phone hears <message type='groupchat'><subject/></message>
         alice/phone hears <presence from='{#tea}/Bob'><x xmlns='http://jabber.org/protocol/muc#user'><item jid='{bob}/desk'/></x></presence>
         bob/desk: <message to='{#tea}' type='groupchat' id='1'><body>tea?</body></message>
         bob/desk hears <message from='{#tea}/Bob' to='{bob}/desk' type='groupchat' id='1'><body>tea?</body>
            <stanza-id xmlns='urn:xmpp:sid:0' by='{#tea}' id='{s}'/><occupant-id xmlns='urn:xmpp:occupant-id:0' id='{b}'/></message>
         alice/phone hears <message from='{#tea}/Bob' type='groupchat' id='1'><body>tea?</body>
            <stanza-id xmlns='urn:xmpp:sid:0' by='{#tea}' id='{s}'/><occupant-id xmlns='urn:xmpp:occupant-id:0' id='{b}'/></message>
         bob/desk: <presence to='{#tea}/Robert'/>
         alice/phone hears <presence from='{#tea}/Bob' type='unavailable'><x xmlns='http://jabber.org/protocol/muc#user'>
            <item nick='Robert'/><status code='303'/></x></presence>
         alice/phone hears <presence from='{#tea}/Robert'><occupant-id xmlns='urn:xmpp:occupant-id:0' id='{b}'/></presence>
         bob/desk hears <presence from='{#tea}/Robert'><x xmlns='http://jabber.org/protocol/muc#user'><status code='110'/></x></presence>
         alice/phone: <message to='{#tea}/Robert' type='chat' id='w'><body>psst</body><x xmlns='http://jabber.org/protocol/muc#user'/></message>
         bob/desk hears <message from='{#tea}/Alice' type='chat' id='w'><body>psst</body><x xmlns='http://jabber.org/protocol/muc#user'/></message>
         bob/desk: <presence to='{#tea}/Robert' type='unavailable'><status>bye</status></presence>
         bob/desk hears <presence from='{#tea}/Robert' type='unavailable'><status>bye</status><x xmlns='http://jabber.org/protocol/muc#user'>
            <item role='none'/><status code='110'/></x></presence>
         alice/phone hears <presence from='{#tea}/Robert' type='unavailable'><status>bye</status></presence>
         bob/desk: <message to='{#tea}' type='groupchat' id='2'><body>am I out?</body></message>
         bob/desk hears <message from='{#tea}' type='error' id='2'><error type='modify'><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>",
    );
}

#[test]
fn until_its_owner_has_settled_it_nobody_enters() {
    play(
        &HOUSE,
        "alice/phone signs in
         bob/desk signs in
         alice/phone: <presence to='{#tea}/Alice'><x xmlns='http://jabber.org/protocol/muc'/></presence>
         alice/phone hears <presence from='{#tea}/Alice'><x xmlns='http://jabber.org/protocol/muc#user'><status code='201'/></x></presence>
         bob/desk: <presence to='{#tea}/Bob'><x xmlns='http://jabber.org/protocol/muc'/></presence>
         bob/desk hears <presence from='{#tea}/Bob' type='error'><error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>
         alice/phone sets at {#tea}: <query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='cancel'/></query>
         alice/phone is told
         alice/phone gets from {#tea}: <query xmlns='http://jabber.org/protocol/disco#info'/>
         alice/phone is refused: cancel item-not-found",
    );
}

#[test]
fn who_comes_later_hears_the_last_of_it_with_its_time() {
    play(
        &HOUSE,
        "alice/phone signs in
         bob/desk signs in
         alice/phone starts {#tea} as Alice
         alice/phone: <message to='{#tea}' type='groupchat' id='1'><body>one</body></message>
         alice/phone hears <message id='1'><stanza-id xmlns='urn:xmpp:sid:0' by='{#tea}' id='{s1}'/></message>
         alice/phone: <message to='{#tea}' type='groupchat' id='t'><subject>Biscuits</subject></message>
         alice/phone hears <message from='{#tea}/Alice' type='groupchat'><subject>Biscuits</subject></message>
         alice/phone: <message to='{#tea}' type='groupchat' id='2'><body>two</body></message>
         alice/phone hears <message id='2'/>
         bob/desk: <presence to='{#tea}/Bob'><x xmlns='http://jabber.org/protocol/muc'/></presence>
         bob/desk hears <message from='{#tea}/Alice' type='groupchat' id='1'><body>one</body><delay xmlns='urn:xmpp:delay' from='{#tea}' stamp='*'/>
            <stanza-id xmlns='urn:xmpp:sid:0' by='{#tea}' id='{s1}'/></message>
         bob/desk hears <message from='{#tea}/Alice' type='groupchat' id='2'><body>two</body><delay xmlns='urn:xmpp:delay' stamp='*'/></message>
         bob/desk hears <message from='{#tea}/Alice' type='groupchat'><subject>Biscuits</subject></message>
         bob/desk: <presence to='{#tea}/Bob' type='unavailable'/>
         bob/desk hears <presence from='{#tea}/Bob' type='unavailable'/>
         bob/desk: <presence to='{#tea}/Bob'><x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='1'/></x></presence>
         bob/desk hears <message type='groupchat' id='2'><delay xmlns='urn:xmpp:delay' stamp='*'/></message>
         bob/desk hears <message type='groupchat'><subject>Biscuits</subject></message>
         bob/desk: <presence to='{#tea}/Bob' type='unavailable'/>
         bob/desk hears <presence from='{#tea}/Bob' type='unavailable'/>
         bob/desk: <presence to='{#tea}/Bob'><x xmlns='http://jabber.org/protocol/muc'><history maxchars='0'/></x></presence>
         bob/desk hears <message type='groupchat'><subject>Biscuits</subject></message>
         bob/desk hears nothing of <message type='groupchat'><body>two</body></message>",
    );
}

#[test]
fn its_history_is_found_by_those_who_are_in() {
    play(
        &HOUSE,
        "alice/phone signs in
         bob/desk signs in
         alice/phone starts {#tea} as Alice
         alice/phone: <message to='{#tea}' type='groupchat' id='1'><body>one</body></message>
         alice/phone hears <message id='1'><stanza-id xmlns='urn:xmpp:sid:0' by='{#tea}' id='{s1}'/></message>
         alice/phone sets at {#tea}: <query xmlns='urn:xmpp:mam:2' queryid='q'/>
         alice/phone hears <message from='{#tea}'><result xmlns='urn:xmpp:mam:2' queryid='q' id='{s1}'>
            <forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='{#tea}/Alice' type='groupchat' id='1'><body>one</body></message></forwarded></result></message>
         alice/phone is told <fin xmlns='urn:xmpp:mam:2' complete='true'/>",
    );
}

#[test]
fn a_moderator_silences_removes_and_bans() {
    play(
        &HOUSE,
        "alice/phone signs in
         bob/desk signs in
         carol/desk signs in
         alice/phone starts {#tea} as Alice
         bob/desk enters {#tea} as Bob
         carol/desk enters {#tea} as Carol
         -- Not everybody may.
         bob/desk sets at {#tea}: <query xmlns='http://jabber.org/protocol/muc#admin'><item nick='Carol' role='none'/></query>
         bob/desk is refused: auth forbidden
         bob/desk sets at {#tea}: <query xmlns='http://jabber.org/protocol/muc#admin'><item jid='{carol}' affiliation='outcast'/></query>
         bob/desk is refused: auth forbidden
         alice/phone sets at {#tea}: <query xmlns='http://jabber.org/protocol/muc#admin'><item nick='Carol' role='none'><reason>too loud</reason></item></query>
         alice/phone is told
         carol/desk hears <presence from='{#tea}/Carol' type='unavailable'><x xmlns='http://jabber.org/protocol/muc#user'>
            <item affiliation='none' role='none'><actor nick='Alice'/><reason>too loud</reason></item><status code='110'/><status code='307'/></x></presence>
         bob/desk hears <presence from='{#tea}/Carol' type='unavailable'><x xmlns='http://jabber.org/protocol/muc#user'><status code='307'/></x></presence>
         carol/desk enters {#tea} as Carol
         alice/phone sets at {#tea}: <query xmlns='http://jabber.org/protocol/muc#admin'><item jid='{carol}' affiliation='outcast'/></query>
         alice/phone is told
         carol/desk hears <presence from='{#tea}/Carol' type='unavailable'><x xmlns='http://jabber.org/protocol/muc#user'>
            <item affiliation='outcast' role='none'/><status code='301'/></x></presence>
         carol/desk: <presence to='{#tea}/Carol'><x xmlns='http://jabber.org/protocol/muc'/></presence>
         carol/desk hears <presence from='{#tea}/Carol' type='error'><error type='auth'><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>
         alice/phone gets from {#tea}: <query xmlns='http://jabber.org/protocol/muc#admin'><item affiliation='outcast'/></query>
         alice/phone is told <query xmlns='http://jabber.org/protocol/muc#admin'><item jid='{carol}' affiliation='outcast'/></query>
         -- An owner is beyond a moderator's reach.
         alice/phone sets at {#tea}: <query xmlns='http://jabber.org/protocol/muc#admin'><item nick='Bob' role='moderator'/></query>
         alice/phone is told
         bob/desk hears <presence from='{#tea}/Bob'><x xmlns='http://jabber.org/protocol/muc#user'><item role='moderator'/></x></presence>
         bob/desk sets at {#tea}: <query xmlns='http://jabber.org/protocol/muc#admin'><item nick='Alice' role='none'/></query>
         bob/desk is refused: cancel not-allowed",
    );
}

#[test]
fn with_a_password_for_members_or_without_a_voice() {
    play(
        &HOUSE,
        "alice/phone signs in
         bob/desk signs in
         alice/phone starts {#tea} as Alice
         alice/phone gets from {#tea}: <query xmlns='http://jabber.org/protocol/muc#owner'/>
         alice/phone is told <query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='form'>
            <field var='muc#roomconfig_passwordprotectedroom'/><field var='muc#roomconfig_membersonly'/></x></query>
         alice/phone sets at {#tea}: <query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'>
            <field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#roomconfig</value></field>
            <field var='muc#roomconfig_passwordprotectedroom'><value>1</value></field>
            <field var='muc#roomconfig_roomsecret'><value>Earl Grey</value></field></x></query>
         alice/phone is told
         alice/phone hears <message from='{#tea}' type='groupchat'><x xmlns='http://jabber.org/protocol/muc#user'><status code='104'/></x></message>
         bob/desk: <presence to='{#tea}/Bob'><x xmlns='http://jabber.org/protocol/muc'/></presence>
         bob/desk hears <presence type='error'><error type='auth'><not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>
         bob/desk: <presence to='{#tea}/Bob'><x xmlns='http://jabber.org/protocol/muc'><password>Earl Grey</password></x></presence>
         bob/desk hears <presence from='{#tea}/Bob'><x xmlns='http://jabber.org/protocol/muc#user'><status code='110'/></x></presence>
         alice/phone sets at {#tea}: <query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'>
            <field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#roomconfig</value></field>
            <field var='muc#roomconfig_passwordprotectedroom'><value>0</value></field>
            <field var='muc#roomconfig_membersonly'><value>1</value></field>
            <field var='muc#roomconfig_moderatedroom'><value>1</value></field></x></query>
         alice/phone is told
         bob/desk hears <presence from='{#tea}/Bob' type='unavailable'><x xmlns='http://jabber.org/protocol/muc#user'><status code='322'/></x></presence>
         bob/desk: <presence to='{#tea}/Bob'><x xmlns='http://jabber.org/protocol/muc'/></presence>
         bob/desk hears <presence type='error'><error type='auth'><registration-required xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>
         alice/phone sets at {#tea}: <query xmlns='http://jabber.org/protocol/muc#admin'><item jid='{bob}' affiliation='member'/></query>
         alice/phone is told
         bob/desk enters {#tea} as Bob
         alice/phone sets at {#tea}: <query xmlns='http://jabber.org/protocol/muc#admin'><item nick='Bob' role='visitor'/></query>
         alice/phone is told
         bob/desk hears <presence from='{#tea}/Bob'><x xmlns='http://jabber.org/protocol/muc#user'><item role='visitor'/></x></presence>
         bob/desk forgets
         bob/desk: <message to='{#tea}' type='groupchat' id='v'><body>may I?</body></message>
         bob/desk hears <message from='{#tea}' type='error' id='v'><error type='auth'><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>",
    );
}

#[test]
fn a_nick_belongs_to_one_person() {
    play(
        &HOUSE,
        "alice/phone signs in
         bob/desk signs in
         alice/phone starts {#tea} as Alice
         bob/desk: <presence to='{#tea}/Alice'><x xmlns='http://jabber.org/protocol/muc'/></presence>
         bob/desk hears <presence from='{#tea}/Alice' type='error'><error type='cancel'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>
         bob/desk: <presence to='{#tea}'><x xmlns='http://jabber.org/protocol/muc'/></presence>
         bob/desk hears <presence type='error'><error type='modify'><jid-malformed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>",
    );
}

#[test]
fn people_are_invited_and_may_decline() {
    play(
        &HOUSE,
        "alice/phone signs in
         bob/desk signs in
         carol/desk signs in
         alice/phone starts {#tea} as Alice
         alice/phone: <message to='{#tea}'><x xmlns='http://jabber.org/protocol/muc#user'><invite to='{bob}'><reason>tea time</reason></invite></x></message>
         bob/desk hears <message from='{#tea}'><x xmlns='http://jabber.org/protocol/muc#user'><invite from='{alice}/phone'><reason>tea time</reason></invite></x>
            <x xmlns='jabber:x:conference' jid='{#tea}' reason='tea time'/></message>
         bob/desk: <message to='{#tea}'><x xmlns='http://jabber.org/protocol/muc#user'><decline to='{alice}'><reason>coffee</reason></decline></x></message>
         alice/phone hears <message from='{#tea}'><x xmlns='http://jabber.org/protocol/muc#user'><decline from='{bob}'><reason>coffee</reason></decline></x></message>
         -- Directly, from person to person.
         alice/phone: <message to='{carol}'><x xmlns='jabber:x:conference' jid='{#tea}' reason='there is cake'/></message>
         carol/desk hears <message from='{alice}/phone'><x xmlns='jabber:x:conference' jid='{#tea}' reason='there is cake'/></message>",
    );
}

#[test]
fn who_may_still_be_in_asks_by_a_ping_of_oneself() {
    play(
        &HOUSE,
        "alice/phone signs in
         bob/desk signs in
         alice/phone starts {#tea} as Alice
         alice/phone gets from {#tea}/Alice: <ping xmlns='urn:xmpp:ping'/>
         alice/phone is told
         bob/desk gets from {#tea}/Bob: <ping xmlns='urn:xmpp:ping'/>
         bob/desk is refused: * not-acceptable",
    );
}

#[test]
fn it_says_what_it_is_and_who_is_in() {
    play(
        &HOUSE,
        "alice/phone signs in
         bob/desk signs in
         alice/phone starts {#tea} as Alice
         alice/phone sets at {#tea}: <query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'>
            <field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#roomconfig</value></field>
            <field var='muc#roomconfig_roomname'><value>Tea</value></field>
            <field var='muc#roomconfig_publicroom'><value>1</value></field>
            <field var='muc#roomconfig_persistentroom'><value>1</value></field></x></query>
         alice/phone is told
         bob/desk gets from {d}: <query xmlns='http://jabber.org/protocol/disco#items'/>
         bob/desk is told <query xmlns='http://jabber.org/protocol/disco#items'><item jid='conference.{d}'/></query>
         bob/desk gets from conference.{d}: <query xmlns='http://jabber.org/protocol/disco#info'/>
         bob/desk is told <query xmlns='http://jabber.org/protocol/disco#info'><identity category='conference' type='text'/>
            <feature var='http://jabber.org/protocol/muc'/></query>
         bob/desk gets from conference.{d}: <query xmlns='http://jabber.org/protocol/disco#items'/>
         bob/desk is told <query xmlns='http://jabber.org/protocol/disco#items'><item jid='{#tea}' name='Tea'/></query>
         bob/desk gets from {#tea}: <query xmlns='http://jabber.org/protocol/disco#info'/>
         bob/desk is told <query xmlns='http://jabber.org/protocol/disco#info'><identity category='conference' type='text' name='Tea'/>
            <feature var='muc_persistent'/><feature var='muc_public'/><feature var='muc_open'/><feature var='urn:xmpp:mam:2'/></query>",
    );
}

#[test]
fn its_owner_ends_it() {
    play(
        &HOUSE,
        "alice/phone signs in
         bob/desk signs in
         alice/phone starts {#tea} as Alice
         bob/desk enters {#tea} as Bob
         bob/desk sets at {#tea}: <query xmlns='http://jabber.org/protocol/muc#owner'><destroy/></query>
         bob/desk is refused: auth forbidden
         alice/phone sets at {#tea}: <query xmlns='http://jabber.org/protocol/muc#owner'><destroy jid='{#coffee}'><reason>out of tea</reason></destroy></query>
         alice/phone is told
         bob/desk hears <presence from='{#tea}/Bob' type='unavailable'><x xmlns='http://jabber.org/protocol/muc#user'>
            <item affiliation='none' role='none'/><destroy jid='{#coffee}'><reason>out of tea</reason></destroy></x></presence>
         bob/desk gets from {#tea}: <query xmlns='http://jabber.org/protocol/disco#info'/>
         bob/desk is refused: cancel item-not-found",
    );
}

#[test]
fn who_vanishes_is_seen_to_be_gone() {
    play(
        &HOUSE,
        "alice/phone signs in
         bob/desk signs in
         alice/phone starts {#tea} as Alice
         bob/desk enters {#tea} as Bob
         bob/desk is cut off
         alice/phone hears <presence from='{#tea}/Bob' type='unavailable'/>",
    );
}

#[test]
fn a_conference_survives_kill_and_restart() {
    let mut server = Server::start(&[]);
    let mut stage = Stage::on(&server);
    stage.play(
        "alice/phone signs in with management
         bob/desk signs in
         alice/phone starts {#tea} as Alice
         alice/phone sets at {#tea}: <query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'>
            <field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#roomconfig</value></field>
            <field var='muc#roomconfig_persistentroom'><value>1</value></field>
            <field var='muc#roomconfig_roomname'><value>Tea</value></field></x></query>
         alice/phone is told
         alice/phone sets at {#tea}: <query xmlns='http://jabber.org/protocol/muc#admin'><item jid='{bob}' affiliation='admin'/></query>
         alice/phone is told
         alice/phone: <message to='{#tea}' type='groupchat'><subject>Cups</subject></message>
         alice/phone: <message to='{#tea}' type='groupchat' id='1'><body>before</body></message>
         alice/phone is acknowledged",
    );
    let packed = stage.pack();
    server.kill();
    server.restart();
    Stage::go_on(&server, packed).play(
        "bob/desk signs in
         bob/desk: <presence to='{#tea}/Bob'><x xmlns='http://jabber.org/protocol/muc'/></presence>
         bob/desk hears <presence from='{#tea}/Bob'><x xmlns='http://jabber.org/protocol/muc#user'>
            <item affiliation='admin' role='moderator'/><status code='110'/></x></presence>
         bob/desk hears <message from='{#tea}/Alice' type='groupchat' id='1'><body>before</body><delay xmlns='urn:xmpp:delay' stamp='*'/></message>
         bob/desk hears <message type='groupchat'><subject>Cups</subject></message>
         bob/desk gets from {#tea}: <query xmlns='http://jabber.org/protocol/disco#info'/>
         bob/desk is told <query xmlns='http://jabber.org/protocol/disco#info'><identity name='Tea'/></query>",
    );
}

#[test]
fn a_talk_of_two_becomes_one_of_three() {
    play(
        &HOUSE,
        "alice/phone signs in
         bob/desk signs in
         carol/desk signs in
         alice/phone: <message to='{bob}' type='chat' id='1'><body>between us</body><thread>t</thread></message>
         bob/desk hears <message id='1'/>
         -- Alice makes a conference and asks Bob to go on there, and Carol to come (XEP-0045 §7.9).
         alice/phone starts {#tea} as Alice
         alice/phone: <message to='{#tea}'><x xmlns='http://jabber.org/protocol/muc#user'><invite to='{bob}'><continue thread='t'/></invite></x></message>
         alice/phone: <message to='{#tea}'><x xmlns='http://jabber.org/protocol/muc#user'><invite to='{carol}'/></x></message>
         bob/desk hears <message from='{#tea}'><x xmlns='http://jabber.org/protocol/muc#user'><invite from='{alice}/phone'><continue thread='t'/></invite></x>
            <x xmlns='jabber:x:conference' jid='{#tea}' continue='true' thread='t'/></message>
         bob/desk enters {#tea} as Bob
         carol/desk hears <message from='{#tea}'><x xmlns='http://jabber.org/protocol/muc#user'><invite from='{alice}/phone'/></x></message>
         carol/desk enters {#tea} as Carol
         carol/desk hears nothing of <message><body>between us</body></message>",
    );
}

#[test]
fn a_conference_made_anew_has_no_past_and_what_is_not_to_be_kept_is_not() {
    play(
        &HOUSE,
        "alice/phone signs in
         bob/desk signs in
         alice/phone starts {#tea} as Alice
         alice/phone: <message to='{#tea}' type='groupchat' id='1'><body>for the record</body></message>
         alice/phone hears <message type='groupchat' id='1'/>
         alice/phone sets at {#tea}: <query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'>
            <field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#roomconfig</value></field>
            <field var='muc#roomconfig_enablelogging'><value>0</value></field></x></query>
         alice/phone is told
         alice/phone hears <message type='groupchat'><x xmlns='http://jabber.org/protocol/muc#user'><status code='171'/></x></message>
         alice/phone: <message to='{#tea}' type='groupchat' id='2'><body>off the record</body></message>
         alice/phone hears <message type='groupchat' id='2'/>
         alice/phone sets at {#tea}: <query xmlns='urn:xmpp:mam:2' queryid='q'/>
         alice/phone is refused: cancel service-unavailable
         alice/phone sets at {#tea}: <query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'>
            <field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#roomconfig</value></field>
            <field var='muc#roomconfig_enablelogging'><value>1</value></field></x></query>
         alice/phone is told
         alice/phone hears <message type='groupchat'><x xmlns='http://jabber.org/protocol/muc#user'><status code='170'/></x></message>
         alice/phone sets at {#tea}: <query xmlns='urn:xmpp:mam:2' queryid='q'/>
         alice/phone hears <message><result xmlns='urn:xmpp:mam:2' queryid='q'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' id='1'/></forwarded></result></message>
         alice/phone is told <fin xmlns='urn:xmpp:mam:2' complete='true'/>
         alice/phone hears nothing of <message><result xmlns='urn:xmpp:mam:2' queryid='q'/></message>
         alice/phone: <presence to='{#tea}/Alice' type='unavailable'/>
         alice/phone hears <presence from='{#tea}/Alice' type='unavailable'/>
         -- With her it has ended; this is another one.
         bob/desk starts {#tea} as Bob
         bob/desk sets at {#tea}: <query xmlns='urn:xmpp:mam:2' queryid='r'/>
         bob/desk is told <fin xmlns='urn:xmpp:mam:2' complete='true'/>
         bob/desk hears nothing of <message><result xmlns='urn:xmpp:mam:2' queryid='r'/></message>",
    );
}
