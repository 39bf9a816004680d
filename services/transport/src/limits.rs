//! Every bound of the transport, and what happens at it. Those that an operator may change are fields of
//! [`ConnectionLimits`] and [`crate::Admission`]; the constants are their defaults.

use std::time::Duration;

/// Connections in total; one more is closed as soon as it is accepted.
pub const CONNECTIONS: usize = 100_000;
/// Connections from one address (of IPv6: from one /64); one more is closed as soon as it is accepted.
pub const CONNECTIONS_PER_ADDRESS: usize = 1_000;
/// Connections that have not signed in yet; one more is closed as soon as it is accepted.
pub const UNSIGNED_CONNECTIONS: usize = 5_000;
/// Connections that the kernel queues until they are accepted; more are dropped by it and retried by the client.
pub const BACKLOG: i32 = 4096;
/// A TLS handshake that takes longer ends the connection.
pub const HANDSHAKE: Duration = Duration::from_secs(15);
/// With output pending and none of it accepted by the kernel for this long, the connection is closed as stuck.
pub const STUCK: Duration = Duration::from_secs(30);
/// After the last byte, the peer has this long to close its side; then the connection is dropped.
pub const LINGER: Duration = Duration::from_secs(2);
/// Bytes of output that the kernel has not accepted; above it neither the socket nor the inbox is read, so that
/// the inbox fills and its senders see it.
pub const PENDING_OUTPUT: usize = 256 * 1024;
/// Events waiting in a session's inbox; one more is given back to its sender.
pub const INBOX: usize = 512;
/// Bytes of one read, in a buffer that all connections of a thread share.
pub const READ: usize = 32 * 1024;
/// Bytes that a thread's shared output buffers keep between turns; larger ones are given back.
pub const SCRATCH_KEPT: usize = 256 * 1024;
/// Events handed to a session in one round; the rest waits for the next, behind what the socket brought.
pub const EVENTS_PER_ROUND: usize = 128;
/// Rounds of reading, handling and writing in one turn; then other connections of the thread get theirs.
pub const ROUNDS_PER_TURN: usize = 8;
/// After an accept that failed for want of file descriptors or memory, the listener waits this long.
pub const ACCEPT_BACK_OFF: Duration = Duration::from_millis(200);
/// Bytes of the header by which a load balancer says who connects; a longer one closes the connection.
pub const PROXY_HEADER: usize = 2 * 1024;
/// That header must be complete within this; then the connection is closed.
pub const PROXY_WAIT: Duration = Duration::from_secs(5);
/// Connections of a listener whose header has not come yet; more wait in the kernel, see [`BACKLOG`].
pub const PROXY_WAITING: usize = 1024;
/// A connection silent for this long is probed by TCP keep-alive, so that the kernel notices dead peers.
pub const KEEP_ALIVE: Duration = Duration::from_mins(2);
/// Bytes of a certificate or key file; a larger one is refused.
pub const PEM_FILE: u64 = 1024 * 1024;

/// What one connection may take.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    /// See [`HANDSHAKE`].
    pub handshake: Duration,
    /// See [`STUCK`].
    pub stuck: Duration,
    /// See [`LINGER`].
    pub linger: Duration,
    /// Bytes; see [`PENDING_OUTPUT`].
    pub pending_output: usize,
    /// Events; see [`INBOX`].
    pub inbox: usize,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            handshake: HANDSHAKE,
            stuck: STUCK,
            linger: LINGER,
            pending_output: PENDING_OUTPUT,
            inbox: INBOX,
        }
    }
}
