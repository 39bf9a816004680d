//! The capabilities of the session's own client, and the PEP notices that wait until they are known (XEP-0163 §4.3.2:
//! only those who want a node hear of it). A notice is given out once or not at all, in order.

use super::{Abilities, Cache, NODE_SHA256, Ver};
use crate::{
    limits::{CAPS_BYTES, NOTICES_WAITING},
    ns::{CAPS, CAPS2, HASHES},
    stanza::{Element, Stanza},
    xep::disco::Info,
};
use domain::category::CategoryNotice;
use std::{collections::VecDeque, sync::Arc};

/// What one session knows of its client.
#[derive(Debug, Default)]
pub struct Client {
    state: State,
}

#[derive(Debug, Default)]
enum State {
    /// It has shown nothing yet.
    #[default]
    Silent,
    /// It was asked and has not answered.
    Asked(Box<Asked>),
    /// What it can do is known: with a hash, until it shows another.
    Known(Option<Ver>, Arc<Abilities>),
    /// It showed that it has no capabilities.
    Bare,
}

#[derive(Debug)]
struct Asked {
    /// `None`: shown without a hash that could be checked.
    ver: Option<Ver>,
    waiting: VecDeque<Arc<CategoryNotice>>,
}

/// The question that the session must now send to its client: a disco#info of this node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ask {
    /// `node#ver` (XEP-0115 §6.2).
    pub node: String,
}

impl Client {
    /// What the client's own presence says of its capabilities, if anything.
    pub fn shows(&mut self, presence: &Stanza, cache: &Cache) -> Option<Ask> {
        let Some((node, ver)) = read(presence) else {
            if !matches!(self.state, State::Known(..) | State::Asked(_)) {
                self.state = State::Bare;
            }
            return None;
        };
        let shown = match &self.state {
            State::Known(known, _) => known.as_ref(),
            State::Asked(asked) => asked.ver.as_ref(),
            State::Silent | State::Bare => None,
        };
        if ver.is_some() && shown == ver.as_ref() {
            return None;
        }
        if let Some(abilities) = ver.as_ref().and_then(|ver| cache.find(ver)) {
            self.state = State::Known(ver, abilities);
            return None;
        }
        let waiting = match std::mem::take(&mut self.state) {
            State::Asked(before) => before.waiting,
            _ => VecDeque::new(),
        };
        self.state = State::Asked(Box::new(Asked { ver, waiting }));
        Some(Ask { node })
    }

    /// The client answered the question (`None`: by an error). What it wants to hear of the notices that waited is
    /// appended to `out`.
    pub fn answered(&mut self, info: Option<&Info>, cache: &Cache, out: &mut Vec<Arc<CategoryNotice>>) {
        let State::Asked(asked) = std::mem::take(&mut self.state) else { return };
        let Some(info) = info else {
            self.state = State::Bare;
            return;
        };
        let Asked { ver, waiting } = *asked;
        let shared = ver.as_ref().and_then(|ver| cache.learn(ver, info));
        let abilities = shared.unwrap_or_else(|| Arc::new(Abilities::of(info)));
        out.extend(waiting.into_iter().filter(|notice| abilities.wants(&notice.category)));
        self.state = State::Known(ver, abilities);
    }

    /// Whether this notice goes to the client now. One that comes while the client is being asked is kept; at
    /// [`NOTICES_WAITING`] the oldest is dropped.
    pub fn wants(&mut self, notice: &Arc<CategoryNotice>) -> bool {
        match &mut self.state {
            State::Known(_, abilities) => abilities.wants(&notice.category),
            State::Asked(asked) => {
                if asked.waiting.len() == NOTICES_WAITING {
                    asked.waiting.pop_front();
                }
                asked.waiting.push_back(notice.clone());
                false
            }
            State::Silent | State::Bare => false,
        }
    }
}

/// The node to ask for, and the hash if it is one that can be checked; that of XEP-0390 before that of XEP-0115.
fn read(presence: &Stanza) -> Option<(String, Option<Ver>)> {
    read_hashes(presence).or_else(|| {
        let caps = presence.child("c", CAPS)?;
        let (node, ver) = (caps.attribute("node")?, caps.attribute("ver")?);
        let small = node.len() + ver.len() <= CAPS_BYTES;
        let checkable = caps.attribute("hash").as_deref() == Some("sha-1");
        small.then(|| (format!("{node}#{ver}"), checkable.then(|| Ver::Sha1((&*ver).into()))))
    })
}

