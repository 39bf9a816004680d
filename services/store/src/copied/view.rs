//! Reading whole entities as of one moment, and putting them in the place of older ones.
//!
//! Invariant: in the database an entity is at any time the fold of its facts up to the record that it says it reflects:
//! it is replaced whole, in one batch, and only by a newer one.

use super::{
    EntityRows,
    rows::{decode_checkpoint, has_parts, prefixes},
};
use crate::{Column, RowError, Snapshot, Store, StoreError, rows::key};
use domain::{Home, Shard};
use event_log::{Checkpoint, Offset};
use rocksdb::{IteratorMode, ReadOptions};

/// The rows as they are at one moment, whatever is written meanwhile.
pub struct View<'a> {
    store: &'a Store,
    at: rocksdb::Snapshot<'a>,
}

impl Store {
    /// The rows as they are now.
    pub fn view(&self) -> View<'_> {
        View { store: self, at: self.0.db.snapshot() }
    }
}

impl View<'_> {
    /// Up to where the rows of a shard reflect the log.
    pub fn checkpoint(&self, shard: Shard) -> Result<Checkpoint, RowError> {
        let value = self.get(&key::checkpoint(shard))?;
        value.map_or(Ok(Checkpoint::default()), |value| decode_checkpoint(&value))
    }

    /// All rows of an entity; `None` if nothing is known of it.
    pub fn entity(&self, home: &Home) -> Result<Option<EntityRows>, RowError> {
        let shard = home.shard(self.store.shards());
        let Some(reflects) = self.get(&key::entity(key::REFLECTS, shard, home))? else { return Ok(None) };
        let reflects = Offset(key::number(&reflects)?);
        let mut rows = Vec::new();
        for prefix in prefixes(shard, home) {
            if has_parts(&prefix) {
                self.each(&prefix, |key, value| {
                    rows.push(([&prefix[..1], &key[prefix.len()..]].concat(), value.to_vec()));
                    Ok(())
                })?;
            } else if let Some(value) = self.get(&prefix)? {
                rows.push((prefix[..1].to_vec(), value));
            }
        }
        Ok(Some(EntityRows { reflects, rows }))
    }

    /// Shows every entity of a shard, with the last record that its rows reflect.
    pub fn entities(&self, shard: Shard, mut show: impl FnMut(Home, Offset)) -> Result<(), RowError> {
        self.each(&key::shard(key::REFLECTS, shard), |key, value| {
            let mut rest = key.get(3..).ok_or(RowError::Key)?;
            let home = key::take_home(&mut rest)?;
            show(home, Offset(key::number(value)?));
            Ok(())
        })
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.at.get_cf(self.store.handle(Column::State), key)?)
    }

    fn each(
        &self,
        prefix: &[u8],
        mut show: impl FnMut(&[u8], &[u8]) -> Result<(), RowError>,
    ) -> Result<(), RowError> {
        let mut options = ReadOptions::default();
        options.set_iterate_lower_bound(prefix);
        options.set_iterate_upper_bound(key::after(prefix));
        let state = self.store.handle(Column::State);
        for entry in self.at.iterator_cf_opt(state, options, IteratorMode::Start) {
            let (key, value) = entry.map_err(StoreError::from)?;
            show(&key, &value)?;
        }
        Ok(())
    }
}

impl Snapshot<'_> {
    /// Puts an entity of this shard in the place of an older one, whole; false if there is one as new already. At most
    /// once an entity in one snapshot.
    pub fn replace(&mut self, home: &Home, by: &EntityRows) -> Result<bool, RowError> {
        let store = self.batch.store();
        if store.reflects(home)?.is_some_and(|reflects| reflects >= by.reflects) {
            return Ok(false);
        }
        let prefixes = prefixes(self.shard, home);
        for prefix in &prefixes {
            let mut old = Vec::new();
            if has_parts(prefix) {
                store.each(prefix, |key, _| {
                    old.push(key.to_vec());
                    Ok(std::ops::ControlFlow::Continue(()))
                })?;
            } else {
                old.push(prefix.clone());
            }
            old.iter().for_each(|key| self.batch.delete(Column::State, key));
        }
        for (key, value) in &by.rows {
            let (table, part) = key.split_first().ok_or(RowError::Key)?;
            let prefix = prefixes.iter().find(|prefix| prefix.first() == Some(table)).ok_or(RowError::Key)?;
            if part.is_empty() == has_parts(prefix) {
                return Err(RowError::Key);
            }
            self.batch.put(Column::State, &[&prefix[..], part].concat(), value);
        }
        self.reflects(home, by.reflects);
        Ok(true)
    }

    /// Writes the rows, and leaves the checkpoint as it is: they may well reflect more than it says. Blocks.
    pub fn commit_rows(self) -> Result<(), StoreError> {
        self.batch.write()
    }
}
