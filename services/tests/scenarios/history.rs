//! History (XEP-0313, with RSM of XEP-0059): what was said, by whom, found again from both sides.

use tests::{House, Server, Stage, play::play};

static HOUSE: House = House::new(&[]);

#[test]
fn both_sides_find_what_they_said_in_order() {
    play(
        &HOUSE,
        "alice/phone signs in
         bob/desk signs in
         alice/phone: <message to='{bob}' type='chat' id='1'><body>one</body></message>
         bob/desk hears <message id='1'><stanza-id xmlns='urn:xmpp:sid:0' id='{one}'/></message>
         bob/desk: <message to='{alice}' type='chat' id='2'><body>two</body></message>
         alice/phone hears <message id='2'><stanza-id xmlns='urn:xmpp:sid:0' id='{two}'/></message>
         bob/desk sets <query xmlns='urn:xmpp:mam:2' queryid='q1'/>
         bob/desk hears <message to='{bob}/desk'><result xmlns='urn:xmpp:mam:2' queryid='q1' id='{one}'>
            <forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='*'/>
            <message xmlns='jabber:client' from='{alice}/phone' to='{bob}' type='chat' id='1'><body>one</body></message></forwarded></result></message>
         bob/desk hears <message><result xmlns='urn:xmpp:mam:2' queryid='q1' id='{two}'>
            <forwarded xmlns='urn:xmpp:forward:0'>
            <message xmlns='jabber:client' from='{bob}/desk' to='{alice}' id='2'><body>two</body></message></forwarded></result></message>
         bob/desk is told <fin xmlns='urn:xmpp:mam:2' complete='true'><set xmlns='http://jabber.org/protocol/rsm'>
            <first>{one}</first><last>{two}</last></set></fin>
         alice/phone sets <query xmlns='urn:xmpp:mam:2' queryid='q2'/>
         alice/phone hears <message><result xmlns='urn:xmpp:mam:2' queryid='q2' id='{one}'/></message>
         alice/phone hears <message><result xmlns='urn:xmpp:mam:2' queryid='q2' id='{two}'/></message>
         alice/phone is told <fin xmlns='urn:xmpp:mam:2' complete='true'/>",
    );
}

#[test]
fn pages_lead_forward_and_back() {
    let mut script = String::from("alice/phone signs in with management\n");
    for n in 1..=5 {
        script +=
            &format!("alice/phone: <message to='{{bob}}' type='chat' id='m{n}'><body>{n}</body></message>\n");
    }
    script += "alice/phone is acknowledged
         bob/desk signs in
         bob/desk sets <query xmlns='urn:xmpp:mam:2' queryid='a'><set xmlns='http://jabber.org/protocol/rsm'><max>2</max></set></query>
         bob/desk hears <message><result xmlns='urn:xmpp:mam:2' queryid='a' id='{h1}'/></message>
         bob/desk hears <message><result xmlns='urn:xmpp:mam:2' queryid='a' id='{h2}'/></message>
         bob/desk is told <fin xmlns='urn:xmpp:mam:2' complete='-'><set xmlns='http://jabber.org/protocol/rsm'>
            <first>{h1}</first><last>{h2}</last></set></fin>
         bob/desk sets <query xmlns='urn:xmpp:mam:2' queryid='b'><set xmlns='http://jabber.org/protocol/rsm'><max>2</max><after>{h2}</after></set></query>
         bob/desk hears <message><result xmlns='urn:xmpp:mam:2' queryid='b' id='{h3}'/></message>
         bob/desk hears <message><result xmlns='urn:xmpp:mam:2' queryid='b' id='{h4}'><forwarded xmlns='urn:xmpp:forward:0'>
            <message xmlns='jabber:client' id='m4'/></forwarded></result></message>
         bob/desk is told <fin xmlns='urn:xmpp:mam:2' complete='-'/>
         bob/desk sets <query xmlns='urn:xmpp:mam:2' queryid='c'><set xmlns='http://jabber.org/protocol/rsm'><max>2</max><after>{h4}</after></set></query>
         bob/desk hears <message><result xmlns='urn:xmpp:mam:2' queryid='c' id='{h5}'/></message>
         bob/desk is told <fin xmlns='urn:xmpp:mam:2' complete='true'/>
         -- The last page, and the one before it.
         bob/desk sets <query xmlns='urn:xmpp:mam:2' queryid='d'><set xmlns='http://jabber.org/protocol/rsm'><max>2</max><before/></set></query>
         bob/desk hears <message><result xmlns='urn:xmpp:mam:2' queryid='d' id='{h4}'/></message>
         bob/desk hears <message><result xmlns='urn:xmpp:mam:2' queryid='d' id='{h5}'/></message>
         bob/desk is told
         bob/desk sets <query xmlns='urn:xmpp:mam:2' queryid='e'><set xmlns='http://jabber.org/protocol/rsm'><max>2</max><before>{h4}</before></set></query>
         bob/desk hears <message><result xmlns='urn:xmpp:mam:2' queryid='e' id='{h2}'/></message>
         bob/desk hears <message><result xmlns='urn:xmpp:mam:2' queryid='e' id='{h3}'/></message>
         bob/desk is told <fin xmlns='urn:xmpp:mam:2' complete='-'/>
         -- An id that is none.
         bob/desk sets <query xmlns='urn:xmpp:mam:2' queryid='f'><set xmlns='http://jabber.org/protocol/rsm'><after>nonsense</after></set></query>
         bob/desk is refused: cancel item-not-found";
    play(&HOUSE, &script);
}

