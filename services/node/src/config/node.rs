//! The configuration of `linnet node --role frontend`: what it has in common with [`Standard`], and the pool: Kafka, the
//! other nodes, the load balancer.

use super::{Problem, Reading, Reported, Standard, check, parse, secret};
pub(crate) use super::{parse::HostPort, secret::Secret};
use domain::ShardCount;
use std::{fs::File, net::SocketAddr, path::PathBuf, time::Duration};

/// Shards at most: each costs every node something.
const SHARDS: u16 = 1024;
/// Kafka holds each record on so many brokers at most.
const REPLICATION: u8 = 9;

/// Everything that a front end of a pool can be told. What each means: `config/pool.rs`.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// What it has in common with Standard Edition.
    pub(crate) standard: Standard,
    pub(crate) role: Role,
    /// Its own in the pool.
    pub(crate) name: String,
    pub(crate) shards: ShardCount,
    pub(crate) kafka: Kafka,
    pub(crate) cluster: Cluster,
    /// PROXY v2 on `xmpp` and `xmpp_tls`.
    pub(crate) proxy_protocol: bool,
}

/// What a node does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Role {
    Frontend,
}

/// How Kafka is reached.
#[derive(Clone, Debug)]
pub(crate) struct Kafka {
    /// At least one.
    pub(crate) brokers: Vec<HostPort>,
    /// A name that topics may begin with.
    pub(crate) prefix: String,
    /// 1 to [`REPLICATION`].
    pub(crate) replication: u8,
    /// `None`: in clear.
    pub(crate) tls: Option<KafkaTls>,
    /// `None`: the brokers want none, or know us by our certificate.
    pub(crate) login: Option<Login>,
    /// More than nothing.
    pub(crate) hold: Duration,
}

/// Files for TLS to Kafka.
#[derive(Clone, Debug)]
pub(crate) struct KafkaTls {
    pub(crate) ca: PathBuf,
    /// Our certificate and key, where the brokers want them.
    pub(crate) identity: Option<(PathBuf, PathBuf)>,
}

/// SASL.
#[derive(Clone, Debug)]
pub(crate) struct Login {
    pub(crate) user: String,
    /// UTF-8 without control characters.
    pub(crate) password: Secret,
    pub(crate) sasl: Sasl,
}

/// Mechanisms of SASL that we know.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Sasl {
    ScramSha512,
    ScramSha256,
    Plain,
}

/// How the nodes find and trust each other.
#[derive(Clone, Debug)]
pub(crate) struct Cluster {
    pub(crate) listen: SocketAddr,
    /// Its port is 0 where that of `listen` is.
    pub(crate) advertise: HostPort,
    pub(crate) join: Vec<HostPort>,
    /// `None` only where `listen` is a loopback address.
    pub(crate) tls: Option<ClusterTls>,
    /// `None` only where `listen` is a loopback address.
    pub(crate) secret: Option<Secret>,
}

/// Files for mutual TLS between nodes.
#[derive(Clone, Debug)]
pub(crate) struct ClusterTls {
    pub(crate) ca: PathBuf,
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

impl Reading {
    /// The configuration of a node, or all that is wrong with it.
    pub(super) fn node(mut self) -> Result<Node, Vec<Problem>> {
        let standard = self.understand();
        let node = self.understand_pool(standard);
        if let Some(node) = &node {
            self.problems.extend(check::problems(&node.standard));
            self.problems.extend(problems(node));
        }
        match node {
            Some(node) if self.problems.is_empty() => Ok(node),
            _ => Err(self.problems),
        }
    }

    /// Every setting is asked for before the first is found missing, so that all problems come up.
    fn understand_pool(&mut self, standard: Option<Standard>) -> Option<Node> {
        let role = self.get("role", role);
        let name = self.get_or("node", parse::node, host_name);
        let shards = self.get("shards", shards);
        let kafka = self.kafka();
        let cluster = self.cluster(name.as_deref());
        let proxy_protocol = self.get("proxy-protocol", parse::switch);
        Some(Node {
            standard: standard?,
            role: role?,
            name: name?,
            shards: shards?,
            kafka: kafka?,
            cluster: cluster?,
            proxy_protocol: proxy_protocol?,
        })
    }

    fn kafka(&mut self) -> Option<Kafka> {
        let brokers = self.get("kafka", parse::hosts);
        let prefix = self.get("kafka-prefix", topic);
        let replication = self.get("kafka-replication", replication);
        let tls = self.kafka_tls();
        let login = self.login();
        let hold = self.get("kafka-hold", parse::some_time);
        Some(Kafka {
            brokers: brokers?,
            prefix: prefix?,
            replication: replication?,
            tls: tls.ok()?,
            login: login.ok()?,
            hold: hold?,
        })
    }

    fn kafka_tls(&mut self) -> Result<Option<KafkaTls>, Reported> {
        let ca = self.parsed("kafka-ca", readable);
        let identity = self.pair(("kafka-certificate", readable), ("kafka-key", readable))?;
        match (ca?, identity) {
            (Some(ca), identity) => Ok(Some(KafkaTls { ca, identity })),
            (None, None) => Ok(None),
            (None, Some(_)) => Err(self.refuse("kafka-ca", "needed beside --kafka-certificate")),
        }
    }

