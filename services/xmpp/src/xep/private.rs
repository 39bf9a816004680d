//! Private storage (XEP-0049 1.2): elements that only their owner can read, one for each name and namespace, kept as
//! categories that nobody else may see. Bookmarks are converted: they live in PEP ([`super::bookmarks`]).

use super::{
    bookmarks, pep,
    service::{Iq, Step},
};
use crate::{
    limits::PRIVATE_NAMES,
    session::Addressee,
    stanza::{Condition, Element},
};
use domain::{
    Reason,
    category::{Access, Settings},
    endpoint::{Answer, CategoryCommand, Command},
};
use std::sync::Arc;

/// The namespace of private storage.
pub(crate) const NS: &str = "jabber:iq:private";
/// What the name of a category of private storage begins with; the element's namespace follows.
pub(crate) const PREFIX: &str = "private ";

/// Answers a request to the asker's own private storage.
pub(crate) fn request(iq: &Iq<'_>) -> Step {
    match iq.to {
        Addressee::Own => {}
        Addressee::User(_) => return Step::refuse(Condition::Forbidden),
        _ => return Step::refuse(Condition::ServiceUnavailable),
    }
    let mut children = iq.payload.children();
    let (Some(element), None) = (children.next(), children.next()) else {
        return Step::because(Condition::BadRequest, "One element at a time.");
    };
    match (element, iq.set) {
        (element, set) if element.is("storage", bookmarks::STORAGE) => {
            bookmarks::request(iq.context, element, set)
        }
        (element, true) => set(iq, element),
        (element, false) => get(iq, element),
    }
}

/// The answer to a get.
pub(super) fn found(element: Element) -> Step {
    Step::reply(Element::new("query", NS).with_child(element))
}

fn get(iq: &Iq<'_>, element: &Element) -> Step {
    let empty = Element::new(element.name().to_owned(), element.namespace().to_owned());
    let command =
        CategoryCommand::Read { category: category(element), ids: vec![element.name().into()], max: None };
    ask(iq, command, |answer| match answer {
        // XEP-0049 §2.2: nothing stored is an empty element.
        Err(Reason::NotFound) => found(empty),
        Err(reason) => Step::refuse(reason.into()),
        Ok(Answer::Items { items, .. }) => {
            let stored = items.last().and_then(|item| Element::parse(&item.content).ok());
            found(stored.unwrap_or(empty))
        }
        Ok(_) => Step::confused(),
    })
}

fn set(iq: &Iq<'_>, element: &Element) -> Step {
    let command = CategoryCommand::Publish {
        category: category(element),
        id: element.name().into(),
        content: pep::content(element),
        settings: Some(Settings {
            access: Access::Whitelist,
            max_items: PRIVATE_NAMES,
            persist: true,
            send_last: false,
            notify_retract: false,
        }),
    };
    ask(iq, command, |answer| match answer {
        Ok(_) => Step::done(),
        Err(reason) => Step::refuse(reason.into()),
    })
}

fn ask(
    iq: &Iq<'_>,
    command: CategoryCommand,
    then: impl FnOnce(Result<Answer, Reason>) -> Step + Send + 'static,
) -> Step {
    let owner = iq.context.me.user.clone();
    Step::command(Command::Category { owner, command }, |_, answer| {
        then(answer.map_err(|refusal| refusal.reason))
    })
}

fn category(element: &Element) -> Arc<str> {
    format!("{PREFIX}{}", element.namespace()).into()
}
