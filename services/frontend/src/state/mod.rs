//! The state of shards beyond this node (DESIGN §1): its owner puts a shard's entities into `linnet.state`, who takes a
//! shard and has none of it, or is far behind, loads them from there, and the next owner in line keeps a copy up to date.
//!
//! The rule that makes this safe, whoever puts what when (`docs/decisions/2026-11-21-state.md`): a record is one whole
//! entity as of a record of the log that it names, and a checkpoint is put only after every entity that it speaks for.
//! So each record is true for ever, a reader takes of each entity the newest and of the checkpoints the highest, and what
//! is newer than the checkpoint is passed over by the replay, as it is with rows in the database.

mod changes;
mod fold;
mod load;
pub(crate) mod pace;
mod publish;
mod publisher;
mod standby;
#[cfg(test)]
mod tests;
mod topic;

pub(crate) use changes::Changes;
pub(crate) use load::{LoadError, load};
pub(crate) use publisher::Publisher;
pub(crate) use standby::Standby;
