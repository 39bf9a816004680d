//! The capabilities of the session's own client, and the PEP notices that wait until they are known (XEP-0163 §4.3.2:
//! only those who want a node hear of it). A notice is given out once or not at all, in order.

use super::{Abilities, Cache};
use crate::{
    limits::{CAPS_BYTES, NOTICES_WAITING},
    ns::CAPS,
    stanza::Child,
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
    /// What it can do is known: with a `ver`, until it shows another.
    Known(Option<Box<str>>, Arc<Abilities>),
    /// It showed that it has no capabilities.
    Bare,
}

#[derive(Debug)]
struct Asked {
    /// `None`: shown without a hash that could be checked.
    ver: Option<Box<str>>,
    waiting: VecDeque<Arc<CategoryNotice>>,
}

/// The question that the session must now send to its client: a disco#info of this node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ask {
    /// `node#ver` (XEP-0115 §6.2).
    pub node: String,
}

impl Client {
    /// The client's own presence holds this `<c/>`, or none.
    pub fn shows(&mut self, caps: Option<Child<'_>>, cache: &Cache) -> Option<Ask> {
        let Some((node, ver, checkable)) = caps.and_then(read) else {
            if !matches!(self.state, State::Known(..) | State::Asked(_)) {
                self.state = State::Bare;
            }
            return None;
        };
        let same = match &self.state {
            State::Known(known, _) => known.as_deref() == Some(&*ver),
            State::Asked(asked) => asked.ver.as_deref() == Some(&*ver),
            State::Silent | State::Bare => false,
        };
        if same {
            return None;
        }
        if let Some(abilities) = cache.find(&ver).filter(|_| checkable) {
            self.state = State::Known(Some(ver.into()), abilities);
            return None;
        }
        let ask = Ask { node: format!("{node}#{ver}") };
        let ver = checkable.then(|| ver.into());
        let waiting = match std::mem::take(&mut self.state) {
            State::Asked(before) => before.waiting,
            _ => VecDeque::new(),
        };
        self.state = State::Asked(Box::new(Asked { ver, waiting }));
        Some(ask)
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
        let shared = ver.as_deref().and_then(|ver| cache.learn(ver, info));
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

/// Node, `ver`, and whether the `ver` is a hash that can be checked.
fn read(caps: Child<'_>) -> Option<(String, String, bool)> {
    if !caps.is("c", CAPS) {
        return None;
    }
    let text = |name| caps.attribute(name).map(std::borrow::Cow::into_owned);
    let (node, ver) = (text("node")?, text("ver")?);
    let small = node.len() + ver.len() <= CAPS_BYTES;
    small.then(|| (node, ver, text("hash").as_deref() == Some("sha-1")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        stanza::Stanza,
        wire::Scope,
        xep::{caps::verification, disco::Identity},
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
        let xml =
            format!("<presence><c xmlns='{CAPS}' hash='sha-1' node='urn:test' ver='{ver}'/></presence>");
        Stanza::parse(xml.into_bytes().into(), &Scope::Usual).expect("well-formed")
    }

    #[test]
    fn a_new_client_is_asked_once_and_the_next_one_not_at_all() {
        let cache = Cache::default();
        let ver = verification(&info()).expect("nothing stands twice");
        let presence = presence(&ver);
        let mut first = Client::default();
        let ask = first.shows(presence.payload(), &cache).expect("unknown");
        assert_eq!(ask.node, format!("urn:test#{ver}"));
        assert_eq!(first.shows(presence.payload(), &cache), None);
        assert!(!first.wants(&notice(NODE)) && !first.wants(&notice("other")));
        let mut out = Vec::new();
        first.answered(Some(&info()), &cache, &mut out);
        assert_eq!(out, [notice(NODE)]);
        assert!(first.wants(&notice(NODE)) && !first.wants(&notice("other")));

        let mut second = Client::default();
        assert_eq!(second.shows(presence.payload(), &cache), None);
        assert!(second.wants(&notice(NODE)));
    }

    #[test]
    fn a_client_that_lies_is_believed_for_itself_only() {
        let cache = Cache::default();
        let presence = presence("AAAA");
        let mut client = Client::default();
        assert!(client.shows(presence.payload(), &cache).is_some());
        client.answered(Some(&info()), &cache, &mut Vec::new());
        assert!(client.wants(&notice(NODE)));
        assert!(cache.is_empty());
    }

    #[test]
    fn without_capabilities_there_are_no_notices() {
        let cache = Cache::default();
        let mut client = Client::default();
        assert!(!client.wants(&notice(NODE)));
        assert_eq!(client.shows(None, &cache), None);
        assert!(!client.wants(&notice(NODE)));
        let mut other = Client::default();
        other.shows(presence("x").payload(), &cache);
        other.answered(None, &cache, &mut Vec::new());
        assert!(!other.wants(&notice(NODE)));
    }

    #[test]
    fn names_that_are_too_long_are_none() {
        let ver = |length: usize| presence(&"x".repeat(length - "urn:test".len()));
        assert!(Client::default().shows(ver(CAPS_BYTES).payload(), &Cache::default()).is_some());
        assert!(Client::default().shows(ver(CAPS_BYTES + 1).payload(), &Cache::default()).is_none());
    }

    #[test]
    fn at_the_limit_the_oldest_notice_is_dropped() {
        let cache = Cache::default();
        let mut client = Client::default();
        client.shows(presence("x").payload(), &cache);
        for _ in 0..=NOTICES_WAITING {
            client.wants(&notice(NODE));
        }
        let mut out = Vec::new();
        client.answered(Some(&info()), &cache, &mut out);
        assert_eq!(out.len(), NOTICES_WAITING);
    }
}
