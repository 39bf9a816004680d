//! An XMPP client for tests: it signs in, sends what it is told, and keeps what it hears until somebody asks.
//!
//! It answers by itself only what every client must: pushes (RFC 6121 §2.1.6), and requests for an acknowledgement
//! (XEP-0198) once management is on.

mod interests;
mod management;
mod scram;
mod sign_in;
mod token;

pub use management::Management;
pub use scram::Mechanism;

use crate::{
    limits::WAIT,
    server::{Ports, Server},
    wire::{Piece, Trust, Wire},
};
use std::{
    collections::VecDeque,
    io,
    time::{Duration, Instant},
};
use xmpp::stanza::Element;

/// How to reach the server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// RFC 6120 §5.
    StartTls,
    /// XEP-0368.
    Tls,
    /// RFC 7395.
    WebSocket,
    /// XEP-0206.
    Requests,
}

/// A client, connected or not.
pub struct Client {
    wire: Option<Wire>,
    ports: Ports,
    trust: Trust,
    /// The account's name, without the domain.
    pub user: String,
    /// The resource.
    pub name: String,
    /// Heard and not asked for yet, oldest first.
    pub inbox: VecDeque<Element>,
    /// How the stream has ended, if it has.
    pub ended: bool,
    /// XEP-0198, once it is on.
    pub management: Option<Management>,
    /// Whether acknowledgements are given when the server asks.
    pub acknowledges: bool,
    /// How long a server may take for a step of signing in, before this client would try another.
    pub patience: Duration,
    bound: bool,
    fences: u32,
}

impl Client {
    /// Of this user and resource; connects nowhere yet.
    pub fn new(server: &Server, user: &str, name: &str) -> Self {
        Self {
            wire: None,
            ports: server.ports(),
            trust: server.trust().clone(),
            user: user.to_owned(),
            name: name.to_owned(),
            inbox: VecDeque::new(),
            ended: false,
            management: None,
            acknowledges: true,
            patience: WAIT,
            bound: false,
            fences: 0,
        }
    }

    /// The server has other ports now.
    pub fn moved(&mut self, server: &Server) {
        self.goes_to(server.ports());
    }

    /// It connects here next.
    pub fn goes_to(&mut self, ports: Ports) {
        self.ports = ports;
    }

    /// It connects there from now on.
    pub fn go_to(&mut self, ports: Ports) {
        self.ports = ports;
    }

    /// Opens a connection; nothing is said on it yet, except TLS where that comes first.
    pub fn connect(&mut self, way: Way) -> io::Result<()> {
        let wire = match way {
            Way::StartTls => Wire::connect(self.ports.xmpp, self.patience)?,
            Way::Tls => {
                let mut wire = Wire::connect(self.ports.xmpp_tls, self.patience)?;
                wire.secure(&self.trust)?;
                wire
            }
            Way::WebSocket => Wire::connect_websocket(self.ports.http, &self.trust)?,
            Way::Requests => Wire::connect_requests(self.ports.http, &self.trust)?,
        };
        self.wire = Some(wire);
        self.ended = false;
        self.bound = false;
        Ok(())
    }

    /// Whether there is a stream that has not ended.
    pub fn is_connected(&self) -> bool {
        self.wire.is_some() && !self.ended
    }

    /// Shows that it is there and what it wants to hear of.
    pub fn show_interests(&mut self) -> io::Result<()> {
        self.send(interests::PRESENCE)
    }

    /// Whether it has come as far as stanzas.
    pub fn is_bound(&self) -> bool {
        self.bound
    }

    /// Ends the stream as RFC 6120 §4.4 has it.
    pub fn close(&mut self) -> Result<(), String> {
        let framed = self.wire().is_framed();
        let end: &[u8] = if framed {
            b"<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>"
        } else {
            b"</stream:stream>"
        };
        self.wire().send(end).map_err(|error| error.to_string())
    }

    fn wire(&mut self) -> &mut Wire {
        self.wire.as_mut().expect("it has connected")
    }

