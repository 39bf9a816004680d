//! Presence: what the client shows, to whom, and what it is shown (RFC 6121 §3, §4).

mod notice;
mod optimize;
mod send;
mod state;

pub(crate) use notice::{directed, handshake, notice, whole_state, write_handshake, write_presence};
pub(crate) use optimize::Told;
pub(super) use send::presence;
pub(crate) use send::{Wish, carried, note};
pub(crate) use state::{append_state, read_state};
