//! The ports of the sessions whose connections are on this node: where their homes find them, wherever those are. A port
//! holds what its session does not take fast enough, and the session itself while that has no connection.
//!
//! Invariant: a session whose home has moved attaches again, with or without a connection.

use super::{Moved, Pool};
use crate::{
    clock,
    entity::ToUser,
    limits,
    meters::Meters,
    session::{
        Inbox, Line, Parked, SessionEvent,
        far::{self, Far},
        outbox::Outbox,
    },
};
use actix::{Actor, Addr, Arbiter, AsyncContext as _, Context, Handler, Message};
use cluster::{NodeId, wire::Found};
use domain::{
    Address, EndpointName, Reason, Refusal,
    endpoint::{Ending, Event},
};
use std::{collections::HashMap, sync::Arc};
use tokio::sync::oneshot;
use xmpp::{
    session,
    stream::{self, AskId},
};

/// For the port of the session of this number.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Port {
    pub(super) number: u64,
    /// Which node's home says it; `None`: it is no home's word.
    pub(super) home: Option<NodeId>,
    pub(super) what: ToPort,
}

/// What a port is told.
pub(crate) enum ToPort {
    /// A session is about to sign in.
    Open { user: Address, endpoint: EndpointName, inbox: Inbox, credentials: u64 },
    /// From its home.
    Event(Event),
    /// Whether its home has it now.
    Bound(AskId, Result<(), Refusal>),
    /// It has lost its connection.
    Park(Box<Parked>),
    /// A question that it asked while it had one is answered.
    Answered(session::AskId, session::Answer),
    /// It is not the one that another connection wants to resume.
    NotWanted(Arc<str>),
    /// A connection that is about to resume a session.
    Taker { inbox: Inbox, ask: AskId },
    /// Where the session is that it wants to resume.
    Found(AskId, Option<Box<Found>>),
    /// A connection of this node, behind this inbox, resumes it if it has this id.
    Wanted { id: Arc<str>, ask: AskId, inbox: Inbox },
    /// A connection of another node has resumed it.
    LetGo,
    /// It is over.
    Close,
}

/// Homes have moved.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct HomesMoved(pub(super) Arc<Moved>);

struct Session {
    user: Address,
    credentials: u64,
    outbox: Outbox,
    /// News that its inbox had no room for.
    news: Vec<SessionEvent>,
}

/// See the module. One on each worker.
pub(crate) struct Ports {
    pool: Pool,
    meters: Arc<Meters>,
    sessions: HashMap<u64, Session>,
    /// Connections that wait to hear where the session is that they resume.
    takers: HashMap<u64, Inbox>,
    retrying: bool,
}

impl Ports {
    /// On this worker.
    pub(super) async fn start_on(worker: &Arbiter, pool: Pool, meters: Arc<Meters>) -> Addr<Self> {
        let (started, address) = oneshot::channel();
        worker.spawn_fn(move || {
            let ports =
                Self { pool, meters, sessions: HashMap::new(), takers: HashMap::new(), retrying: false };
            let address = Self::create(|ctx| {
                ctx.set_mailbox_capacity(limits::SHARD_MAILBOX);
                ports
            });
            drop(started.send(address));
        });
        address.await.expect("a worker that was just started runs")
    }

    /// Does what the session in the port led to, and sees to what found no room.
    fn settle(&mut self, number: u64, ctx: &mut Context<Self>) {
        let Some(session) = self.sessions.get_mut(&number) else { return };
        let (now, user) = (clock::now(), session.user.clone());
        let endpoint = session.outbox.endpoint().clone();
        let id = session.outbox.session();
        for (ticket, stanza, command) in session.outbox.take_asked() {
            let endpoint = endpoint.clone();
            self.pool.ask_home(&user, ToUser::Asked { endpoint, session: id, stanza, ticket, command });
        }
        let is_behind = !session.outbox.retry();
        if session.outbox.is_lost(now) {
            session.outbox.give_up();
            self.sessions.remove(&number);
            self.pool.tell_surely(user, ToUser::Detach { endpoint, session: id });
        } else if is_behind || !session.news.is_empty() {
            self.retry_later(ctx);
        }
    }

    fn retry_later(&mut self, ctx: &mut Context<Self>) {
        if std::mem::replace(&mut self.retrying, true) {
            return;
        }
        ctx.run_later(limits::RETRY_DELAY, |ports, ctx| {
            ports.retrying = false;
            for session in ports.sessions.values_mut() {
                session.tell_news();
            }
            let behind: Vec<u64> = ports
                .sessions
                .iter()
                .filter(|(_, session)| session.outbox.is_behind() || !session.news.is_empty())
                .map(|(number, _)| *number)
                .collect();
            behind.into_iter().for_each(|number| ports.settle(number, ctx));
        });
    }

    /// Whether its home has the session now.
    fn bound(&mut self, number: u64, ask: AskId, outcome: Result<(), Refusal>) {
        let Some(session) = self.sessions.get_mut(&number) else { return };
        let admitted = outcome.is_ok();
        if ask != far::AGAIN {
            session.news.push(SessionEvent::Stream(ask, stream::Answer::Bound(outcome)));
        } else if let Err(refusal) = outcome {
            let ending = match refusal.reason {
                Reason::Conflict => Ending::Replaced,
                Reason::NotAuthorized => Ending::AccountChanged,
                _ => Ending::LimitReached,
            };
            session.outbox.send(Event::Ended(ending));
        } else if !session.outbox.attached() {
            session.news.push(SessionEvent::Attached);
        }
        session.tell_news();
        if !admitted && ask != far::AGAIN {
            self.sessions.remove(&number);
        }
    }

