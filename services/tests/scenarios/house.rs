//! The server as a whole: what it says about itself (XEP-0030, XEP-0092, XEP-0199, XEP-0202, XEP-0012), how it stops, what it
//! refuses to start with, what survives.

use std::{fs, os::unix::fs::PermissionsExt as _, path::PathBuf, process::Command};
use tests::{House, Server, Stage, binary, play::play};

static HOUSE: House = House::new(&[]);

#[test]
fn it_says_what_is_there() {
    play(
        &HOUSE,
        "alice/phone signs in
         alice/phone gets from {d}: <query xmlns='http://jabber.org/protocol/disco#info'/>
         alice/phone is told <query xmlns='http://jabber.org/protocol/disco#info'><identity category='server' type='im'/>
            <feature var='http://jabber.org/protocol/disco#info'/><feature var='urn:xmpp:ping'/><feature var='jabber:iq:version'/>
            <feature var='urn:xmpp:time'/><feature var='urn:xmpp:blocking'/>
            <feature var='urn:xmpp:carbons:2'/></query>
         alice/phone gets <query xmlns='http://jabber.org/protocol/disco#info'/>
         alice/phone is told <query xmlns='http://jabber.org/protocol/disco#info'><identity category='account' type='registered'/>
            <identity category='pubsub' type='pep'/><feature var='urn:xmpp:mam:2'/></query>
         alice/phone gets from {d}: <ping xmlns='urn:xmpp:ping'/>
         alice/phone is told
         alice/phone gets from {d}: <query xmlns='jabber:iq:version'/>
         alice/phone is told <query xmlns='jabber:iq:version'><name>Linnet</name><version>*</version></query>
         alice/phone gets from {d}: <time xmlns='urn:xmpp:time'/>
         alice/phone is told <time xmlns='urn:xmpp:time'><utc>*</utc><tzo>*</tzo></time>
         alice/phone gets from {d}: <query xmlns='jabber:iq:last'/>
         alice/phone is told <query xmlns='jabber:iq:last' seconds='*'/>",
    );
}

#[test]
fn what_it_keeps_is_for_no_other_user_of_the_machine() {
    let mut server = Server::start(&[]);
    let folders = ["db", "upload"].map(|name| server.data().join(name));
    let modes = |folders: &[PathBuf]| -> Vec<u32> {
        let mode = |folder: &PathBuf| fs::metadata(folder).expect("there").permissions().mode() & 0o777;
        folders.iter().map(mode).collect()
    };
    assert_eq!(modes(&folders), [0o700, 0o700]);
    // Also what was made more open once; but clients may read whom to trust.
    for folder in &folders {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).expect("changed");
    }
    server.kill();
    server.restart();
    let folders = ["db", "upload", "tls/ca.pem"].map(|name| server.data().join(name));
    assert_eq!(modes(&folders), [0o700, 0o700, 0o644]);
}

#[test]
fn who_may_asks_when_somebody_was_last_there() {
    play(
        &HOUSE,
        "alice/phone signs in
         bob/desk signs in
         carol/desk signs in
         alice/phone befriends bob/desk
         bob/desk leaves
         alice/phone hears <presence from='{bob}/desk' type='unavailable'/>
         alice/phone gets from {bob}: <query xmlns='jabber:iq:last'/>
         alice/phone is told <query xmlns='jabber:iq:last' seconds='*'/>
         carol/desk gets from {bob}: <query xmlns='jabber:iq:last'/>
         carol/desk is refused: auth forbidden",
    );
}

#[test]
fn a_contact_is_found_though_it_publishes_nothing_and_a_stranger_is_not() {
    play(
        &HOUSE,
        "alice/phone signs in
         bob/desk signs in
         carol/desk signs in
         alice/phone befriends bob/desk
         alice/phone gets from {bob}: <query xmlns='http://jabber.org/protocol/disco#info'/>
         alice/phone is told <query xmlns='http://jabber.org/protocol/disco#info'><identity category='account' type='registered'/></query>
         alice/phone gets from {bob}: <query xmlns='http://jabber.org/protocol/disco#items'/>
         alice/phone is told <query xmlns='http://jabber.org/protocol/disco#items'/>
         carol/desk gets from {bob}: <query xmlns='http://jabber.org/protocol/disco#info'/>
         carol/desk is refused: cancel service-unavailable",
    );
}

#[test]
fn clients_ask_each_other() {
    play(
        &HOUSE,
        "alice/phone signs in
         bob/desk signs in
         alice/phone befriends bob/desk
         alice/phone gets from {bob}/desk: <query xmlns='jabber:iq:version'/>
         bob/desk hears <iq type='get' from='{alice}/phone' to='{bob}/desk' id='{q}'><query xmlns='jabber:iq:version'/></iq>
         bob/desk: <iq type='result' to='{alice}/phone' id='{q}'><query xmlns='jabber:iq:version'><name>tests</name></query></iq>
         alice/phone is told <query xmlns='jabber:iq:version'><name>tests</name></query>
         alice/phone gets from {bob}/nowhere: <query xmlns='jabber:iq:version'/>
         alice/phone is refused: cancel service-unavailable",
    );
}

