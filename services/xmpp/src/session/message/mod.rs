//! Messages: from the client to a person or a conference, and from there to the client.

mod deliver;
mod read;
mod render;
mod send;

pub(crate) use deliver::deliver;
pub(crate) use read::{TooLarge, read};
pub(crate) use render::{Reader, append, append_full};
pub(super) use send::message;