fn read_hashes(presence: &Stanza) -> Option<(String, Option<Ver>)> {
    let caps = presence.child("c", CAPS2)?.element();
    let is_ours = |hash: &&Element| hash.is("hash", HASHES) && hash.attribute("algo") == Some("sha-256");
    let hash = caps.children().find(is_ours)?.text();
    let hash = hash.trim();
    let small = !hash.is_empty() && hash.len() <= CAPS_BYTES;
    small.then(|| (format!("{NODE_SHA256}{hash}"), Some(Ver::Sha256(hash.into()))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        wire::Scope,
        xep::{
            caps::{digest, verification},
            disco::Identity,
        },
    };
    use domain::{Address, category::Change};

    const NODE: &str = "urn:xmpp:avatar:metadata";

    fn notice(category: &str) -> Arc<CategoryNotice> {
        let owner = Address::parse("bob@example.org").expect("an address");
        Arc::new(CategoryNotice { owner, category: category.into(), change: Change::Purged })
    }

    fn info() -> Info {
        Info::new(Identity::new("client", "pc", "Test"), ["urn:xmpp:avatar:metadata+notify"])
    }

    fn presence(ver: &str) -> Stanza {
        showing(&format!("<c xmlns='{CAPS}' hash='sha-1' node='urn:test' ver='{ver}'/>"))
    }

    fn showing(content: &str) -> Stanza {
        let xml = format!("<presence>{content}</presence>");
        Stanza::parse(xml.into_bytes().into(), &Scope::Usual).expect("well-formed")
    }

    fn bare() -> Stanza {
        showing("")
    }

    fn hashes(algo: &str, hash: &str) -> String {
        format!(
            "<c xmlns='{CAPS2}'><hash xmlns='{HASHES}' algo='sha-1'>x</hash><hash xmlns='{HASHES}' algo='{algo}'>{hash}</hash></c>"
        )
    }

    #[test]
    fn the_stronger_hash_is_asked_for_checked_and_shared() {
        let cache = Cache::default();
        let hash = digest(&info());
        let both = showing(&format!(
            "<c xmlns='{CAPS}' hash='sha-1' node='urn:test' ver='x'/>{}",
            hashes("sha-256", &hash)
        ));
        let mut first = Client::default();
        let ask = first.shows(&both, &cache).expect("unknown");
        assert_eq!(ask.node, format!("urn:xmpp:caps#sha-256.{hash}"));
        first.answered(Some(&info()), &cache, &mut Vec::new());
        let mut second = Client::default();
        assert_eq!(second.shows(&showing(&hashes("sha-256", &hash)), &cache), None);
        assert!(second.wants(&notice(NODE)));
        // One that lies is believed for itself only.
        let mut liar = Client::default();
        assert!(liar.shows(&showing(&hashes("sha-256", "AAAA")), &cache).is_some());
        liar.answered(Some(&info()), &cache, &mut Vec::new());
        assert_eq!(cache.len(), 1);
        // One that is not spoken here counts as none, and so does one that is too long.
        let mut strange = Client::default();
        assert_eq!(strange.shows(&showing(&hashes("sha3-256", &hash)), &cache), None);
        let long = "x".repeat(CAPS_BYTES + 1);
        assert_eq!(strange.shows(&showing(&hashes("sha-256", &long)), &cache), None);
    }

    #[test]
    fn a_new_client_is_asked_once_and_the_next_one_not_at_all() {
        let cache = Cache::default();
        let ver = verification(&info()).expect("nothing stands twice");
        let presence = presence(&ver);
        let mut first = Client::default();
        let ask = first.shows(&presence, &cache).expect("unknown");
        assert_eq!(ask.node, format!("urn:test#{ver}"));
        assert_eq!(first.shows(&presence, &cache), None);
        assert!(!first.wants(&notice(NODE)) && !first.wants(&notice("other")));
        let mut out = Vec::new();
        first.answered(Some(&info()), &cache, &mut out);
        assert_eq!(out, [notice(NODE)]);
        assert!(first.wants(&notice(NODE)) && !first.wants(&notice("other")));

        let mut second = Client::default();
        assert_eq!(second.shows(&presence, &cache), None);
        assert!(second.wants(&notice(NODE)));
    }

    #[test]
    fn a_client_that_lies_is_believed_for_itself_only() {
        let cache = Cache::default();
        let presence = presence("AAAA");
        let mut client = Client::default();
        assert!(client.shows(&presence, &cache).is_some());
        client.answered(Some(&info()), &cache, &mut Vec::new());
        assert!(client.wants(&notice(NODE)));
        assert!(cache.is_empty());
    }

    #[test]
    fn without_capabilities_there_are_no_notices() {
        let cache = Cache::default();
        let mut client = Client::default();
        assert!(!client.wants(&notice(NODE)));
        assert_eq!(client.shows(&bare(), &cache), None);
        assert!(!client.wants(&notice(NODE)));
        let mut other = Client::default();
        other.shows(&presence("x"), &cache);
        other.answered(None, &cache, &mut Vec::new());
        assert!(!other.wants(&notice(NODE)));
    }

    #[test]
    fn names_that_are_too_long_are_none() {
        let ver = |length: usize| presence(&"x".repeat(length - "urn:test".len()));
        assert!(Client::default().shows(&ver(CAPS_BYTES), &Cache::default()).is_some());
        assert!(Client::default().shows(&ver(CAPS_BYTES + 1), &Cache::default()).is_none());
    }

    #[test]
    fn at_the_limit_the_oldest_notice_is_dropped() {
        let cache = Cache::default();
        let mut client = Client::default();
        client.shows(&presence("x"), &cache);
        for _ in 0..=NOTICES_WAITING {
            client.wants(&notice(NODE));
        }
        let mut out = Vec::new();
        client.answered(Some(&info()), &cache, &mut out);
        assert_eq!(out.len(), NOTICES_WAITING);
    }
}
