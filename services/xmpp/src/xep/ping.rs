//! Are you there? (XEP-0199 2.0.1) The server answers for itself and for the asker's own account.

use super::service::{Iq, Step};
use crate::{session::Addressee, stanza::Condition};

/// The namespace of pings.
pub(crate) const NS: &str = "urn:xmpp:ping";

/// Answers a ping.
pub(crate) fn request(iq: &Iq<'_>) -> Step {
    match iq.to {
        Addressee::Server | Addressee::Own if !iq.set => Step::done(),
        _ => Step::refuse(Condition::ServiceUnavailable),
    }
}
