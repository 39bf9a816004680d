//! A node as gossip knows it.

use crate::{NodeId, limits, node::host_and_port};
use serde::{Deserialize, Serialize};

/// One life of a node, where it is reached, and its rank: of two that bear one name the higher rank counts. A node raises its
/// own when it has to come back after it was thought gone, or takes its name over; no clock is needed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "Unchecked", into = "Unchecked")]
pub(crate) struct Identity {
    pub(crate) name: String,
    pub(crate) incarnation: u64,
    pub(crate) rank: u32,
    pub(crate) address: String,
}

#[derive(Serialize, Deserialize)]
struct Unchecked(String, u64, u32, String);

/// A name or an address that cannot be.
#[derive(Debug, thiserror::Error)]
#[error("a name or an address that cannot be")]
struct Wrong;

impl TryFrom<Unchecked> for Identity {
    type Error = Wrong;

    fn try_from(Unchecked(name, incarnation, rank, address): Unchecked) -> Result<Self, Wrong> {
        let named = !name.is_empty() && name.len() <= limits::NAME_BYTES && !name.contains(char::is_control);
        let placed = address.len() <= limits::ADDRESS_BYTES && host_and_port(&address).is_some();
        if named && placed { Ok(Self { name, incarnation, rank, address }) } else { Err(Wrong) }
    }
}

impl From<Identity> for Unchecked {
    fn from(id: Identity) -> Self {
        Self(id.name, id.incarnation, id.rank, id.address)
    }
}

impl Identity {
    pub(crate) fn node(&self) -> NodeId {
        NodeId::new(&self.name, self.incarnation)
    }

    /// Another process with the same name.
    pub(crate) fn rivals(&self, other: &Self) -> bool {
        self.name == other.name && self.incarnation != other.incarnation
    }

    pub(crate) fn outranks(&self, other: &Self) -> bool {
        (self.rank, self.incarnation) > (other.rank, other.incarnation)
    }
}

impl foca::Identity for Identity {
    type Addr = String;

    /// Whether to come back is for [`super::swim`] to decide, which knows of rivals.
    fn renew(&self) -> Option<Self> {
        None
    }

    fn addr(&self) -> String {
        self.name.clone()
    }

    fn win_addr_conflict(&self, adversary: &Self) -> bool {
        self.outranks(adversary)
    }
}
