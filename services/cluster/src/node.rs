//! Who is in the pool: a node's name and life, what it does, where it is reached.

use std::{fmt, net::SocketAddr, sync::Arc};

/// One life of one node: the name stays, the incarnation is drawn at random at each start, so that what was meant for
/// the former process never reaches the next.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId {
    /// The name, unique in the pool (`--node`).
    pub name: Arc<str>,
    /// Which life of it.
    pub incarnation: u64,
}

impl NodeId {
    /// This life of the node of this name.
    pub fn new(name: &str, incarnation: u64) -> Self {
        Self { name: name.into(), incarnation }
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{:04x}", self.name, self.incarnation & 0xffff)
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{:016x}", self.name, self.incarnation)
    }
}

/// What a node does about shards.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Standing {
    /// Starting: takes none yet.
    Joining,
    /// Takes those that it is the winner of.
    Serving,
    /// Hands over what it has and takes none.
    Draining,
}

impl Standing {
    /// The name, as commands print it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Joining => "joining",
            Self::Serving => "serving",
            Self::Draining => "draining",
        }
    }
}

/// A live node as this one knows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Member {
    /// Which node, which life of it.
    pub id: NodeId,
    /// Where it says that it is reached, `HOST:PORT`, gossip and links alike.
    pub address: Arc<str>,
    /// What it does; `Joining` until it has been heard.
    pub standing: Standing,
    /// Its program's version; empty until there has been a link.
    pub release: Arc<str>,
    /// Whether there is a link to it now; of this node itself always.
    pub linked: bool,
}

/// Who owns a shard, as far as this node knows; the log decides.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Owner {
    /// This node, by its claim of this epoch.
    Here {
        /// The claim's epoch.
        epoch: u64,
    },
    /// Another node that is alive.
    There {
        /// Which.
        node: NodeId,
        /// Its claim's epoch.
        epoch: u64,
    },
    /// Nobody, or a node that is gone: somebody will take it.
    Nobody,
}

/// Splits `HOST:PORT`; an IPv6 address stands in brackets.
pub(crate) fn host_and_port(address: &str) -> Option<(&str, u16)> {
    if let Ok(literal) = address.parse::<SocketAddr>() {
        let host = address.rsplit_once(':')?.0;
        return Some((host.trim_start_matches('[').trim_end_matches(']'), literal.port()));
    }
    let (host, port) = address.rsplit_once(':')?;
    let well = !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
    well.then(|| port.parse().ok().map(|port| (host, port)))?
}

#[cfg(test)]
mod tests {
    use super::host_and_port;

    #[test]
    fn an_address_is_a_name_or_a_literal_and_a_port() {
        assert_eq!(host_and_port("a.example:7800"), Some(("a.example", 7800)));
        assert_eq!(host_and_port("10.0.0.1:1"), Some(("10.0.0.1", 1)));
        assert_eq!(host_and_port("[::1]:9"), Some(("::1", 9)));
        for wrong in ["", "a", ":1", "a:", "a:70000", "a b:1", "::1:x", "a/b:1"] {
            assert_eq!(host_and_port(wrong), None, "{wrong}");
        }
    }
}
