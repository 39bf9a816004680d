//! What a log on Kafka is told at its start. Secrets are held here alone; `Debug` does not show them.

use domain::ShardCount;
use std::{fmt, time::Duration};

/// How to reach Kafka, and what the pool's topics are to be.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to begin: `HOST:PORT,…`; the other brokers are found by these.
    pub brokers: String,
    /// The topics are `PREFIX.log` and `PREFIX.state`.
    pub prefix: String,
    /// How many shards the deployment has: as many partitions in each topic.
    pub shards: ShardCount,
    /// The domain that the pool serves; the topics are its own, and another one is refused.
    pub domain: String,
    /// Copies of each topic that is made.
    pub replication: u16,
    /// How long records stay in a topic that is made.
    pub retention: Duration,
    /// Kafka may acknowledge nothing for so long before [`crate::Log::trouble`] says so.
    pub hold: Duration,
    /// How long [`crate::Log::connect`] tries.
    pub patience: Duration,
    /// How long the producer waits for more records of a shard before it sends; see `docs/performance.md`.
    pub linger: Duration,
    /// With TLS, if so.
    pub tls: Option<Tls>,
    /// Signed in, if so.
    pub sasl: Option<Sasl>,
}

impl Options {
    /// Plain and unauthenticated, three copies, seven days, the measured linger.
    pub fn new(brokers: impl Into<String>, prefix: impl Into<String>, domain: impl Into<String>) -> Self {
        Self {
            brokers: brokers.into(),
            prefix: prefix.into(),
            shards: ShardCount::DEFAULT,
            domain: domain.into(),
            replication: 3,
            retention: Duration::from_hours(7 * 24),
            hold: Duration::from_secs(5),
            patience: Duration::from_secs(30),
            linger: crate::limits::LINGER,
            tls: None,
            sasl: None,
        }
    }

    pub(super) fn log_topic(&self) -> String {
        format!("{}.log", self.prefix)
    }

    pub(super) fn state_topic(&self) -> String {
        format!("{}.state", self.prefix)
    }

    /// Replicas that must have a record before it is acknowledged.
    pub(super) fn in_sync(&self) -> u16 {
        self.replication.min(2)
    }
}

/// TLS to the brokers; all in PEM.
#[derive(Clone, Default)]
pub struct Tls {
    /// The authorities that are trusted; `None`: those of the system.
    pub ca: Option<String>,
    /// The client's own certificate and its key.
    pub identity: Option<(String, String)>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("ca", &self.ca.is_some())
            .field("identity", &self.identity.is_some())
            .finish()
    }
}

/// Signing in to the brokers (SASL).
#[derive(Clone)]
pub struct Sasl {
    /// How.
    pub mechanism: Mechanism,
    /// Who.
    pub user: String,
    /// The secret.
    pub password: String,
}

impl fmt::Debug for Sasl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sasl")
            .field("mechanism", &self.mechanism)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// How to sign in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mechanism {
    /// SCRAM-SHA-512 (RFC 5802).
    ScramSha512,
    /// SCRAM-SHA-256 (RFC 7677).
    ScramSha256,
    /// PLAIN (RFC 4616): for inside TLS.
    Plain,
}

impl Mechanism {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::ScramSha512 => "SCRAM-SHA-512",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::Plain => "PLAIN",
        }
    }
}
