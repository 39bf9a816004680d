//! Where the history of an owner begins: an address that is given again, to a person or a conference, has no past.

use crate::keys;
use domain::{Timestamp, history::Owner};
use store::{Column, Store, StoreError};

/// See the module.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Beginning {
    /// Nothing before it is shown.
    pub(crate) at: Timestamp,
    /// What is said now is kept; false only for a conference that does not want it.
    pub(crate) archived: bool,
}

impl Default for Beginning {
    /// Of an owner of whom nothing is known.
    fn default() -> Self {
        Self { at: Timestamp(0), archived: true }
    }
}

impl Beginning {
    /// As it was folded last.
    pub(crate) fn of(store: &Store, owner: &Owner) -> Result<Self, StoreError> {
        let value = store.get(Column::History, &keys::beginning(owner))?;
        Ok(value.and_then(|value| Self::decode(&value)).unwrap_or_default())
    }

    /// It begins anew; never earlier than it did, also if the clock was set back.
    pub(crate) fn again(&mut self, at: Timestamp) {
        self.at = self.at.max(at);
    }

    /// Nothing would be different without it, once nothing from before `before` is left.
    pub(crate) fn is_moot(self, before: Timestamp) -> bool {
        self.archived && self.at < before
    }

    pub(crate) fn encode(self) -> [u8; 9] {
        let mut value = [u8::from(self.archived); 9];
        value[..8].copy_from_slice(&self.at.0.to_be_bytes());
        value
    }

    pub(crate) fn decode(value: &[u8]) -> Option<Self> {
        let (at, [archived]) = value.split_first_chunk::<8>()? else { return None };
        Some(Self { at: Timestamp(u64::from_be_bytes(*at)), archived: *archived != 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_survives_and_never_goes_back() {
        let mut beginning = Beginning { at: Timestamp(7), archived: false };
        assert_eq!(Beginning::decode(&beginning.encode()), Some(beginning));
        assert_eq!(Beginning::decode(&[0; 8]), None);
        beginning.again(Timestamp(5));
        assert_eq!(beginning.at, Timestamp(7));
        assert!(!beginning.is_moot(Timestamp(8)), "it still keeps what is said out");
    }
}
