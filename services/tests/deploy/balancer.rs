//! The load balancer's configuration in a real haproxy: front ends that are not ready get nobody, and who connects is said
//! by the PROXY protocol, version 2.

use crate::programs::{Running, free_port, get, good, run, text, until};
use socket2::{Domain, Socket, Type};
use std::{
    collections::BTreeMap,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::Command,
    sync::mpsc,
    thread,
};
use tests::{
    Client, Ports, Server,
    client::Way,
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

/// Somebody at this address of loopback who comes by the balancer: whether a front end lets him in.
fn is_let_in(from: [u8; 4], balancer: SocketAddr, stay: &mut Vec<TcpStream>) -> bool {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("made");
    socket.bind(&SocketAddr::from((from, 0)).into()).expect("bound");
    socket.connect(&balancer.into()).expect("connected");
    let mut stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(WAIT)).expect("set");
    let header = "<stream:stream to='linnet.test' version='1.0' xmlns='jabber:client' \
                  xmlns:stream='http://etherx.jabber.org/streams'>";
    // Whoever is refused may notice only here or there.
    let _ = stream.write_all(header.as_bytes());
    let is_answered = stream.read(&mut [0; 1]).is_ok_and(|count| count == 1);
    stay.push(stream);
    is_answered
}

#[test]
fn a_pool_behind_it_tells_its_clients_apart_by_their_addresses() {
    let options = ["--proxy-protocol", "on", "--max-connections-per-address", "2"];
    let server = Server::start_pool(2, 1, &options);
    let node = |number| {
        let ports = server.ports_of(number);
        Behind { xmpp: ports.xmpp, xmpp_tls: ports.xmpp_tls, http: ports.http }
    };
    let folder = tempfile::tempdir().expect("a folder");
    let balancer = Balancer::start(folder.path(), &[node(0), node(1)]);
    balancer.wait_until_up("xmpp", 2);
    balancer.wait_until_up("xmpp-tls", 2);

    let ports = Ports { xmpp: balancer.at[&5222], xmpp_tls: balancer.at[&5223], ..server.ports() };
    server.add_users(&["romeo".to_owned(), "juliet".to_owned()]);
    let mut clients = Vec::new();
    for (name, way) in [("romeo", Way::StartTls), ("juliet", Way::Tls)] {
        let mut client = Client::new(&server, name, "desk");
        client.go_to(ports);
        client.sign_in(way).unwrap_or_else(|error| panic!("{name}: {error}\n{}", server.log()));
        clients.push(client);
    }
    // Two from one address at each node, wherever they come to.
    let mut stay = Vec::new();
    let let_in = (0..6).filter(|_| is_let_in([127, 0, 0, 2], ports.xmpp, &mut stay)).count();
    assert!((2..=4).contains(&let_in), "{let_in}");
    assert!(is_let_in([127, 0, 0, 3], ports.xmpp, &mut stay), "somebody else is not held up by them");
    clients[0].fence().expect("answered");

    // Past the balancer there is no way.
    let direct = server.ports().xmpp;
    assert!(!is_let_in([127, 0, 0, 4], direct, &mut stay));
    let mut wire = wire::Wire::connect(server.ports().xmpp_tls, WAIT).expect("connected");
    assert!(wire.secure(server.trust()).is_err());
    let metrics = [0, 1].map(|node| {
        let answer = wire::request(server.ports_of(node).http, server.trust(), "GET /metrics", &[], b"");
        String::from_utf8(answer.expect("answered").body).expect("text")
    });
    assert!(metrics.concat().contains("linnet_transport_unannounced_total{kind=\"missing\"} 1"));
}