    /// Sends bytes as they are.
    pub fn send_raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.wire().send(bytes)
    }

    /// Sends one stanza; it is remembered until the server acknowledges it, where management is on.
    pub fn send(&mut self, stanza: &str) -> io::Result<()> {
        let is_stanza = ["<message", "<presence", "<iq"].iter().any(|start| stanza.starts_with(start));
        if let Some(management) = self.management.as_mut().filter(|_| is_stanza) {
            management.sent(stanza);
        }
        if self.wire().is_framed() && !stanza.contains("xmlns='jabber:client'") && is_stanza {
            let at = stanza.find([' ', '>', '/']).unwrap_or(stanza.len());
            let (start, rest) = stanza.split_at(at);
            return self.wire().send(format!("{start} xmlns='jabber:client'{rest}").as_bytes());
        }
        self.wire().send(stanza.as_bytes())
    }

    /// Takes in one more piece; false when none came until then or the connection is over.
    pub fn listen(&mut self, until: Instant) -> bool {
        if !self.is_connected() {
            return false;
        }
        match self.wire().next(until) {
            Ok(Piece::Element(element)) => {
                self.take(element);
                true
            }
            Ok(Piece::Opened(_)) => true,
            Ok(Piece::Ended | Piece::Closed) => {
                self.ended = true;
                false
            }
            Err(_) => false,
        }
    }

    fn take(&mut self, element: Element) {
        if let Some(management) = &mut self.management
            && management.takes(&element)
        {
            if element.name() == "r" && self.acknowledges {
                let answer = management.answer();
                // A connection that is gone is noticed by the next reading.
                let _ = self.wire().send(answer.as_bytes());
            }
            return;
        }
        if let Some(answer) = interests::answer(&element) {
            // As above.
            let _ = self.send(&answer);
            return;
        }
        if is_push(&element) {
            let id = element.attribute("id").unwrap_or_default().to_owned();
            // As above.
            let _ = self.send(&format!("<iq type='result' id='{id}'/>"));
        }
        self.inbox.push_back(element);
    }

    /// Waits for the first element of that name, dropping what comes before it.
    pub fn expect(&mut self, name: &str) -> Result<Element, String> {
        self.take_first(self.patience, |element| element.name() == name)
            .ok_or_else(|| format!("no <{name}/> came: {}", self.heard()))
    }

    /// Waits for an element and takes it out of what was heard.
    pub fn take_first(
        &mut self,
        wait: Duration,
        mut wanted: impl FnMut(&Element) -> bool,
    ) -> Option<Element> {
        let until = Instant::now() + wait;
        let mut looked = 0;
        loop {
            while looked < self.inbox.len() {
                if wanted(&self.inbox[looked]) {
                    return self.inbox.remove(looked);
                }
                looked += 1;
            }
            if !self.listen(until) {
                // What ended the stream may have come before it ended.
                if looked == self.inbox.len() {
                    return None;
                }
            }
        }
    }

    /// A ping of the server and back: whatever the server sent before its answer is heard then.
    pub fn fence(&mut self) -> Result<(), String> {
        self.fences += 1;
        let id = format!("fence-{}", self.fences);
        let ping = format!("<iq type='get' id='{id}'><ping xmlns='urn:xmpp:ping'/></iq>");
        self.send(&ping).map_err(|error| error.to_string())?;
        let found = self.take_first(WAIT, |element| element.attribute("id") == Some(&id));
        found.map(|_| ()).ok_or_else(|| format!("no answer to a ping came: {}", self.heard()))
    }

    /// Waits for the end of the stream or of the connection.
    pub fn wait_for_end(&mut self) -> bool {
        let until = Instant::now() + WAIT;
        while self.listen(until) {}
        self.ended
    }

    /// Drops the connection without a word, as a lost network does.
    pub fn cut_off(&mut self) {
        if let Some(wire) = &mut self.wire {
            wire.cut_off();
        }
        self.ended = true;
    }

    /// Asks the server to wait so many seconds for the next word, and says none; over requests only.
    pub fn pause(&mut self, seconds: u32) -> io::Result<()> {
        self.wire().pause(seconds)
    }

    /// Leaves the connection as it is and goes on without it; it stays open as long as what is returned.
    pub fn put_aside(&mut self) -> Option<Wire> {
        self.ended = true;
        self.wire.take()
    }

    /// What was heard, as text.
    pub fn heard(&self) -> String {
        let texts = self.inbox.iter().map(|e| String::from_utf8_lossy(&e.to_bytes()).into_owned());
        let end = if self.ended { " and the stream has ended" } else { "" };
        format!("{}/{} has heard{end}:\n  {}", self.user, self.name, texts.collect::<Vec<_>>().join("\n  "))
    }
}

/// An iq set of the server's own.
fn is_push(element: &Element) -> bool {
    let pushed = ["jabber:iq:roster", "urn:xmpp:blocking"];
    element.name() == "iq"
        && element.attribute("type") == Some("set")
        && element.first().is_some_and(|payload| pushed.contains(&payload.namespace()))
}
