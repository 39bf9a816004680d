//! What the conference service and a conference say about themselves (XEP-0045 §6, §15.5.4).

use super::{MUC, REQUEST, ROOM_INFO};
use crate::{
    session::Listed,
    stanza::Element,
    xep::{
        disco::{INFO, ITEMS, Identity, Info},
        forms::{Field, Form, FormKind},
        history, ping, stanza_id,
    },
};
use domain::{Address, EndpointName, conversation::Configuration};

/// The node under which a client finds the nick that it has reserved (XEP-0045 §7.12).
pub(crate) const RESERVED_NICK: &str = "x-roomuser-item";

/// The service.
pub(crate) fn service() -> Info {
    let features =
        [INFO, ITEMS, MUC, super::UNIQUE, ping::NS, stanza_id::NS, stanza_id::OCCUPANT, super::SELF_PING];
    Info::new(Identity::new("conference", "text", "Conferences"), features)
}

/// The public conferences.
pub(crate) fn list(conferences: &[Listed]) -> Element {
    let item = |listed: &Listed| {
        let name = (!listed.name.is_empty()).then_some(&*listed.name);
        Element::new("item", ITEMS).with("jid", listed.address.as_str()).with_some("name", name)
    };
    Element::new("query", ITEMS).with_children(conferences.iter().map(item))
}

/// One conference.
pub(crate) fn conference(configuration: &Configuration, occupants: u32, topic: &str) -> Info {
    let choose = |yes, if_so, if_not| if yes { if_so } else { if_not };
    let mut features = vec![
        INFO,
        ITEMS,
        MUC,
        REQUEST,
        ping::NS,
        stanza_id::NS,
        stanza_id::OCCUPANT,
        "http://jabber.org/protocol/muc#stable_id",
        super::SELF_PING,
        super::register::NS,
        choose(configuration.persistent, "muc_persistent", "muc_temporary"),
        choose(configuration.public, "muc_public", "muc_hidden"),
        choose(configuration.members_only, "muc_membersonly", "muc_open"),
        choose(configuration.moderated, "muc_moderated", "muc_unmoderated"),
        choose(configuration.whois_everyone, "muc_nonanonymous", "muc_semianonymous"),
        choose(configuration.password.is_some(), "muc_passwordprotected", "muc_unsecured"),
    ];
    if configuration.archived {
        features.extend([history::NS, history::EXTENDED]);
    }
    let mut info = Info::new(Identity::new("conference", "text", configuration.name.to_string()), features);
    info.forms.push(
        Form::new(FormKind::Result, ROOM_INFO)
            .with(Field::of("muc#roominfo_description", &*configuration.description))
            .with(Field::of("muc#roominfo_occupants", occupants.to_string()))
            .with(Field::of("muc#roominfo_lang", &*configuration.language))
            .with(Field::of("muc#roominfo_subject", topic))
            .with(Field::of("muc#maxhistoryfetch", configuration.history.to_string())),
    );
    info
}

/// Who is in.
pub(crate) fn occupants(conference: &Address, nicks: &[EndpointName]) -> Element {
    let item = |nick: &EndpointName| Element::new("item", ITEMS).with("jid", format!("{conference}/{nick}"));
    Element::new("query", ITEMS).with_children(nicks.iter().map(item))
}

/// The nick that the asker has reserved, if any.
pub(crate) fn reserved_nick(nick: Option<&EndpointName>) -> Element {
    let identity = nick.map(|nick| {
        Element::new("identity", INFO)
            .with("category", "conference")
            .with("name", nick.as_str())
            .with("type", "text")
    });
    Element::new("query", INFO).with("node", RESERVED_NICK).with_children(identity)
}
