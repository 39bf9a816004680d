//! The settings that a node of a pool (`linnet node --role …`) has beside those of `linnet standard`.

use super::settings::{Setting, needed, optional, with};

/// In the order in which they are shown.
pub(super) const POOL: &[Setting] = &[
    needed("role", "frontend", "What this node does: `frontend` is what there is"),
    optional(
        "node",
        "NAME",
        "This node's name, of its own in the pool and kept; the host's name unless given",
    ),
    with("shards", "COUNT", "64", "Shards of the deployment, 1 to 1024: fixed when it is made"),
    needed("kafka", "HOST:PORT,…", "Brokers of Kafka to begin with, by comma; in TOML a list"),
    with("kafka-prefix", "NAME", "linnet", "Topics are NAME.log and NAME.state"),
    with("kafka-replication", "COUNT", "3", "On how many brokers each record lies, where topics are made"),
    optional(
        "kafka-ca",
        "FILE",
        "Who signs the brokers' certificates, in PEM; with it Kafka is spoken to by TLS",
    ),
    optional(
        "kafka-certificate",
        "FILE",
        "This node's certificate for the brokers, in PEM; needs --kafka-ca",
    ),
    optional("kafka-key", "FILE", "Private key of --kafka-certificate, in PEM"),
    optional("kafka-user", "NAME", "Sign in to Kafka under this name (SASL)"),
    optional("kafka-password", "FILE", "File that holds the password of --kafka-user"),
    with(
        "kafka-sasl",
        "MECHANISM",
        "scram-sha-512",
        "How --kafka-user signs in: scram-sha-512, scram-sha-256 or plain",
    ),
    with(
        "kafka-hold",
        "TIME",
        "5s",
        "With Kafka unreachable for this long, new messages are refused; what was begun waits for it",
    ),
    with(
        "cluster",
        "ADDRESS:PORT",
        "0.0.0.0:7800",
        "Listener for the other nodes: links by TCP and gossip by UDP on the same number",
    ),
    optional(
        "advertise",
        "HOST:PORT",
        "Where the other nodes reach --cluster; its address, or --node where that is 0.0.0.0, unless given",
    ),
    optional(
        "join",
        "HOST:PORT,…",
        "Nodes to find the pool by, asked in no order, again and again; a name may stand for many addresses",
    ),
    optional("cluster-ca", "FILE", "Who signs the nodes' certificates, in PEM"),
    optional("cluster-certificate", "FILE", "This node's certificate for the other nodes, in PEM"),
    optional("cluster-key", "FILE", "Private key of --cluster-certificate, in PEM"),
    optional(
        "cluster-secret",
        "FILE",
        "File that holds the secret of the gossip, 16 bytes or more, the same on all nodes",
    ),
    with(
        "proxy-protocol",
        "on|off",
        "off",
        "Whether the load balancer says on --xmpp and --xmpp-tls who connects (PROXY protocol, version 2)",
    ),
];
