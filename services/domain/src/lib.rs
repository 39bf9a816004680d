//! The rules of Linnet: who is who, who sees what, who hears what. No I/O, no clock, no runtime.
//!
//! Two kinds of entity live here, each a machine with one home: the [`user`] (account, roster, presentity,
//! endpoints, kept messages, categories) and the [`conversation`] (two-party or conference, with the IM MCU in
//! the middle). A machine is `handle(now, command, &mut out)` plus `deadline()`: it appends facts and effects to
//! [`Out`] and has already applied the facts to itself. The host makes the facts durable before it lets any
//! effect of the same or a later turn leave, and drops the machine if it cannot. Replay is `apply` alone.

pub mod account;
pub mod address;
pub mod category;
pub mod conversation;
pub mod endpoint;
pub mod history;
pub mod limits;
pub mod message;
mod out;
pub mod policy;
pub mod presentity;
mod reason;
pub mod roster;
mod shard;
mod time;
pub mod user;

pub use address::{Address, EndpointId, EndpointName};
pub use conversation::ConversationId;
pub use message::Message;
pub use out::{Out, Ticket};
pub use reason::{Reason, Refusal};
pub use shard::{Home, Shard, ShardCount};
pub use time::Timestamp;
