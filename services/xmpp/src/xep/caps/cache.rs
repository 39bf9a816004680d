//! What is known of client software, for all sessions together. Bounded: when it is full, the oldest entry goes.

use super::verification;
use crate::{limits::KNOWN_CLIENTS, xep::disco::Info};
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// What of a client's features matters to the server.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Abilities {
    /// Nodes of PEP that it wants to hear of (`+notify`, XEP-0060 §9.2), sorted.
    wanted: Box<[Box<str>]>,
}

/// A cache to be shared between sessions. Its lock is taken only when a client shows a `ver` that its session does
/// not hold yet.
#[derive(Debug, Default)]
pub struct Cache {
    inner: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    by_ver: HashMap<Arc<str>, Arc<Abilities>>,
    order: VecDeque<Arc<str>>,
}

impl Abilities {
    /// The part that matters of what a client said.
    pub fn of(info: &Info) -> Self {
        let mut wanted: Vec<Box<str>> =
            info.features.iter().filter_map(|var| var.strip_suffix("+notify")).map(Into::into).collect();
        wanted.sort_unstable();
        wanted.dedup();
        Self { wanted: wanted.into() }
    }

    /// Whether the client wants to hear of this node.
    pub fn wants(&self, node: &str) -> bool {
        self.wanted.binary_search_by(|known| (**known).cmp(node)).is_ok()
    }
}

impl Cache {
    /// What is known under this `ver`.
    pub fn find(&self, ver: &str) -> Option<Arc<Abilities>> {
        self.lock().by_ver.get(ver).cloned()
    }

    /// Keeps what a client answered if the `ver` that it had shown comes out of it (XEP-0115 §5.4). `None`: it does
    /// not, so it is good for this client only.
    pub fn learn(&self, ver: &str, info: &Info) -> Option<Arc<Abilities>> {
        if verification(info).as_deref() != Ok(ver) {
            return None;
        }
        let abilities = Arc::new(Abilities::of(info));
        let mut known = self.lock();
        let ver: Arc<str> = ver.into();
        if known.by_ver.insert(ver.clone(), abilities.clone()).is_none() {
            known.order.push_back(ver);
        }
        if known.order.len() > KNOWN_CLIENTS
            && let Some(oldest) = known.order.pop_front()
        {
            known.by_ver.remove(&oldest);
        }
        Some(abilities)
    }

    /// How many are known.
    pub fn len(&self) -> usize {
        self.lock().order.len()
    }

    /// Whether none is known.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        // Both halves are changed without a panic in between, so what a poisoned lock guards is whole.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xep::disco::Identity;

    fn software(name: &str) -> (String, Info) {
        let mut info =
            Info::new(Identity::new("client", "pc", name.to_owned()), ["urn:xmpp:avatar:metadata+notify"]);
        info.features.push("urn:xmpp:ping".into());
        (verification(&info).expect("nothing stands twice"), info)
    }

    #[test]
    fn what_is_proven_is_shared() {
        let cache = Cache::default();
        let (ver, info) = software("one");
        assert_eq!(cache.find(&ver), None);
        let learnt = cache.learn(&ver, &info).expect("proven");
        assert!(learnt.wants("urn:xmpp:avatar:metadata"));
        assert!(!learnt.wants("urn:xmpp:ping"));
        assert_eq!(cache.find(&ver), Some(learnt));
    }

    #[test]
    fn a_forged_ver_poisons_nothing() {
        let cache = Cache::default();
        let (ver, _) = software("one");
        let (_, other) = software("two");
        assert_eq!(cache.learn(&ver, &other), None);
        assert!(cache.is_empty());
    }

    #[test]
    fn at_the_limit_the_oldest_goes() {
        let cache = Cache::default();
        let all: Vec<_> = (0..=KNOWN_CLIENTS).map(|number| software(&number.to_string())).collect();
        for (ver, info) in &all {
            cache.learn(ver, info);
            cache.learn(ver, info);
        }
        assert_eq!(cache.len(), KNOWN_CLIENTS);
        assert_eq!(cache.find(&all[0].0), None);
        assert!(cache.find(&all[KNOWN_CLIENTS].0).is_some());
    }
}
