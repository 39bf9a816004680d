//! A front end of a pool: the actors of the shards that it owns, and sessions of anybody. The log is on Kafka, homes are
//! found by the cluster.

use super::house;
use crate::config::{ClusterTls, Kafka, KafkaTls, Login, Node, Sasl, Standard};
use event_log::kafka;
use std::{error::Error, fs, process::ExitCode, time::Duration};

/// Runs until it is told to stop.
pub(crate) fn run(node: Node) -> ExitCode {
    house::run(node.standard.clone(), Some(node))
}

/// The log of the pool.
pub(super) fn log(node: &Node) -> Result<event_log::Log, Box<dyn Error>> {
    let Kafka { brokers, prefix, replication, tls, login, hold } = &node.kafka;
    let brokers: Vec<_> = brokers.iter().map(ToString::to_string).collect();
    let Standard { domain, log_days, .. } = &node.standard;
    let mut options = kafka::Options::new(brokers.join(","), prefix.clone(), domain.to_string());
    options.shards = node.shards;
    options.replication = (*replication).into();
    options.retention = Duration::from_hours(24) * *log_days;
    options.hold = *hold;
    options.tls = tls.as_ref().map(read).transpose()?;
    options.sasl = login.as_ref().map(|Login { user, password, sasl }| kafka::Sasl {
        mechanism: match sasl {
            Sasl::ScramSha512 => kafka::Mechanism::ScramSha512,
            Sasl::ScramSha256 => kafka::Mechanism::ScramSha256,
            Sasl::Plain => kafka::Mechanism::Plain,
        },
        user: user.clone(),
        password: String::from_utf8_lossy(password.bytes()).into_owned(),
    });
    Ok(event_log::Log::connect(options)?)
}

fn read(tls: &KafkaTls) -> Result<kafka::Tls, Box<dyn Error>> {
    let text = |path: &std::path::Path| {
        fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
    };
    let identity = match &tls.identity {
        Some((certificate, key)) => Some((text(certificate)?, text(key)?)),
        None => None,
    };
    Ok(kafka::Tls { ca: Some(text(&tls.ca)?), identity })
}

/// Its part in the cluster.
pub(super) fn join(node: &Node) -> Result<frontend::Pool, Box<dyn Error>> {
    let cluster = &node.cluster;
    Ok(frontend::Pool::join(cluster::Options {
        name: node.name.clone(),
        release: env!("CARGO_PKG_VERSION").to_owned(),
        domain: node.standard.domain.to_string(),
        shards: node.shards,
        listen: cluster.listen,
        advertise: cluster.advertise.to_string(),
        join: cluster.join.iter().map(ToString::to_string).collect(),
        secret: secret(node),
        tls: cluster.tls.as_ref().map(|ClusterTls { ca, certificate, key }| cluster::Tls {
            ca: ca.clone(),
            certificate: certificate.clone(),
            key: key.clone(),
        }),
    })?)
}

/// The pool's secret.
fn secret(node: &Node) -> cluster::Secret {
    cluster::Secret::new(node.cluster.secret.as_ref().map_or(UNGUARDED, |secret| secret.bytes()))
}

/// What makes users who do not exist look like those who do: the same on all nodes, or they could be told by asking two.
pub(crate) fn disguise(node: &Node) -> [u8; 32] {
    secret(node).derive("unknown users")
}

/// Of gossip on a loopback address, where none is asked for.
const UNGUARDED: &[u8] = b"linnet on loopback";
