//! The domains of others that are reached from here: a command for one of their addresses goes to what stands for that
//! domain instead of a shard. Today these are components (XEP-0114).
//!
//! Invariant: what one of them says leaves in the order in which it was said.

mod connection;

pub use connection::Component;

use crate::{
    clock,
    entity::ToUser,
    limits,
    router::{Busy, Router},
};
use domain::{Address, Timestamp};
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};
use transport::InboxSender;
use xmpp::{
    component::{Components, Output, Peer},
    stanza::Stanza,
    wire::StreamError,
};

/// What the connection of a component is told.
#[derive(Clone, Copy, Debug)]
pub enum Told {
    /// There is something to write, or more may be read.
    Look,
    /// End with this error.
    End(StreamError),
}

/// The peer domains of a front end. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Peers(Arc<HashMap<Box<str>, Arc<Border>>>);

/// The border to one domain.
pub(crate) struct Border {
    router: OnceLock<Router>,
    state: Mutex<State>,
}

struct State {
    peer: Peer,
    /// The connection, and which one it is.
    link: Option<(u64, InboxSender<Told>)>,
    links: u64,
    /// What could not be handed to a home yet.
    undelivered: VecDeque<Output>,
    retrying: bool,
}

impl Peers {
    pub(crate) fn new(components: &Components, home: &Address) -> Self {
        let border = |domain: &Address| Border {
            router: OnceLock::new(),
            state: Mutex::new(State {
                peer: Peer::new(domain.clone(), home.clone()),
                link: None,
                links: 0,
                undelivered: VecDeque::new(),
                retrying: false,
            }),
        };
        Self(Arc::new(
            components.keys().map(|domain| (domain.as_str().into(), Arc::new(border(domain)))).collect(),
        ))
    }

    /// The router that these are part of.
    pub(crate) fn open(&self, router: &Router) {
        for border in self.0.values() {
            let set = border.router.set(router.clone());
            debug_assert!(set.is_ok(), "a router is made once");
        }
    }

    /// The border to the domain of this address, if it is a peer's.
    pub(crate) fn of(&self, address: &Address) -> Option<&Arc<Border>> {
        if self.0.is_empty() { None } else { self.0.get(address.domain()) }
    }
}

impl Border {
    /// What the home of an address would be asked. What only a home here can answer gets no answer.
    #[expect(
        clippy::result_large_err,
        reason = "what is refused comes back to be tried again, and seldom is"
    )]
    pub(crate) fn ask(self: &Arc<Self>, to: Address, ask: ToUser) -> Result<(), Busy<(Address, ToUser)>> {
        let ToUser::Command(command) = ask else { return Ok(()) };
        let mut state = self.state();
        if state.undelivered.len() >= limits::UNDELIVERED {
            return Err(Busy((to, ToUser::Command(command))));
        }
        self.turn(&mut state, |peer, out| peer.command(clock::now(), to, command, out));
        Ok(())
    }

    /// The component is there, by this connection; one that was there before is ended. Which connection it is.
    pub(crate) fn connected(self: &Arc<Self>, told: InboxSender<Told>) -> u64 {
        let mut state = self.state();
        self.hang_up(&mut state, StreamError::Conflict);
        state.links += 1;
        let link = state.links;
        state.link = Some((link, told));
        self.turn(&mut state, Peer::connected);
        link
    }

    /// This connection is gone.
    pub(crate) fn disconnected(self: &Arc<Self>, link: u64) {
        let mut state = self.state();
        if state.is(link) {
            state.link = None;
            self.turn(&mut state, Peer::disconnected);
        }
    }

    pub(crate) fn stanza(self: &Arc<Self>, link: u64, stanza: &Stanza) {
        let mut state = self.state();
        if state.is(link) {
            self.turn(&mut state, |peer, out| peer.stanza(clock::now(), stanza, out));
        }
    }

    /// What waits for the component.
    pub(crate) fn take(&self, link: u64, bytes: &mut Vec<u8>) {
        let mut state = self.state();
        if state.is(link) {
            state.peer.take(bytes);
        }
    }

    pub(crate) fn flushed(self: &Arc<Self>, link: u64) {
        let mut state = self.state();
        if state.is(link) {
            self.turn(&mut state, Peer::flushed);
        }
    }

    pub(crate) fn tick(self: &Arc<Self>, now: Timestamp) {
        self.turn(&mut self.state(), |peer, out| peer.tick(now, out));
    }

    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        self.state().peer.deadline()
    }

    pub(crate) fn wants_more_input(&self) -> bool {
        let state = self.state();
        state.undelivered.len() < limits::UNDELIVERED && state.peer.wants_more_input()
    }

    /// One call of the machine, and all that follows.
    fn turn(self: &Arc<Self>, state: &mut State, call: impl FnOnce(&mut Peer, &mut Vec<Output>)) {
        let mut out = Vec::new();
        call(&mut state.peer, &mut out);
        for output in out {
            match output {
                Output::Wake => state.tell(Told::Look),
                Output::TooSlow => self.hang_up(state, StreamError::ResourceConstraint),
                Output::InvalidFrom => self.hang_up(state, StreamError::InvalidFrom),
                output => state.undelivered.push_back(output),
            }
        }
        self.deliver(state);
    }

    fn hang_up(self: &Arc<Self>, state: &mut State, error: StreamError) {
        if state.link.is_some() {
            state.tell(Told::End(error));
            state.link = None;
            self.turn(state, Peer::disconnected);
        }
    }

    /// Hands over what can be, and tries again later if something is left.
    fn deliver(self: &Arc<Self>, state: &mut State) {
        let Some(router) = self.router.get() else { return };
        while let Some(output) = state.undelivered.pop_front() {
            let refused = match output {
                Output::ToUser(user, command) => router
                    .to_user(user, command)
                    .err()
                    .map(|Busy((user, command))| Output::ToUser(user, command)),
                Output::ToConversation(id, command) => {
                    let handed = router.to_conversation(id, command);
                    handed.err().map(|Busy((id, command))| Output::ToConversation(id, command))
                }
                Output::Wake | Output::TooSlow | Output::InvalidFrom => None,
            };
            if let Some(refused) = refused {
                state.undelivered.push_front(refused);
                return self.retry(state);
            }
        }
    }

    fn retry(self: &Arc<Self>, state: &mut State) {
        if std::mem::replace(&mut state.retrying, true) {
            return;
        }
        let border = Arc::clone(self);
        actix::spawn(async move {
            tokio::time::sleep(limits::RETRY_DELAY).await;
            let mut state = border.state();
            state.retrying = false;
            border.deliver(&mut state);
            // More may be read now.
            state.tell(Told::Look);
        });
    }

    /// Changed only by turns of the machine, which do not panic half-way.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is(&self, link: u64) -> bool {
        self.link.as_ref().is_some_and(|(current, _)| *current == link)
    }

    fn tell(&self, told: Told) {
        if let Some((_, inbox)) = &self.link {
            // A full inbox holds a look already; one that is closed belongs to a connection that is going.
            let _ = inbox.send(told);
        }
    }
}
