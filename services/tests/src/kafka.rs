//! A real Kafka for tests: brokers on loopback by `tools/kafka.sh`, which end with the value or at the latest with this
//! process. `LINNET_TEST_KAFKA=HOST:PORT,…` names brokers that run already, for tests that need no harm done to them.

use crate::limits::START;
use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, id},
    sync::OnceLock,
    time::Instant,
};
use tempfile::TempDir;

/// Brokers that run; each is controller, too. They are numbered from 1.
pub struct Kafka {
    brokers: String,
    own: Option<Own>,
}

/// What was started here.
struct Own {
    folder: TempDir,
    nodes: u16,
    port: u16,
}

/// What a broker listens on besides, and who may sign in there.
#[derive(Clone, Copy, Default)]
pub struct Extra<'a> {
    /// Lines of its configuration; `{port}` and `{controller}` are its ports, `{secure}` is one more.
    pub properties: &'a str,
    /// Name and password of a SCRAM-SHA-512 user.
    pub scram: Option<(&'a str, &'a str)>,
}

impl Kafka {
    /// So many new brokers.
    pub fn start(nodes: u16) -> Self {
        Self::start_with(nodes, Extra::default())
    }

    /// So many new brokers with more than a plain listener.
    pub fn start_with(nodes: u16, extra: Extra<'_>) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        std::fs::write(folder.path().join("extra.properties"), extra.properties).expect("written");
        if let Some((name, password)) = extra.scram {
            std::fs::write(folder.path().join("scram"), format!("{name} {password}\n")).expect("written");
        }
        let port = free_ports(2 * nodes + 1);
        let own = Own { folder, nodes, port };
        own.start();
        let brokers: Vec<_> = (0..nodes).map(|node| format!("127.0.0.1:{}", port + 2 * node)).collect();
        Self { brokers: brokers.join(","), own: Some(own) }
    }

    /// One broker for all tests of this process, or those that `LINNET_TEST_KAFKA` names. Take a [`prefix`] for each
    /// test, and leave the broker alone.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Kafka> = OnceLock::new();
        SHARED.get_or_init(|| match std::env::var("LINNET_TEST_KAFKA") {
            Ok(brokers) => Self { brokers, own: None },
            Err(_) => Self::start(1),
        })
    }

    /// `HOST:PORT,…` of all of them.
    pub fn brokers(&self) -> &str {
        &self.brokers
    }

    /// Where a listener may be that [`Extra::properties`] adds.
    pub fn secure(&self) -> String {
        let own = self.own();
        format!("127.0.0.1:{}", own.port + 2 * own.nodes)
    }

    /// kill -9.
    pub fn kill(&self, node: u16) {
        self.own().tool("kill", &[&node.to_string()]);
    }

    /// SIGSTOP: it answers nothing, and its connections stay.
    pub fn pause(&self, node: u16) {
        self.own().tool("pause", &[&node.to_string()]);
    }

    /// It goes on, and believes what it believed.
    pub fn resume(&self, node: u16) {
        self.own().tool("resume", &[&node.to_string()]);
    }

    /// Starts those that do not run, with what they had, and waits until they do.
    pub fn restart(&self) {
        self.own().start();
    }

    fn own(&self) -> &Own {
        self.own.as_ref().expect("brokers of LINNET_TEST_KAFKA are left alone")
    }
}

impl Drop for Kafka {
    fn drop(&mut self) {
        if let Some(own) = &self.own {
            own.tool("stop", &[]);
        }
    }
}

impl Own {
    fn start(&self) {
        let since = Instant::now();
        self.tool("start", &[&self.nodes.to_string(), &self.port.to_string()]);
        assert!(since.elapsed() < 2 * START, "Kafka took {:?} to start", since.elapsed());
    }

    fn tool(&self, command: &str, arguments: &[&str]) {
        let output = Command::new(script())
            .arg(command)
            .arg(self.folder.path())
            .args(arguments)
            .env("LINNET_KAFKA_OWNER", id().to_string())
            .output()
            .expect("tools/kafka.sh runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "kafka.sh {command} {arguments:?}: {said}");
    }
}

/// Runs one of Kafka's own tools: a command line as an operator would type it.
pub fn run(command: &str) {
    let output =
        Command::new(script()).arg("run").args(command.split(' ')).output().expect("tools/kafka.sh runs");
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&said));
}

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tools/kafka.sh")
}

/// The first of so many neighbours that nobody listens on. Others may take one before it is used; then the start fails
/// and says so.
pub(crate) fn free_ports(count: u16) -> u16 {
    for _ in 0..1000 {
        let [a, b] = random::<2>();
        // Below the ports that the system gives to connections.
        let port = 10_000 + u16::from_be_bytes([a, b]) % 20_000;
        let listening: Result<Vec<_>, _> =
            (port..port + count).map(|port| TcpListener::bind(("127.0.0.1", port))).collect();
        if listening.is_ok() {
            return port;
        }
    }
    panic!("no {count} free ports in a row");
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    bytes
}

/// Topics that no other test uses.
pub fn prefix() -> String {
    format!("test-{:016x}", u64::from_be_bytes(random()))
}
