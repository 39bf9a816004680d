//! The host of membership: a UDP socket and a timer, on a thread of its own so that a busy node still answers.

use super::{
    book::Book,
    identity::Identity,
    pace,
    packet::{Packet, Seal},
    swim::{Input, Output, Swim, To},
};
use crate::{NodeId, limits, numbers::Counters};
use std::{
    io,
    net::SocketAddr,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};
use tokio::{
    net::UdpSocket,
    sync::{mpsc, watch},
};

/// The others that are alive: who and where.
pub(crate) type Live = Arc<Vec<(NodeId, Arc<str>)>>;

/// What the host is given.
pub(crate) struct Options {
    pub(crate) me: NodeId,
    pub(crate) address: String,
    pub(crate) seeds: Vec<String>,
    pub(crate) seal: Seal,
    pub(crate) seed: u64,
    pub(crate) counters: Arc<Counters>,
}

/// What the host hears from the node.
pub(crate) struct Ears {
    pub(crate) closed: mpsc::Receiver<NodeId>,
    /// Ends; the others are told if so.
    pub(crate) leave: mpsc::Receiver<bool>,
}

/// What the host tells.
pub(crate) struct Mouth {
    pub(crate) live: watch::Sender<Live>,
    pub(crate) replaced: watch::Sender<bool>,
}

struct Host {
    socket: UdpSocket,
    swim: Swim,
    book: Book,
    options: Options,
    start: Instant,
    mouth: Mouth,
}

/// Gossips until it is told to leave. The socket comes first: what was said while this process did not run is heard before its
/// timers judge anybody.
pub(crate) async fn run(
    options: Options,
    socket: std::net::UdpSocket,
    mut ears: Ears,
    mouth: Mouth,
) -> io::Result<()> {
    socket.set_nonblocking(true)?;
    let (answers, mut answered) = mpsc::channel(16);
    let me = Identity {
        name: options.me.name.to_string(),
        incarnation: options.me.incarnation,
        rank: 0,
        address: options.address.clone(),
    };
    let mut host = Host {
        socket: UdpSocket::from_std(socket)?,
        swim: Swim::new(me, options.seed, Duration::ZERO),
        book: Book::new(answers),
        options,
        start: Instant::now(),
        mouth,
    };
    let mut buffer = vec![0; 2 * limits::PACKET_BYTES];
    let mut in_a_row = 0;
    loop {
        // A flood of packets does not keep the timers from their turn for ever.
        in_a_row += 1;
        if in_a_row > pace::PACKETS_IN_A_ROW {
            in_a_row = 0;
            host.step(Input::Alarm).await;
        }
        let due = host.start + host.swim.deadline().min(Duration::from_mins(1) + host.start.elapsed());
        let input = tokio::select! {
            biased;
            received = host.socket.recv_from(&mut buffer) => {
                let Some(input) = host.opened(received, &buffer) else { continue };
                input
            }
            Some(node) = ears.closed.recv() => Input::Refused(node),
            farewell = ears.leave.recv() => {
                if farewell == Some(true) {
                    host.step(Input::Leave).await;
                }
                return Ok(());
            }
            Some(answer) = answered.recv() => {
                host.book.answer(host.start.elapsed(), answer);
                continue;
            }
            () = tokio::time::sleep_until(due.into()) => {
                in_a_row = 0;
                Input::Alarm
            }
        };
        host.step(input).await;
    }
}

impl Host {
    fn opened(&mut self, received: io::Result<(usize, SocketAddr)>, buffer: &[u8]) -> Option<Input> {
        // An error is of an earlier packet to a port that is closed.
        let (length, from) = received.ok()?;
        let counters = &self.options.counters;
        counters.packets.fetch_add(1, Relaxed);
        let packet = buffer.get(..length).filter(|_| length <= limits::PACKET_BYTES);
        let Some(packet) = packet.and_then(|bytes| self.options.seal.open(bytes)) else {
            counters.packets_refused.fetch_add(1, Relaxed);
            return None;
        };
        Some(Input::Packet(from, packet))
    }

    async fn step(&mut self, input: Input) {
        let mut out = Vec::new();
        let now = self.start.elapsed();
        self.swim.handle(now, input, &mut out);
        let mut changed = false;
        for output in out {
            match output {
                Output::Send(to, packet) => self.send(now, &to, &packet).await,
                Output::Heard(name, from) => self.book.heard(&name, from),
                Output::Changed => changed = true,
                Output::Replaced => {
                    self.mouth.replaced.send_replace(true);
                }
            }
        }
        if changed {
            let live = self.swim.members().map(|id| (id.node(), Arc::from(&*id.address))).collect();
            self.mouth.live.send_replace(Arc::new(live));
        }
    }

    async fn send(&mut self, now: Duration, to: &To, packet: &Packet) {
        let addresses: Vec<SocketAddr> = match to {
            To::Node(id) => self.book.node(now, id).into_iter().collect(),
            To::Address(address) => vec![*address],
            To::Seeds => {
                let seeds = self.options.seeds.iter();
                seeds.flat_map(|seed| self.book.addresses(now, seed)).collect()
            }
        };
        let Some(bytes) = self.options.seal.seal(packet) else { return };
        for address in addresses {
            // Gossip is said again; what cannot be sent now is as good as lost on the way.
            let _lost = self.socket.send_to(&bytes, address).await;
        }
    }
}
