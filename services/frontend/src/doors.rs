//! The XMPP door: listeners on every worker thread, each connection a session there. Components have one listener.

use crate::{
    clock,
    front::FrontEnd,
    session::{Client, Sessions},
};
use std::{io, net::SocketAddr, sync::Arc};
use transport::{Arrival, Entrance, Listener, Opening};
use xmpp::{sasl::Channel, stream::Carrier};

/// The ports of the XMPP door.
#[derive(Debug, Default)]
pub struct Doors {
    /// STARTTLS (RFC 6120 §5).
    pub xmpp: Option<SocketAddr>,
    /// Direct TLS (XEP-0368).
    pub xmpp_tls: Option<SocketAddr>,
    /// Components (XEP-0114).
    pub component: Option<SocketAddr>,
    /// A load balancer before the first two says who connects, by the PROXY protocol, version 2.
    pub behind_balancer: bool,
}

/// Opens the door; the addresses that come back have the ports that the system chose where 0 was asked for.
pub fn open(
    front: &FrontEnd,
    sessions: &Sessions,
    entrance: &Arc<Entrance>,
    doors: &Doors,
) -> io::Result<Doors> {
    let mut opened = Doors { behind_balancer: doors.behind_balancer, ..Doors::default() };
    for (wanted, opening, bound) in [
        (doors.xmpp, Opening::StartTls, &mut opened.xmpp),
        (doors.xmpp_tls, Opening::Direct, &mut opened.xmpp_tls),
    ] {
        let Some(address) = wanted else { continue };
        let listeners = Listener::bind(address, opening, front.workers().len())
            .map_err(|error| io::Error::new(error.kind(), format!("{address}: {error}")))?;
        *bound = Some(listeners[0].address()?);
        for (listener, worker) in listeners.into_iter().zip(front.workers()) {
            let listener = if doors.behind_balancer { listener.behind_balancer() } else { listener };
            let (entrance, sessions) = (Arc::clone(entrance), sessions.clone());
            worker.spawn_fn(move || {
                actix::spawn(serve(listener, entrance, sessions));
            });
        }
    }
    if let Some(address) = doors.component {
        opened.component = Some(open_to_components(front, sessions, entrance, address)?);
    }
    Ok(opened)
}

fn open_to_components(
    front: &FrontEnd,
    sessions: &Sessions,
    entrance: &Arc<Entrance>,
    address: SocketAddr,
) -> io::Result<SocketAddr> {
    let mut listeners = Listener::bind(address, Opening::StartTls, 1)
        .map_err(|error| io::Error::new(error.kind(), format!("{address}: {error}")))?;
    let listener = listeners.remove(0);
    let bound = listener.address()?;
    let (entrance, sessions) = (Arc::clone(entrance), sessions.clone());
    front.workers()[0].spawn_fn(move || {
        actix::spawn(async move {
            let make = |arrival: Arrival, told| sessions.component(arrival.peer.ip(), told, clock::now());
            let spawn = |connection| drop(actix::spawn(connection));
            if let Err(error) = listener.run(entrance, make, spawn).await {
                tracing::error!(%error, "the listener for components has ended");
            }
        });
    });
    Ok(bound)
}

async fn serve(listener: Listener, entrance: Arc<Entrance>, sessions: Sessions) {
    let make = |arrival: Arrival, events| -> Client {
        let carrier = match arrival.opening {
            Opening::StartTls => Carrier::Tcp,
            // The facts come with the handshake, before anything else.
            Opening::Direct => Carrier::Tls(Channel::default()),
        };
        sessions.client(arrival.peer.ip(), carrier, events, clock::now())
    };
    let spawn = |connection| drop(actix::spawn(connection));
    if let Err(error) = listener.run(entrance, make, spawn).await {
        tracing::error!(%error, "a listener has ended");
    }
}
