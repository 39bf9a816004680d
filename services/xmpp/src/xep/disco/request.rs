//! Answers to disco#info and disco#items (XEP-0030 §3, §4) for the server, the upload service and people's accounts.
//! Conferences answer for themselves. An account that the asker may not look at answers as one that does not exist (§8).

use super::{INFO, ITEMS, Identity, Info};
use crate::{
    ns,
    session::{Addressee, Config},
    stanza::{Condition, Element},
    xep::{
        adhoc, blocking, bookmarks, caps,
        forms::{Field, Form, FormKind},
        history, last, payload, pep, ping, push, rsm,
        service::{Iq, Step},
        time, upload, vcard, version,
    },
};
use domain::{
    Address, Refusal,
    endpoint::{Answer, CategoryCommand, Command},
};
use std::sync::Arc;

/// Capabilities are named once and told once (XEP-0115 §8.4).
const OPTIMIZE: &str = "http://jabber.org/protocol/caps#optimize";
/// Messages are kept for those who are not there (XEP-0160 §4).
pub(crate) const OFFLINE: &str = "msgoffline";

/// Answers a request in one of the two namespaces.
pub(crate) fn request(iq: &Iq<'_>) -> Step {
    if iq.set {
        return Step::refuse(Condition::BadRequest);
    }
    let node = iq.payload.attribute("node").filter(|node| !node.is_empty());
    let info = iq.payload.namespace() == INFO;
    match (iq.to, node, info) {
        (Addressee::Server, None, true) => Step::reply(server(iq.context.config).to_element(None)),
        (Addressee::Server, None, false) => Step::reply(server_items(iq.context.config)),
        (Addressee::Server, Some(node), _) => server_node(iq, node, info),
        (Addressee::Uploads, None, true) => Step::reply(upload::info(iq.context.config).to_element(None)),
        (Addressee::Uploads, None, false) => Step::reply(Element::new("query", ITEMS)),
        (Addressee::Own, None, true) => Step::reply(account().to_element(None)),
        (Addressee::User(user), None, true) => of_user(user),
        (Addressee::Own, None, false) => items(&iq.context.me.user),
        (Addressee::User(user), None, false) => items(user),
        (Addressee::Own, Some(node), true) => node_info(&iq.context.me.user, node),
        (Addressee::User(user), Some(node), true) => node_info(user, node),
        (Addressee::Own, Some(node), false) => node_items(&iq.context.me.user, node),
        (Addressee::User(user), Some(node), false) => node_items(user, node),
        _ => Step::refuse(Condition::ServiceUnavailable),
    }
}

/// What the server says about itself.
pub(crate) fn server(config: &Config) -> Info {
    let mut info = Info::new(
        Identity::new("server", "im", "Linnet"),
        [
            INFO,
            ITEMS,
            ns::CAPS,
            OPTIMIZE,
            ns::CAPS2,
            ns::CARBONS,
            ns::PRE_APPROVAL,
            adhoc::NS,
            blocking::NS,
            last::NS,
            ping::NS,
            time::NS,
            version::NS,
            "jabber:iq:roster",
        ],
    );
    info.features.extend(config.offline_messages.then_some(OFFLINE.into()));
    if !config.contacts.is_empty() {
        let contacts = Field::list("admin-addresses", config.contacts.iter().cloned());
        info.forms.push(Form::new(FormKind::Result, "http://jabber.org/network/serverinfo").with(contacts));
    }
    info
}

/// What a person's account says about itself.
pub(crate) fn account() -> Info {
    let mut info = Info::new(Identity::new("account", "registered", ""), pep::FEATURES);
    info.identities.push(Identity::new("pubsub", "pep", ""));
    let more = [
        INFO,
        ITEMS,
        history::NS,
        history::EXTENDED,
        ping::NS,
        push::NS,
        rsm::NS,
        payload::STANZA_IDS,
        vcard::NS,
        bookmarks::COMPAT,
        "jabber:iq:last",
        "jabber:iq:private",
        "urn:xmpp:pep-vcard-conversion:0",
    ];
    info.features.extend(more.map(Into::into));
    info
}

