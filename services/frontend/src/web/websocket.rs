//! XMPP over WebSocket (RFC 7395): one element a message. The same session as over a socket, driven by this loop.

use super::Web;
use crate::{
    clock,
    session::{Client, SessionEvent, Sink},
};
use actix_web::{HttpRequest, HttpResponse, http::header, web};
use actix_ws::{AggregatedMessage, Closed, Session};
use futures_util::StreamExt as _;
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;
use transport::{ConnectionLimits, Inbox, inbox};
use xmpp::{
    sasl::Channel,
    stream::{Carrier, Input},
    wire::StreamError,
};

/// Bytes of one message before the XMPP limits are looked at; a larger one closes the connection.
const MESSAGE_BYTES: usize = 512 * 1024;
/// A connection whose peer answers no ping for this long is closed.
const SILENCE: Duration = Duration::from_secs(90);
/// A ping is sent this often.
const PING: Duration = Duration::from_secs(30);
/// A write that takes longer closes the connection: the peer does not read.
const STUCK: Duration = Duration::from_secs(30);

/// Upgrades the request, if it asks for the subprotocol `xmpp` (RFC 7395 §3.1).
pub(super) async fn open(
    web: web::Data<Web>,
    request: HttpRequest,
    body: web::Payload,
) -> actix_web::Result<HttpResponse> {
    let offers =
        request.headers().get_all(header::SEC_WEBSOCKET_PROTOCOL).filter_map(|value| value.to_str().ok());
    if !offers.flat_map(|value| value.split(',')).any(|protocol| protocol.trim() == "xmpp") {
        return Ok(
            HttpResponse::BadRequest().body("this is XMPP over WebSocket: ask for the subprotocol xmpp\n")
        );
    }
    let Some(peer) = request.peer_addr() else { return Ok(HttpResponse::BadRequest().finish()) };
    let permit = match web.front.gate().admit(peer.ip()) {
        Ok(permit) => permit,
        Err(refused) => return Ok(HttpResponse::ServiceUnavailable().body(format!("{refused}\n"))),
    };
    let (mut response, session, messages) = actix_ws::handle(&request, body)?;
    response.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, header::HeaderValue::from_static("xmpp"));
    let (events, receiver) = inbox(ConnectionLimits::default().inbox);
    // TLS ends in the web server, which does not show its channel: no channel binding here.
    let client = web.sessions.client(peer.ip(), Carrier::WebSocket(Channel::default()), events, clock::now());
    let gate = Arc::clone(web.front.gate());
    let messages =
        messages.max_frame_size(MESSAGE_BYTES).aggregate_continuations().max_continuation_size(MESSAGE_BYTES);
    let drive =
        Drive { client, receiver, session, output: Output::default(), permit, gate, heard: Instant::now() };
    actix_web::rt::spawn(drive.run(messages));
    Ok(response)
}

/// What the client wants written, and done with the connection.
#[derive(Default)]
struct Output {
    messages: Vec<String>,
    close: bool,
    abandon: bool,
    signed_in: bool,
}

impl Sink for Output {
    fn take(&mut self, bytes: &mut Vec<u8>, ends: &mut Vec<usize>) {
        let mut start = 0;
        for &end in ends.iter() {
            // The machines write XML in UTF-8; a message that is not would be a bug, and is not sent.
            if let Ok(message) = std::str::from_utf8(&bytes[start..end]) {
                self.messages.push(message.to_owned());
            }
            start = end;
        }
        bytes.clear();
        ends.clear();
    }

    /// TLS is below the WebSocket.
    fn start_tls(&mut self) {}

    fn signed_in(&mut self) {
        self.signed_in = true;
    }

    fn close(&mut self) {
        self.close = true;
    }

    fn abandon(&mut self) {
        self.abandon = true;
    }
}

struct Drive {
    client: Client,
    receiver: Inbox<SessionEvent>,
    session: Session,
    output: Output,
    permit: transport::Permit,
    gate: Arc<transport::Gate>,
    heard: Instant,
}

impl Drive {
    async fn run(mut self, mut messages: actix_ws::AggregatedMessageStream) {
        let mut ping = tokio::time::interval(PING);
        let gate = Arc::clone(&self.gate);
        let drain = gate.drain_begins();
        tokio::pin!(drain);
        let mut draining = false;
        loop {
            let deadline = self.client.deadline().map(|at| Instant::now() + at.since(clock::now()));
            let timer = async move {
                match deadline {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            let listens = self.client.wants_input();
            tokio::select! {
                message = messages.next(), if listens => match message {
                    Some(Ok(message)) => if !self.hear(message).await { break },
                    _ => break,
                },
                event = self.receiver.next() => self.client.take(clock::now(), event, &mut self.output),
                () = timer => self.client.feed(clock::now(), Input::Tick, &mut self.output),
                () = &mut drain, if !draining => {
                    draining = true;
                    self.client.feed(clock::now(), Input::End(StreamError::SystemShutdown, None), &mut self.output);
                }
                _ = ping.tick() => if self.heard.elapsed() > SILENCE || self.session.ping(b"").await.is_err() { break },
            }
            if !self.flush().await {
                break;
            }
        }
        for event in self.receiver.close() {
            self.client.take(clock::now(), event, &mut self.output);
        }
        transport::Session::closed(&mut self.client, clock::now(), transport::Closed::ByPeer);
    }

    /// False ends the connection.
    async fn hear(&mut self, message: AggregatedMessage) -> bool {
        self.heard = Instant::now();
        match message {
            AggregatedMessage::Text(text) => {
                self.client.feed(clock::now(), Input::Message(text.as_bytes()), &mut self.output);
                true
            }
            AggregatedMessage::Ping(bytes) => self.session.pong(&bytes).await.is_ok(),
            AggregatedMessage::Pong(_) => true,
            // RFC 7395 §3.2: text only.
            AggregatedMessage::Binary(_) | AggregatedMessage::Close(_) => false,
        }
    }

    /// Writes what there is; false ends the connection.
    async fn flush(&mut self) -> bool {
        if std::mem::take(&mut self.output.signed_in) {
            self.permit.signed_in();
        }
        let wrote = !self.output.messages.is_empty();
        for message in std::mem::take(&mut self.output.messages) {
            let sending = self.session.text(message);
            tokio::pin!(sending);
            let stuck = tokio::time::sleep(STUCK);
            tokio::pin!(stuck);
            loop {
                let first = std::future::poll_fn(|cx| self.receiver.poll_first(cx));
                tokio::select! {
                    sent = &mut sending => match sent {
                        Ok(()) => break,
                        Err(Closed) => return false,
                    },
                    () = &mut stuck => return false,
                    event = first => self.client.take(clock::now(), event, &mut self.output),
                }
                if self.output.abandon || self.output.close {
                    return false;
                }
            }
        }
        if self.output.abandon {
            return false;
        }
        if self.output.close {
            // The peer may have closed first.
            drop(self.session.clone().close(None).await);
            return false;
        }
        if wrote {
            self.client.feed(clock::now(), Input::Flushed, &mut self.output);
        }
        true
    }
}
