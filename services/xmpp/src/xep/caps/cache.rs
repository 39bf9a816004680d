//! What is known of client software, for all sessions together. Bounded: when it is full, the oldest entry goes.

use super::{digest, verification};
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
    by_ver: HashMap<Ver, Arc<Abilities>>,
    order: VecDeque<Ver>,
}

/// The hash under which a client names its capabilities.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Ver {
    /// The verification string of XEP-0115 by SHA-1.
    Sha1(Arc<str>),
    /// The capability hash of XEP-0390 by SHA-256.
    Sha256(Arc<str>),
}

impl Ver {
    /// Whether it comes out of this answer (XEP-0115 §5.4, XEP-0390 §4.4).
    fn proves(&self, info: &Info) -> bool {
        match self {
            Self::Sha1(ver) => verification(info).as_deref() == Ok(ver),
            Self::Sha256(hash) => digest(info) == **hash,
        }
    }
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
    /// What is known under this hash.
    pub fn find(&self, ver: &Ver) -> Option<Arc<Abilities>> {
        self.lock().by_ver.get(ver).cloned()
    }

    /// Keeps what a client answered if the hash that it had shown comes out of it. `None`: it does not, so it is good for
    /// this client only.
    pub fn learn(&self, ver: &Ver, info: &Info) -> Option<Arc<Abilities>> {
        if !ver.proves(info) {
            return None;
        }
        let abilities = Arc::new(Abilities::of(info));
        let mut known = self.lock();
        if known.by_ver.insert(ver.clone(), abilities.clone()).is_none() {
            known.order.push_back(ver.clone());
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

    fn software(name: &str) -> (Ver, Info) {
        let mut info =
            Info::new(Identity::new("client", "pc", name.to_owned()), ["urn:xmpp:avatar:metadata+notify"]);
        info.features.push("urn:xmpp:ping".into());
        (Ver::Sha1(verification(&info).expect("nothing stands twice").into()), info)
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
    fn a_hash_of_either_kind_is_believed_when_it_comes_out() {
        let cache = Cache::default();
        let (sha1, info) = software("one");
        let sha256 = Ver::Sha256(digest(&info).into());
        let Ver::Sha1(text) = &sha1 else { panic!("by SHA-1") };
        assert_eq!(cache.learn(&Ver::Sha256(text.clone()), &info), None, "of the other kind");
        assert!(cache.learn(&sha256, &info).is_some());
        assert!(cache.find(&sha256).is_some() && cache.find(&sha1).is_none());
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
