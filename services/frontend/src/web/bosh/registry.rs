//! The sessions over HTTP by their sid. A session is listed from its first request to its end.

use super::{Posted, Refusal};
use crate::limits::{BOSH_REQUESTS, BOSH_SESSIONS};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::mpsc;
use xmpp::bosh::Condition;

/// Who is there.
#[derive(Default)]
pub(crate) struct Registry {
    sessions: Mutex<HashMap<Box<str>, mpsc::Sender<Posted>>>,
}

/// A session's place; it is given back when this is dropped.
pub(super) struct Place {
    registry: Arc<Registry>,
    /// 128 random bits (XEP-0124 §7.2).
    pub(super) sid: Box<str>,
    pub(super) requests: mpsc::Receiver<Posted>,
}

impl Registry {
    /// Hands a request to its session.
    pub(super) fn post(&self, posted: Posted) -> Result<(), Refusal> {
        let sid = posted.body.sid.as_deref().unwrap_or_default();
        let Some(session) = self.sessions().get(sid).cloned() else {
            return Err(Refusal::Ended(Condition::ItemNotFound));
        };
        session.try_send(posted).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => Refusal::Busy("too many requests at once"),
            mpsc::error::TrySendError::Closed(_) => Refusal::Ended(Condition::ItemNotFound),
        })
    }

    /// A place for a new session.
    pub(super) fn place(self: &Arc<Self>) -> Result<Place, Refusal> {
        let mut sessions = self.sessions();
        if sessions.len() >= BOSH_SESSIONS {
            return Err(Refusal::Busy("too many sessions over HTTP"));
        }
        let mut random = [0; 16];
        // As for the stream's own seed: no session could be safe without.
        getrandom::fill(&mut random).expect("the system has randomness");
        let sid: Box<str> = format!("{:032x}", u128::from_le_bytes(random)).into();
        let (sender, requests) = mpsc::channel(BOSH_REQUESTS);
        sessions.insert(sid.clone(), sender);
        Ok(Place { registry: Arc::clone(self), sid, requests })
    }

    /// Changed only by whole insertions and removals.
    fn sessions(&self) -> MutexGuard<'_, HashMap<Box<str>, mpsc::Sender<Posted>>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.registry.sessions().remove(&self.sid);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::oneshot;
    use xmpp::bosh::Body;

    fn posted(sid: &str) -> Posted {
        let body = format!("<body rid='1' sid='{sid}' xmlns='http://jabber.org/protocol/httpbind'/>");
        Posted { body: Body::parse(body.as_bytes()).expect("a body"), answer: oneshot::channel().0 }
    }

    #[test]
    fn sessions_have_a_number_and_a_place_comes_back() {
        let registry = Arc::new(Registry::default());
        let mut places: Vec<_> = (0..BOSH_SESSIONS).map(|_| registry.place().expect("room")).collect();
        assert!(matches!(registry.place(), Err(Refusal::Busy(_))));
        places.pop();
        assert!(registry.place().is_ok());
    }

    #[test]
    fn requests_of_one_session_have_a_number() {
        let registry = Arc::new(Registry::default());
        let mut place = registry.place().expect("room");
        for _ in 0..BOSH_REQUESTS {
            registry.post(posted(&place.sid)).expect("room");
        }
        assert!(matches!(registry.post(posted(&place.sid)), Err(Refusal::Busy(_))));
        assert!(place.requests.try_recv().is_ok());
        assert!(registry.post(posted(&place.sid)).is_ok());
        assert!(matches!(registry.post(posted("nobody")), Err(Refusal::Ended(Condition::ItemNotFound))));
    }
}
