//! What time is it there? (Entity Time, XEP-0202 2.0) The server's time zone is UTC.

use super::{
    datetime,
    service::{Iq, Step},
};
use crate::{
    session::Addressee,
    stanza::{Condition, Element},
};

/// The namespace of the time.
pub(crate) const NS: &str = "urn:xmpp:time";

/// Tells the time.
pub(crate) fn request(iq: &Iq<'_>) -> Step {
    if *iq.to != Addressee::Server || iq.set {
        return Step::refuse(Condition::ServiceUnavailable);
    }
    let utc = datetime::format(iq.context.now);
    Step::reply(
        Element::new("time", NS)
            .with_child(Element::new("tzo", NS).with_text("+00:00"))
            .with_child(Element::new("utc", NS).with_text(utc)),
    )
}
