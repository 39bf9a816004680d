//! A connection that both sides have greeted on: batches out as there is something to send, batches in as fast as the receiver
//! takes.

use super::{
    pace,
    queue::Item,
    registry::{Event, Heard, Link, Links},
    wire,
};
use proto::cluster::{Batch, Frame, frame};
use std::sync::PoisonError;
use tokio::sync::mpsc;
use tonic::{Status, Streaming};

/// Why a connection ended.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(crate) enum End {
    /// The other side closed it, or it broke.
    #[error("the connection broke")]
    Broken,
    /// A newer connection took its place, or the session was lost.
    #[error("another connection took its place")]
    Replaced,
    /// The peer sent what cannot be.
    #[error("the peer sent what cannot be: {0}")]
    Nonsense(&'static str),
}

/// Serves a connection to its end.
pub(crate) async fn run(
    links: &Links,
    link: &Link,
    connection: u64,
    mut inbound: Streaming<Frame>,
    outbound: mpsc::Sender<Frame>,
) -> End {
    let end = tokio::select! {
        end = read(links, link, connection, &mut inbound) => end,
        end = write(link, connection, &outbound) => end,
    };
    let mut state = link.state();
    if state.connection == connection {
        state.up = false;
    }
    drop(state);
    // A wake-up that this connection took is passed on to the one that took its place.
    link.wake.notify_one();
    if let End::Nonsense(what) = end
        && links.worth_saying(&format!("{}: {what}", link.peer))
    {
        tracing::warn!(peer = %link.peer, what, "a peer sent what cannot be; its connection was closed");
    }
    end
}

async fn write(link: &Link, connection: u64, outbound: &mpsc::Sender<Frame>) -> End {
    loop {
        // Room first: what is put into a batch early could not be joined by what comes meanwhile.
        let Ok(room) = outbound.reserve().await else { return End::Broken };
        let waiting = link.wake.notified();
        let batch = {
            let mut state = link.state();
            if state.connection != connection {
                return End::Replaced;
            }
            state.queue.batch()
        };
        let Some(batch) = batch else {
            tokio::select! {
                () = waiting => continue,
                () = outbound.closed() => return End::Broken,
            }
        };
        room.send(wire::encode_batch(batch));
    }
}

async fn read(links: &Links, link: &Link, connection: u64, inbound: &mut Streaming<Frame>) -> End {
    loop {
        let batch = match inbound.message().await {
            Ok(Some(Frame { frame: Some(frame::Frame::Batch(batch)) })) => batch,
            Ok(Some(Frame { frame: Some(frame::Frame::Hello(_)) })) => {
                return End::Nonsense("a second hello");
            }
            // A frame of a newer release.
            Ok(Some(Frame { frame: None })) => continue,
            Err(status) if is_nonsense(&status) => return End::Nonsense("a frame that cannot be read"),
            Ok(None) | Err(_) => return End::Broken,
        };
        if let Err(end) = take_batch(links, link, connection, batch).await {
            return end;
        }
    }
}

fn is_nonsense(status: &Status) -> bool {
    matches!(status.code(), tonic::Code::Internal | tonic::Code::OutOfRange | tonic::Code::ResourceExhausted)
}

async fn take_batch(links: &Links, link: &Link, connection: u64, batch: Batch) -> Result<(), End> {
    {
        let mut state = link.state();
        if state.connection != connection {
            return Err(End::Replaced);
        }
        let acknowledged = state.queue.acknowledged(links.now(), batch.handled);
        acknowledged.map_err(|_| End::Nonsense("an acknowledgement of what was not sent"))?;
    }
    for (number, item) in (batch.first..).zip(batch.items) {
        let mut item = wire::decode_item(item);
        loop {
            match offer(links, link, connection, number, item)? {
                None => break,
                Some(refused) => item = Some(refused),
            }
            // What was taken so far is acknowledged meanwhile, so that the peer sees that this side lives.
            link.wake.notify_one();
            tokio::time::sleep(pace::RETRY_TAKE).await;
        }
    }
    link.wake.notify_one();
    Ok(())
}

/// Offers one item; gives it back where it cannot be taken now.
fn offer(
    links: &Links,
    link: &Link,
    connection: u64,
    number: u64,
    item: Option<Item>,
) -> Result<Option<Item>, End> {
    let _one_at_a_time = link.offer.lock().unwrap_or_else(PoisonError::into_inner);
    {
        let state = link.state();
        if state.connection != connection {
            return Err(End::Replaced);
        }
        match state.queue.expects(number) {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(_) => return Err(End::Nonsense("numbers with a hole")),
        }
    }
    let taken = match item {
        Some(Item::Message(bytes)) => links.receiver.message(&link.peer, bytes).map_err(Item::Message),
        Some(Item::News(bytes)) => hear(links, link, bytes)?,
        None => Ok(()),
    };
    if let Err(item) = taken {
        return Ok(Some(item));
    }
    let mut state = link.state();
    if state.connection != connection {
        return Err(End::Replaced);
    }
    state.queue.took();
    Ok(None)
}

fn hear(links: &Links, link: &Link, bytes: bytes::Bytes) -> Result<Result<(), Item>, End> {
    let Some(news) = wire::decode_news(&bytes) else {
        return Err(End::Nonsense("news that cannot be"));
    };
    let heard = Heard { peer: link.peer.clone(), serial: link.serial, event: Event::News(news) };
    Ok(links.events.try_send(heard).map_err(|_| Item::News(bytes)))
}
