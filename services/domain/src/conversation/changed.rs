//! Which rows of one kind the store has not seen yet.
//!
//! Invariant: a row that came and went between two visits of the store costs the store nothing.

use std::collections::BTreeMap;

/// The keys that changed, each with whether the store may know the row.
pub(super) struct Changed<K>(BTreeMap<K, Stored>);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stored {
    Never,
    Perhaps,
}

impl<K> Default for Changed<K> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord> Changed<K> {
    /// A row that was not there before.
    pub(super) fn made(&mut self, key: K) {
        self.0.entry(key).or_insert(Stored::Never);
    }

    /// A row has another value.
    pub(super) fn changed(&mut self, key: K) {
        self.0.entry(key).or_insert(Stored::Perhaps);
    }

    /// A row is gone.
    pub(super) fn gone(&mut self, key: K) {
        if self.0.get(&key) == Some(&Stored::Never) {
            self.0.remove(&key);
        } else {
            self.0.insert(key, Stored::Perhaps);
        }
    }

    /// All keys since the last visit, ascending.
    pub(super) fn take(&mut self) -> impl Iterator<Item = K> + use<K> {
        std::mem::take(&mut self.0).into_keys()
    }
}

#[cfg(test)]
mod tests {
    use super::Changed;

    #[test]
    fn what_came_and_went_is_not_told() {
        let mut rows = Changed::default();
        rows.made(1);
        rows.made(2);
        rows.gone(1);
        assert_eq!(rows.take().collect::<Vec<_>>(), [2]);
        rows.gone(2);
        rows.made(2);
        rows.gone(2);
        assert_eq!(rows.take().collect::<Vec<_>>(), [2], "the store has seen it");
    }
}