#[test]
fn filters_choose_by_person_and_time() {
    play(
        &HOUSE,
        "alice/phone signs in with management
         alice/phone: <message to='{bob}' type='chat' id='b1'><body>to Bob</body></message>
         alice/phone: <message to='{carol}' type='chat' id='c1'><body>to Carol</body></message>
         alice/phone is acknowledged
         alice/phone gets <query xmlns='urn:xmpp:mam:2'/>
         alice/phone is told <query xmlns='urn:xmpp:mam:2'><x xmlns='jabber:x:data' type='form'><field var='with'/><field var='start'/><field var='end'/></x></query>
         alice/phone sets <query xmlns='urn:xmpp:mam:2' queryid='q'><x xmlns='jabber:x:data' type='submit'>
            <field var='FORM_TYPE' type='hidden'><value>urn:xmpp:mam:2</value></field><field var='with'><value>{carol}</value></field></x></query>
         alice/phone hears <message><result xmlns='urn:xmpp:mam:2' queryid='q'><forwarded xmlns='urn:xmpp:forward:0'>
            <message xmlns='jabber:client' id='c1'/></forwarded></result></message>
         alice/phone is told <fin xmlns='urn:xmpp:mam:2' complete='true'/>
         alice/phone hears nothing of <message><result xmlns='urn:xmpp:mam:2' queryid='q'/></message>
         alice/phone sets <query xmlns='urn:xmpp:mam:2' queryid='r'><x xmlns='jabber:x:data' type='submit'>
            <field var='FORM_TYPE' type='hidden'><value>urn:xmpp:mam:2</value></field><field var='end'><value>2020-01-01T00:00:00Z</value></field></x></query>
         alice/phone is told <fin xmlns='urn:xmpp:mam:2' complete='true'/>
         alice/phone hears nothing of <message><result xmlns='urn:xmpp:mam:2' queryid='r'/></message>",
    );
}

#[test]
fn what_is_not_said_is_not_kept() {
    play(
        &HOUSE,
        "alice/phone signs in
         bob/desk signs in
         alice/phone: <message to='{bob}' type='chat'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>
         bob/desk hears <message><composing xmlns='http://jabber.org/protocol/chatstates'/></message>
         alice/phone: <message to='{bob}' type='chat' id='1'><body>off the record</body><no-store xmlns='urn:xmpp:hints'/></message>
         bob/desk hears <message id='1'/>
         alice/phone: <message to='{bob}' type='chat' id='2'><body>on it</body></message>
         bob/desk hears <message id='2'/>
         bob/desk sets <query xmlns='urn:xmpp:mam:2' queryid='q'/>
         bob/desk hears <message><result xmlns='urn:xmpp:mam:2' queryid='q'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' id='2'/></forwarded></result></message>
         bob/desk is told <fin xmlns='urn:xmpp:mam:2' complete='true'/>
         bob/desk hears nothing of <message><result xmlns='urn:xmpp:mam:2' queryid='q'/></message>",
    );
}

