//! History (message archive management, XEP-0313 1.1.3, `urn:xmpp:mam:2` and its extended features): the user's own, and
//! that of a conference. The id of a message is the `stanza-id` that it was delivered with.

mod page;
mod query;
#[cfg(test)]
mod tests;

use super::service::{Error, Iq, Step};
use crate::{
    session::{self, Addressee, Question},
    stanza::{Condition, Element},
};
use domain::{
    conversation::{ConferenceAnswer, ConferenceCommand},
    endpoint::{Answer, Command},
    history::{HistoryId, Owner},
};

/// The namespace of history.
pub(crate) const NS: &str = "urn:xmpp:mam:2";
/// Named beside it in service discovery: filters by id, flipped pages, metadata (§4.3 ff.).
pub(crate) const EXTENDED: &str = "urn:xmpp:mam:2#extended";

/// Answers a request to a history.
pub(crate) fn request(iq: &Iq<'_>) -> Step {
    let wish = match Wish::of(iq) {
        Ok(wish) => wish,
        Err(error) => return Step::Refuse(error),
    };
    match iq.to {
        Addressee::Own => wish.ask(Owner::User(iq.context.me.user.clone())),
        // Whether somebody may read is the conference's to say.
        Addressee::Conference(conference) => {
            let address = conference.clone();
            let (conference, command) = (conference.clone(), ConferenceCommand::ReadHistory);
            Step::command(Command::Conference { conference, command }, |_, answer| match answer {
                Ok(Answer::Conference(ConferenceAnswer::History { since })) => {
                    wish.ask(Owner::Conference { address, since })
                }
                Ok(_) => Step::confused(),
                Err(refusal) => Step::Refuse(refusal.into()),
            })
        }
        Addressee::User(_) => Step::refuse(Condition::Forbidden),
        _ => Step::refuse(Condition::ServiceUnavailable),
    }
}

/// What is wanted of a history, whosoever it is.
enum Wish {
    Page(query::Asked),
    Form {
        own: bool,
    },
    Ends,
    /// Answered already.
    Preferences(Step),
}

impl Wish {
    fn of(iq: &Iq<'_>) -> Result<Self, Error> {
        let own = *iq.to == Addressee::Own;
        Ok(match (iq.payload.name(), iq.set) {
            ("query", true) => Self::Page(query::read(iq.payload, own)?),
            ("query", false) => Self::Form { own },
            ("metadata", false) => Self::Ends,
            ("prefs", set) if own => Self::Preferences(preferences(iq.payload, set)),
            _ => return Err(Condition::FeatureNotImplemented.into()),
        })
    }

    fn ask(self, owner: Owner) -> Step {
        match self {
            Self::Page(asked) => asked.of(owner),
            Self::Form { own } => {
                Step::reply(Element::new("query", NS).with_child(query::form(own).to_element()))
            }
            Self::Ends => metadata(owner),
            Self::Preferences(step) => step,
        }
    }
}

/// The ends of the history (§5).
fn metadata(owner: Owner) -> Step {
    let end = |name: &'static str, id: HistoryId| {
        let at = super::datetime::format(id.at);
        Element::new(name, NS).with("id", id.to_string()).with("timestamp", at)
    };
    Step::ask(Question::HistoryEnds(owner), move |_, answer| {
        let session::Answer::HistoryEnds(ends) = answer else { return Step::confused() };
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
