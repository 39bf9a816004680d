//! The side that dials (the one whose name is smaller), and what both do when a connection is down: find out whether the peer's
//! port is closed, which nothing but a dead process explains, and see to it that a stuck link is lost.

use super::{
    pace,
    registry::{Event, Heard, Link, Links},
    run::{self, End},
    tls, wire,
};
use crate::limits;
use hyper_util::rt::TokioIo;
use proto::cluster::links_client::LinksClient;
use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{net::TcpStream, sync::mpsc, time::timeout};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{
    Status,
    transport::{Channel, Endpoint},
};

/// A port that does not answer by then is not closed, only silent.
const KNOCK: Duration = Duration::from_millis(300);
/// How often a port is tried after a connection to it broke, with the first redial's wait between.
const KNOCKS: usize = 20;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
enum Failure {
    /// Nobody listens.
    #[error("nobody listens")]
    Refused,
    #[error("{0}")]
    Connect(io::Error),
    #[error("{0}")]
    Grpc(#[from] tonic::transport::Error),
    /// The peer said no.
    #[error("{}", .0.message())]
    Status(#[from] Status),
    #[error("no answer in time")]
    Silent,
    #[error("it is refused: {0}")]
    Hello(#[from] wire::Refusal),
    #[error("another node answers there")]
    Other,
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::ConnectionRefused { Self::Refused } else { Self::Connect(error) }
    }
}

/// Tends a link until it is aborted.
pub(crate) async fn tend(links: Arc<Links>, link: Arc<Link>) {
    let watch = watch(&links, &link);
    if links.introduction.me.name < link.peer.name {
        tokio::join!(dial(&links, &link), watch);
    } else {
        tokio::join!(knock(&links, &link), watch);
    }
}

/// Loses the link when nothing is acknowledged for too long.
async fn watch(links: &Links, link: &Link) {
    const LOOK: Duration = Duration::from_millis(500);
    loop {
        tokio::time::sleep(LOOK).await;
        let stuck = link.state().queue.stuck_at().is_some_and(|at| at <= links.now());
        if stuck && links.forget(link) {
            tracing::warn!(peer = %link.peer, "a peer took nothing for too long: the link is lost");
            announce(links, link, Event::Unlinked).await;
        }
    }
}

/// Tells ownership.
pub(crate) async fn announce(links: &Links, link: &Link, event: Event) {
    let heard = Heard { peer: link.peer.clone(), serial: link.serial, event };
    // Closed only when the node ends.
    let _ended = links.events.send(heard).await;
}

/// Where the other side dials: after a connection broke, finds out whether the port is closed.
async fn knock(links: &Links, link: &Link) {
    loop {
        link.turn.notified().await;
        for _ in 0..KNOCKS {
            if link.state().up {
                break;
            }
            match timeout(KNOCK, TcpStream::connect(&*link.address)).await {
                Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
                    let _full = links.refused.try_send(link.peer.clone());
                }
                Ok(Ok(_)) => break,
                _ => {}
            }
            tokio::time::sleep(pace::REDIAL_FIRST).await;
        }
    }
}

async fn dial(links: &Links, link: &Link) {
    let mut wait = pace::REDIAL_FIRST;
    let mut refusals = 0;
    loop {
        let since = links.now();
        match converse(links, link).await {
            Ok(end) => {
                tracing::debug!(peer = %link.peer, %end, "a link's connection ended");
                (wait, refusals) = (pace::REDIAL_FIRST, 0);
                if links.now().saturating_sub(since) > pace::REDIAL_FIRST {
                    continue;
                }
            }
            Err(Failure::Refused) => {
                let _full = links.refused.try_send(link.peer.clone());
                refusals += 1;
                if refusals < KNOCKS {
                    // Whether the process is dead is to be known soon.
                    wait = pace::REDIAL_FIRST;
                }
            }
            Err(failure) => {
                let cause = format!("cannot link to {}: {failure}", link.peer);
                if links.worth_saying(&cause) {
                    tracing::warn!(peer = %link.peer, address = %link.address, %failure, "cannot link to a peer");
                }
            }
        }
        tokio::time::sleep(wait).await;
        // What cannot be mended at once is tried less and less often.
        wait = (wait * 2).min(pace::REDIAL_MOST);
    }
}

/// One connection from its first byte to its end.
async fn converse(links: &Links, link: &Link) -> Result<End, Failure> {
    let wire = timeout(limits::HELLO, tls::connect(links.tls.as_ref(), &link.address));
    let wire = wire.await.map_err(|_| Failure::Silent)??;
    let channel = channel(wire).await?;
    let (outbound, frames) = mpsc::channel(1);
    let ends = link.state().queue.ends();
    let _room = outbound.try_send(links.introduction.hello(ends));
    let mut client = LinksClient::new(channel).max_decoding_message_size(limits::FRAME_BYTES);
    let answer = async {
        let mut inbound = client.link(ReceiverStream::new(frames)).await?.into_inner();
        let first = inbound.message().await?;
        Ok::<_, Failure>((links.introduction.judge(first)?, inbound))
    };
    let (hello, inbound) = timeout(limits::HELLO, answer).await.map_err(|_| Failure::Silent)??;
    if hello.node != link.peer {
        return Err(Failure::Other);
    }
    let (greeted, connection) = links.greet(link, hello.ends);
    if greeted.lost {
        announce(links, link, Event::Unlinked).await;
    }
    if !greeted.agreed {
        return Ok(End::Replaced);
    }
    if greeted.fresh {
        announce(links, link, Event::Linked(hello.release)).await;
    }
    Ok(run::run(links, link, connection, inbound, outbound).await)
}

/// HTTP/2 over this one connection.
async fn channel(wire: tls::Wire) -> Result<Channel, tonic::transport::Error> {
    let once = Arc::new(Mutex::new(Some(TokioIo::new(wire))));
    let connector = tower::service_fn(move |_| {
        let stream = once.lock().ok().and_then(|mut once| once.take());
        async { stream.ok_or_else(|| io::Error::from(io::ErrorKind::NotConnected)) }
    });
    Endpoint::from_static("http://cluster")
        .connect_timeout(limits::HELLO)
        .initial_stream_window_size(pace::WINDOW_BYTES)
        .initial_connection_window_size(pace::WINDOW_BYTES)
        .http2_keep_alive_interval(pace::KEEPALIVE)
        .keep_alive_timeout(pace::KEEPALIVE)
        .connect_with_connector(connector)
        .await
}
