//! Personal eventing (PEP, XEP-0163 1.2.2): the part of publish-subscribe (XEP-0060 1.29.0) that a user's own account
//! offers. A node is a category of the user; the account's owner publishes, the audience of its access model reads.

mod error;
mod items;
mod notice;
mod owner;
mod publish;
mod settings;
#[cfg(test)]
mod tests;

pub(crate) use notice::event;
pub(crate) use publish::content;

use super::service::{Context, Error, Iq, Step};
use crate::{
    session::Addressee,
    stanza::{Condition, Element},
};
use domain::{
    Address,
    endpoint::{Answer, CategoryCommand, Command},
};
use std::sync::Arc;

/// The namespace of publishing and reading.
pub(crate) const NS: &str = "http://jabber.org/protocol/pubsub";
/// The namespace of what only a node's owner may do.
pub(crate) const OWNER: &str = "http://jabber.org/protocol/pubsub#owner";
/// The namespace of notices.
pub(crate) const EVENT: &str = "http://jabber.org/protocol/pubsub#event";
/// The namespace of conditions beside those of RFC 6120.
pub(crate) const ERRORS: &str = "http://jabber.org/protocol/pubsub#errors";

/// What an account offers of XEP-0060, for service discovery.
pub(crate) const FEATURES: [&str; 24] = [
    "http://jabber.org/protocol/pubsub",
    "http://jabber.org/protocol/pubsub#access-open",
    "http://jabber.org/protocol/pubsub#access-presence",
    "http://jabber.org/protocol/pubsub#access-whitelist",
    "http://jabber.org/protocol/pubsub#auto-create",
    "http://jabber.org/protocol/pubsub#auto-subscribe",
    "http://jabber.org/protocol/pubsub#config-node",
    "http://jabber.org/protocol/pubsub#config-node-max",
    "http://jabber.org/protocol/pubsub#create-and-configure",
    "http://jabber.org/protocol/pubsub#create-nodes",
    "http://jabber.org/protocol/pubsub#delete-items",
    "http://jabber.org/protocol/pubsub#delete-nodes",
    "http://jabber.org/protocol/pubsub#filtered-notifications",
    "http://jabber.org/protocol/pubsub#item-ids",
    "http://jabber.org/protocol/pubsub#last-published",
    "http://jabber.org/protocol/pubsub#multi-items",
    "http://jabber.org/protocol/pubsub#persistent-items",
    "http://jabber.org/protocol/pubsub#presence-notifications",
    "http://jabber.org/protocol/pubsub#publish",
    "http://jabber.org/protocol/pubsub#publish-options",
    "http://jabber.org/protocol/pubsub#purge-nodes",
    "http://jabber.org/protocol/pubsub#retract-items",
    "http://jabber.org/protocol/pubsub#retrieve-default",
    "http://jabber.org/protocol/pubsub#retrieve-items",
];

/// A category that another extension keeps its own in: not a node of PEP.
pub(crate) fn is_reserved(category: &str) -> bool {
    category == super::vcard::CATEGORY || category.starts_with(super::private::PREFIX)
}

/// Answers a request in one of the pubsub namespaces, to the asker's own or another user's account.
pub(crate) fn request(iq: &Iq<'_>) -> Step {
    route(iq).unwrap_or_else(Step::Refuse)
}

fn route(iq: &Iq<'_>) -> Result<Step, Error> {
    let me = &iq.context.me.user;
    let owner = match iq.to {
        Addressee::Own => me,
        Addressee::User(user) => user,
        _ => return Err(Condition::ServiceUnavailable.into()),
    };
    let own = owner == me;
    if iq.set && !own {
        return Err(Condition::Forbidden.into());
    }
    let verb = iq.payload.first().ok_or(Condition::BadRequest)?;
    if iq.payload.namespace() == OWNER {
        return owner::request(iq, owner, verb);
    }
    match (verb.name(), iq.set) {
        ("items", false) => items::request(iq, owner, verb),
        ("publish", true) => publish::publish(iq, verb),
        ("retract", true) => publish::retract(owner, verb),
        ("create", true) => owner::create(iq, verb),
        ("default", false) => Ok(owner::default_form(NS)),
        ("subscriptions", false) => Ok(Step::reply(pubsub(NS, Element::new("subscriptions", NS)))),
        ("affiliations", false) => Ok(owner::affiliations(owner, own)),
        ("subscribe" | "unsubscribe", true) => Err(error::unsupported("subscribe")),
        ("options", _) => Err(error::unsupported("subscription-options")),
        _ => Err(Condition::BadRequest.into()),
    }
}

/// Asks for something of a category; `then` goes on if it is granted.
fn ask(
    owner: &Address,
    command: CategoryCommand,
    then: impl FnOnce(Context<'_>, Answer) -> Step + Send + 'static,
) -> Step {
    Step::command(Command::Category { owner: owner.clone(), command }, |context, answer| match answer {
        Ok(answer) => then(context, answer),
        Err(refusal) => Step::Refuse(error::of(&refusal)),
    })
}

/// Asks for a change; there is nothing to say but that it is done.
fn change(owner: &Address, command: CategoryCommand) -> Step {
    ask(owner, command, |_, _| Step::done())
}

fn pubsub(namespace: &'static str, child: Element) -> Element {
    Element::new("pubsub", namespace).with_child(child)
}

/// The node that `verb` names; it must be one of PEP's.
fn node(verb: &Element) -> Result<Arc<str>, Error> {
    match verb.attribute("node") {
        Some(node) if is_reserved(node) => Err(Condition::ItemNotFound.into()),
        Some(node) if !node.is_empty() => Ok(node.into()),
        _ => Err(error::specific(Condition::BadRequest, "nodeid-required")),
    }
}
