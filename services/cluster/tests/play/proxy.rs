//! A stretch of network that a play can break: TCP both ways, UDP towards the node behind it.

use std::{
    net::{SocketAddr, TcpListener, UdpSocket},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};
use tokio::{io, net::TcpStream, runtime::Runtime, sync::watch};

pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    target: Arc<OnceLock<SocketAddr>>,
    cuts: watch::Sender<u64>,
    held: Arc<AtomicBool>,
    runtime: Runtime,
}

impl Proxy {
    pub(crate) fn new() -> Self {
        let (tcp, udp) = loop {
            let tcp = TcpListener::bind("127.0.0.1:0").expect("a port");
            let address = tcp.local_addr().expect("bound");
            if let Ok(udp) = UdpSocket::bind(address) {
                break (tcp, udp);
            }
        };
        let address = tcp.local_addr().expect("bound");
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let proxy = Self {
            address,
            target: Arc::default(),
            cuts: watch::Sender::new(0),
            held: Arc::default(),
            runtime,
        };
        let (target, cuts, held) = (proxy.target.clone(), proxy.cuts.clone(), proxy.held.clone());
        tcp.set_nonblocking(true).expect("can be");
        udp.set_nonblocking(true).expect("can be");
        let to = target.clone();
        proxy.runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(tcp).expect("listens");
            while let Ok((stream, _)) = listener.accept().await {
                if let Some(to) = to.get().copied() {
                    tokio::spawn(carry(stream, to, cuts.subscribe(), held.clone()));
                }
            }
        });
        proxy.runtime.spawn(async move {
            let socket = tokio::net::UdpSocket::from_std(udp).expect("bound");
            let mut buffer = [0; 2048];
            while let Ok((length, _)) = socket.recv_from(&mut buffer).await {
                if let Some(to) = target.get() {
                    let _lost = socket.send_to(&buffer[..length], to).await;
                }
            }
        });
        proxy
    }

    /// Where it leads.
    pub(crate) fn lead(&self, to: SocketAddr) {
        assert!(self.target.set(to).is_ok());
    }

    /// Breaks every connection.
    pub(crate) fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Whether new connections are held: nothing passes, and nothing breaks.
    pub(crate) fn hold(&self, held: bool) {
        self.held.store(held, Relaxed);
    }
}

async fn carry(mut from: TcpStream, to: SocketAddr, mut cuts: watch::Receiver<u64>, held: Arc<AtomicBool>) {
    let Ok(mut to) = TcpStream::connect(to).await else { return };
    // Reset, not closed: what is on the way is gone.
    let _so = (from.set_zero_linger(), to.set_zero_linger());
    if held.load(Relaxed) {
        let _cut = cuts.changed().await;
        return;
    }
    tokio::select! {
        _ = io::copy_bidirectional(&mut from, &mut to) => {}
        _ = cuts.changed() => {}
    }
}
