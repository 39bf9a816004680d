//! The pool: who is in it ([`membership`]), who owns which shard ([`ownership`]), and links between its nodes ([`link`]).
//!
//! [`Cluster`] is the handle; a [`Receiver`] hears from it. What homes and sessions say over links is in [`wire`]. Ownership is advice: the log decides (DESIGN §1).

mod cluster;
mod conductor;
pub mod limits;
mod link;
mod membership;
mod node;
mod numbers;
mod options;
pub mod ownership;
mod receiver;
pub mod wire;

pub use cluster::{Cluster, ShardState};
pub use node::{Member, NodeId, Owner, Standing};
pub use numbers::Numbers;
pub use options::{Options, Secret, StartError, Tls};
pub use receiver::Receiver;
