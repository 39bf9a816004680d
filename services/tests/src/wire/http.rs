//! One HTTPS request: enough to upload, to download, and to ask for health.

use super::{Socket, Trust};
use crate::limits::WAIT;
use std::{io, net::SocketAddr};

/// What came back.
pub struct Reply {
    /// Such as 200.
    pub status: u16,
    /// The header as it came, status line included.
    pub head: String,
    /// The body.
    pub body: Vec<u8>,
}

/// Sends one request and reads the answer to the end of the connection. `headers` are whole lines.
pub fn request(
    address: SocketAddr,
    trust: &Trust,
    line: &str,
    headers: &[String],
    body: &[u8],
) -> io::Result<Reply> {
    let mut socket = Socket::connect(address)?;
    socket.secure(trust, b"http/1.1")?;
    let mut request = format!("{line} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", crate::server::DOMAIN);
    for header in headers {
        request += header;
        request += "\r\n";
    }
    request += "\r\n";
    socket.write(request.as_bytes())?;
    // Who is refused may find the connection closed before all is written; the answer says why.
    let _ = socket.write(body);
    let head = head(&mut socket)?;
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    let status = status.ok_or_else(|| io::Error::other(format!("no HTTP: {head}")))?;
    Ok(Reply { status, body: rest(&mut socket)?, head })
}

/// Reads up to the empty line.
pub(super) fn head(socket: &mut Socket) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if socket.read(&mut byte, WAIT)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        head.push(byte[0]);
    }
    String::from_utf8(head).map_err(io::Error::other)
}

fn rest(socket: &mut Socket) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    let mut part = vec![0; 65536];
    loop {
        match socket.read(&mut part, WAIT) {
            Ok(0) => return Ok(body),
            Ok(count) => body.extend_from_slice(&part[..count]),
            // The web server closes TCP without TLS's good-bye.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(body),
            Err(error) => return Err(error),
        }
    }
}
