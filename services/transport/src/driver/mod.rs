//! The one session driver: a future that carries a [`Session`] over a socket, in clear or in TLS.
//!
//! Each time it is woken it takes one turn: time, socket, inbox, then one write for all that came of it. While the
//! peer does not read (more than [`ConnectionLimits::pending_output`] bytes wait) neither socket nor inbox is read.
//!
//! Invariant: the session is told [`Session::closed`] once, and nothing after it.

mod alarm;
mod hear;
mod say;
mod scratch;

use crate::{
    ConnectionLimits,
    gate::Permit,
    inbox::Inbox,
    limits::{EVENTS_PER_ROUND, ROUNDS_PER_TURN},
    listener::{Entrance, Opening},
    session::{Closed, End, Io, Session},
    tls::TlsLayer,
};
use alarm::Alarm;
use domain::Timestamp;
use scratch::Scratch;
use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, SystemTime},
};
use tokio::{net::TcpStream, time::Instant};

/// One connection and its session: a future that ends when the connection does. Spawn it on the thread that made it.
pub struct Connection<S: Session> {
    /// Gone once it was told that it is closed.
    session: Option<S>,
    stream: TcpStream,
    layer: Layer,
    inbox: Inbox<S::Event>,
    /// What the kernel has not accepted.
    unsent: Vec<u8>,
    /// When it last accepted something of it, or began to wait.
    progress: Instant,
    is_waiting: bool,
    /// The session wrote something and was not told yet that it is flushed.
    owes_flushed: bool,
    told_draining: bool,
    phase: Phase,
    alarm: Alarm,
    permit: Permit,
    entrance: Arc<Entrance>,
}

enum Layer {
    Clear,
    Tls(Box<TlsLayer>),
}

enum Phase {
    Open,
    /// Write what is left, then close.
    Closing(Closed),
    /// Write what the kernel takes now, then drop it.
    Abandoned,
    /// All is written and the session is gone; the peer has until then to close its side.
    Lingering(Instant),
    Gone,
}

/// One turn: the clock, read once, the shared buffers, and what moved.
struct Turn<'a, 'b> {
    cx: &'a mut Context<'b>,
    now: Timestamp,
    at: Instant,
    scratch: &'a mut Scratch,
    received: usize,
    sent: usize,
}

impl<S: Session> Connection<S> {
    pub(crate) fn new(
        stream: TcpStream,
        opening: Opening,
        permit: Permit,
        session: S,
        inbox: Inbox<S::Event>,
        entrance: Arc<Entrance>,
    ) -> Result<Self, rustls::Error> {
        let at = Instant::now();
        let layer = match opening {
            Opening::StartTls => Layer::Clear,
            Opening::Direct => Layer::Tls(Box::new(TlsLayer::new(&entrance.tls, true, at)?)),
        };
        permit.ring_at_drain(inbox.bell());
        Ok(Self {
            session: Some(session),
            stream,
            layer,
            inbox,
            unsent: Vec::new(),
            progress: at,
            is_waiting: false,
            owes_flushed: false,
            told_draining: false,
            phase: Phase::Open,
            alarm: Alarm::default(),
            permit,
            entrance,
        })
    }

    fn limits(&self) -> &ConnectionLimits {
        &self.entrance.limits
    }