#[test]
fn sigterm_tells_everybody_and_ends_with_zero() {
    let mut server = Server::start(&[]);
    let mut stage = Stage::on(&server);
    stage.play(
        "alice/phone signs in with management
         bob/web signs in by WebSocket
         alice/phone: <message to='{carol}' type='chat' id='1'><body>for later</body></message>
         alice/phone is acknowledged",
    );
    server.ask_to_stop();
    stage.play(
        "alice/phone hears <stream:error><system-shutdown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>
         alice/phone is hung up on
         bob/web hears <stream:error><system-shutdown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>
         bob/web is hung up on",
    );
    let packed = stage.pack();
    let status = server.ended();
    assert_eq!(status.code(), Some(0), "{}", server.log());
    server.restart();
    Stage::go_on(&server, packed).play(
        "carol/desk signs in
         carol/desk hears <message from='{alice}/phone' id='1'><body>for later</body></message>",
    );
}

#[test]
fn what_people_chose_survives_kill_and_restart() {
    let mut server = Server::start(&[]);
    let mut stage = Stage::on(&server);
    stage.play(
        "alice/phone signs in
         bob/desk signs in
         alice/phone befriends bob/desk
         alice/phone sets <query xmlns='jabber:iq:roster'><item jid='{bob}' name='Bob'><group>Friends</group></item></query>
         alice/phone is told
         alice/phone sets <block xmlns='urn:xmpp:blocking'><item jid='{carol}'/></block>
         alice/phone is told
         alice/phone sets <vCard xmlns='vcard-temp'><FN>Alice</FN></vCard>
         alice/phone is told
         alice/phone sets <pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='urn:n'><item id='i'><n xmlns='urn:n'/></item></publish></pubsub>
         alice/phone is told",
    );
    let packed = stage.pack();
    server.kill();
    server.restart();
    Stage::go_on(&server, packed).play(
        "alice/phone signs in
         alice/phone gets <query xmlns='jabber:iq:roster'/>
         alice/phone is told <query xmlns='jabber:iq:roster'><item jid='{bob}' name='Bob' subscription='both'><group>Friends</group></item></query>
         alice/phone gets <blocklist xmlns='urn:xmpp:blocking'/>
         alice/phone is told <blocklist xmlns='urn:xmpp:blocking'><item jid='{carol}'/></blocklist>
         alice/phone gets <vCard xmlns='vcard-temp'/>
         alice/phone is told <vCard xmlns='vcard-temp'><FN>Alice</FN></vCard>
         alice/phone gets <pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='urn:n'/></pubsub>
         alice/phone is told <pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='urn:n'><item id='i'/></items></pubsub>
         bob/desk signs in
         alice/phone hears <presence from='{bob}/desk' type='-'/>",
    );
}

#[test]
fn a_second_process_on_the_same_data_is_refused_by_name() {
    let server = HOUSE.server();
    let free = "127.0.0.1:0";
    let second = Command::new(binary::path())
        .args([
            "standard",
            "--domain",
            "linnet.test",
            "--xmpp",
            free,
            "--xmpp-tls",
            free,
            "--http",
            free,
            "--grpc",
            free,
        ])
        .arg("--data")
        .arg(server.data())
        .env_clear()
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&second.stderr);
    assert_eq!(second.status.code(), Some(1), "{said}");
    assert!(said.contains("linnet:") && said.contains("in use by another process"), "{said}");
}

#[test]
fn what_it_is_told_comes_from_flag_environment_and_file_in_this_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("linnet.toml");
    std::fs::write(&file, "domain = 'file.test'\ndata = '.'\nlog-days = 3\nmax-stanza = '64KiB'\n")
        .expect("written");
    let shown = Command::new(binary::path())
        .args(["config", "show", "--json", "--log-days", "5", "--config"])
        .arg(&file)
        .env_clear()
        .env("LINNET_LOG_DAYS", "4")
        .env("LINNET_MAX_STANZA", "32KiB")
        .output()
        .expect("it runs");
    let settings: serde_json::Value = serde_json::from_slice(&shown.stdout).expect("JSON");
    let from = |name: &str| {
        let all = settings.as_array().expect("a list");
        let setting = all.iter().find(|setting| setting["name"] == name).expect("listed");
        (setting["value"].to_string().trim_matches('"').to_owned(), setting["from"].to_string())
    };
    assert_eq!(from("log-days").0, "5");
    assert!(
        from("log-days").1.contains("flag") && from("max-stanza").1.contains("LINNET_MAX_STANZA"),
        "{settings}"
    );
    assert_eq!(from("domain").0, "file.test");
}
