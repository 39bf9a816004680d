//! How a node takes part: names, addresses, secrets. Secrets are never shown.

use crate::{limits, node::host_and_port};
use domain::ShardCount;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::{fmt, net::SocketAddr, path::PathBuf};

/// Settings of a node in a pool.
#[derive(Clone, Debug)]
pub struct Options {
    /// The node's name, unique in the pool.
    pub name: String,
    /// The program's version, to be shown.
    pub release: String,
    /// The served domain; the same in the whole pool.
    pub domain: String,
    /// The deployment's shards; the same in the whole pool.
    pub shards: ShardCount,
    /// Gossip by UDP and links by TCP on the same number. With port 0 a free one is chosen, and put into `advertise`
    /// where that says 0 too.
    pub listen: SocketAddr,
    /// Where the others reach it, `HOST:PORT`. The host is the name that its certificate must bear.
    pub advertise: String,
    /// Whom to ask to join, `HOST:PORT` each; a name may stand for many addresses. Empty: this node is the first, and does
    /// not wait for others before it takes shards.
    pub join: Vec<String>,
    /// The key of gossip packets, at least 16 bytes.
    pub secret: Secret,
    /// Mutual TLS on links; `None`: in the clear, for a network that is its own.
    pub tls: Option<Tls>,
}

/// PEM files, read again at each connection.
#[derive(Clone, Debug)]
pub struct Tls {
    /// Who signs the nodes' certificates. Whoever has one of it is a node of the pool: of no other use.
    pub ca: PathBuf,
    /// This node's certificate, for its advertised host, as a server and as a client.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

/// The key of gossip packets.
#[derive(Clone)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// From a file's bytes; white space at the ends does not count.
    pub fn new(bytes: &[u8]) -> Self {
        Self(bytes.trim_ascii().to_vec())
    }

    /// What all nodes of the pool derive from it for this purpose, and nobody else can: HMAC-SHA-256 (RFC 2104).
    #[must_use]
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        // The same key seals gossip, where it is not this that comes first.
        mac.update(b"linnet derives\0");
        mac.update(purpose.as_bytes());
        mac.finalize().into_bytes().into()
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Why a node could not start to take part.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A setting that cannot be.
    #[error("{0}")]
    Setting(String),
    /// The cluster port could not be had.
    #[error("cannot listen on {0} for the cluster: {1}")]
    Listen(SocketAddr, std::io::Error),
    /// The certificates cannot be used.
    #[error("the cluster's certificates: {0}")]
    Tls(String),
    /// Threads, or randomness.
    #[error("{0}")]
    System(std::io::Error),
}

impl Options {
    pub(crate) fn check(&self) -> Result<(), StartError> {
        let wrong = |what: String| Err(StartError::Setting(what));
        if self.name.is_empty()
            || self.name.len() > limits::NAME_BYTES
            || self.name.chars().any(char::is_control)
        {
            return wrong(format!(
                "a node's name has 1 to {} bytes and no control characters",
                limits::NAME_BYTES
            ));
        }
        if self.secret.bytes().len() < 16 {
            return wrong("the secret of gossip has fewer than 16 bytes".into());
        }
        if self.join.len() > limits::SEEDS {
            return wrong(format!("more than {} addresses to join", limits::SEEDS));
        }
        for address in self.join.iter().chain([&self.advertise]) {
            if address.len() > limits::ADDRESS_BYTES || host_and_port(address).is_none() {
                return wrong(format!("not a HOST:PORT: {address}"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> Options {
        Options {
            name: "a".into(),
            release: String::new(),
            domain: "example.org".into(),
            shards: ShardCount::DEFAULT,
            listen: ([127, 0, 0, 1], 0).into(),
            advertise: "a.example:7800".into(),
            join: Vec::new(),
            secret: Secret::new(b"sixteen bytes ok\n"),
            tls: None,
        }
    }

    #[test]
    fn settings_that_cannot_be_are_refused_in_a_sentence() {
        assert!(options().check().is_ok());
        let refused = |change: fn(&mut Options)| {
            let mut options = options();
            change(&mut options);
            options.check().expect_err("cannot be").to_string()
        };
        assert!(refused(|o| o.name = "n".repeat(limits::NAME_BYTES + 1)).contains("name"));
        assert!(refused(|o| o.name.clear()).contains("name"));
        assert!(refused(|o| o.secret = Secret::new(b"fifteen bytes.. \n")).contains("16 bytes"));
        assert!(refused(|o| o.join = vec!["a:1".into(); limits::SEEDS + 1]).contains("join"));
        assert!(refused(|o| o.join = vec!["nowhere".into()]).contains("nowhere"));
        assert!(
            refused(|o| o.advertise = format!("{}:1", "a".repeat(limits::ADDRESS_BYTES)))
                .contains("HOST:PORT")
        );
    }

    #[test]
    fn what_is_derived_of_a_secret_is_the_same_on_every_node_and_another_for_another_purpose() {
        let derived = options().secret.derive("this");
        assert_eq!(Secret::new(b"sixteen bytes ok").derive("this"), derived, "read from another file");
        assert_ne!(options().secret.derive("that"), derived);
        assert_ne!(Secret::new(b"sixteen bytes on").derive("this"), derived);
    }

    #[test]
    fn a_secret_is_not_shown() {
        assert!(!format!("{:?}", options()).contains("sixteen"));
    }
}