    fn turn(&mut self, turn: &mut Turn<'_, '_>) -> Poll<()> {
        for _ in 0..ROUNDS_PER_TURN {
            self.tell_time(turn);
            let listened = self.listens(turn);
            let heard = self.hear(turn);
            let more_events = self.take_events(turn);
            let again = self.say(turn);
            if matches!(self.phase, Phase::Abandoned) {
                self.end(Closed::BySession, turn.now);
            }
            self.expire(turn);
            if matches!(self.phase, Phase::Gone) {
                return Poll::Ready(());
            }
            let listens_again = !listened && self.listens(turn);
            if !heard && !more_events && !again && !listens_again {
                let at = self.next_deadline(turn);
                self.alarm.set(at, turn.cx);
                return Poll::Pending;
            }
        }
        self.keep(turn);
        turn.cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Lets the session act on its deadline and on the drain.
    fn tell_time(&mut self, turn: &mut Turn<'_, '_>) {
        if let (Phase::Open, Some(session)) = (&self.phase, &mut self.session)
            && session.deadline().is_some_and(|deadline| deadline <= turn.now)
        {
            session.tick(turn.now, &mut turn.scratch.io);
            self.obey(turn);
        }
        if !self.told_draining
            && self.may_tell()
            && self.inbox.is_draining()
            && let Some(session) = &mut self.session
        {
            self.told_draining = true;
            session.draining(turn.now, &mut turn.scratch.io);
            self.obey(turn);
        }
    }

    /// Hands over what the inbox holds; true if there is more than one round's worth.
    fn take_events(&mut self, turn: &mut Turn<'_, '_>) -> bool {
        for _ in 0..EVENTS_PER_ROUND {
            if !self.may_tell() {
                return false;
            }
            let clogged = self.is_clogged(turn);
            let next = if clogged { self.inbox.poll_first(turn.cx) } else { self.inbox.poll_next(turn.cx) };
            let Poll::Ready(event) = next else { return false };
            if let Some(session) = &mut self.session {
                session.event(turn.now, event, &mut turn.scratch.io);
            }
            self.obey(turn);
        }
        true
    }

    /// Does what the session asked for beside writing.
    fn obey(&mut self, turn: &mut Turn<'_, '_>) {
        let io = &mut turn.scratch.io;
        if std::mem::take(&mut io.signed_in) {
            self.permit.signed_in();
        }
        let end = io.end.take();
        if std::mem::take(&mut io.start_tls) && end.is_none() {
            self.begin_tls(turn);
        }
        match end {
            Some(End::Abandon) => self.phase = Phase::Abandoned,
            Some(End::Close) if matches!(self.phase, Phase::Open) => {
                self.phase = Phase::Closing(Closed::BySession);
            }
            _ => {}
        }
    }

    /// What was written so far leaves in clear; from here on there is only TLS.
    fn begin_tls(&mut self, turn: &mut Turn<'_, '_>) {
        if matches!(self.layer, Layer::Tls(_)) {
            return;
        }
        self.unsent.append(&mut turn.scratch.io.out);
        match TlsLayer::new(&self.entrance.tls, false, turn.at) {
            Ok(layer) => self.layer = Layer::Tls(Box::new(layer)),
            Err(_) => self.end(Closed::Tls, turn.now),
        }
    }

    /// Whether the session may be told of events: open, and not in a handshake.
    fn may_tell(&self) -> bool {
        matches!(self.phase, Phase::Open) && self.handshaking_since().is_none()
    }

    fn handshaking_since(&self) -> Option<Instant> {
        match &self.layer {
            Layer::Tls(layer) => layer.handshaking_since(),
            Layer::Clear => None,
        }
    }

    fn is_clogged(&self, turn: &Turn<'_, '_>) -> bool {
        self.unsent.len() + turn.scratch.io.out.len() > self.limits().pending_output
    }

    /// Tells the session that the connection is gone, once, after everything that its inbox has taken.
    fn tell_closed(&mut self, why: Closed, now: Timestamp) {
        if let Some(mut session) = self.session.take() {
            let mut unheard = Io::new();
            for event in self.inbox.close() {
                session.event(now, event, &mut unheard);
            }
            session.closed(now, why);
        }
    }

    /// Drops the connection as it is.
    fn end(&mut self, why: Closed, now: Timestamp) {
        self.tell_closed(why, now);
        self.phase = Phase::Gone;
    }

    /// The driver's own deadlines, with what happens at them.
    fn own_deadline(&self) -> Option<(Instant, Closed)> {
        if let Phase::Lingering(until) = self.phase {
            return Some((until, Closed::BySession));
        }
        let handshake = self
            .handshaking_since()
            .map(|since| (since + self.limits().handshake, Closed::HandshakeTimedOut));
        let stuck = (!self.unsent.is_empty()).then(|| (self.progress + self.limits().stuck, Closed::Stuck));
        handshake.into_iter().chain(stuck).min_by_key(|(at, _)| *at)
    }

    fn expire(&mut self, turn: &Turn<'_, '_>) {
        if let Some((at, why)) = self.own_deadline()
            && at <= turn.at
        {
            match why {
                Closed::Stuck => self.permit.gate().meters.stuck(),
                Closed::HandshakeTimedOut => crate::meters::Meters::handshake_failed("timeout"),
                _ => {}
            }
            self.end(why, turn.now);
        }
    }

    /// When to wake up next. A session whose deadline has passed even after its tick is ticked again a little later.
    fn next_deadline(&self, turn: &Turn<'_, '_>) -> Option<Instant> {
        let wanted = match (&self.phase, &self.session) {
            (Phase::Open, Some(session)) => session.deadline(),
            _ => None,
        };
        let wanted = wanted
            .and_then(|deadline| turn.at.checked_add(deadline.since(turn.now).max(Duration::from_millis(1))));
        let own = self.own_deadline().map(|(at, _)| at);
        wanted.into_iter().chain(own).min()
    }
}

impl<S: Session> Future for Connection<S> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        let mut scratch = Scratch::take();
        let mut turn =
            Turn { cx, now: wall_clock(), at: Instant::now(), scratch: &mut scratch, received: 0, sent: 0 };
        let outcome = this.turn(&mut turn);
        this.permit.gate().meters.moved(turn.received, turn.sent);
        scratch.put_back();
        outcome
    }
}

/// Nothing in a connection is pinned in place.
impl<S: Session> Unpin for Connection<S> {}

fn wall_clock() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::default().plus(since)
}