    /// Where the session is that a connection wants to resume.
    fn found(&mut self, number: u64, ask: AskId, found: Option<Box<Found>>) {
        let Some(inbox) = self.takers.remove(&number) else { return };
        match found {
            Some(found) if found.former.node == self.pool.me().incarnation => {
                let id = found.again.resumable.clone().map_or_else(|| Arc::from(""), |id| id.0);
                let wanted = ToPort::Wanted { id, ask, inbox: inbox.clone() };
                if self.pool.to_port(found.former.number, wanted).is_err() {
                    Line::Near(inbox).not_found(ask);
                }
            }
            // A connection that is gone already will not attach.
            Some(found) => drop(inbox.events.send(SessionEvent::Restored(ask, found))),
            None => Line::Near(inbox).not_found(ask),
        }
    }

    /// A connection of this node takes over the session of another one.
    fn wanted(&mut self, number: u64, id: &Arc<str>, ask: AskId, inbox: Inbox) {
        let Some(session) = self.sessions.get_mut(&number) else {
            return Line::Near(inbox).not_found(ask);
        };
        if session.outbox.is_parked_as(id) {
            session.outbox.resume(ask, inbox);
            let (user, endpoint) = (session.user.clone(), session.outbox.endpoint().clone());
            let session = session.outbox.session();
            self.pool.tell_surely(user, ToUser::Waits { endpoint, session, waits: false });
        } else if !session.outbox.wanted(id, ask, &Line::Near(inbox.clone())) {
            Line::Near(inbox).not_found(ask);
        }
    }
}

impl Session {
    /// Hands over news, as far as there is room.
    fn tell_news(&mut self) {
        while !self.news.is_empty() {
            let event = self.news.remove(0);
            if let Some(back) = self.outbox.tell(event) {
                self.news.insert(0, back);
                return;
            }
        }
    }
}

impl Actor for Ports {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        // Sessions that nobody came to resume.
        ctx.run_interval(limits::PARKED_CHECK, |ports, ctx| {
            let now = clock::now();
            let over: Vec<u64> = ports
                .sessions
                .iter()
                .filter(|(_, session)| session.outbox.is_lost(now))
                .map(|(number, _)| *number)
                .collect();
            over.into_iter().for_each(|number| ports.settle(number, ctx));
            ports.takers.retain(|_, inbox| !inbox.events.is_closed());
        });
    }
}

impl Handler<Port> for Ports {
    type Result = ();

    fn handle(&mut self, Port { number, home, what }: Port, ctx: &mut Self::Context) {
        if let (Some(home), Some(session)) = (&home, self.sessions.get(&number))
            && !self.pool.is_home_of(home, &session.user)
        {
            // It has lost the user's shard and does not know yet: its word would mix with its successor's.
            return self.meters.misdirected.up();
        }
        match what {
            ToPort::Open { user, endpoint, inbox, credentials } => {
                // Asked once more, for want of a home, it is here already.
                self.sessions.entry(number).or_insert_with(|| {
                    let outbox = Outbox::new(endpoint, Line::Near(inbox), Arc::clone(&self.meters));
                    Session { user, credentials, outbox, news: Vec::new() }
                });
            }
            ToPort::Event(event) => {
                if let Some(session) = self.sessions.get_mut(&number) {
                    session.outbox.send(event);
                }
            }
            ToPort::Bound(ask, outcome) => self.bound(number, ask, outcome),
            ToPort::Park(parked) => {
                if let Some(session) = self.sessions.get_mut(&number) {
                    session.outbox.park(parked);
                }
            }
            ToPort::Answered(ask, answer) => {
                if let Some(session) = self.sessions.get_mut(&number) {
                    session.outbox.answer(ask, answer);
                }
            }
            ToPort::NotWanted(id) => {
                let wanted = self.sessions.get_mut(&number).and_then(|s| s.outbox.not_wanted(&id));
                if let Some((_, ask, line)) = wanted {
                    line.not_found(ask);
                }
            }
            ToPort::Taker { inbox, .. } => drop(self.takers.insert(number, inbox)),
            ToPort::Found(ask, found) => self.found(number, ask, found),
            ToPort::Wanted { id, ask, inbox } => self.wanted(number, &id, ask, inbox),
            ToPort::LetGo => {
                if let Some(mut session) = self.sessions.remove(&number) {
                    session.outbox.send(Event::Ended(Ending::Replaced));
                }
            }
            ToPort::Close => {
                if let Some(mut session) = self.sessions.remove(&number)
                    && let Some((_, ask, line)) = session.outbox.take_wanted()
                {
                    line.not_found(ask);
                }
            }
        }
        self.settle(number, ctx);
    }
}

impl Handler<HomesMoved> for Ports {
    type Result = ();

    fn handle(&mut self, HomesMoved(moved): HomesMoved, ctx: &mut Self::Context) {
        for session in self.sessions.values_mut() {
            if !moved.has_user(&session.user) {
                session.news.push(SessionEvent::Moved(Arc::clone(&moved)));
            } else if let Some(again) = session.outbox.adrift() {
                let number = session.outbox.session().number;
                let line = Line::Far(Box::new(Far::new(self.pool.clone(), self.pool.me().clone(), number)));
                let (endpoint, credentials) = (session.outbox.endpoint().clone(), session.credentials);
                let id = session.outbox.session();
                let attach = ToUser::AttachAgain {
                    endpoint: endpoint.clone(),
                    line,
                    credentials,
                    again: Box::new(again),
                };
                self.pool.tell_surely(session.user.clone(), attach);
                let waits = ToUser::Waits { endpoint, session: id, waits: true };
                self.pool.tell_surely(session.user.clone(), waits);
            } else {
                session.news.push(SessionEvent::Adrift);
            }
            session.tell_news();
        }
        self.retry_later(ctx);
    }
}
