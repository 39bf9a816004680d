//! Service discovery: what is named is what is there.

use crate::{
    stanza::Element,
    xep::{
        caps,
        disco::{Identity, Info, account, server},
        script::{config, play, play_with, text},
        service, stream_features,
    },
};

#[test]
fn the_server_names_its_parts() {
    play(
        "C: get example.org <query xmlns='http://jabber.org/protocol/disco#items'/>
         S: <query xmlns='http://jabber.org/protocol/disco#items'><item jid='conference.example.org' name='Conferences'/><item jid='upload.example.org' name='Files'/></query>",
    );
    let mut config = config();
    config.uploads = None;
    play_with(
        &config,
        "C: get example.org <query xmlns='http://jabber.org/protocol/disco#items'/>
         S: <query xmlns='http://jabber.org/protocol/disco#items'><item jid='conference.example.org' name='Conferences'/></query>",
    );
}

#[test]
fn a_service_named_by_its_namespace_is_served() {
    let services = [
        "urn:xmpp:ping",
        "urn:xmpp:time",
        "jabber:iq:version",
        "jabber:iq:last",
        "http://jabber.org/protocol/commands",
        "http://jabber.org/protocol/disco#info",
    ];
    let info = server(&config());
    for namespace in services {
        assert!(info.features.iter().any(|var| var == namespace), "{namespace} is not named");
        assert!(service::of(namespace).is_some(), "{namespace} is not served");
    }
    for absent in ["jabber:iq:register", "jabber:iq:auth", "jabber:iq:privacy", "urn:xmpp:extdisco:2"] {
        assert!(service::of(absent).is_none() && !info.features.iter().any(|var| var == absent), "{absent}");
    }
}

#[test]
fn contacts_of_the_people_behind_it() {
    let mut config = config();
    assert_eq!(server(&config).forms, []);
    config.contacts = vec!["mailto:admin@example.org".into()];
    let info = server(&config);
    assert_eq!(info.forms[0].hidden_type(), Some("http://jabber.org/network/serverinfo"));
    assert_eq!(info.forms[0].values("admin-addresses"), ["mailto:admin@example.org"]);
}

#[test]
fn the_capabilities_of_the_stream_features_can_be_asked_for() {
    let config = config();
    let caps = caps::of_server(&config);
    let ver = caps.attribute("ver").expect("nothing stands twice");
    let node = format!("{}#{ver}", caps::NODE);
    let answer = String::from_utf8(server(&config).to_element(Some(&node)).to_bytes()).expect("UTF-8");
    play(&format!(
        "C: get example.org <query xmlns='http://jabber.org/protocol/disco#info' node='{node}'/>
         S: {answer}"
    ));
    let hashes = caps::hashes_of_server(&config);
    let hash = hashes.children().next().expect("one").text();
    let node = format!("urn:xmpp:caps#sha-256.{hash}");
    let answer = text(&server(&config).to_element(Some(&node)).to_bytes());
    play(&format!(
        "C: get example.org <query xmlns='http://jabber.org/protocol/disco#info' node='{node}'/>
         S: {answer}
         "
    ));
    play(
        "C: get example.org <query xmlns='http://jabber.org/protocol/disco#info' node='urn:xmpp:caps#sha-256.other'/>
         S: ! cancel item-not-found",
    );
    play(&format!(
        "C: get example.org <query xmlns='http://jabber.org/protocol/disco#info' node='{}#other'/>
         S: ! cancel item-not-found",
        caps::NODE
    ));
}

#[test]
fn what_is_written_is_read_back() {
    let mut info = server(&config());
    info.identities.push(Identity::new("a", "b", ""));
    let element = Element::parse(&info.to_element(Some("n")).to_bytes()).expect("well-formed");
    assert_eq!(Info::parse(&element), Ok(info));
}

#[test]
fn an_account_shows_its_nodes_to_those_who_may_look() {
    play(
        "C: get bob@example.org <query xmlns='http://jabber.org/protocol/disco#items'/>
         D: list bob@example.org
         d: nodes urn:n vcard-temp
         S: <query xmlns='http://jabber.org/protocol/disco#items'><item jid='bob@example.org' node='urn:n'/></query>",
    );
    play(
        "C: get bob@example.org <query xmlns='http://jabber.org/protocol/disco#items' node='urn:n'/>
         D: read bob@example.org urn:n []
         d: items i <a/>
         S: <query xmlns='http://jabber.org/protocol/disco#items' node='urn:n'><item jid='bob@example.org' name='i'/></query>",
    );
    for kind in ["info", "items"] {
        play(&format!(
            "C: get bob@example.org <query xmlns='http://jabber.org/protocol/disco#{kind}'/>
             D: list bob@example.org
             d: no NotFound
             S: ! cancel service-unavailable"
        ));
        play(&format!(
            "C: get bob@example.org <query xmlns='http://jabber.org/protocol/disco#{kind}'/>
             D: list bob@example.org
             d: no Unavailable
             S: ! cancel service-unavailable"
        ));
    }
    // A contact who publishes nothing is there all the same.
    play(
        "C: get bob@example.org <query xmlns='http://jabber.org/protocol/disco#items'/>
         D: list bob@example.org
         d: nodes
         S: <query xmlns='http://jabber.org/protocol/disco#items'/>",
    );
    let account = text(&account().to_element(None).to_bytes());
    play(&format!(
        "C: get bob@example.org <query xmlns='http://jabber.org/protocol/disco#info'/>
         D: list bob@example.org
         d: nodes
         S: {account}"
    ));
    play(
        "C: get bob@example.org <query xmlns='http://jabber.org/protocol/disco#info' node='vcard-temp'/>
         D: list bob@example.org
         d: nodes vcard-temp
         S: ! cancel item-not-found",
    );
}

#[test]
fn an_answer_of_a_client_has_a_limit() {
    let answer = |count: usize| {
        let features = "<feature var='x'/>".repeat(count);
        let query = format!("<query xmlns='http://jabber.org/protocol/disco#info'>{features}</query>");
        Info::parse(&Element::parse(query.as_bytes()).expect("well-formed"))
    };
    assert!(answer(crate::limits::CLIENT_FEATURES).is_ok());
    assert!(answer(crate::limits::CLIENT_FEATURES + 1).is_err());
}

#[test]
fn nothing_that_is_named_stands_twice() {
    for info in [server(&config()), account()] {
        assert!(caps::verification(&info).is_ok());
    }
}

#[test]
fn the_stream_features_name_roster_versions_pre_approval_and_capabilities() {
    let features = format!("<f xmlns='jabber:client'>{}</f>", text(&stream_features(&config())));
    let features = Element::parse(features.as_bytes()).expect("well-formed");
    assert!(features.child("ver", "urn:xmpp:features:rosterver").is_some());
    assert!(features.child("sub", "urn:xmpp:features:pre-approval").is_some());
    assert_eq!(features.child("c", "http://jabber.org/protocol/caps"), Some(&caps::of_server(&config())));
    assert_eq!(features.child("c", "urn:xmpp:caps"), Some(&caps::hashes_of_server(&config())));
}
