//! The client's side of XMPP over HTTP requests (XEP-0206): two connections, of which one waits for what comes.
//!
//! Invariant: at most one request is open when a method returns, and none of its answer is lost.

use super::{Piece, Socket, Trust};
use std::{
    collections::VecDeque,
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};

const NS: &str = "http://jabber.org/protocol/httpbind";

/// One end of a request.
struct Connection {
    socket: Socket,
    came: Vec<u8>,
}

/// A session.
pub(super) struct Requests {
    connections: [Connection; 2],
    /// The connection whose answer has not come.
    open: Option<usize>,
    sid: Option<String>,
    rid: u64,
    pieces: VecDeque<Piece>,
}

impl Connection {
    fn new(address: SocketAddr, trust: &Trust) -> io::Result<Self> {
        let mut socket = Socket::connect(address)?;
        socket.secure(trust, b"http/1.1")?;
        Ok(Self { socket, came: Vec::new() })
    }

    fn post(&mut self, body: &str) -> io::Result<()> {
        let domain = crate::server::DOMAIN;
        let head = format!(
            "POST /http-bind HTTP/1.1\r\nHost: {domain}\r\nContent-Type: text/xml; charset=utf-8\r\n\
             Content-Length: {}\r\n\r\n",
            body.len()
        );
        self.socket.write(format!("{head}{body}").as_bytes())
    }

    /// The content of the next answer.
    fn answer(&mut self, until: Instant) -> io::Result<Vec<u8>> {
        let mut part = vec![0; 16384];
        loop {
            if let Some(content) = self.cut() {
                return Ok(content);
            }
            let left = until.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
            match self.socket.read(&mut part, left)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => self.came.extend_from_slice(&part[..count]),
            }
        }
    }

    fn cut(&mut self) -> Option<Vec<u8>> {
        let end = self.came.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
        let head = String::from_utf8_lossy(&self.came[..end]).to_ascii_lowercase();
        assert!(head.starts_with("http/1.1 200 "), "{head}");
        let (_, length) = head.split_once("content-length: ")?;
        let length: usize = length.split("\r\n").next()?.parse().ok()?;
        let content = self.came.get(end..end + length)?.to_vec();
        self.came.drain(..end + length);
        Some(content)
    }
}

impl Requests {
    pub(super) fn connect(address: SocketAddr, trust: &Trust) -> io::Result<Self> {
        Ok(Self {
            connections: [Connection::new(address, trust)?, Connection::new(address, trust)?],
            open: None,
            sid: None,
            rid: 1_000,
            pieces: VecDeque::new(),
        })
    }

    /// Sends one message of RFC 7395's framing the way that XEP-0206 has for it.
    pub(super) fn send(&mut self, message: &[u8]) -> io::Result<()> {
        let text = String::from_utf8_lossy(message);
        let domain = crate::server::DOMAIN;
        match (&*text, &self.sid) {
            (open, None) if open.starts_with("<open") => self.ask(
                &format!(
                    "to='{domain}' wait='60' hold='1' ver='1.6' xmpp:version='1.0' xmlns:xmpp='urn:xmpp:xbosh'"
                ),
                "",
            ),
            (open, Some(_)) if open.starts_with("<open") => {
                self.ask(&format!("to='{domain}' xmpp:restart='true' xmlns:xmpp='urn:xmpp:xbosh'"), "")
            }
            (close, _) if close.starts_with("<close") => self.ask("type='terminate'", ""),
            (stanza, _) => self.ask("", stanza),
        }
    }

    /// Asks the server to be patient for so many seconds, and says nothing more.
    pub(super) fn pause(&mut self, seconds: u32) -> io::Result<()> {
        self.ask(&format!("pause='{seconds}'"), "")?;
        self.hear(Instant::now() + crate::limits::WAIT)
    }

    fn ask(&mut self, attributes: &str, payload: &str) -> io::Result<()> {
        self.rid += 1;
        let sid = self.sid.as_ref().map(|sid| format!(" sid='{sid}'")).unwrap_or_default();
        let body = format!("<body rid='{}'{sid} {attributes} xmlns='{NS}'>{payload}</body>", self.rid);
        let free = self.open.map_or(0, |open| 1 - open);
        self.connections[free].post(&body)?;
        // One is held, so that the older one is answered now.
        if self.open.is_some() {
            self.hear(Instant::now() + crate::limits::WAIT)?;
        }
        self.open = Some(free);
        Ok(())
    }

    /// Takes in the answer of the open request.
    fn hear(&mut self, until: Instant) -> io::Result<()> {
        let Some(open) = self.open else { return Ok(()) };
        let content = self.connections[open].answer(until)?;
        self.open = None;
        let body = super::element(&content);
        assert!(body.is("body", NS), "{}", String::from_utf8_lossy(&content));
        if let Some(sid) = body.attribute("sid") {
            self.sid = Some(sid.to_owned());
            self.pieces.push_back(Piece::Opened(String::from_utf8_lossy(&content).into_owned()));
        }
        self.pieces.extend(body.children().cloned().map(Piece::Element));
        if body.attribute("type") == Some("terminate") {
            self.pieces.push_back(Piece::Ended);
        }
        Ok(())
    }

    /// The next piece; asks for it where nothing is open.
    pub(super) fn next(&mut self, until: Instant) -> io::Result<Piece> {
        loop {
            if let Some(piece) = self.pieces.pop_front() {
                return Ok(piece);
            }
            if self.open.is_none() {
                self.ask("", "")?;
            }
            match self.hear(until) {
                Err(error) if error.kind() != io::ErrorKind::TimedOut => return Ok(Piece::Closed),
                heard => heard?,
            }
        }
    }

    pub(super) fn cut_off(&mut self) {
        self.connections.iter_mut().for_each(|connection| connection.socket.shut());
    }
}
