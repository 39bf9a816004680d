//! Entity capabilities (XEP-0115 1.6.0): what the signed-in client can do, learnt once for each version of each
//! client software and shared by all sessions. A `ver` is believed only when it comes out of the client's own answer.

mod cache;
mod client;
mod hash;

pub use cache::{Abilities, Cache};
pub use client::Client;
pub use hash::{IllFormed, verification};

use super::disco;
use crate::{ns::CAPS, session::Config, stanza::Element};

/// Where this server's software is described; the first half of every `node` it answers to.
pub const NODE: &str = "https://linnet.example/xmpp";

/// The `<c/>` for the stream features, with which a client may skip asking (XEP-0115 §6.3).
pub fn of_server(config: &Config) -> Element {
    // What we name ourselves never stands twice: a test of `disco` checks it.
    let ver = verification(&disco::server(config)).unwrap_or_default();
    Element::new("c", CAPS).with("hash", "sha-1").with("node", NODE).with("ver", ver)
}
