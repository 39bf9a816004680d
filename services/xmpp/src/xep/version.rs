//! Which software is it? (Software Version, XEP-0092 1.1) Name and version; the operating system is nobody's business.

use super::service::{Iq, Step};
use crate::{
    session::Addressee,
    stanza::{Condition, Element},
};

/// The namespace of versions.
pub(crate) const NS: &str = "jabber:iq:version";

/// Tells the server's name and version.
pub(crate) fn request(iq: &Iq<'_>) -> Step {
    if *iq.to != Addressee::Server || iq.set {
        return Step::refuse(Condition::ServiceUnavailable);
    }
    Step::reply(
        Element::new("query", NS)
            .with_child(Element::new("name", NS).with_text("Linnet"))
            .with_child(Element::new("version", NS).with_text(iq.context.config.version)),
    )
}
