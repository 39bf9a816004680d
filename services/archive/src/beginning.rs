//! Where the history of a user begins: an address that is given again has no past. Of a conference, its home says so.

use crate::keys;
use domain::{Address, Timestamp};
use store::{Column, Store, StoreError};

/// See the module.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Beginning(pub(crate) Timestamp);

impl Beginning {
    /// As it was folded last; from ever for whom nothing is known of.
    pub(crate) fn of(store: &Store, user: &Address) -> Result<Self, StoreError> {
        let value = store.get(Column::History, &keys::beginning(user))?;
        Ok(value.and_then(|value| Self::decode(&value)).unwrap_or_default())
    }

    /// It begins anew; never earlier than it did, also if the clock was set back.
    #[must_use]
    pub(crate) fn again(self, at: Timestamp) -> Self {
        Self(self.0.max(at))
    }

    pub(crate) fn encode(self) -> [u8; 8] {
        self.0.0.to_be_bytes()
    }

    pub(crate) fn decode(value: &[u8]) -> Option<Self> {
        Some(Self(Timestamp(u64::from_be_bytes(value.try_into().ok()?))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_survives_and_never_goes_back() {
        let beginning = Beginning(Timestamp(7));
        assert_eq!(Beginning::decode(&beginning.encode()), Some(beginning));
        assert_eq!(Beginning::decode(&[0; 9]), None);
        assert_eq!(beginning.again(Timestamp(5)), beginning);
        assert_eq!(beginning.again(Timestamp(9)), Beginning(Timestamp(9)));
    }
}
