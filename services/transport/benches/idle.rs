//! Memory of an idle TLS connection: driver, TLS and a session that holds nothing. `cargo bench -p transport`.
//!
//! The clients are another process, so that the growth of this one is the server's alone. Fails above 12 KB each.

use domain::Timestamp;
use std::{
    env, fs,
    net::SocketAddr,
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, SystemTime},
};
use tokio::{io::AsyncReadExt as _, net::TcpStream, task::LocalSet, time::sleep};
use tokio_rustls::{TlsConnector, rustls};
use transport::{
    Admission, Closed, ConnectionLimits, Entrance, Gate, Io, Listener, Opening, Session, Tls, TlsFacts,
    authority::Authority,
};

const CONNECTIONS: usize = 4000;
const MOST_KB: usize = 12;
const CLIENT: &str = "LINNET_IDLE_CLIENT";

struct Idle;

impl Session for Idle {
    type Event = ();
    fn received(&mut self, _: Timestamp, _: &[u8], _: &mut Io) {}
    fn event(&mut self, _: Timestamp, (): (), _: &mut Io) {}
    fn deadline(&self) -> Option<Timestamp> {
        Some(Timestamp(u64::MAX / 4))
    }
    fn tick(&mut self, _: Timestamp, _: &mut Io) {}
    fn secured(&mut self, _: Timestamp, _: TlsFacts, io: &mut Io) {
        io.write(b"hello");
        io.signed_in();
    }
    fn flushed(&mut self, _: Timestamp, _: &mut Io) {}
    fn draining(&mut self, _: Timestamp, io: &mut Io) {
        io.close();
    }
    fn closed(&mut self, _: Timestamp, _: Closed) {}
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let rooms = LocalSet::new();
    if let Ok(client) = env::var(CLIENT) {
        rooms.block_on(&runtime, be_clients(&client));
    } else {
        rooms.block_on(&runtime, be_server());
    }
}

async fn be_server() {
    let dir = env::temp_dir().join(format!("linnet-idle-{}", std::process::id()));
    let authority = Authority::new(&dir);
    authority.ensure(&["localhost".to_owned()], SystemTime::now()).expect("a certificate");
    let tls = Tls::open(&authority.certificate(), &authority.key()).expect("usable");
    let admission = Admission { connections: 20_000, per_address: 20_000, unsigned: 20_000 };
    let gate = Gate::new(admission);
    let entrance = Arc::new(Entrance { gate: Arc::clone(&gate), tls, limits: ConnectionLimits::default() });
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let listener = Listener::bind(any, Opening::Direct, 1).expect("bound").remove(0);
    let address = listener.address().expect("bound");
    tokio::task::spawn_local(listener.run(
        entrance,
        |_, _| Idle,
        |connection| {
            tokio::task::spawn_local(connection);
        },
    ));
    let before = resident_kb();
    let mut clients = Command::new(env::current_exe().expect("known"))
        .env(CLIENT, format!("{address} {}", authority.ca().display()))
        .stdin(Stdio::piped())
        .spawn()
        .expect("started");
    while gate.connections() < CONNECTIONS || gate.unsigned() > 0 {
        sleep(Duration::from_millis(50)).await;
    }
    let kb = (resident_kb() - before) * 10 / CONNECTIONS;
    println!("{}.{} KB for each of {CONNECTIONS} idle TLS connections", kb / 10, kb % 10);
    drop(clients.stdin.take());
    clients.wait().expect("ended");
    fs::remove_dir_all(dir).expect("removed");
    assert!(kb <= MOST_KB * 10, "more than {MOST_KB} KB");
}

async fn be_clients(told: &str) {
    let (address, ca) = told.split_once(' ').expect("address and file");
    let connector = connector(Path::new(ca));
    let mut open = Vec::new();
    for _ in 0..CONNECTIONS {
        let stream = TcpStream::connect(address).await.expect("connected");
        let mut stream =
            connector.connect("localhost".try_into().expect("a name"), stream).await.expect("a handshake");
        stream.read_exact(&mut [0; 5]).await.expect("greeted");
        open.push(stream);
    }
    // Until the server closes its end.
    let _ = std::io::read_to_string(std::io::stdin());
}

fn connector(ca: &Path) -> TlsConnector {
    use rustls::pki_types::{CertificateDer, pem::PemObject as _};
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca).expect("a certificate")).expect("usable");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("supported")
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

fn resident_kb() -> usize {
    let status = fs::read_to_string("/proc/self/status").expect("readable");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("there");
    line.split_whitespace().nth(1).expect("a number").parse().expect("a number")
}
