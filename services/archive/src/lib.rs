//! The archive: the log folded into what can be looked up. Today the history of users and conferences; it keeps every
//! numbered message but those of conferences that do not want it, complete by construction, since it reads the same
//! records that were acknowledged.
//!
//! [`fold`] turns records into rows, [`Follow`] runs it behind the log, [`History`] answers from the rows.

mod beginning;
mod filling;
mod fold;
mod follow;
mod history;
mod keys;
pub mod limits;
#[cfg(test)]
mod tests;

pub use follow::{Follow, FollowError};
pub use history::{History, HistoryError};
