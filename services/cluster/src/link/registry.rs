//! The links of this node, one for each live peer, and the way into them. Short locks; nothing is called with one held.

use super::{
    queue::{Ends, Greeted, Item, Queue},
    wire::Introduction,
};
use crate::{NodeId, limits, ownership::table::News, receiver::Receiver};
use bytes::Bytes;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, atomic::AtomicU64},
    time::{Duration, Instant},
};
use tokio::sync::{Notify, mpsc};

/// What links tell ownership, in order for each peer.
#[derive(Debug)]
pub(crate) enum Event {
    /// A session began, with a peer of this release.
    Linked(String),
    /// It was lost.
    Unlinked,
    /// The peer said this.
    News(News),
}

/// An event, of which link: what an earlier link to the same peer still says does not count.
pub(crate) struct Heard {
    pub(crate) peer: NodeId,
    pub(crate) serial: u64,
    pub(crate) event: Event,
}

/// One peer: the queue, and those who serve it.
pub(crate) struct Link {
    pub(crate) peer: NodeId,
    pub(crate) serial: u64,
    pub(crate) address: Arc<str>,
    state: Mutex<State>,
    /// One message at a time is offered to the receiver, also where an old connection is not quite gone yet.
    pub(crate) offer: Mutex<()>,
    /// There is something to send.
    pub(crate) wake: Notify,
    /// The connection is to be dropped, or was lost: whoever tends the link looks again.
    pub(crate) turn: Notify,
}

pub(crate) struct State {
    pub(crate) queue: Queue,
    /// Which connection is the current one; the tasks of another end.
    pub(crate) connection: u64,
    pub(crate) up: bool,
}

impl Link {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there is a session.
    pub(crate) fn established(&self) -> bool {
        self.state().queue.established()
    }
}

/// All links, and what they share.
pub(crate) struct Links {
    pub(crate) introduction: Introduction,
    pub(crate) receiver: Arc<dyn Receiver>,
    pub(crate) events: mpsc::Sender<Heard>,
    /// A peer's port is closed, though it is thought alive.
    pub(crate) refused: mpsc::Sender<NodeId>,
    pub(crate) tls: Option<crate::options::Tls>,
    pub(crate) lost: AtomicU64,
    pub(crate) rejected: AtomicU64,
    open: RwLock<HashMap<NodeId, Arc<Link>>>,
    start: Instant,
    serial: AtomicU64,
    sent_again: AtomicU64,
    said: Mutex<HashMap<String, Instant>>,
}

impl Links {
    pub(crate) fn new(
        introduction: Introduction,
        receiver: Arc<dyn Receiver>,
        events: mpsc::Sender<Heard>,
        refused: mpsc::Sender<NodeId>,
        tls: Option<crate::options::Tls>,
    ) -> Self {
        Self {
            introduction,
            receiver,
            events,
            refused,
            tls,
            lost: AtomicU64::new(0),
            rejected: AtomicU64::new(0),
            open: RwLock::default(),
            start: Instant::now(),
            serial: AtomicU64::new(0),
            sent_again: AtomicU64::new(0),
            said: Mutex::default(),
        }
    }

    /// Monotonic, since the start.
    pub(crate) fn now(&self) -> Duration {
        self.start.elapsed()
    }

    pub(crate) fn get(&self, peer: &NodeId) -> Option<Arc<Link>> {
        self.open.read().unwrap_or_else(PoisonError::into_inner).get(peer).cloned()
    }

    pub(crate) fn all(&self) -> Vec<Arc<Link>> {
        self.open.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// A link to a peer that has joined; somebody has to tend it.
    pub(crate) fn open(&self, peer: &NodeId, address: &Arc<str>) -> Arc<Link> {
        let serial = self.serial.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let state = State { queue: Queue::new(fresh_session()), connection: 0, up: false };
        let link = Arc::new(Link {
            peer: peer.clone(),
            serial,
            address: address.clone(),
            state: Mutex::new(state),
            offer: Mutex::new(()),
            wake: Notify::new(),
            turn: Notify::new(),
        });
        self.open.write().unwrap_or_else(PoisonError::into_inner).insert(peer.clone(), link.clone());
        link
    }

    /// The peer is gone: its connection ends, what waited is gone.
    pub(crate) fn close(&self, peer: &NodeId) {
        let link = self.open.write().unwrap_or_else(PoisonError::into_inner).remove(peer);
        if let Some(link) = link {
            self.forget(&link);
        }
    }

    /// Begins the session anew; says whether there was something to lose.
    pub(crate) fn forget(&self, link: &Link) -> bool {
        let lost = {
            let mut state = link.state();
            self.sent_again.fetch_add(state.queue.sent_again(), std::sync::atomic::Ordering::Relaxed);
            let lost = state.queue.reset(fresh_session());
            state.queue = Queue::new(state.queue.ends().session);
            state.connection += 1;
            state.up = false;
            lost
        };
        if lost {
            self.lost.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
        link.wake.notify_waiters();
        link.wake.notify_one();
        link.turn.notify_one();
        lost
    }

    /// Gives the message to the link, or back.
    pub(crate) fn send(&self, peer: &NodeId, message: Bytes) -> Result<(), Bytes> {
        let Some(link) = self.get(peer) else { return Err(message) };
        let pushed = link.state().queue.push(self.now(), Item::Message(message));
        match pushed {
            Ok(()) => {
                link.wake.notify_one();
                Ok(())
            }
            Err(Item::Message(bytes) | Item::News(bytes)) => Err(bytes),
        }
    }

    /// News for one peer. What does not fit into a full link comes with the whole table later.
    pub(crate) fn tell(&self, link: &Link, news: Bytes) {
        if link.state().queue.push(self.now(), Item::News(news)).is_ok() {
            link.wake.notify_one();
        }
    }

    /// The peer's hello on a new connection: whether to go on with it, as the connection of this number.
    pub(crate) fn greet(&self, link: &Link, ends: Ends) -> (Greeted, u64) {
        let mut state = link.state();
        let greeted = state.queue.greet(self.now(), ends, fresh_session());
        state.connection += 1;
        state.up = greeted.agreed;
        let connection = state.connection;
        drop(state);
        if greeted.lost {
            self.lost.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
        // The tasks of an earlier connection look, and end.
        link.wake.notify_waiters();
        (greeted, connection)
    }

    /// Whether this was not said within the last minute: strangers do not fill the log.
    pub(crate) fn worth_saying(&self, what: &str) -> bool {
        const CAUSES: usize = 256;
        const QUIET: Duration = Duration::from_mins(1);
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if said.len() >= CAUSES {
            said.retain(|_, at| now.duration_since(*at) < QUIET);
        }
        let quiet = said.get(what).is_none_or(|at| now.duration_since(*at) >= QUIET);
        if quiet && said.len() < CAUSES {
            said.insert(what.to_owned(), now);
        }
        quiet
    }

    /// Items and bytes that wait on all links, and items sent again so far.
    pub(crate) fn depths(&self) -> (usize, usize, u64) {
        let mut sum = (0, 0, self.sent_again.load(std::sync::atomic::Ordering::Relaxed));
        for link in self.all() {
            let state = link.state();
            let (items, bytes) = state.queue.depth();
            sum = (sum.0 + items, sum.1 + bytes, sum.2 + state.queue.sent_again());
        }
        sum
    }
}

/// Random, never 0. Without randomness from the system the process could not have started.
pub(crate) fn fresh_session() -> u64 {
    getrandom::u64().unwrap_or_else(|_| u64::from(std::process::id()) + 1).max(1)
}

const _: () = assert!(limits::NEWS_WAITING < limits::QUEUE_MESSAGES);
