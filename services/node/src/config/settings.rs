//! The one table of settings: each is a flag, an environment variable and a key of the configuration file by the same
//! name. Those of `linnet standard` are here, those that `linnet node` has beside them in `pool.rs`.

use super::pool::POOL;

/// Which settings there are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Edition {
    /// `linnet standard`
    Standard,
    /// `linnet node`
    Enterprise,
}

impl Edition {
    /// Its settings, in the order in which they are shown.
    pub(crate) fn settings(self) -> impl Iterator<Item = &'static Setting> {
        let more = if self == Self::Enterprise { POOL } else { &[] };
        SETTINGS.iter().chain(more)
    }

    /// The setting of that name, if it has one.
    pub(crate) fn setting(self, name: &str) -> Option<&'static Setting> {
        self.settings().find(|setting| setting.name == name)
    }
}

/// One setting.
pub(crate) struct Setting {
    /// `--name`, and the key in TOML; the environment variable is `LINNET_NAME` with `_` for `-`.
    pub(crate) name: &'static str,
    /// What its value looks like.
    pub(crate) value: &'static str,
    /// `None`: it has no value unless one is given.
    pub(crate) default: Option<&'static str>,
    /// Must be given.
    pub(crate) needed: bool,
    /// A sentence or two.
    pub(crate) about: &'static str,
}

impl Setting {
    /// The name of its environment variable.
    pub(crate) fn variable(&self) -> String {
        format!("LINNET_{}", self.name.replace('-', "_").to_ascii_uppercase())
    }
}

pub(super) const fn needed(name: &'static str, value: &'static str, about: &'static str) -> Setting {
    Setting { name, value, default: None, needed: true, about }
}

pub(super) const fn optional(name: &'static str, value: &'static str, about: &'static str) -> Setting {
    Setting { name, value, default: None, needed: false, about }
}

pub(super) const fn with(
    name: &'static str,
    value: &'static str,
    default: &'static str,
    about: &'static str,
) -> Setting {
    Setting { name, value, default: Some(default), needed: false, about }
}

/// The settings of both editions, in the order in which they are shown.
pub(crate) const SETTINGS: &[Setting] = &[
    needed("data", "DIR", "Directory for everything that is kept; made if missing"),
    needed("domain", "NAME", "The domain that is served, such as example.org"),
    with("xmpp", "ADDRESS:PORT|off", "0.0.0.0:5222", "Listener for XMPP clients that begin with STARTTLS"),
    with("xmpp-tls", "ADDRESS:PORT|off", "0.0.0.0:5223", "Listener for XMPP clients that begin with TLS"),
    with(
        "http",
        "ADDRESS:PORT|off",
        "0.0.0.0:5280",
        "Listener for health, metrics, upload, XMPP over WebSocket and over requests",
    ),
    with(
        "http-tls",
        "on|off",
        "on",
        "Whether the HTTP listener speaks TLS; off only behind a proxy that does",
    ),
    with(
        "component",
        "ADDRESS:PORT|off",
        "off",
        "Listener for components (XEP-0114), not encrypted: keep it on loopback",
    ),
    optional(
        "components",
        "FILE",
        "TOML with a table [[component]] for each: address and secret; only its owner may read it",
    ),
    with(
        "grpc",
        "ADDRESS:PORT|off",
        "127.0.0.1:5290",
        "Listener for administration; whoever reaches it is an administrator",
    ),
    optional(
        "certificate",
        "FILE",
        "Certificate chain in PEM, the server's own first; without it one is made in DIR/tls",
    ),
    optional("key", "FILE", "Private key of the certificate, in PEM"),
    optional(
        "admin",
        "ADDRESS,…",
        "Users who may administer with their XMPP client (XEP-0133), by comma; in TOML a list",
    ),
    with("offline-im", "on|off", "on", "Whether messages are kept for users who are not signed in"),
    with("history-days", "DAYS", "365", "How long history is kept; 0: for ever"),
    with("log-days", "DAYS", "7", "How long the log is kept; longer if something that reads it is behind"),
    with(
        "disk-reserve",
        "BYTES",
        "256MiB",
        "With less than this free on the disk, new messages are refused until there is more; files leave twice as much",
    ),
    optional(
        "workers",
        "COUNT",
        "Threads that serve connections; as many as there are processors unless given",
    ),
    with("session-quiet", "TIME", "10m", "A two-party conversation's session ends after this quiet time"),
    with("max-stanza", "BYTES", "256KiB", "Largest stanza of a client that has signed in"),
    with("max-connections", "COUNT", "100000", "Connections in total; more are closed at once"),
    with(
        "max-connections-per-address",
        "COUNT",
        "1000",
        "Connections from one address (IPv6: one /64); more are closed at once",
    ),
    with("upload-max", "BYTES", "64MiB", "Largest file that can be uploaded; 0: no upload"),
    with("upload-quota", "BYTES", "1GiB", "Bytes of uploaded files kept for each user"),
    with("upload-days", "DAYS", "30", "How long an uploaded file is kept"),
    with("drain-timeout", "TIME", "10s", "How long a shutdown waits for clients to leave"),
    with("log", "FILTER", "info", "What is logged, such as `info` or `info,transport=debug`"),
    with("log-format", "text|json", "text", "How it is logged, to standard error"),
];
