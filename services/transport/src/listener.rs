//! Accepting connections: a TCP port, shared by as many threads as there are listeners on it (`SO_REUSEPORT`).

use crate::{
    ConnectionLimits,
    driver::Connection,
    gate::Gate,
    inbox::{InboxSender, inbox},
    limits::{ACCEPT_BACK_OFF, BACKLOG, KEEP_ALIVE},
    session::Session,
    tls::Tls,
};
use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};
use std::{
    io,
    net::{self, SocketAddr},
    sync::Arc,
};
use tokio::net::{TcpListener, TcpStream};

/// How a connection begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Opening {
    /// In clear, until the session asks for TLS.
    StartTls,
    /// With a TLS handshake (XEP-0368).
    Direct,
}

/// What all connections of a node share.
pub struct Entrance {
    /// Who is let in.
    pub gate: Arc<Gate>,
    /// The server's certificate.
    pub tls: Arc<Tls>,
    /// What each may take.
    pub limits: ConnectionLimits,
}

/// A connection that was let in.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    /// From where.
    pub peer: SocketAddr,
    /// How it begins.
    pub opening: Opening,
}

/// A bound port, not yet served.
pub struct Listener {
    socket: net::TcpListener,
    opening: Opening,
}

impl Listener {
    /// Binds `address` for `count` threads: one listener for each. An error if anybody else has the port.
    pub fn bind(address: SocketAddr, opening: Opening, count: usize) -> io::Result<Vec<Self>> {
        // SO_REUSEPORT would let a second server of the same user in silently: try without it first.
        let probe = open(address, false)?;
        if count <= 1 {
            return Ok(vec![Self { socket: probe, opening }]);
        }
        let address = probe.local_addr()?;
        drop(probe);
        (0..count).map(|_| Ok(Self { socket: open(address, true)?, opening })).collect()
    }

    /// The address, with the port that the system chose if 0 was asked for.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Accepts until the drain. `make` makes the session of a connection, `spawn` puts the connection on this
    /// thread's runtime (as `tokio::task::spawn_local` does). An error only if the socket cannot be used at all.
    pub async fn run<S: Session>(
        self,
        entrance: Arc<Entrance>,
        mut make: impl FnMut(Arrival, InboxSender<S::Event>) -> S,
        mut spawn: impl FnMut(Connection<S>),
    ) -> io::Result<()> {
        let opening = self.opening;
        let listener = TcpListener::from_std(self.socket)?;
        let drain = entrance.gate.drain_begins();
        tokio::pin!(drain);
        loop {
            let accepted = tokio::select! {
                biased;
                () = &mut drain => return Ok(()),
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => {
                    if let Some(connection) = admit(stream, Arrival { peer, opening }, &entrance, &mut make) {
                        spawn(connection);
                    }
                }
                Err(error) if is_exhausted(&error) => {
                    tracing::warn!(%error, "cannot accept connections; trying again");
                    tokio::time::sleep(ACCEPT_BACK_OFF).await;
                }
                Err(error) => tracing::debug!(%error, "a connection was gone before it was accepted"),
            }
        }
    }
}

fn admit<S: Session>(
    stream: TcpStream,
    arrival: Arrival,
    entrance: &Arc<Entrance>,
    make: &mut impl FnMut(Arrival, InboxSender<S::Event>) -> S,
) -> Option<Connection<S>> {
    let permit = entrance.gate.admit(arrival.peer.ip()).ok()?;
    prepare(&stream).ok()?;
    let (sender, receiver) = inbox(entrance.limits.inbox);
    let session = make(arrival, sender);
    Connection::new(stream, arrival.opening, permit, session, receiver, Arc::clone(entrance)).ok()
}

/// Writes go out at once, and the kernel notices peers that vanish.
fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    SockRef::from(stream).set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEP_ALIVE))
}

fn open(address: SocketAddr, shared: bool) -> io::Result<net::TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(shared)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// No descriptors or memory left (EMFILE, ENFILE, ENOBUFS, ENOMEM): the connection stays queued, and trying again at
/// once would only burn the processor.
fn is_exhausted(error: &io::Error) -> bool {
    const EXHAUSTED: [i32; 4] = [24, 23, 105, 12];
    error.raw_os_error().is_some_and(|code| EXHAUSTED.contains(&code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn running_out_of_descriptors_backs_off_and_a_lost_connection_does_not() {
        assert!(is_exhausted(&io::Error::from_raw_os_error(24)));
        assert!(!is_exhausted(&io::ErrorKind::ConnectionAborted.into()));
    }

    #[tokio::test]
    async fn connections_send_at_once_and_are_probed() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
        let stream = TcpStream::connect(listener.local_addr().expect("bound")).await.expect("connected");
        prepare(&stream).expect("prepared");
        assert!(stream.nodelay().expect("known"));
        let socket = SockRef::from(&stream);
        assert!(socket.keepalive().expect("known"));
        assert_eq!(socket.tcp_keepalive_time().expect("known"), KEEP_ALIVE);
    }

    #[test]
    fn a_port_is_shared_among_threads_but_not_with_strangers() {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let listeners = Listener::bind(any, Opening::StartTls, 3).expect("bound");
        let address = listeners[0].address().expect("has one");
        assert!(listeners.iter().all(|l| l.address().is_ok_and(|a| a == address && a.port() != 0)));
        let error = Listener::bind(address, Opening::StartTls, 3).err().expect("taken");
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    }
}
