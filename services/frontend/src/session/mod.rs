//! A client's connection in the front end: between the transport that carries its bytes, the XMPP machines that read
//! them, and the home that decides.
//!
//! A session whose connection is lost, and that may be resumed, is not kept here: it is parked at its user's home,
//! where its events come from anyway, and fetched from there by the connection that resumes it.

mod connection;
pub(crate) mod guard;
pub(crate) mod outbox;
pub(crate) mod parked;
mod past;
mod questions;
mod sign_in;

pub use connection::Client;
pub(crate) use connection::Sink;
pub(crate) use parked::Parked;

use crate::{entity::ToUser, front::FrontEnd, limits, passwords::Checks, router::Busy};
use domain::{Address, endpoint::Event};
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
}

/// The way to a session, and which one it is.
#[derive(Clone, Debug)]
pub(crate) struct Inbox {
    /// Unique in the process; a later session has a higher one.
    pub(crate) session: u64,
    pub(crate) events: InboxSender<SessionEvent>,
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
        if let Err(Busy((user, ask))) = self.front.router().ask_user(user, ask) {
            let router = self.front.router().clone();
            actix::spawn(async move {
                let mut waiting = (user, ask);
                while let Err(Busy(back)) = router.ask_user(waiting.0, waiting.1) {
                    waiting = back;
                    tokio::time::sleep(limits::RETRY_DELAY).await;
                }
            });
        }
    }
}
