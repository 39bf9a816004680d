//! The extensions (XEPs), a file or folder for each: how their elements look, and the services that answer iqs.
//!
//! A service ([`service`]) is a function from a request to the next step; everything here is free of I/O and of time.

mod adhoc;
mod avatar;
pub(crate) mod blocking;
mod bookmarks;
pub mod caps;
pub(crate) mod csi;
pub mod datetime;
pub(crate) mod delay;
pub mod disco;
pub mod forms;
pub(crate) mod forward;
pub(crate) mod history;
mod last;
pub(crate) mod muc;
pub(crate) mod payload;
pub(crate) mod pep;
pub(crate) mod photo;
pub(crate) mod ping;
mod private;
pub mod push;
pub mod rsm;
pub(crate) mod service;
pub(crate) mod stanza_id;
mod time;
pub(crate) mod upload;
mod vcard;
mod version;

use crate::{ns, session::Config, stanza::Tag};

/// What stands in the stream features after sign-in besides what the stream itself offers: roster versioning
/// (RFC 6121 §2.6.1), pre-approval (§3.4.3) and the server's capabilities (XEP-0115 §6.3, XEP-0390 §5.2).
pub fn stream_features(config: &Config) -> bytes::Bytes {
    let mut out = Vec::with_capacity(256);
    Tag::open_in(&mut out, "ver", ns::ROSTER_VERSIONING).empty();
    Tag::open_in(&mut out, "sub", ns::PRE_APPROVAL).empty();
    caps::of_server(config).write(ns::CLIENT, &mut out);
    caps::hashes_of_server(config).write(ns::CLIENT, &mut out);
    out.into()
}

#[cfg(test)]
mod script;
#[cfg(test)]
mod tests;
