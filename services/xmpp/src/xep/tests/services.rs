//! Ping, time, version, last activity and upload slots.

use crate::xep::script::{config, play, play_with};

#[test]
fn a_ping_is_answered() {
    play("C: get example.org <ping xmlns='urn:xmpp:ping'/>\nS: ok");
    play("C: get - <ping xmlns='urn:xmpp:ping'/>\nS: ok");
    play("C: get bob@example.org <ping xmlns='urn:xmpp:ping'/>\nS: ! cancel service-unavailable");
    play("C: set - <ping xmlns='urn:xmpp:ping'/>\nS: ! cancel service-unavailable");
}

#[test]
fn the_server_knows_the_time() {
    play(
        "C: get example.org <time xmlns='urn:xmpp:time'/>
         S: <time xmlns='urn:xmpp:time'><tzo>+00:00</tzo><utc>2026-11-21T11:10:01.250Z</utc></time>",
    );
    play("C: get - <time xmlns='urn:xmpp:time'/>\nS: ! cancel service-unavailable");
}

#[test]
fn the_server_tells_its_version() {
    play(
        "C: get example.org <query xmlns='jabber:iq:version'/>
         S: <query xmlns='jabber:iq:version'><name>Linnet</name><version>1.2.3</version></query>",
    );
    play("C: get bob@example.org <query xmlns='jabber:iq:version'/>\nS: ! cancel service-unavailable");
}

#[test]
fn last_activity_of_the_server_and_of_people() {
    play(
        "C: get example.org <query xmlns='jabber:iq:last'/>
         H: Server
         h: uptime 77
         S: <query xmlns='jabber:iq:last' seconds='77'/>",
    );
    for (to, who) in [("-", "alice@example.org"), ("bob@example.org", "bob@example.org")] {
        for (told, answer) in [
            ("online", "<query xmlns='jabber:iq:last' seconds='0'/>"),
            ("seen 1795259391250", "<query xmlns='jabber:iq:last' seconds='10'/>"),
            ("never", "! cancel service-unavailable"),
            ("no Forbidden", "! auth forbidden"),
        ] {
            play(&format!(
                "C: get {to} <query xmlns='jabber:iq:last'/>
                 H: LastActivity({who})
                 h: {told}
                 S: {answer}"
            ));
        }
    }
}

#[test]
fn a_slot_for_a_file() {
    play(
        "C: get upload.example.org <request xmlns='urn:xmpp:http:upload:0' filename='a b.jpg' size='10' content-type='image/jpeg'/>
         H: UploadSlot { name: \"a b.jpg\", size: 10, content_type: Some(\"image/jpeg\") }
         h: slot
         S: <slot xmlns='urn:xmpp:http:upload:0'><put url='https://example.org/put'><header name='Authorization'>token</header></put><get url='https://example.org/get'/></slot>",
    );
    for attributes in [
        "size='10'",
        "filename='a'",
        "filename='a' size='x'",
        "filename='a' size='0'",
        "filename='' size='1'",
    ] {
        play(&format!(
            "C: get upload.example.org <request xmlns='urn:xmpp:http:upload:0' {attributes}/>
             S: ! modify bad-request"
        ));
    }
    play(
        "C: get example.org <request xmlns='urn:xmpp:http:upload:0' filename='a' size='1'/>\nS: ! cancel service-unavailable",
    );
}

#[test]
fn a_file_has_a_limit() {
    let mut config = config();
    config.upload_bytes = 10;
    play_with(
        &config,
        "C: get upload.example.org <request xmlns='urn:xmpp:http:upload:0' filename='a' size='11'/>
         S: ! modify not-acceptable <file-too-large xmlns='urn:xmpp:http:upload:0'><max-file-size>10</max-file-size></file-too-large>",
    );
}
