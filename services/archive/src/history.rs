//! Questions about the past, answered from the archive's rows. An answer holds everything that was acknowledged before
//! the question came.

use crate::{Follow, beginning::Beginning, filling::Filling, fold, follow::Shared, keys, limits};
use bytes::Bytes;
use domain::{
    Address, ConversationId, Timestamp,
    history::{Ends, HistoryId, Owner, Page, Query, Record},
    limits::HISTORY_PAGE,
};
use event_log::{Log, Offset};
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
        let (from, to) = bounds(&rows.prefix, query, self.begins(owner)?);
        let backwards = query.last_page || (query.before.is_some() && query.after.is_none());
        let mut filling = Filling::new(query.max.min(HISTORY_PAGE) as usize);
        if query.ids.is_empty() {
            let direction = if backwards { Direction::Down } else { Direction::Up };
            let mut failed = None;
            self.store.scan(Column::History, (&from, &to), direction, |key, value| {
                let Some(id) = keys::id_of(key) else { return ControlFlow::Continue(()) };
                self.fill(&mut filling, &rows, id, value).unwrap_or_else(|error| {
                    failed = Some(error);
                    ControlFlow::Break(())
                })
            })?;
            failed.map_or(Ok(()), Err)?;
        } else {
            for id in named(&query.ids, backwards) {
                let key = keys::at(&rows.prefix, id);
                if key < from || key >= to {
                    continue;
                }
                // Those that the owner does not have are left out.
                let Some(value) = self.store.get(Column::History, &key)? else { continue };
                if self.fill(&mut filling, &rows, id, &value)?.is_break() {
                    break;
                }
            }
        }
        Ok(filling.page(backwards))
    }

    /// The oldest and the newest message.
    pub fn ends(&self, owner: &Owner) -> Result<Ends, HistoryError> {
        self.wait()?;
        let rows = rows_of(owner, None);
        let first = HistoryId { at: self.begins(owner)?, ..FIRST };
        let (from, to) = (keys::at(&rows.prefix, first), keys::at(&rows.prefix, LAST));
        let mut ends = Ends::default();
        for (direction, end) in [(Direction::Up, &mut ends.first), (Direction::Down, &mut ends.last)] {
            self.store.scan(Column::History, (&from, &to), direction, |key, _| {
                *end = keys::id_of(key);
                ControlFlow::Break(())
            })?;
        }
        Ok(ends)
    }

    fn begins(&self, owner: &Owner) -> Result<Timestamp, StoreError> {
        Ok(match owner {
            Owner::User(user) => Beginning::of(&self.store, user)?.0,
            Owner::Conference { since, .. } => *since,
        })
    }

    fn wait(&self) -> Result<(), HistoryError> {
        if self.fold.wait_for(&self.log) { Ok(()) } else { Err(HistoryError::Behind) }
    }

    /// Reads a row into the page, if there is room; only then does it take memory.
    fn fill(
        &self,
        filling: &mut Filling,
        rows: &Rows,
        id: HistoryId,
        value: &[u8],
    ) -> Result<ControlFlow<()>, StoreError> {
        if filling.is_full() {
            return Ok(filling.leave_out());
        }
        let said = if rows.is_index {
            let row = self.store.get(Column::History, &keys::at(&keys::of_conversation(value), id))?;
            row.and_then(|row| fold::said(row.into()))
        } else {
            fold::said(Bytes::copy_from_slice(value))
        };
        let Some(said) = said else {
            tracing::error!(%id, "a message of the history cannot be read");
            return Ok(ControlFlow::Continue(()));
        };
        Ok(filling.take(Record { id, said: Arc::new(said) }))
    }

    /// How far the fold has come in each shard of the log.
    pub fn reached(&self) -> Vec<Offset> {
        self.fold.reached()
    }

    /// Why the fold does not go on in some shard, while that lasts; questions are refused meanwhile.
    pub fn trouble(&self) -> Option<String> {
        self.fold.trouble()
    }

    /// Removes what was said before `before`; answers how many rows went. For a thread of its own.
    pub fn expire(&self, before: Timestamp) -> Result<usize, HistoryError> {
        let mut gone = 0;
        for kind in [b'B', b'C', b'U'] {
            let mut from = vec![kind];
            let to = vec![kind + 1];
            loop {
                let mut batch = self.store.batch();
                let mut seen = 0;
                let mut last = None;
                self.store.scan(Column::History, (&from, &to), Direction::Up, |key, value| {
                    seen += 1;
                    let is_old = if kind == b'B' {
                        Beginning::decode(value).is_some_and(|beginning| beginning.0 < before)
                    } else {
                        keys::id_of(key).is_some_and(|id| id.at < before)
                    };
                    if is_old {
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

/// In the order in which the page is filled, each once.
fn named(ids: &[HistoryId], backwards: bool) -> Vec<HistoryId> {
    let mut ids = ids.to_vec();
    ids.sort_unstable_by(|a, b| if backwards { b.cmp(a) } else { a.cmp(b) });
    ids.dedup();
    ids
}

/// From the first row that may be in the answer to behind the last.
fn bounds(prefix: &[u8], query: &Query, begins: Timestamp) -> (Vec<u8>, Vec<u8>) {
    let at = query.start.map_or(begins, |start| start.max(begins));
    let mut from = keys::at(prefix, HistoryId { at, ..FIRST });
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
