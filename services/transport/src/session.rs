//! The contract between a connection and what it carries: a [`Session`] is told what happens, and answers into [`Io`].
//!
//! A session is a machine: it reads no clock, opens no socket, spawns nothing. The driver calls one method at a
//! time, never two at once, and none after [`Session::closed`].

use domain::Timestamp;
use std::sync::Arc;

/// The protocol state of one connection, driven by [`crate::Connection`].
pub trait Session: 'static {
    /// What its inbox brings, from any thread.
    type Event: Send + 'static;

    /// Bytes came, decrypted. They are shown once; an incomplete rest is the session's to keep. After
    /// [`Io::start_tls`] the session must drop what is left of `bytes`: it came before the handshake and may be
    /// injected (RFC 6120 §5.4.3.3).
    fn received(&mut self, now: Timestamp, bytes: &[u8], io: &mut Io);

    /// The inbox brought this.
    fn event(&mut self, now: Timestamp, event: Self::Event, io: &mut Io);

    /// When [`Session::tick`] is wanted; `None`: not at all. Read after each call of another method.
    fn deadline(&self) -> Option<Timestamp>;

    /// The deadline has come. May also come during a TLS handshake; what is written then is dropped, a close is not.
    fn tick(&mut self, now: Timestamp, io: &mut Io);

    /// The TLS handshake is done, after STARTTLS or, for direct TLS, before anything else.
    fn secured(&mut self, now: Timestamp, facts: TlsFacts, io: &mut Io);

    /// The kernel has accepted every byte written so far. Not called when nothing was written since the last time.
    fn flushed(&mut self, now: Timestamp, io: &mut Io);

    /// The node is shutting down: say good-bye and close soon. Called once, never during a handshake.
    fn draining(&mut self, now: Timestamp, io: &mut Io);

    /// The connection is gone. The last call; before it comes what the inbox had taken, as usual, though what is
    /// written then is dropped.
    fn closed(&mut self, now: Timestamp, why: Closed);

    /// False stops reading the socket (and so, in the end, the peer) until it is true again. Up to
    /// [`crate::limits::READ`] bytes may still come.
    fn wants_more_input(&self) -> bool {
        true
    }
}

/// Where a session puts its answer: bytes to write, and what to do with the connection.
#[derive(Default)]
pub struct Io {
    /// Written in this round, not sealed yet; the buffer is shared by all connections of a thread.
    pub(crate) out: Vec<u8>,
    pub(crate) start_tls: bool,
    pub(crate) end: Option<End>,
    pub(crate) signed_in: bool,
}

/// How a session ends its connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    /// When all is written.
    Close,
    /// At once.
    Abandon,
}

impl Io {
    /// An empty answer, for hosts that drive a session over something else than a socket, and for tests.
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes these bytes. They leave together with all else that is written in this turn.
    pub fn write(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    /// The buffer to append to, for encoders that write in place. What it holds already must stay.
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.out
    }

    /// Takes what was written; for hosts other than [`crate::Connection`].
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    /// Writes what was written so far in clear, then expects a TLS handshake. Only once, and not on direct TLS.
    pub fn start_tls(&mut self) {
        self.start_tls = true;
    }

    /// Writes what was written so far, then closes the connection (with TLS `close_notify`).
    pub fn close(&mut self) {
        self.end.get_or_insert(End::Close);
    }

    /// Writes of what was written so far what the kernel takes at once, then drops the connection: for a peer that does
    /// not read.
    pub fn abandon(&mut self) {
        self.end = Some(End::Abandon);
    }

    /// Whether [`Io::start_tls`] was asked for.
    pub fn starts_tls(&self) -> bool {
        self.start_tls
    }

    /// Whether [`Io::close`] or [`Io::abandon`] was asked for.
    pub fn closes(&self) -> bool {
        self.end.is_some()
    }

    /// The peer has signed in: the connection no longer counts as unsigned.
    pub fn signed_in(&mut self) {
        self.signed_in = true;
    }

    /// Whether [`Io::signed_in`] was said.
    pub fn has_signed_in(&self) -> bool {
        self.signed_in
    }
}

/// Why a connection is gone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Closed {
    /// The peer closed it.
    ByPeer,
    /// The session asked for it.
    BySession,
    /// The peer stopped reading: [`crate::limits::STUCK`].
    Stuck,
    /// No TLS handshake within [`crate::limits::HANDSHAKE`].
    HandshakeTimedOut,
    /// The TLS handshake failed, or a record was bad.
    Tls,
    /// The network failed.
    Lost,
}

/// A version of TLS.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TlsVersion {
    /// TLS 1.2 (RFC 5246), always with extended master secret (RFC 7627).
    V1_2,
    /// TLS 1.3 (RFC 8446).
    V1_3,
}

/// What a session needs to know of its TLS connection. `Debug` shows no secret.
#[derive(Clone)]
pub struct TlsFacts {
    /// The version.
    pub version: TlsVersion,
    /// Channel binding `tls-exporter` (RFC 9266 §4.2), unique to this connection.
    pub exporter: [u8; 32],
    /// Channel binding `tls-server-end-point` (RFC 5929 §4): the hash of the server's certificate. `None` where
    /// the certificate's signature names no single hash (such as Ed25519).
    pub endpoint_hash: Option<Arc<[u8]>>,
    /// Whether the session of an earlier connection was resumed.
    pub resumed: bool,
}

impl std::fmt::Debug for TlsFacts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TlsFacts")
            .field("version", &self.version)
            .field("resumed", &self.resumed)
            .finish_non_exhaustive()
    }
}
