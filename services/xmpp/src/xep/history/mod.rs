//! History (message archive management, XEP-0313 1.1.3, `urn:xmpp:mam:2` and its extended features): the user's own, and
//! that of a conference. The id of a message is the `stanza-id` that it was delivered with.

mod page;
mod query;
#[cfg(test)]
mod tests;

use super::service::{Iq, Step};
use crate::{
    session::{Addressee, Answer, Question},
    stanza::{Condition, Element},
};
use domain::history::{HistoryId, Owner};

/// The namespace of history.
pub(crate) const NS: &str = "urn:xmpp:mam:2";
/// Named beside it in service discovery: filters by id, flipped pages, metadata (§4.3 ff.).
pub(crate) const EXTENDED: &str = "urn:xmpp:mam:2#extended";

/// Answers a request to a history.
pub(crate) fn request(iq: &Iq<'_>) -> Step {
    let owner = match iq.to {
        Addressee::Own => Owner::User(iq.context.me.user.clone()),
        // Who is in may read: whether somebody may be is the conference's to say, and it has said so by letting them in.
        Addressee::Conference(conference) if iq.context.joined.is_in(conference) => {
            Owner::Conference(conference.clone())
        }
        Addressee::Conference(_) | Addressee::User(_) => return Step::refuse(Condition::Forbidden),
        _ => return Step::refuse(Condition::ServiceUnavailable),
    };
    match (iq.payload.name(), iq.set) {
        ("query", true) => query::request(iq.payload, owner),
        ("query", false) => {
            Step::reply(Element::new("query", NS).with_child(query::form(&owner).to_element()))
        }
        ("metadata", false) => metadata(owner),
        ("prefs", set) if *iq.to == Addressee::Own => preferences(iq.payload, set),
        _ => Step::refuse(Condition::FeatureNotImplemented),
    }
}

/// The ends of the history (§5).
fn metadata(owner: Owner) -> Step {
    let end = |name: &'static str, id: HistoryId| {
        let at = super::datetime::format(id.at);
        Element::new(name, NS).with("id", id.to_string()).with("timestamp", at)
    };
    Step::ask(Question::HistoryEnds(owner), move |_, answer| {
        let Answer::HistoryEnds(ends) = answer else { return Step::confused() };
        let metadata = Element::new("metadata", NS)
            .with_children(ends.first.map(|id| end("start", id)))
            .with_children(ends.last.map(|id| end("end", id)));
        Step::reply(metadata)
    })
}

/// What is kept (XEP-0441 0.2.0): everything, and that is not the user's to change.
fn preferences(payload: &Element, set: bool) -> Step {
    let names_somebody = payload.children().any(|list| list.children().next().is_some());
    if set && (payload.attribute("default") != Some("always") || names_somebody) {
        return Step::because(Condition::FeatureNotImplemented, "Every message is kept in the history.");
    }
    let lists = ["always", "never"].map(|name| Element::new(name, NS));
    Step::reply(Element::new("prefs", NS).with("default", "always").with_children(lists))
}
