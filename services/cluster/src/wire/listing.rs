//! Lists of everybody: a node is asked for those whose homes it owns.

use super::{
    error::Fault,
    part::{Part, choice, record},
};
use domain::{Address, Shard};
use event_log::codec::CodecError;
use std::sync::Arc;

/// What is listed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Listing {
    /// Those who have an account, in the order of their addresses.
    Users {
        /// Behind this one.
        after: Option<Address>,
        /// At most so many.
        max: u32,
    },
    /// The conferences that show themselves, in the order of their addresses.
    Conferences {
        /// Behind this one.
        after: Option<Address>,
        /// At most so many.
        max: u32,
    },
    /// How many have an account.
    CountUsers,
}

/// A conference that shows itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListedConference {
    /// Its address.
    pub address: Address,
    /// Its name for people; empty if it has none.
    pub name: Arc<str>,
    /// How many are in.
    pub occupants: u32,
}

choice!(
    Listing,
    proto::cluster::list::Listing,
    fields { Users: ListUsers { after, max }, Conferences: ListConferences { after, max } }
    lone {}
    one {}
    nothing { CountUsers }
);
record!(ListedConference, ListedConference { address, name, occupants });

impl Part<u32> for Shard {
    fn out(&self) -> u32 {
        self.0.into()
    }

    fn back(proto: u32) -> Result<Self, Fault> {
        u16::try_from(proto).map(Self).map_err(|_| CodecError::Impossible("shard").into())
    }
}
