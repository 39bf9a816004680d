//! The connection of a component (XEP-0114): in clear, so on a network that is trusted; its proof counts as a sign-in.

use super::{Border, Told};
use crate::{clock, session::Sessions};
use domain::Timestamp;
use std::{net::IpAddr, sync::Arc};
use transport::{Closed, InboxSender, Io, TlsFacts};
use xmpp::{
    component::{Components, Event, Link, Out},
    wire::StreamError,
};

/// The session of one connection.
pub struct Component {
    sessions: Sessions,
    components: Arc<Components>,
    from: IpAddr,
    link: Link,
    told: InboxSender<Told>,
    /// Once it is accepted: the border that it serves, and which connection of it this is.
    border: Option<(Arc<Border>, u64)>,
}

impl Sessions {
    /// The session of a new connection of a component.
    pub fn component(&self, from: IpAddr, told: InboxSender<Told>, now: Timestamp) -> Component {
        let mut seed = [0; 16];
        // As for clients: no proof could be safe without.
        getrandom::fill(&mut seed).expect("the system has randomness");
        let shared = self.shared();
        let components = Arc::clone(&shared.front.settings().components);
        let link = Link::new(seed, shared.stream.stanza_bytes, now);
        Component { sessions: self.clone(), components, from, link, told, border: None }
    }
}

impl Component {
    /// Does what the link says, until it says nothing more.
    fn follow(&mut self, mut out: Out, io: &mut Io) {
        loop {
            io.write(&std::mem::take(&mut out.bytes));
            let events = std::mem::take(&mut out.events);
            if events.is_empty() {
                return;
            }
            for event in events {
                match event {
                    Event::Proven => self.proven(io, &mut out),
                    Event::Failed => self.failed(),
                    Event::Stanza(stanza) => {
                        if let Some((border, link)) = &self.border {
                            border.stanza(*link, &stanza);
                        }
                    }
                    Event::Close => io.close(),
                }
            }
        }
    }

    fn proven(&mut self, io: &mut Io, out: &mut Out) {
        let shared = self.sessions.shared();
        let Some(domain) = self.link.domain() else { return };
        if !shared.guard.admits(clock::now(), self.from, domain) {
            return self.link.end(StreamError::PolicyViolation, out);
        }
        let Some(border) = shared.front.router().peers().of(domain).cloned() else { return };
        shared.guard.succeeded(clock::now(), self.from, domain);
        tracing::info!(component = %domain, peer = %self.from, "a component has connected");
        io.signed_in();
        let link = border.connected(self.told.clone());
        self.border = Some((border, link));
        self.link.accept(&self.components, out);
    }

    fn failed(&self) {
        let shared = self.sessions.shared();
        shared.front.meters().sign_ins_refused.up();
        shared.guard.failed(clock::now(), self.from, self.link.domain());
        tracing::warn!(peer = %self.from, component = self.link.domain().map(tracing::field::display),
            "a component did not know its secret");
    }

    fn end(&mut self, error: StreamError, io: &mut Io) {
        let mut out = Out::default();
        self.link.end(error, &mut out);
        self.follow(out, io);
    }

    /// Writes what waits.
    fn look(&self, io: &mut Io) {
        if let Some((border, link)) = self.border.as_ref().filter(|_| self.link.is_accepted()) {
            border.take(*link, io.buffer());
        }
    }
}

impl transport::Session for Component {
    type Event = Told;

    fn received(&mut self, _: Timestamp, bytes: &[u8], io: &mut Io) {
        let mut out = Out::default();
        self.link.received(bytes, &self.components, &mut out);
        self.follow(out, io);
    }

    fn event(&mut self, _: Timestamp, told: Told, io: &mut Io) {
        match told {
            Told::Look => self.look(io),
            Told::End(error) => self.end(error, io),
        }
    }

    fn deadline(&self) -> Option<Timestamp> {
        self.link.deadline().or_else(|| self.border.as_ref().and_then(|(border, _)| border.deadline()))
    }

    fn tick(&mut self, now: Timestamp, io: &mut Io) {
        if let Some((border, _)) = &self.border {
            border.tick(now);
        }
        let mut out = Out::default();
        self.link.tick(now, &mut out);
        self.follow(out, io);
    }

    /// There is no TLS in XEP-0114.
    fn secured(&mut self, _: Timestamp, _: TlsFacts, _: &mut Io) {}

    fn flushed(&mut self, _: Timestamp, _: &mut Io) {
        if let Some((border, link)) = &self.border {
            border.flushed(*link);
        }
    }

    fn draining(&mut self, _: Timestamp, io: &mut Io) {
        self.end(StreamError::SystemShutdown, io);
    }

    fn closed(&mut self, _: Timestamp, _: Closed) {
        if let Some((border, link)) = self.border.take() {
            border.disconnected(link);
        }
    }

    fn wants_more_input(&self) -> bool {
        self.border.as_ref().is_none_or(|(border, _)| border.wants_more_input())
    }
}
