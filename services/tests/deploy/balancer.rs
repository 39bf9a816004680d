//! The load balancer's configuration in a real haproxy: front ends that are not ready get nobody, and who connects is said
//! by the PROXY protocol, version 2.

use crate::programs::{Running, free_port, get, good, run, text, until};
use std::{
    collections::BTreeMap,
    io::Read as _,
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::Command,
    sync::mpsc,
    thread,
};
use tests::{
    Server,
    limits::{START, WAIT},
    wire,
};

/// The signature of PROXY v2, then "version 2, PROXY" and "TCP over IPv4" (its specification, section 2.2).
const PROXY_V2: [u8; 14] = *b"\r\n\r\n\0\r\nQUIT\n\x21\x11";

/// A haproxy with our file, in which only addresses differ.
pub(crate) struct Balancer {
    pub(crate) running: Running,
    /// By the port in the file.
    pub(crate) at: BTreeMap<u16, SocketAddr>,
}

/// Where a front end is: XMPP in clear first and inside TLS, and HTTPS.
pub(crate) struct Behind {
    pub(crate) xmpp: SocketAddr,
    pub(crate) xmpp_tls: SocketAddr,
    pub(crate) http: SocketAddr,
}

impl Balancer {
    pub(crate) fn start(folder: &Path, nodes: &[Behind; 2]) -> Self {
        let mut config = text("deploy/haproxy.cfg");
        let at: BTreeMap<_, _> = [5222, 5223, 5280, 8404].map(|port| (port, free_port())).into();
        for (port, address) in &at {
            let changed = config.replace(&format!("bind :{port}\n"), &format!("bind {address}\n"));
            assert_ne!(changed, config, "{port}");
            config = changed;
        }
        for (number, node) in (1..).zip(nodes) {
            for (port, address) in [(5222, node.xmpp), (5223, node.xmpp_tls), (5280, node.http)] {
                // The port to check is its own here, and the same for all in the file.
                let check = format!("{address} port {}", node.http.port());
                let changed = config.replace(&format!("node{number}:{port}"), &check);
                assert_ne!(changed, config, "{port}");
                config = changed;
            }
        }
        let file = folder.join("haproxy.cfg");
        std::fs::write(&file, config).expect("written");
        good(&run(haproxy(&file).arg("-c"), ""));
        let running = Running::start(&mut haproxy(&file), folder, at[&8404]);
        Self { running, at }
    }

    /// The lines of its metrics with this text.
    pub(crate) fn metrics(&self, name: &str) -> Vec<String> {
        let all = get(self.at[&8404], "/metrics").unwrap_or_default();
        all.lines().filter(|line| line.starts_with(name)).map(str::to_owned).collect()
    }

    fn wait_until_up(&self, proxy: &str, count: usize) {
        let up = |line: &&String| line.contains(&format!("proxy=\"{proxy}\"")) && line.ends_with(" 1");
        until(
            START,
            || self.running.log(),
            || {
                let states = self.metrics("haproxy_server_status{");
                let state_up = |line: &&String| up(line) && line.contains("state=\"UP\"");
                (states.iter().filter(state_up).count() == count).then_some(())
            },
        );
    }
}

fn haproxy(file: &Path) -> Command {
    let mut command = Command::new("/usr/sbin/haproxy");
    command.args(["-db", "-f"]).arg(file).env_clear();
    command
}

/// Hands on the first bytes of every connection.
fn listener() -> (SocketAddr, mpsc::Receiver<[u8; 28]>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
    let address = listener.local_addr().expect("bound");
    let (told, connections) = mpsc::channel();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut head = [0; 28];
            if stream.read_exact(&mut head).is_ok() && told.send(head).is_err() {
                return;
            }
        }
    });
    (address, connections)
}

/// Somebody connects, and the front end hears who.
fn announced(balancer: SocketAddr, hears: &mpsc::Receiver<[u8; 28]>) {
    let client = TcpStream::connect(balancer).expect("connected");
    let head = hears.recv_timeout(WAIT).expect("a connection");
    assert_eq!(head[..14], PROXY_V2);
    assert_eq!(head[14..16], 12_u16.to_be_bytes(), "the length of two addresses");
    let own = client.local_addr().expect("connected");
    assert_eq!((&head[16..20], &head[24..26]), (&[127, 0, 0, 1][..], &own.port().to_be_bytes()[..]));
}

#[test]
fn only_front_ends_that_are_ready_get_clients_and_they_hear_who_it_is() {
    let (mut first, second) = (Server::start(&[]), Server::start(&[]));
    let ((at_first, heard_first), (at_second, heard_second)) = (listener(), listener());
    let node = |xmpp, server: &Server| Behind { xmpp, xmpp_tls: xmpp, http: server.ports().http };
    let folder = tempfile::tempdir().expect("a folder");
    let balancer = Balancer::start(folder.path(), &[node(at_first, &first), node(at_second, &second)]);
    let xmpp = balancer.at[&5222];
    balancer.wait_until_up("xmpp", 2);
    // The fewest connections first: one each.
    let client = TcpStream::connect(xmpp).expect("connected");
    let one = heard_first.recv_timeout(WAIT).expect("a connection");
    assert_eq!(one[..14], PROXY_V2);
    announced(xmpp, &heard_second);
    drop(client);

    first.kill();
    balancer.wait_until_up("xmpp", 1);
    for _ in 0..3 {
        announced(xmpp, &heard_second);
        announced(balancer.at[&5223], &heard_second);
    }
    assert!(heard_first.try_recv().is_err(), "who is not ready gets nobody");
    let answer = wire::request(balancer.at[&5280], second.trust(), "GET /health/ready", &[], b"");
    assert_eq!(answer.expect("answered").status, 200, "HTTPS goes through as it is");
}
