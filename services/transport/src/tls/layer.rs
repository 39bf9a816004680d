//! TLS of one connection, between the bytes of the socket and the bytes of the session. No I/O: bytes in, bytes out.

use super::Tls;
use crate::session::{TlsFacts, TlsVersion};
use rustls::{Error, HandshakeKind, ProtocolVersion, ServerConnection};
use std::{
    io::{self, BufRead, Write},
    sync::Arc,
};
use tokio::time::Instant;

/// The exporter label and length of RFC 9266 §2; the context is empty, not absent, which TLS 1.2 tells apart.
const EXPORTER_LABEL: &[u8] = b"EXPORTER-Channel-Binding";
/// Plaintext sealed at a time, the most that one TLS record holds.
const RECORD: usize = 16 * 1024;

pub(crate) struct TlsLayer {
    connection: ServerConnection,
    /// While the handshake lasts: when it began, and the hash of the certificate that it uses.
    handshake: Option<(Instant, Option<Arc<[u8]>>)>,
}

/// What feeding bytes came to.
pub(crate) enum Fed {
    /// Nothing of note; there may be plaintext to read.
    More,
    /// The handshake is done.
    Secured(TlsFacts),
    /// The peer said `close_notify`.
    Closed,
}

impl TlsLayer {
    pub(crate) fn new(tls: &Tls, direct: bool, at: Instant) -> Result<Self, Error> {
        let identity = tls.current();
        let mut connection = ServerConnection::new(identity.config(direct))?;
        // The connection's owner bounds what it writes.
        connection.set_buffer_limit(None);
        Ok(Self { connection, handshake: Some((at, identity.endpoint_hash())) })
    }

    /// When the handshake began, while it lasts.
    pub(crate) fn handshaking_since(&self) -> Option<Instant> {
        self.handshake.as_ref().map(|(since, _)| *since)
    }

    /// Takes some of `wire`, advancing it. Read all plaintext before feeding more.
    pub(crate) fn feed(&mut self, wire: &mut &[u8]) -> Result<Fed, Error> {
        let took = self.connection.read_tls(wire).map_err(|_| Error::PeerSentOversizedRecord)?;
        let state = self.connection.process_new_packets()?;
        if !self.connection.is_handshaking()
            && let Some((_, endpoint_hash)) = self.handshake.take()
        {
            return Ok(Fed::Secured(self.facts(endpoint_hash)?));
        }
        if took == 0 || (state.peer_has_closed() && state.plaintext_bytes_to_read() == 0) {
            return Ok(Fed::Closed);
        }
        Ok(Fed::More)
    }

    fn facts(&self, endpoint_hash: Option<Arc<[u8]>>) -> Result<TlsFacts, Error> {
        let exporter = self.connection.export_keying_material([0; 32], EXPORTER_LABEL, Some(&[]))?;
        let version = match self.connection.protocol_version() {
            Some(ProtocolVersion::TLSv1_3) => TlsVersion::V1_3,
            _ => TlsVersion::V1_2,
        };
        let resumed = self.connection.handshake_kind() == Some(HandshakeKind::Resumed);
        Ok(TlsFacts { version, exporter, endpoint_hash, resumed })
    }

    /// Decrypted bytes; to be followed by [`TlsLayer::consume`].
    pub(crate) fn plaintext(&mut self) -> Option<&[u8]> {
        self.connection.reader().into_first_chunk().ok().filter(|chunk| !chunk.is_empty())
    }

    pub(crate) fn consume(&mut self, count: usize) {
        self.connection.reader().consume(count);
    }

    /// Encrypts `plain` and appends it to `wire`, behind what the handshake wants to send.
    pub(crate) fn seal(&mut self, plain: &[u8], wire: &mut Vec<u8>) -> io::Result<()> {
        for piece in plain.chunks(RECORD) {
            self.connection.writer().write_all(piece)?;
            self.pour(wire)?;
        }
        self.pour(wire)
    }

    /// Appends `close_notify`.
    pub(crate) fn seal_close(&mut self, wire: &mut Vec<u8>) -> io::Result<()> {
        self.connection.send_close_notify();
        self.pour(wire)
    }

    fn pour(&mut self, wire: &mut Vec<u8>) -> io::Result<()> {
        while self.connection.wants_write() {
            self.connection.write_tls(wire)?;
        }
        Ok(())
    }
}

/// The metric's word for a failed handshake.
pub(crate) fn failure_kind(error: &Error) -> &'static str {
    match error {
        Error::PeerIncompatible(_) | Error::NoApplicationProtocol => "incompatible",
        Error::AlertReceived(_) => "alert",
        _ => "malformed",
    }
}
