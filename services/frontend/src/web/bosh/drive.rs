//! The loop of one session over HTTP: the same session as over a socket, its bytes carried by requests and answers.

use super::{Posted, registry::Place};
use crate::{
    clock,
    session::{Client, SessionEvent, Sink},
    web::Web,
};
use actix_web::web;
use bytes::Bytes;
use domain::Timestamp;
use std::{net::IpAddr, sync::Arc};
use tokio::{sync::oneshot, time::Instant};
use transport::{ConnectionLimits, Inbox, Permit, inbox};
use xmpp::{
    bosh::{Bosh, Output},
    sasl::Channel,
    stream::{Carrier, Input},
    wire::StreamError,
};

/// The way back of a request.
type Slot = oneshot::Sender<Bytes>;

struct Drive {
    client: Client,
    machine: Machine,
    events: Inbox<SessionEvent>,
    place: Place,
    permit: Permit,
    outputs: Vec<Output<Slot>>,
}

/// What the client writes goes to the machine.
struct Machine {
    bosh: Bosh<Slot>,
    signed_in: bool,
    /// Nobody waits for requests any more.
    abandoned: bool,
}

impl Sink for Machine {
    fn take(&mut self, bytes: &mut Vec<u8>, ends: &mut Vec<usize>) {
        let mut start = 0;
        for end in ends.drain(..) {
            self.bosh.say(&bytes[start..end]);
            start = end;
        }
        bytes.clear();
    }

    /// TLS is below HTTP.
    fn start_tls(&mut self) {}

    fn signed_in(&mut self) {
        self.signed_in = true;
        self.bosh.signed_in();
    }

    fn close(&mut self) {
        self.bosh.end();
    }

    fn abandon(&mut self) {
        self.abandoned = true;
    }
}

/// Starts the session that this request asks for, or tells it why not.
pub(super) fn start(web: &web::Data<Web>, peer: IpAddr, permit: Permit, place: Place, first: Posted) {
    let Posted { body, answer } = first;
    let now = clock::now();
    let bosh = match Bosh::open(now, place.sid.clone(), web.front.domain(), body, answer) {
        Ok(bosh) => bosh,
        Err((answer, condition)) => {
            // Nobody waits any more if this fails.
            let _ = answer.send(condition.body());
            return;
        }
    };
    let (sender, events) = inbox(ConnectionLimits::default().inbox);
    // TLS ends in the web server, which does not show its channel: no channel binding here.
    let client = web.sessions.client(peer, Carrier::WebSocket(Channel::default()), sender, now);
    let machine = Machine { bosh, signed_in: false, abandoned: false };
    let drive = Drive { client, machine, events, place, permit, outputs: Vec::new() };
    actix_web::rt::spawn(drive.run(Arc::clone(web.front.gate())));
}

impl Drive {
    async fn run(mut self, gate: Arc<transport::Gate>) {
        let drain = gate.drain_begins();
        tokio::pin!(drain);
        let mut draining = false;
        self.settle(clock::now());
        while !self.machine.bosh.is_over() && !self.machine.abandoned {
            let deadline = [self.client.deadline(), self.machine.bosh.deadline()].into_iter().flatten().min();
            let timer = async move {
                match deadline.map(|at| Instant::now() + at.since(clock::now())) {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            let listens = !self.machine.bosh.is_full();
            tokio::select! {
                Some(Posted { body, answer }) = self.place.requests.recv() => {
                    self.machine.bosh.request(clock::now(), body, answer, &mut self.outputs);
                }
                event = next(&mut self.events, listens) => self.client.take(clock::now(), event, &mut self.machine),
                () = timer => self.client.feed(clock::now(), Input::Tick, &mut self.machine),
                () = &mut drain, if !draining => {
                    draining = true;
                    let shutdown = Input::End(StreamError::SystemShutdown, None);
                    self.client.feed(clock::now(), shutdown, &mut self.machine);
                }
            }
            self.settle(clock::now());
        }
        self.finish();
    }

    /// Gives the stream what it wants to hear, and the requests their answers.
    fn settle(&mut self, now: Timestamp) {
        loop {
            while self.client.wants_input()
                && let Some(element) = self.machine.bosh.next_element(now, &mut self.outputs)
            {
                self.client.feed(now, Input::Message(&element), &mut self.machine);
            }
            self.machine.bosh.settle(now, self.client.written(), &mut self.outputs);
            if std::mem::take(&mut self.machine.signed_in) {
                self.permit.signed_in();
            }
            if self.outputs.is_empty() {
                return;
            }
            for output in std::mem::take(&mut self.outputs) {
                match output {
                    // Whose connection is broken asks again.
                    Output::Answer(slot, body) => drop(slot.send(body)),
                    Output::Arrived(count) => self.client.feed(now, Input::Arrived(count), &mut self.machine),
                    // The session's end tells the stream.
                    Output::Lost => {}
                }
            }
        }
    }

    fn finish(mut self) {
        let now = clock::now();
        for event in self.events.close() {
            self.client.take(now, event, &mut self.machine);
        }
        transport::Session::closed(&mut self.client, now, transport::Closed::ByPeer);
    }
}

/// The next event; of a session whose client does not ask for what waits, only what goes before all others.
async fn next(events: &mut Inbox<SessionEvent>, listens: bool) -> SessionEvent {
    std::future::poll_fn(|cx| if listens { events.poll_next(cx) } else { events.poll_first(cx) }).await
}
