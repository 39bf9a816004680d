//! The started server: `linnet standard` on free ports and a data folder of its own, its users, its command line, and
//! its end, polite or not.
//!
//! Invariant: a server ends with the value that started it.

mod launch;
mod nodes;

use crate::{
    Kafka, binary,
    limits::START,
    wire::{Trust, request},
};
use nodes::Node;
use rustix::process::Signal;
use std::{
    env, fs,
    io::Write as _,
    net::SocketAddr,
    path::PathBuf,
    process::{Command, ExitStatus, Output, Stdio},
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// The domain of every server here.
pub const DOMAIN: &str = "linnet.test";

/// Where its listeners are.
#[derive(Clone, Copy, Debug)]
pub struct Ports {
    /// XMPP that begins with STARTTLS.
    pub xmpp: SocketAddr,
    /// XMPP inside TLS.
    pub xmpp_tls: SocketAddr,
    /// HTTPS.
    pub http: SocketAddr,
    /// Components, where they may connect.
    pub component: Option<SocketAddr>,
    /// Administration.
    pub grpc: SocketAddr,
}

/// A server that runs: Standard Edition, or all nodes of a pool.
pub struct Server {
    nodes: Vec<Node>,
    /// Whose turn it is to be connected to.
    turn: AtomicUsize,
    trust: Trust,
    /// Of a pool; the nodes end before it.
    kafka: Option<Broker>,
}

/// So long nothing moves in a pool that has settled.
const SETTLED: Duration = Duration::from_millis(500);

/// The Kafka of a pool.
enum Broker {
    Shared(&'static Kafka),
    Own(Kafka),
}

/// What the tests of this binary run against: the test binaries whose names begin with `pool` play on a pool.
pub fn is_pool() -> bool {
    let test = env::current_exe().expect("the test has a path");
    test.file_name().is_some_and(|name| name.to_string_lossy().starts_with("pool"))
}

impl Server {
    /// With new data and these options.
    pub fn start(options: &[&str]) -> Self {
        if is_pool() {
            return Self::pool(2, Broker::Shared(Kafka::shared()), options);
        }
        Self::of(vec![Node::standard(None, options)], None)
    }

    /// With its data on a disk (in memory) of this size that only it sees; needs root or user namespaces.
    pub fn start_on_small_disk(size: &str, options: &[&str]) -> Self {
        Self::of(vec![Node::standard(Some(size.to_owned()), options)], None)
    }

    /// A pool of so many front ends on a Kafka of so many brokers of its own.
    pub fn start_pool(nodes: usize, brokers: u16, options: &[&str]) -> Self {
        Self::pool(nodes, Broker::Own(Kafka::start(brokers)), options)
    }

    fn pool(nodes: usize, broker: Broker, options: &[&str]) -> Self {
        let kafka = match &broker {
            Broker::Shared(kafka) => kafka,
            Broker::Own(kafka) => kafka,
        };
        let server = Self::of(nodes::pool(nodes, kafka, options), Some(broker));
        server.settles();
        server
    }

    /// Waits until every shard has an owner, each node some, and none is on its way to another.
    fn settles(&self) {
        let since = Instant::now();
        let mut before = String::new();
        loop {
            let listed =
                String::from_utf8_lossy(&self.command(&["shard", "list", "--json"], "").stdout).into_owned();
            let all = (0..self.size())
                .all(|node| listed.contains(&format!("\"owner\": \"{}\"", self.nodes[node].name())));
            if all && listed == before && !listed.contains("\"owner\": null") {
                return;
            }
            assert!(since.elapsed() < START, "the pool does not settle: {listed}\n{}", self.log());
            before = listed;
            thread::sleep(SETTLED);
        }
    }

    fn of(nodes: Vec<Node>, kafka: Option<Broker>) -> Self {
        let trust = Trust::of(&nodes[0].data().join("tls/ca.pem"));
        Self { nodes, turn: AtomicUsize::new(0), trust, kafka }
    }

    /// Where its listeners are now; of a pool those of one node after the other.
    pub fn ports(&self) -> Ports {
        let running: Vec<&Node> = self.nodes.iter().filter(|node| node.runs()).collect();
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        running.get(turn % running.len().max(1)).expect("a node runs").ports()
    }

    /// Where those of one node are.
    pub fn ports_of(&self, node: usize) -> Ports {
        self.nodes[node].ports()
    }

    /// What clients trust.
    pub fn trust(&self) -> &Trust {
        &self.trust
    }

    /// The brokers of a pool.
    pub fn kafka(&self) -> &Kafka {
        match self.kafka.as_ref().expect("a pool has a Kafka") {
            Broker::Shared(kafka) => kafka,
            Broker::Own(kafka) => kafka,
        }
    }

    /// The prefix of its topics there.
    pub fn topics(&self) -> &str {
        self.nodes[0].option("--kafka-prefix").expect("a pool has topics")
    }

    /// How many nodes it has, running or not.
    pub fn size(&self) -> usize {
        self.nodes.len()
    }

    /// Where it keeps everything; in a pool, where the first node does.
    pub fn data(&self) -> PathBuf {
        self.nodes[0].data()
    }

    /// Its process; in a pool that of the first node.
    pub fn pid(&self) -> u32 {
        self.nodes[0].pid()
    }

    /// kill -9 of all of it: nothing is written, nobody is told.
    pub fn kill(&mut self) {
        self.nodes.iter_mut().for_each(Node::kill);
    }

    /// kill -9 of one node.
    pub fn kill_node(&mut self, node: usize) {
        self.nodes[node].kill();
    }

    /// Takes from a node that does not run all that it has on its disk but its certificate.
    pub fn wipe_node(&self, node: usize) {
        self.nodes[node].wipe();
    }

    /// A number that a node shows on `/metrics`.
    pub fn metric(&self, node: usize, name: &str) -> f64 {
        let reply =
            request(self.ports_of(node).http, &self.trust, "GET /metrics", &[], b"").expect("an answer");
        let text = String::from_utf8_lossy(&reply.body).into_owned();
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
        value.unwrap_or_else(|| panic!("no {name}: {text}"))
    }

    /// SIGSTOP: it does nothing, and its connections stay.
    pub fn pause_node(&self, node: usize) {
        self.nodes[node].signal(Signal::STOP);
    }

    /// It goes on, and believes what it believed.
    pub fn resume_node(&self, node: usize) {
        self.nodes[node].signal(Signal::CONT);
    }

    /// SIGTERM, without waiting for what comes of it.
    pub fn ask_to_stop(&self) {
        self.nodes.iter().filter(|node| node.runs()).for_each(|node| node.signal(Signal::TERM));
    }

    /// SIGTERM to one node.
    pub fn ask_node_to_stop(&self, node: usize) {
        self.nodes[node].signal(Signal::TERM);
    }

    /// Waits for the end; of a pool, how the last node ended.
    pub fn ended(&mut self) -> ExitStatus {
        let mut last = None;
        for node in 0..self.nodes.len() {
            if self.nodes[node].runs() {
                last = Some(self.node_ended(node));
            }
        }
        last.expect("it ran")
    }

    /// Waits for the end of one node.
    pub fn node_ended(&mut self, node: usize) -> ExitStatus {
        let until = Instant::now() + START;
        loop {
            if let Some(status) = self.nodes[node].has_ended() {
                return status;
            }
            if Instant::now() > until {
                self.nodes[node].kill();
                panic!("the server did not stop\n{}", self.log());
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Starts what does not run again on the same data, on other ports.
    pub fn restart(&mut self) {
        assert!(self.nodes.iter().any(|node| !node.runs()), "it has ended before");
        thread::scope(|scope| {
            for node in self.nodes.iter_mut().filter(|node| !node.runs()) {
                scope.spawn(|| node.start());
            }
        });
    }

    /// Starts one node again.
    pub fn restart_node(&mut self, node: usize) {
        self.nodes[node].start();
    }

    /// Runs `linnet` against this server, with this on its standard input.
    pub fn command(&self, line: &[&str], input: &str) -> Output {
        let node = self.nodes.iter().position(Node::runs).expect("a node runs");
        self.command_at(node, line, input)
    }

    /// The same, against one node.
    pub fn command_at(&self, node: usize, line: &[&str], input: &str) -> Output {
        let grpc = self.nodes[node].ports().grpc.to_string();
        let mut command = Command::new(binary::path());
        command.args(line).args(["--grpc", &grpc]).env_clear();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("linnet starts");
        // Whoever needs no input may have ended already.
        let _ = child.stdin.take().expect("piped").write_all(input.as_bytes());
        child.wait_with_output().expect("linnet ends")
    }

    /// Makes users, each with [`password`].
    pub fn add_users(&self, names: &[String]) {
        let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
        for name in names {
            writeln!(file, "{name}@{DOMAIN}\t{}", password(name)).expect("written");
        }
        let path = file.path().to_str().expect("plain").to_owned();
        let done = self.command(&["user", "add", "--from", &path], "");
        assert!(done.status.success(), "{}\n{}", String::from_utf8_lossy(&done.stderr), self.log());
    }

    /// The last lines of its log.
    pub fn log(&self) -> String {
        let log = |node: &Node| {
            let log = fs::read_to_string(node.folder().join("test.log")).unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            let last = &lines[lines.len().saturating_sub(30)..];
            format!("── the log of {} ──\n{}", node.name(), last.join("\n"))
        };
        self.nodes.iter().map(log).collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The password of a user of that name.
pub fn password(name: &str) -> String {
    format!("pass of {name}")
}

/// A server that the scenes of a file share while at least one of them runs.
pub struct House {
    options: &'static [&'static str],
    server: Mutex<Weak<Server>>,
}

impl House {
    /// Starts nothing yet.
    pub const fn new(options: &'static [&'static str]) -> Self {
        Self { options, server: Mutex::new(Weak::new()) }
    }

    /// The one that runs, or a new one.
    pub fn server(&self) -> Arc<Server> {
        let mut server = self.server.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = server.upgrade() {
            return running;
        }
        let started = Arc::new(Server::start(self.options));
        *server = Arc::downgrade(&started);
        started
    }
}
