//! Presence: what the client shows, to whom, and what it is shown (RFC 6121 §3, §4).

mod notice;
mod optimize;
mod send;
mod state;

pub(crate) use notice::{directed, handshake, notice};
pub(crate) use optimize::Told;
pub(crate) use send::note;
pub(super) use send::presence;
pub(crate) use state::{append_state, read_state};
