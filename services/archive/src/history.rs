//! Questions about the past, answered from the archive's rows. An answer holds everything that was acknowledged before
//! the question came.

use crate::{Follow, fold, follow::Shared, keys, limits};
use domain::{
    Address, ConversationId, Timestamp,
    history::{Ends, HistoryId, Owner, Page, Query, Record},
    limits::HISTORY_PAGE,
};
use event_log::Log;
use std::{ops::ControlFlow, sync::Arc};
use store::{Column, Direction, Store, StoreError};

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The fold is too far behind the log.
    #[error("the history is not up to date; try again later")]
    Behind,
    /// The rows cannot be read.
    #[error("{0}")]
    Store(#[from] StoreError),
}

/// The history. Cheap to clone. Its calls block on the disk and on the fold.
#[derive(Clone)]
pub struct History {
    log: Log,
    store: Store,
    fold: Arc<Shared>,
}

/// Where the rows of a question lie.
struct Rows {
    prefix: Vec<u8>,
    /// They are a user's: their values name the conversation.
    is_index: bool,
}

impl History {
    /// Over what this fold writes.
    pub fn new(log: Log, store: Store, follow: &Follow) -> Self {
        Self { log, store, fold: follow.shared() }
    }

    /// A page of this one's history.
    pub fn query(&self, owner: &Owner, query: &Query) -> Result<Page, HistoryError> {
        self.wait()?;
        let rows = rows_of(owner, query.with.as_ref());
        if !query.ids.is_empty() {
            return self.named(owner, &rows, &query.ids);
        }
        let max = query.max.min(HISTORY_PAGE) as usize;
        let backwards = query.last_page || (query.before.is_some() && query.after.is_none());
        let (from, to) = bounds(&rows.prefix, owner.since(), query);
        let direction = if backwards { Direction::Down } else { Direction::Up };
        let mut found: Vec<(HistoryId, Vec<u8>)> = Vec::new();
        let mut more = false;
        self.store.scan(Column::History, (&from, &to), direction, |key, value| {
            if found.len() == max {
                more = true;
                return ControlFlow::Break(());
            }
            if let Some(id) = keys::id_of(key) {
                found.push((id, value.to_vec()));
            }
            ControlFlow::Continue(())
        })?;
        if backwards {
            found.reverse();
        }
        let mut page = Page { records: Vec::with_capacity(found.len()), complete: !more };
        for (id, value) in found {
            if let Some(record) = self.record(&rows, id, value)? {
                page.records.push(record);
            }
        }
        Ok(page)
    }

    /// The oldest and the newest message.
    pub fn ends(&self, owner: &Owner) -> Result<Ends, HistoryError> {
        self.wait()?;
        let rows = rows_of(owner, None);
        let from = HistoryId { at: owner.since(), ..FIRST };
        let (from, to) = (keys::at(&rows.prefix, from), keys::at(&rows.prefix, LAST));
        let mut ends = Ends::default();
        for (direction, end) in [(Direction::Up, &mut ends.first), (Direction::Down, &mut ends.last)] {
            self.store.scan(Column::History, (&from, &to), direction, |key, _| {
                *end = keys::id_of(key);
                ControlFlow::Break(())
            })?;
        }
        Ok(ends)
    }

    fn wait(&self) -> Result<(), HistoryError> {
        if self.fold.wait_for(&self.log) { Ok(()) } else { Err(HistoryError::Behind) }
    }

    /// The messages of these ids that the owner has; those that it does not have are left out.
    fn named(&self, owner: &Owner, rows: &Rows, ids: &[HistoryId]) -> Result<Page, HistoryError> {
        let mut page = Page { records: Vec::new(), complete: true };
        let own = ids.iter().filter(|id| id.at >= owner.since());
        for id in own.take(HISTORY_PAGE as usize) {
            if let Some(value) = self.store.get(Column::History, &keys::at(&rows.prefix, *id))? {
                page.records.extend(self.record(rows, *id, value)?);
            }
        }
        page.records.sort_by_key(|record| record.id);
        Ok(page)
    }

    fn record(&self, rows: &Rows, id: HistoryId, value: Vec<u8>) -> Result<Option<Record>, HistoryError> {
        let value = if rows.is_index {
            self.store.get(Column::History, &keys::at(&keys::of_conversation(&value), id))?
        } else {
            Some(value)
        };
        let said = value.and_then(|value| fold::said(&value));
        if said.is_none() {
            tracing::error!(%id, "a message of the history cannot be read");
        }
        Ok(said.map(|said| Record { id, said: Arc::new(said) }))
    }

    /// Removes what was said before `before`; answers how many rows went. For a thread of its own.
    pub fn expire(&self, before: Timestamp) -> Result<usize, HistoryError> {
        let mut gone = 0;
        for kind in [b'C', b'U'] {
            let mut from = vec![kind];
            let to = vec![kind + 1];
            loop {
                let mut batch = self.store.batch();
                let mut seen = 0;
                let mut last = None;
                self.store.scan(Column::History, (&from, &to), Direction::Up, |key, _| {
                    seen += 1;
                    if keys::id_of(key).is_some_and(|id| id.at < before) {
                        batch.delete(Column::History, key);
                        gone += 1;
                    }
                    last = Some(key.to_vec());
                    if seen < limits::EXPIRE_ROWS {
                        ControlFlow::Continue(())
                    } else {
                        ControlFlow::Break(())
                    }
                })?;
                batch.write()?;
                let Some(mut last) = last.filter(|_| seen == limits::EXPIRE_ROWS) else { break };
                last.push(0);
                from = last;
            }
        }
        Ok(gone)
    }
}

const FIRST: HistoryId = HistoryId { at: Timestamp(0), conversation: 0, number: 0 };
const LAST: HistoryId = HistoryId { at: Timestamp(u64::MAX), conversation: u32::MAX, number: u64::MAX };

fn rows_of(owner: &Owner, with: Option<&Address>) -> Rows {
    let conversation = |id: &ConversationId| keys::of_conversation(&keys::conversation_text(id));
    match (owner, with) {
        (Owner::User(user), None) => Rows { prefix: keys::of_user(user), is_index: true },
        // Both of a two-party talk read the same rows.
        (Owner::User(user), Some(with)) => {
            let id = ConversationId::between(user.clone(), with.clone());
            Rows { prefix: conversation(&id), is_index: false }
        }
        (Owner::Conference { address, .. }, _) => {
            Rows { prefix: conversation(&ConversationId::Conference(address.clone())), is_index: false }
        }
    }
}

/// From the first row that may be in the answer to behind the last.
fn bounds(prefix: &[u8], since: Timestamp, query: &Query) -> (Vec<u8>, Vec<u8>) {
    let start = query.start.unwrap_or_default().max(since);
    let mut from = keys::at(prefix, HistoryId { at: start, ..FIRST });
    let mut to = keys::at(prefix, query.end.map_or(LAST, |at| HistoryId { at, ..LAST }));
    if let Some(after) = query.after {
        let mut behind = keys::at(prefix, after);
        behind.push(0);
        from = from.max(behind);
    }
    if let Some(before) = query.before {
        to = to.min(keys::at(prefix, before));
    }
    (from, to)
}
