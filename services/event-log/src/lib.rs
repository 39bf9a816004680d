//! The log: what is acknowledged is in it, and everything else is a fold of it (DESIGN §1).
//!
//! A shard is one ordered sequence of records at offsets from 0. This crate is the sole home of its rules:
//! [`Validity`] says which records count, [`Owner`] says who may acknowledge, [`codec`] says what the bytes mean.
//! [`Log`] is a handle over one of two: the log of one process (Standard Edition), with one writer thread, many appends to
//! one sync, over a [`Medium`] that keeps the bytes (`RocksDB` in `store`, [`Memory`] for tests); or the log of a pool
//! ([`kafka`]).

pub mod codec;
mod embedded;
mod follow;
pub mod kafka;
pub mod limits;
mod log;
mod medium;
mod memory;
mod owner;
mod queue;
mod record;
mod trim;
mod validity;
mod writer;

pub use embedded::Options;
pub use follow::Follower;
pub use kafka::{State, StateError};
pub use log::{Appender, Log};
pub use medium::{Medium, Placed, ReadError, WriteError};
pub use memory::{Fault, Memory};
pub use owner::{Input, LostBy, Outcome, Output, Owner};
pub use queue::{AppendError, Sink};
pub use record::{Entry, Facts, Offset, Record, Stamp, WriterId};
pub use trim::Trimmer;
pub use validity::{Checkpoint, Validity, Verdict};
