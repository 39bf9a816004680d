//! A client's connection in the front end: between the transport that carries its bytes, the XMPP machines that read
//! them, and the home that decides.
//!
//! A session whose connection is lost, and that may be resumed, is not kept here: it is parked at its user's home,
//! where its events come from anyway, and fetched from there by the connection that resumes it.

mod connection;
pub(crate) mod far;
pub(crate) mod guard;
pub(crate) mod outbox;
pub(crate) mod parked;
mod past;
mod questions;
mod sign_in;

pub(crate) use cluster::wire::SessionId;
pub use connection::Client;
pub(crate) use connection::Sink;
pub(crate) use parked::Parked;

use crate::{entity::ToUser, front::FrontEnd, passwords::Checks, pool::Moved};
use cluster::wire::Found;
use domain::{Address, Refusal, endpoint::Event};
use far::Far;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use transport::InboxSender;
use xmpp::{session, stream};

/// What a session's inbox brings.
#[derive(Debug)]
pub enum SessionEvent {
    /// From its user's home.
    Endpoint(Event),
    /// The answer to a question of the stream.
    Stream(stream::AskId, stream::Answer),
    /// The answer to a question of the stream that rests on these credentials.
    Credentials(stream::AskId, stream::Answer, u64),
    /// The answer to a question of the session.
    Session(session::AskId, session::Answer),
    /// The parked session that was asked for; `None`: there is none of that id.
    Fetched(stream::AskId, Option<Box<Parked>>),
    /// Another connection resumes this session, if it has this id: park it.
    HandOver(Arc<str>),
    /// The home has moved: attach to it again.
    Adrift,
    /// The home has the session again: ask it what is not answered.
    Attached,
    /// Others on whom answers may depend have moved.
    Moved(Arc<Moved>),
    /// The session that was asked for was on a node that is gone: what its home knows of it.
    Restored(stream::AskId, Box<Found>),
}

/// Which session of this process; in a pool the node is its incarnation.
pub(crate) fn here(number: u64) -> SessionId {
    SessionId { node: 0, number }
}

/// The way to a session in this process, and which one it is.
#[derive(Clone, Debug)]
pub(crate) struct Inbox {
    pub(crate) session: SessionId,
    pub(crate) events: InboxSender<SessionEvent>,
}

/// The way from a home to a session.
#[derive(Clone, Debug)]
pub(crate) enum Line {
    /// In this process.
    Near(Inbox),
    /// By the node of its connection.
    Far(Box<Far>),
}

impl Line {
    /// Whose it is.
    pub(crate) fn session(&self) -> SessionId {
        match self {
            Self::Near(inbox) => inbox.session,
            Self::Far(far) => far.session(),
        }
    }

    /// Whether the endpoint is signed in now. A connection that is gone already says so by itself.
    pub(crate) fn bound(&self, ask: stream::AskId, outcome: Result<(), Refusal>) {
        match self {
            Self::Near(inbox) => {
                let answer = stream::Answer::Bound(outcome);
                let _ = inbox.events.send(SessionEvent::Stream(ask, answer));
            }
            Self::Far(far) => far.attached(ask, outcome),
        }
    }

    /// The session that it wants to resume is not there. A connection that is gone already misses nothing.
    pub(crate) fn not_found(&self, ask: stream::AskId) {
        match self {
            Self::Near(inbox) => drop(inbox.events.send(SessionEvent::Fetched(ask, None))),
            Self::Far(far) => far.resumed(ask, None),
        }
    }
}

/// Makes the sessions of a front end. Cheap to clone.
#[derive(Clone)]
pub struct Sessions(Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) front: FrontEnd,
    pub(crate) stream: Arc<stream::Settings>,
    pub(crate) door: Arc<session::Config>,
    pub(crate) guard: guard::Guard,
    pub(crate) checks: Checks,
    past: past::Past,
    last: AtomicU64,
}

impl Sessions {
    /// Of this front end, with what streams and sessions are told.
    pub fn new(front: FrontEnd, stream: stream::Settings) -> Self {
        let door = Arc::clone(&front.settings().xmpp);
        Self(Arc::new(Shared {
            front,
            stream: Arc::new(stream),
            door,
            guard: guard::Guard::default(),
            checks: Checks::default(),
            past: past::Past::default(),
            last: AtomicU64::new(0),
        }))
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.0
    }
}

impl Shared {
    /// The number of a new session.
    fn next(&self) -> u64 {
        self.last.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Tells a user's home something that must not be lost; waits for room if there is none now.
    pub(crate) fn tell_surely(&self, user: Address, ask: ToUser) {
        self.front.router().tell_surely(user, ask);
    }
}