fn server_items(config: &Config) -> Element {
    let parts = [(Some(&config.conferences), "Conferences"), (config.uploads.as_ref(), "Files")];
    let parts = parts.into_iter().filter_map(|(address, name)| Some(item(address?, None, Some(name))));
    let peers = config.peers.iter().map(|peer| item(peer, None, None));
    Element::new("query", ITEMS).with_children(parts.chain(peers))
}

fn server_node(iq: &Iq<'_>, node: &str, info: bool) -> Step {
    let config = iq.context.config;
    let ver = node.strip_prefix(caps::NODE).and_then(|rest| rest.strip_prefix('#'));
    let hash = node.strip_prefix(caps::NODE_SHA256);
    let about_itself = ver.is_some_and(|ver| caps::verification(&server(config)).as_deref() == Ok(ver))
        || hash.is_some_and(|hash| caps::digest(&server(config)) == hash);
    if info && about_itself {
        return Step::reply(server(config).to_element(Some(node)));
    }
    adhoc::disco(iq, node, info)
}

fn of_user(user: &Address) -> Step {
    list(user, |nodes| match nodes {
        Ok(_) => Step::reply(account().to_element(None)),
        Err(_) => Step::refuse(Condition::ServiceUnavailable),
    })
}

fn items(owner: &Address) -> Step {
    let of = owner.clone();
    list(owner, move |nodes| match nodes {
        Ok(nodes) => {
            let items = nodes.iter().map(|node| item(&of, Some(node), None));
            Step::reply(Element::new("query", ITEMS).with_children(items))
        }
        Err(_) => Step::refuse(Condition::ServiceUnavailable),
    })
}

fn node_info(owner: &Address, node: &str) -> Step {
    let wanted = node.to_owned();
    list(owner, move |nodes| match nodes {
        Ok(nodes) if nodes.iter().any(|node| **node == wanted) => {
            let info = Info::new(Identity::new("pubsub", "leaf", ""), [INFO, ITEMS, pep::NS]);
            Step::reply(info.to_element(Some(&wanted)))
        }
        _ => Step::refuse(Condition::ItemNotFound),
    })
}

/// The ids of a node's items (XEP-0060 §5.5).
fn node_items(owner: &Address, node: &str) -> Step {
    if pep::is_reserved(node) {
        return Step::refuse(Condition::ItemNotFound);
    }
    let (of, name) = (owner.clone(), node.to_owned());
    let command = CategoryCommand::Read { category: node.into(), ids: Vec::new(), max: None };
    Step::command(Command::Category { owner: owner.clone(), command }, move |_, answer| match answer {
        Ok(Answer::Items { items, .. }) => {
            let items = items.iter().map(|published| item(&of, None, Some(&published.id)));
            Step::reply(Element::new("query", ITEMS).with("node", name).with_children(items))
        }
        Ok(_) => Step::confused(),
        Err(_) => Step::refuse(Condition::ItemNotFound),
    })
}

/// The nodes of PEP that the asker may read. Of a user whom the asker may not know of, the home says that there is none.
fn list(owner: &Address, then: impl FnOnce(Result<Vec<Arc<str>>, Refusal>) -> Step + Send + 'static) -> Step {
    let command = CategoryCommand::List;
    Step::command(Command::Category { owner: owner.clone(), command }, move |_, answer| match answer {
        Ok(Answer::Categories(mut nodes)) => {
            nodes.retain(|node| !pep::is_reserved(node));
            then(Ok(nodes))
        }
        Ok(_) => Step::confused(),
        Err(refusal) => then(Err(refusal)),
    })
}

fn item(address: &Address, node: Option<&str>, name: Option<&str>) -> Element {
    Element::new("item", ITEMS).with("jid", address.as_str()).with_some("node", node).with_some("name", name)
}
