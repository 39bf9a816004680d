//! Entity capabilities (XEP-0115 1.6.0, XEP-0390 0.3.2): what the signed-in client can do, learnt once for each version of
//! each client software and shared by all sessions. A hash is believed only when it comes out of the client's own answer.

mod cache;
mod client;
mod hash;
mod hash2;

pub use cache::{Abilities, Cache, Ver};
pub use client::Client;
pub use hash::{IllFormed, verification};
pub use hash2::digest;

use super::disco;
use crate::{
    ns::{CAPS, CAPS2, HASHES},
    session::Config,
    stanza::Element,
};

/// Where this server's software is described; the first half of every `node` it answers to.
pub const NODE: &str = "https://linnet.example/xmpp";

/// The `<c/>` for the stream features, with which a client may skip asking (XEP-0115 §6.3).
pub fn of_server(config: &Config) -> Element {
    // What we name ourselves never stands twice: a test of `disco` checks it.
    let ver = verification(&disco::server(config)).unwrap_or_default();
    Element::new("c", CAPS).with("hash", "sha-1").with("node", NODE).with("ver", ver)
}

/// What a node of XEP-0390 begins with that is named by the one algorithm that is spoken here (§4.3).
pub(crate) const NODE_SHA256: &str = "urn:xmpp:caps#sha-256.";

/// The same by XEP-0390 §5.2.
pub fn hashes_of_server(config: &Config) -> Element {
    let hash = Element::new("hash", HASHES).with("algo", "sha-256").with_text(digest(&disco::server(config)));
    Element::new("c", CAPS2).with_child(hash)
}
