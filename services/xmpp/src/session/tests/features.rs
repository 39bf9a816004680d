//! Service discovery says exactly what is there: for every entity of the server and every request that any of them
//! answers, it is answered if and only if its feature is named; and every other feature that is named stands for a way of
//! working that another test shows.

use super::*;
use crate::xep::{
    disco::{Info, account, server},
    muc::disco as muc,
    upload,
};
use std::collections::BTreeSet;

/// A feature, and a request that is answered where it is named.
const REQUESTS: [(&str, &str, &str); 19] = [
    ("urn:xmpp:push:0", "set", "enable"),
    ("http://jabber.org/protocol/disco#info", "get", "query"),
    ("http://jabber.org/protocol/disco#items", "get", "query"),
    ("urn:xmpp:ping", "get", "ping"),
    ("urn:xmpp:time", "get", "time"),
    ("jabber:iq:version", "get", "query"),
    ("jabber:iq:last", "get", "query"),
    ("jabber:iq:roster", "get", "query"),
    ("jabber:iq:private", "get", "query"),
    ("jabber:iq:register", "get", "query"),
    ("vcard-temp", "get", "vCard"),
    ("urn:xmpp:carbons:2", "set", "enable"),
    ("urn:xmpp:blocking", "get", "blocklist"),
    ("urn:xmpp:mam:2", "set", "query"),
    ("urn:xmpp:mam:2#extended", "get", "metadata"),
    ("urn:xmpp:http:upload:0", "get", "request"),
    ("http://jabber.org/protocol/commands", "set", "command"),
    ("http://jabber.org/protocol/pubsub", "get", "pubsub"),
    ("http://jabber.org/protocol/muc#unique", "get", "unique"),
];

/// What the server does for the asker's own account: by the standards it is the server that names it.
const OF_ONESELF: [&str; 3] = ["jabber:iq:roster", "urn:xmpp:carbons:2", "urn:xmpp:blocking"];

/// Features that are a way of working rather than a request, and what shows them.
const WAYS: [(&str, &str); 25] = [
    ("http://jabber.org/protocol/caps", "`xep/tests/disco.rs`"),
    ("http://jabber.org/protocol/caps#optimize", "`session/presence/optimize.rs`"),
    ("urn:xmpp:caps", "`xep/caps/client.rs`, `xep/tests/disco.rs`"),
    ("msgoffline", "offline messages: im scenes, `domain/src/user/tests/keeping.rs`"),
    ("urn:xmpp:features:pre-approval", "`domain/src/user/tests/subscription.rs`"),
    ("http://jabber.org/protocol/rsm", "`xep/tests/rsm.rs`"),
    ("urn:xmpp:sid:0", "`tests/message.rs`"),
    ("urn:xmpp:bookmarks:1#compat", "`xep/tests/storage.rs`"),
    ("urn:xmpp:pep-vcard-conversion:0", "`xep/tests/storage.rs`"),
    ("http://jabber.org/protocol/muc", "`tests/conference.rs`"),
    ("http://jabber.org/protocol/muc#request", "`tests/conference.rs`"),
    ("http://jabber.org/protocol/muc#stable_id", "`tests/conference.rs`"),
    ("http://jabber.org/protocol/muc#self-ping-optimization", "`tests/conference.rs`"),
    ("urn:xmpp:occupant-id:0", "`tests/conference.rs`"),
    ("muc_persistent", "`domain/src/conversation/tests/conference.rs`"),
    ("muc_temporary", "`domain/src/conversation/tests/conference.rs`"),
    ("muc_public", "conference scenes"),
    ("muc_hidden", "conference scenes"),
    ("muc_membersonly", "`domain/src/conversation/tests/entry.rs`"),
    ("muc_open", "`domain/src/conversation/tests/entry.rs`"),
    ("muc_moderated", "`domain/src/conversation/tests/privileges.rs`"),
    ("muc_unmoderated", "`domain/src/conversation/tests/privileges.rs`"),
    ("muc_nonanonymous", "`domain/src/conversation/tests/entry.rs`"),
    ("muc_semianonymous", "`domain/src/conversation/tests/entry.rs`"),
    ("muc_unsecured", "`domain/src/conversation/tests/entry.rs`"),
];

fn config() -> Config {
    Config::new(address("example.org")).expect("short")
}

fn entities() -> [(&'static str, Info); 5] {
    let config = config();
    let configuration = domain::conversation::Policy::default().configuration();
    [
        ("", account()),
        ("example.org", server(&config)),
        ("conference.example.org", muc::service()),
        ("tea@conference.example.org", muc::conference(&configuration, 0, "")),
        ("upload.example.org", upload::info(&config)),
    ]
}

/// Whether the entity has an answer: anything but that it does not do this.
fn is_answered(entity: &str, (namespace, type_, name): (&str, &str, &str)) -> bool {
    let namespace = namespace.trim_end_matches("#extended");
    let to = if entity.is_empty() { String::new() } else { format!(" to='{entity}'") };
    let iq = format!("<iq id='1' type='{type_}'{to}><{name} xmlns='{namespace}'/></iq>");
    let mut out = Vec::new();
    session().stanza(NOW, 1, &stanza(&iq), &mut out);
    out.iter().any(|output| match output {
        Output::Send { stanza, .. } => {
            let text = String::from_utf8_lossy(stanza);
            !text.contains("<service-unavailable") && !text.contains("<feature-not-implemented")
        }
        Output::Command(..) | Output::Ask(..) => true,
        Output::Handled(_) | Output::End(_) => false,
    })
}

#[test]
fn what_is_named_is_answered_and_what_is_answered_is_named() {
    let mut wrong = Vec::new();
    for (entity, info) in entities() {
        for request in REQUESTS {
            let named = info.features.iter().any(|var| var == request.0);
            let asked = if OF_ONESELF.contains(&request.0) && entity == "example.org" { "" } else { entity };
            // Named by the server, asked of one's account.
            if OF_ONESELF.contains(&request.0) && entity.is_empty() {
                continue;
            }
            let answered = is_answered(asked, request);
            if named != answered {
                wrong.push((entity, request.0, named, answered));
            }
        }
    }
    assert_eq!(wrong, [], "entity, feature, whether it is named, whether it is answered");
}

#[test]
fn every_feature_is_a_request_or_a_way_that_is_shown() {
    let known: BTreeSet<&str> =
        REQUESTS.iter().map(|(var, ..)| *var).chain(WAYS.iter().map(|(var, _)| *var)).collect();
    for (entity, info) in entities() {
        let pubsub = |var: &str| entity.is_empty() && crate::xep::pep::FEATURES.contains(&var);
        for var in &info.features {
            assert!(known.contains(&**var) || pubsub(var), "{var} at '{entity}'");
        }
    }
}

#[test]
fn messages_are_said_to_be_kept_only_where_they_are() {
    let mut config = config();
    let names = |config: &Config| server(config).features.iter().any(|var| var == "msgoffline");
    assert!(names(&config));
    config.offline_messages = false;
    assert!(!names(&config));
}
