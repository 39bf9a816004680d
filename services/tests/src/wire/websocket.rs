//! The client's side of a WebSocket (RFC 6455), as far as XMPP needs it: text messages, ping, close.

use super::{Socket, http::head};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha1::{Digest as _, Sha1};
use std::io;

const KEY: &str = "bGlubmV0LWxpbm5ldC1saQ==";

/// Asks for the upgrade and checks the answer (§4.1).
pub(super) fn upgrade(socket: &mut Socket) -> io::Result<()> {
    let request = format!(
        "GET /xmpp-websocket HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: xmpp\r\n\r\n",
        crate::server::DOMAIN
    );
    socket.write(request.as_bytes())?;
    let head = head(socket)?.to_ascii_lowercase();
    let accept = STANDARD.encode(Sha1::digest(format!("{KEY}258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
    let agreed = head.starts_with("http/1.1 101 ")
        && head.contains(&format!("sec-websocket-accept: {}", accept.to_ascii_lowercase()))
        && head.contains("sec-websocket-protocol: xmpp");
    if agreed { Ok(()) } else { Err(io::Error::other(format!("no WebSocket: {head}"))) }
}

/// One text message, masked as a client must (§5.3).
pub(super) fn frame(text: &[u8]) -> Vec<u8> {
    let mask = [0x4c, 0x69, 0x6e, 0x6e];
    let mut out = vec![0x81];
    match text.len() {
        length @ 0..126 => out.push(0x80 | u8::try_from(length).expect("fits")),
        length @ 126..0x1_0000 => {
            out.push(0x80 | 0x7e);
            out.extend_from_slice(&u16::try_from(length).expect("fits").to_be_bytes());
        }
        length => {
            out.push(0x80 | 0x7f);
            out.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(&mask);
    out.extend(text.iter().enumerate().map(|(at, byte)| byte ^ mask[at % 4]));
    out
}

/// What came in.
pub(super) enum Message {
    /// A text.
    Text(Vec<u8>),
    /// The server closes.
    Close,
}

/// Cuts what comes in into messages.
#[derive(Default)]
pub(super) struct Frames {
    bytes: Vec<u8>,
}

impl Frames {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next message. Pings pass unanswered, the tests are shorter than that.
    pub(super) fn next(&mut self) -> Option<Message> {
        loop {
            let (&kind, &short) = (self.bytes.first()?, self.bytes.get(1)?);
            let (length, start) = match short {
                126 => (u64::from(u16::from_be_bytes(self.bytes.get(2..4)?.try_into().ok()?)), 4),
                127 => (u64::from_be_bytes(self.bytes.get(2..10)?.try_into().ok()?), 10),
                short => (u64::from(short), 2),
            };
            let end = start + usize::try_from(length).ok()?;
            let payload = self.bytes.get(start..end)?.to_vec();
            self.bytes.drain(..end);
            match kind {
                0x81 => return Some(Message::Text(payload)),
                0x88 => return Some(Message::Close),
                0x89 | 0x8a => {}
                kind => panic!("the server wrote a frame of kind {kind:#x}"),
            }
        }
    }
}
