//! One connection as a client has it: TCP, then TLS that trusts the server's own CA alone, then pieces of XML by stream
//! (RFC 6120), by WebSocket (RFC 7395) or by HTTP requests (XEP-0206).

mod bosh;
mod http;
mod socket;
mod splitter;
mod tls;
mod websocket;

pub use http::{Reply, request};
pub use socket::Socket;
pub use tls::Trust;

use splitter::{Cut, Splitter};
use std::{
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};
use xmpp::stanza::Element;

/// What comes in.
#[derive(Debug)]
pub enum Piece {
    /// The server's stream header.
    Opened(String),
    /// Anything below the stream.
    Element(Element),
    /// The stream's closing tag.
    Ended,
    /// The connection's end; nothing follows.
    Closed,
}

/// How pieces come.
enum Way {
    Socket(Socket, Framing),
    Requests(Box<bosh::Requests>),
}

/// How pieces are told apart.
enum Framing {
    Stream(Splitter),
    WebSocket(websocket::Frames),
}

/// A connection.
pub struct Wire {
    way: Way,
    buffer: Vec<u8>,
}

impl Wire {
    /// A stream, without TLS as yet.
    pub fn connect(address: SocketAddr, patience: Duration) -> io::Result<Self> {
        let framing = Framing::Stream(Splitter::default());
        Ok(Self::by(Way::Socket(Socket::connect_within(address, patience)?, framing)))
    }

    /// A WebSocket, inside TLS.
    pub fn connect_websocket(address: SocketAddr, trust: &Trust) -> io::Result<Self> {
        let mut socket = Socket::connect(address)?;
        socket.secure(trust, b"http/1.1")?;
        websocket::upgrade(&mut socket)?;
        Ok(Self::by(Way::Socket(socket, Framing::WebSocket(websocket::Frames::default()))))
    }

    /// HTTPS requests.
    pub fn connect_requests(address: SocketAddr, trust: &Trust) -> io::Result<Self> {
        Ok(Self::by(Way::Requests(Box::new(bosh::Requests::connect(address, trust)?))))
    }

    fn by(way: Way) -> Self {
        Self { way, buffer: vec![0; 16384] }
    }

    /// Speaks TLS from here on.
    pub fn secure(&mut self, trust: &Trust) -> io::Result<()> {
        let Way::Socket(socket, framing) = &mut self.way else { return Ok(()) };
        *framing = Framing::Stream(Splitter::default());
        socket.secure(trust, b"xmpp-client")
    }

    /// Whether each element travels alone, as in a WebSocket.
    pub fn is_framed(&self) -> bool {
        !matches!(self.way, Way::Socket(_, Framing::Stream(_)))
    }

    /// Expects a stream header next.
    pub fn restart(&mut self) {
        if let Way::Socket(_, Framing::Stream(splitter)) = &mut self.way {
            splitter.restart();
        }
    }

    /// Sends bytes as they are, or as one message.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.way {
            Way::Socket(socket, Framing::Stream(_)) => socket.write(bytes),
            Way::Socket(socket, Framing::WebSocket(_)) => socket.write(&websocket::frame(bytes)),
            Way::Requests(requests) => requests.send(bytes),
        }
    }

    /// Asks the server to wait so many seconds for the next request (XEP-0124 §10); only requests can.
    pub fn pause(&mut self, seconds: u32) -> io::Result<()> {
        match &mut self.way {
            Way::Requests(requests) => requests.pause(seconds),
            Way::Socket(..) => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    /// The next piece.
    ///
    /// Errors: `TimedOut` if none came until then.
    pub fn next(&mut self, until: Instant) -> io::Result<Piece> {
        let (socket, framing) = match &mut self.way {
            Way::Socket(socket, framing) => (socket, framing),
            Way::Requests(requests) => return requests.next(until),
        };
        loop {
            if let Some(piece) = cut(framing) {
                return Ok(piece);
            }
            let left = until.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
            let count = match socket.read(&mut self.buffer, left) {
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::TimedOut => return Err(error),
                Err(_) => 0,
            };
            if count == 0 {
                return Ok(Piece::Closed);
            }
            match framing {
                Framing::Stream(splitter) => splitter.push(&self.buffer[..count]),
                Framing::WebSocket(frames) => frames.push(&self.buffer[..count]),
            }
        }
    }

    /// What the TLS connection knows of itself: RFC 9266 `tls-exporter`, for SCRAM's `-PLUS`.
    pub fn exporter(&self) -> Option<[u8; 32]> {
        match &self.way {
            Way::Socket(socket, _) => socket.exporter(),
            Way::Requests(_) => None,
        }
    }

    /// Ends the connection without a word.
    pub fn cut_off(&mut self) {
        match &mut self.way {
            Way::Socket(socket, _) => socket.shut(),
            Way::Requests(requests) => requests.cut_off(),
        }
    }
}

fn cut(framing: &mut Framing) -> Option<Piece> {
    match framing {
        Framing::Stream(splitter) => splitter.next().map(|cut| match cut {
            Cut::Header(text) => Piece::Opened(text),
            Cut::Element(bytes) => Piece::Element(element(&bytes)),
            Cut::End => Piece::Ended,
        }),
        Framing::WebSocket(frames) => frames.next().map(|message| match message {
            websocket::Message::Text(bytes) if bytes.starts_with(b"<open") => {
                Piece::Opened(String::from_utf8_lossy(&bytes).into_owned())
            }
            websocket::Message::Text(bytes) if bytes.starts_with(b"<close") => Piece::Ended,
            websocket::Message::Text(bytes) => Piece::Element(element(&bytes)),
            websocket::Message::Close => Piece::Closed,
        }),
    }
}

fn element(bytes: &[u8]) -> Element {
    Element::parse(bytes)
        .unwrap_or_else(|error| panic!("the server wrote {error:?}: {}", String::from_utf8_lossy(bytes)))
}
