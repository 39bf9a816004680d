//! Accepting connections: a TCP port, shared by as many threads as there are listeners on it (`SO_REUSEPORT`).

use crate::{
    ConnectionLimits,
    driver::Connection,
    gate::Gate,
    inbox::{InboxSender, inbox},
    limits::{ACCEPT_BACK_OFF, BACKLOG, KEEP_ALIVE, PROXY_WAITING},
    meters::Meters,
    proxy::{self, Unannounced},
    session::Session,
    tls::Tls,
};
use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};
use std::{
    io,
    net::{self, SocketAddr},
    sync::Arc,
};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

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
    is_behind_balancer: bool,
}

/// Connections whose load balancer has not said yet who connects, or has just done so.
type Announcements = JoinSet<Announced>;
/// Who it is from; or from which balancer, and why that is not known.
type Announced = Result<(TcpStream, SocketAddr), (SocketAddr, Unannounced)>;

impl Listener {
    /// Binds `address` for `count` threads: one listener for each. An error if anybody else has the port.
    pub fn bind(address: SocketAddr, opening: Opening, count: usize) -> io::Result<Vec<Self>> {
        // SO_REUSEPORT would let a second server of the same user in silently: try without it first.
        let probe = open(address, false)?;
        if count <= 1 {
            return Ok(vec![Self { socket: probe, opening, is_behind_balancer: false }]);
        }
        let address = probe.local_addr()?;
        drop(probe);
        let shared = |_| Ok(Self { socket: open(address, true)?, opening, is_behind_balancer: false });
        (0..count).map(shared).collect()
    }

    /// Every connection comes from a load balancer, which says first who connects (PROXY protocol, version 2); who does
    /// not say it is not let in.
    #[must_use]
    pub fn behind_balancer(self) -> Self {
        Self { is_behind_balancer: true, ..self }
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
        let (opening, is_behind_balancer) = (self.opening, self.is_behind_balancer);
        let listener = TcpListener::from_std(self.socket)?;
        let drain = entrance.gate.drain_begins();
        tokio::pin!(drain);
        let mut announcements = Announcements::new();
        loop {
            let known = tokio::select! {
                biased;
                () = &mut drain => return Ok(()),
                Some(announced) = announcements.join_next() => known(announced.ok()),
                accepted = listener.accept(), if announcements.len() < PROXY_WAITING => match accepted {
                    Ok((stream, peer)) if is_behind_balancer => {
                        announcements.spawn(announce(stream, peer));
                        None
                    }
                    Ok(accepted) => Some(accepted),
                    Err(error) => {
                        not_accepted(&error).await;
                        None
                    }
                },
            };
            if let Some((stream, peer)) = known
                && let Some(connection) = admit(stream, Arrival { peer, opening }, &entrance, &mut make)
            {
                spawn(connection);
            }
        }
    }
}

async fn announce(mut stream: TcpStream, peer: SocketAddr) -> Announced {
    match proxy::read(&mut stream).await {
        Ok(from) => Ok((stream, from.unwrap_or(peer))),
        Err(why) => Err((peer, why)),
    }
}

/// Who connects, if that was said.
fn known(announced: Option<Announced>) -> Option<(TcpStream, SocketAddr)> {
    match announced? {
        Ok(known) => Some(known),
        Err((balancer, why)) => {
            tracing::debug!(%balancer, %why, "a connection was not let in: nobody said who connects");
            Meters::unannounced(why);
            None
        }
    }
}

async fn not_accepted(error: &io::Error) {
    if is_exhausted(error) {
        tracing::warn!(%error, "cannot accept connections; trying again");
        tokio::time::sleep(ACCEPT_BACK_OFF).await;
    } else {
        tracing::debug!(%error, "a connection was gone before it was accepted");
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
