//! The processes of a server: one of Standard Edition, or the front ends of a pool.

use super::{
    Ports,
    launch::{launch, seen_by},
};
use crate::{
    Kafka,
    kafka::{free_ports, prefix},
};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, ExitStatus},
};
use tempfile::TempDir;

/// Shards of a pool: enough for both to have some, few enough to be taken at once.
const SHARDS: &str = "16";

/// One process, running or not.
pub(super) struct Node {
    name: String,
    /// Removed with the node.
    data: TempDir,
    /// What it runs as, and with what of its own.
    role: Vec<String>,
    options: Vec<String>,
    /// The size of a disk of its own, as `mount` takes it.
    disk: Option<String>,
    running: Option<(Child, Ports)>,
}

/// The front ends of a new pool.
pub(super) fn pool(size: usize, kafka: &Kafka, options: &[&str]) -> Vec<Node> {
    let first = free_ports(u16::try_from(size).expect("few"));
    let addresses: Vec<String> = (0..size).map(|n| format!("127.0.0.1:{}", usize::from(first) + n)).collect();
    let (join, prefix) = (addresses.join(","), prefix());
    let replication = kafka.brokers().split(',').count().min(3).to_string();
    let mut nodes: Vec<Node> = addresses
        .iter()
        .enumerate()
        .map(|(n, address)| {
            let name = format!("n{}", n + 1);
            let role = ["node", "--role", "frontend", "--node", &name, "--shards", SHARDS];
            let cluster = ["--cluster", address, "--join", &join];
            let log = ["--kafka", kafka.brokers(), "--kafka-prefix", &prefix];
            let copies = ["--kafka-replication", &replication];
            let role = [&role[..], &cluster, &log, &copies].concat();
            Node::new(&name, &role, None, options)
        })
        .collect();
    let (first, others) = nodes.split_first_mut().expect("a pool has a node");
    first.start();
    // All show the same certificate, as behind a balancer.
    for other in others {
        copy(&first.data.path().join("tls"), &other.data.path().join("tls"));
        other.start();
    }
    nodes
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("made");
    for file in fs::read_dir(from).expect("a folder") {
        let file = file.expect("readable");
        fs::copy(file.path(), to.join(file.file_name())).expect("copied");
    }
}

impl Node {
    fn new(name: &str, role: &[&str], disk: Option<String>, options: &[&str]) -> Self {
        let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        let data = TempDir::new().expect("a temporary folder");
        Self { name: name.to_owned(), data, role: texts(role), options: texts(options), disk, running: None }
    }

    /// Standard Edition, running.
    pub(super) fn standard(disk: Option<String>, options: &[&str]) -> Self {
        let mut node = Self::new("the server", &["standard"], disk, options);
        node.start();
        node
    }

    /// Starts it on the data that it has.
    pub(super) fn start(&mut self) {
        assert!(self.running.is_none(), "it has ended before");
        self.running = Some(launch(self.data.path(), self.disk.as_deref(), &self.role, &self.options));
    }

    /// Takes from it all that it has on its disk but its certificate.
    pub(super) fn wipe(&self) {
        assert!(self.running.is_none(), "it has ended before");
        for entry in fs::read_dir(self.folder()).expect("a folder") {
            let path = entry.expect("readable").path();
            if path.is_dir() && !path.ends_with("tls") {
                fs::remove_dir_all(path).expect("removed");
            } else if path.is_file() && !path.ends_with("test.log") {
                fs::remove_file(path).expect("removed");
            }
        }
    }

    /// What it was told by this option.
    pub(super) fn option(&self, name: &str) -> Option<&str> {
        let at = self.role.iter().position(|word| word == name)?;
        self.role.get(at + 1).map(String::as_str)
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn runs(&self) -> bool {
        self.running.is_some()
    }

    pub(super) fn ports(&self) -> Ports {
        self.running.as_ref().expect("it runs").1
    }

    pub(super) fn pid(&self) -> u32 {
        self.running.as_ref().expect("it runs").0.id()
    }

    /// Where it keeps everything, as it sees that while it runs.
    pub(super) fn data(&self) -> PathBuf {
        match &self.running {
            Some((child, _)) => seen_by(child, self.data.path()),
            None => self.folder().to_owned(),
        }
    }

    /// The folder of its log.
    pub(super) fn folder(&self) -> &Path {
        self.data.path()
    }

    pub(super) fn kill(&mut self) {
        if let Some((mut child, _)) = self.running.take() {
            child.kill().expect("it ran");
            child.wait().expect("it ends");
        }
    }

    pub(super) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.pid()).ok().and_then(Pid::from_raw).expect("a process");
        kill_process(pid, signal).expect("it runs");
    }

    /// How it ended, if it has.
    pub(super) fn has_ended(&mut self) -> Option<ExitStatus> {
        let (child, _) = self.running.as_mut().expect("it ran");
        let status = child.try_wait().expect("a child of ours")?;
        self.running = None;
        Some(status)
    }
}