    fn login(&mut self) -> Result<Option<Login>, Reported> {
        let sasl = self.get("kafka-sasl", sasl);
        let both = self.pair(("kafka-user", user), ("kafka-password", secret::password))?;
        let Some((user, password)) = both else { return Ok(None) };
        Ok(Some(Login { user, password, sasl: sasl.ok_or(Reported)? }))
    }

    fn cluster(&mut self, name: Option<&str>) -> Option<Cluster> {
        let listen = self.get("cluster", parse::address);
        let advertise = self.parsed("advertise", parse::host);
        let join = self.get_or("join", parse::hosts, Vec::new);
        let tls = self.cluster_tls();
        let secret = self.parsed("cluster-secret", secret::gossip);
        let listen = listen?;
        let host = if listen.ip().is_unspecified() { name?.to_owned() } else { listen.ip().to_string() };
        let advertise = advertise.ok()?.unwrap_or(HostPort { host, port: listen.port() });
        Some(Cluster { listen, advertise, join: join?, tls: tls.ok()?, secret: secret.ok()? })
    }

    fn cluster_tls(&mut self) -> Result<Option<ClusterTls>, Reported> {
        let ca = self.parsed("cluster-ca", readable);
        let identity = self.pair(("cluster-certificate", readable), ("cluster-key", readable))?;
        match (ca?, identity) {
            (Some(ca), Some((certificate, key))) => Ok(Some(ClusterTls { ca, certificate, key })),
            (None, None) => Ok(None),
            (None, Some(_)) => Err(self.refuse("cluster-ca", "needed beside --cluster-certificate")),
            (Some(_), None) => Err(self.refuse("cluster-certificate", "needed beside --cluster-ca")),
        }
    }
}

/// What can only be judged with several settings in view.
fn problems(node: &Node) -> Vec<Problem> {
    let mut problems = Vec::new();
    let cluster = &node.cluster;
    if !cluster.listen.ip().is_loopback() {
        let text = "needed, since --cluster is no loopback address: `linnet node certificates` makes it";
        if cluster.tls.is_none() {
            problems.push(Problem::new("cluster-certificate", text));
        }
        if cluster.secret.is_none() {
            problems.push(Problem::new("cluster-secret", text));
        }
    }
    for (name, address) in check::listeners(&node.standard) {
        if address.port() != 0 && address == cluster.listen {
            problems.push(Problem::new("cluster", format!("{address} is taken by --{name}")));
        }
    }
    problems
}

/// What works, but deserves a second thought.
pub(super) fn notes(node: &Node) -> Vec<Problem> {
    let mut notes = check::notes(&node.standard);
    let mut add = |setting, text: &str| notes.push(Problem::new(setting, text));
    if node.standard.certificate.is_none() {
        add("certificate", "not given: each node makes its own authority, and clients must trust them all");
    }
    if node.cluster.tls.is_none() {
        add("cluster-certificate", "not given: what nodes say to each other is not encrypted");
    }
    if node.cluster.join.is_empty() {
        add("join", "not given: this node finds no other; others find it by naming it");
    }
    let plain = node.kafka.login.as_ref().is_some_and(|login| login.sasl == Sasl::Plain);
    if plain && node.kafka.tls.is_none() {
        add("kafka-sasl", "plain without --kafka-ca: the password crosses the network in clear");
    }
    if node.kafka.replication < 3 {
        add("kafka-replication", "less than 3: the loss of a broker's disk may lose messages");
    }
    notes
}

fn role(text: &str) -> Result<Role, String> {
    match text {
        "frontend" => Ok(Role::Frontend),
        _ => Err("frontend is expected".to_owned()),
    }
}

fn shards(text: &str) -> Result<ShardCount, String> {
    let count = text.parse().ok().filter(|count| *count <= SHARDS).and_then(ShardCount::new);
    count.ok_or_else(|| format!("a number from 1 to {SHARDS} is expected"))
}

fn replication(text: &str) -> Result<u8, String> {
    let count = text.parse().ok().filter(|count| (1..=REPLICATION).contains(count));
    count.ok_or_else(|| format!("a number from 1 to {REPLICATION} is expected"))
}

/// Kafka allows 249 characters, and ours come after them.
fn topic(text: &str) -> Result<String, String> {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if text.is_empty() || text.len() > 200 || !text.chars().all(good) {
        return Err("up to 200 letters, digits, dots, hyphens and underscores are expected".to_owned());
    }
    Ok(text.to_owned())
}

fn sasl(text: &str) -> Result<Sasl, String> {
    match text {
        "scram-sha-512" => Ok(Sasl::ScramSha512),
        "scram-sha-256" => Ok(Sasl::ScramSha256),
        "plain" => Ok(Sasl::Plain),
        _ => Err("scram-sha-512, scram-sha-256 or plain is expected".to_owned()),
    }
}

fn user(text: &str) -> Result<String, String> {
    if text.is_empty() || text.contains(char::is_control) {
        return Err("a name is expected".to_owned());
    }
    Ok(text.to_owned())
}

fn readable(text: &str) -> Result<PathBuf, String> {
    let path = parse::path(text)?;
    File::open(&path).map(|_| path).map_err(|error| error.to_string())
}

/// As the system says it.
pub(crate) fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests;
