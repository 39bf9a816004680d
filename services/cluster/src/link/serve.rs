//! The side that is dialled: the cluster port. Strangers cost a bounded number of connections, each for a bounded time.

use super::{
    dial::announce,
    pace,
    registry::{Event, Links},
    run, tls,
    tls::Wire,
};
use crate::limits;
use proto::cluster::{
    Frame,
    links_server::{Links as Service, LinksServer},
};
use std::{
    io,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::{Context, Poll},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    time::{Sleep, sleep, timeout},
};
use tokio_stream::{Stream, wrappers::ReceiverStream};
use tonic::{
    Request, Response, Status, Streaming,
    transport::{Server, server::Connected},
};

/// What a connection holds until its hello was good.
#[derive(Clone)]
struct Greeting(Arc<Greeter>);

struct Greeter {
    permit: Mutex<Option<OwnedSemaphorePermit>>,
    greeted: AtomicBool,
}

impl Greeting {
    fn done(&self) {
        self.0.greeted.store(true, Relaxed);
        self.0.permit.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// A connection that has to greet in time.
struct Arrival {
    wire: Wire,
    greeting: Greeting,
    late: Pin<Box<Sleep>>,
}

/// Listens until it is aborted.
pub(crate) async fn serve(links: Arc<Links>, listener: TcpListener) {
    let (arrivals, incoming) = mpsc::channel::<io::Result<Arrival>>(1);
    let service =
        LinksServer::new(Port { links: links.clone() }).max_decoding_message_size(limits::FRAME_BYTES);
    let server = Server::builder()
        .initial_stream_window_size(pace::WINDOW_BYTES)
        .initial_connection_window_size(pace::WINDOW_BYTES)
        .max_concurrent_streams(2)
        .http2_keepalive_interval(Some(pace::KEEPALIVE))
        .http2_keepalive_timeout(Some(pace::KEEPALIVE))
        .http2_max_header_list_size(8 * 1024)
        .add_service(service)
        .serve_with_incoming(ReceiverStream::new(incoming));
    tokio::select! {
        ended = server => {
            if let Err(error) = ended {
                tracing::error!(%error, "the cluster port ended");
            }
        }
        () = accept(links, listener, arrivals) => {}
    }
}

async fn accept(links: Arc<Links>, listener: TcpListener, arrivals: mpsc::Sender<io::Result<Arrival>>) {
    let greeting = Arc::new(Semaphore::new(limits::GREETING));
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                if links.worth_saying("accept") {
                    tracing::warn!(%error, "the cluster port cannot take a connection");
                }
                sleep(pace::REDIAL_FIRST).await;
                continue;
            }
        };
        let Ok(permit) = greeting.clone().try_acquire_owned() else {
            links.rejected.fetch_add(1, Relaxed);
            continue;
        };
        tokio::spawn(arrive(links.clone(), stream, permit, arrivals.clone()));
    }
}

async fn arrive(
    links: Arc<Links>,
    stream: TcpStream,
    permit: OwnedSemaphorePermit,
    arrivals: mpsc::Sender<io::Result<Arrival>>,
) {
    let late = Box::pin(sleep(limits::HELLO));
    let _slower = stream.set_nodelay(true);
    match timeout(limits::HELLO, tls::accept(links.tls.as_ref(), stream)).await {
        Ok(Ok(wire)) => {
            let greeter = Greeter { permit: Mutex::new(Some(permit)), greeted: AtomicBool::new(false) };
            let arrival = Arrival { wire, greeting: Greeting(Arc::new(greeter)), late };
            let _ended = arrivals.send(Ok(arrival)).await;
        }
        // Somebody knocked: neighbours do, when a connection broke.
        Ok(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {}
        Ok(Err(error)) => {
            links.rejected.fetch_add(1, Relaxed);
            if links.worth_saying(&error.to_string()) {
                tracing::warn!(%error, "a stranger on the cluster port");
            }
        }
        Err(_) => {
            links.rejected.fetch_add(1, Relaxed);
        }
    }
}

struct Port {
    links: Arc<Links>,
}

#[tonic::async_trait]
impl Service for Port {
    type LinkStream = Frames;

    async fn link(&self, request: Request<Streaming<Frame>>) -> Result<Response<Self::LinkStream>, Status> {
        let greeting = request.extensions().get::<Greeting>().cloned();
        let mut inbound = request.into_inner();
        let first = timeout(limits::HELLO, inbound.message()).await;
        let first = first.map_err(|_| Status::deadline_exceeded("no hello in time"))??;
        let hello = self.links.introduction.judge(first).map_err(|refusal| {
            self.links.rejected.fetch_add(1, Relaxed);
            let what = refusal.to_string();
            if self.links.worth_saying(&what) {
                tracing::warn!(refusal = what, "a peer was refused");
            }
            Status::failed_precondition(what)
        })?;
        let link = self.links.get(&hello.node);
        // The dialler may know this node before gossip has brought it here.
        let link = link.ok_or_else(|| Status::unavailable("not known here as a member yet"))?;
        if let Some(greeting) = greeting {
            greeting.done();
        }
        let (outbound, frames) = mpsc::channel(1);
        let (greeted, connection) = self.links.greet(&link, hello.ends);
        let ends = link.state().queue.ends();
        let _room = outbound.try_send(self.links.introduction.hello(ends));
        let links = self.links.clone();
        tokio::spawn(async move {
            if greeted.lost {
                announce(&links, &link, Event::Unlinked).await;
            }
            if greeted.agreed {
                if greeted.fresh {
                    announce(&links, &link, Event::Linked(hello.release)).await;
                }
                run::run(&links, &link, connection, inbound, outbound).await;
                link.turn.notify_one();
            }
        });
        Ok(Response::new(Frames(frames)))
    }
}

/// The answers, as the connection takes them.
struct Frames(mpsc::Receiver<Frame>);

impl Stream for Frames {
    type Item = Result<Frame, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(cx).map(|frame| frame.map(Ok))
    }
}

impl Connected for Arrival {
    type ConnectInfo = Greeting;

    fn connect_info(&self) -> Greeting {
        self.greeting.clone()
    }
}

impl AsyncRead for Arrival {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.greeting.0.greeted.load(Relaxed) && self.late.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Pin::new(&mut self.wire).poll_read(cx, buf)
    }
}

impl AsyncWrite for Arrival {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.wire).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_shutdown(cx)
    }
}