#[test]
fn a_conferences_history_holds_its_topics_and_what_was_said_to_all() {
    play(
        &HOUSE,
        "alice/phone signs in
         bob/desk signs in
         alice/phone starts {#tea} as Alice
         bob/desk enters {#tea} as Bob
         bob/desk: <message to='{#tea}' type='groupchat' id='1'><body>tea?</body></message>
         bob/desk hears <message id='1'><stanza-id xmlns='urn:xmpp:sid:0' by='{#tea}' id='{one}'/></message>
         alice/phone: <message to='{#tea}' type='groupchat' id='2'><subject>Biscuits</subject></message>
         bob/desk hears <message from='{#tea}/Alice' type='groupchat' id='2'><subject>Biscuits</subject>
            <stanza-id xmlns='urn:xmpp:sid:0' by='{#tea}' id='{two}'/><occupant-id xmlns='urn:xmpp:occupant-id:0'/></message>
         alice/phone: <message to='{#tea}/Bob' type='chat' id='3'><body>psst</body></message>
         bob/desk hears <message from='{#tea}/Alice' type='chat' id='3'><body>psst</body>
            <stanza-id xmlns='urn:xmpp:sid:0' by='{bob}' id='{three}'/></message>
         bob/desk sets at {#tea}: <query xmlns='urn:xmpp:mam:2' queryid='q'/>
         bob/desk hears <message from='{#tea}' to='{bob}/desk'><result xmlns='urn:xmpp:mam:2' queryid='q' id='{one}'>
            <forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='{#tea}/Bob' to='-' id='1'><body>tea?</body></message></forwarded></result></message>
         bob/desk hears <message from='{#tea}'><result xmlns='urn:xmpp:mam:2' queryid='q' id='{two}'>
            <forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='{#tea}/Alice' id='2'><subject>Biscuits</subject></message></forwarded></result></message>
         bob/desk is told <fin xmlns='urn:xmpp:mam:2' complete='true'/>
         bob/desk hears nothing of <message from='{#tea}'><result xmlns='urn:xmpp:mam:2' queryid='q'/></message>
         -- The whisper is in the history of the two, as each of them knows it.
         bob/desk sets <query xmlns='urn:xmpp:mam:2' queryid='b'/>
         bob/desk hears <message from='{bob}'><result xmlns='urn:xmpp:mam:2' queryid='b' id='{three}'><forwarded xmlns='urn:xmpp:forward:0'>
            <message xmlns='jabber:client' from='{#tea}/Alice' to='{bob}' type='chat'><body>psst</body></message></forwarded></result></message>
         bob/desk is told <fin xmlns='urn:xmpp:mam:2' complete='true'/>
         alice/phone sets <query xmlns='urn:xmpp:mam:2' queryid='a'><x xmlns='jabber:x:data' type='submit'>
            <field var='FORM_TYPE' type='hidden'><value>urn:xmpp:mam:2</value></field><field var='with'><value>{#tea}</value></field></x></query>
         alice/phone hears <message from='{alice}'><result xmlns='urn:xmpp:mam:2' queryid='a' id='{three}'><forwarded xmlns='urn:xmpp:forward:0'>
            <message xmlns='jabber:client' from='{alice}/phone' to='{#tea}/Bob' type='chat'><body>psst</body></message></forwarded></result></message>
         alice/phone is told <fin xmlns='urn:xmpp:mam:2' complete='true'/>",
    );
}

#[test]
fn a_conferences_history_is_for_those_who_are_in_and_its_members() {
    play(
        &HOUSE,
        "alice/phone signs in
         bob/desk signs in
         carol/desk signs in
         alice/phone starts {#tea} as Alice
         bob/desk enters {#tea} as Bob
         alice/phone: <message to='{#tea}' type='groupchat' id='1'><body>for us</body></message>
         bob/desk hears <message id='1'/>
         carol/desk sets at {#tea}: <query xmlns='urn:xmpp:mam:2' queryid='q'/>
         carol/desk is refused: auth forbidden
         carol/desk gets from {#tea}: <metadata xmlns='urn:xmpp:mam:2'/>
         carol/desk is refused: auth forbidden
         alice/phone sets at {#tea}: <query xmlns='http://jabber.org/protocol/muc#admin'><item affiliation='member' jid='{carol}'/></query>
         alice/phone is told
         carol/desk sets at {#tea}: <query xmlns='urn:xmpp:mam:2' queryid='q'/>
         carol/desk hears <message from='{#tea}'><result xmlns='urn:xmpp:mam:2' queryid='q'/></message>
         carol/desk is told <fin xmlns='urn:xmpp:mam:2' complete='true'/>
         bob/desk: <presence to='{#tea}/Bob' type='unavailable'/>
         bob/desk hears <presence from='{#tea}/Bob' type='unavailable'/>
         bob/desk sets at {#tea}: <query xmlns='urn:xmpp:mam:2' queryid='q'/>
         bob/desk is refused: auth forbidden",
    );
}

#[test]
fn a_conference_made_again_has_nothing_of_the_one_before() {
    play(
        &HOUSE,
        "alice/phone signs in
         bob/desk signs in
         alice/phone starts {#tea} as Alice
         alice/phone: <message to='{#tea}' type='groupchat' id='1'><body>the old secret</body></message>
         alice/phone hears <message id='1'><stanza-id xmlns='urn:xmpp:sid:0' by='{#tea}' id='{old}'/></message>
         alice/phone sets at {#tea}: <query xmlns='http://jabber.org/protocol/muc#owner'><destroy/></query>
         alice/phone is told
         bob/desk sets at {#tea}: <query xmlns='urn:xmpp:mam:2'/>
         bob/desk is refused: cancel item-not-found
         bob/desk starts {#tea} as Bob
         bob/desk: <message to='{#tea}' type='groupchat' id='2'><body>a new one</body></message>
         bob/desk hears <message id='2'><stanza-id xmlns='urn:xmpp:sid:0' by='{#tea}' id='{new}'/></message>
         bob/desk sets at {#tea}: <query xmlns='urn:xmpp:mam:2' queryid='q'/>
         bob/desk hears <message><result xmlns='urn:xmpp:mam:2' queryid='q' id='{new}'/></message>
         bob/desk is told <fin xmlns='urn:xmpp:mam:2' complete='true'/>
         bob/desk hears nothing of <message><result xmlns='urn:xmpp:mam:2' queryid='q'/></message>
         -- Nor by its id.
         bob/desk sets at {#tea}: <query xmlns='urn:xmpp:mam:2' queryid='r'><x xmlns='jabber:x:data' type='submit'>
            <field var='FORM_TYPE' type='hidden'><value>urn:xmpp:mam:2</value></field><field var='ids'><value>{old}</value></field></x></query>
         bob/desk is told <fin xmlns='urn:xmpp:mam:2'/>
         bob/desk hears nothing of <message><result xmlns='urn:xmpp:mam:2' queryid='r'/></message>
         bob/desk gets from {#tea}: <metadata xmlns='urn:xmpp:mam:2'/>
         bob/desk is told <metadata xmlns='urn:xmpp:mam:2'><start id='{new}'/><end id='{new}'/></metadata>",
    );
}

#[test]
fn a_conference_that_is_not_archived_shows_nothing_then_nor_of_then() {
    play(
        &HOUSE,
        "alice/phone signs in
         alice/phone starts {#tea} as Alice
         alice/phone: <message to='{#tea}' type='groupchat' id='1'><body>on the record</body></message>
         alice/phone hears <message id='1'><stanza-id xmlns='urn:xmpp:sid:0' by='{#tea}' id='{one}'/></message>
         alice/phone sets at {#tea}: <query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'>
            <field var='FORM_TYPE' type='hidden'><value>http://jabber.org/protocol/muc#roomconfig</value></field>
            <field var='muc#roomconfig_enablelogging'><value>0</value></field></x></query>
         alice/phone is told
         alice/phone hears <message from='{#tea}'><x xmlns='http://jabber.org/protocol/muc#user'><status code='171'/></x></message>
         alice/phone gets from {#tea}: <query xmlns='http://jabber.org/protocol/disco#info'/>
         alice/phone is told <query xmlns='http://jabber.org/protocol/disco#info'><not xmlns='play'><feature xmlns='http://jabber.org/protocol/disco#info' var='urn:xmpp:mam:2'/></not></query>
         alice/phone: <message to='{#tea}' type='groupchat' id='2'><body>off the record</body></message>
         alice/phone hears <message id='2'/>
         alice/phone sets at {#tea}: <query xmlns='urn:xmpp:mam:2'/>
         alice/phone is refused: cancel service-unavailable
         alice/phone sets at {#tea}: <query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'>
            <field var='FORM_TYPE' type='hidden'><value>http://jabber.org/protocol/muc#roomconfig</value></field>
            <field var='muc#roomconfig_enablelogging'><value>1</value></field></x></query>
         alice/phone is told
         alice/phone hears <message from='{#tea}'><x xmlns='http://jabber.org/protocol/muc#user'><status code='170'/></x></message>
         alice/phone sets at {#tea}: <query xmlns='urn:xmpp:mam:2' queryid='q'/>
         alice/phone hears <message><result xmlns='urn:xmpp:mam:2' queryid='q' id='{one}'/></message>
         alice/phone is told <fin xmlns='urn:xmpp:mam:2' complete='true'/>
         alice/phone hears nothing of <message><result xmlns='urn:xmpp:mam:2' queryid='q'/></message>",
    );
}

#[test]
fn nobody_reads_the_history_of_somebody_else() {
    play(
        &HOUSE,
        "alice/phone signs in
         alice/phone sets at {bob}: <query xmlns='urn:xmpp:mam:2' queryid='q'/>
         alice/phone is refused: auth forbidden",
    );
}

#[test]
fn history_survives_kill_and_restart() {
    let mut server = Server::start(&[]);
    let mut stage = Stage::on(&server);
    stage.play(
        "alice/phone signs in with management
         alice/phone: <message to='{bob}' type='chat' id='1'><body>for ever</body></message>
         alice/phone is acknowledged",
    );
    let packed = stage.pack();
    server.kill();
    server.restart();
    Stage::go_on(&server, packed).play(
        "bob/desk signs in
         bob/desk hears <message from='{alice}/phone' id='1'><body>for ever</body><stanza-id xmlns='urn:xmpp:sid:0' id='{id}'/></message>
         bob/desk sets <query xmlns='urn:xmpp:mam:2' queryid='q'/>
         bob/desk hears <message><result xmlns='urn:xmpp:mam:2' queryid='q' id='{id}'/></message>
         bob/desk is told <fin xmlns='urn:xmpp:mam:2' complete='true'/>",
    );
}

#[test]
fn who_gets_an_address_again_finds_an_empty_history() {
    let mut stage = Stage::in_house(&HOUSE);
    stage.play(
        "alice/phone signs in
         bob/desk signs in
         bob/desk: <message to='{alice}' type='chat' id='old'><body>the first Bob's secret</body></message>
         alice/phone hears <message id='old'/>",
    );
    let (bob, server) = (stage.account("bob"), stage.server());
    let address = format!("{bob}@{}", tests::server::DOMAIN);
    let removed = server.command(&["user", "remove", &address, "--yes"], "");
    assert!(removed.status.success(), "{}", server.log());
    server.add_users(&[bob]);
    stage.play(
        "bob/new signs in
         bob/new sets <query xmlns='urn:xmpp:mam:2' queryid='q'/>
         bob/new is told <fin xmlns='urn:xmpp:mam:2' complete='true'><set xmlns='http://jabber.org/protocol/rsm'>
            <not xmlns='play'><first xmlns='http://jabber.org/protocol/rsm'/></not></set></fin>
         -- Alice keeps hers, and both go on.
         alice/phone: <message to='{bob}' type='chat' id='new'><body>welcome</body></message>
         bob/new hears <message id='new'/>
         bob/new sets <query xmlns='urn:xmpp:mam:2' queryid='r'/>
         bob/new hears <message><result xmlns='urn:xmpp:mam:2' queryid='r'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' id='new'/></forwarded></result></message>
         bob/new is told
         alice/phone sets <query xmlns='urn:xmpp:mam:2' queryid='s'/>
         alice/phone hears <message><result xmlns='urn:xmpp:mam:2' queryid='s'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' id='old'/></forwarded></result></message>",
    );
}
