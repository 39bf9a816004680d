//! Publishing and taking back items (XEP-0060 §7). The options of a publication (§7.1.5) are what a new node gets, and
//! what must hold already of one that is there: only the options that are named count.

use super::{NS, change, error, node, pubsub, settings};
use crate::{
    stanza::{Condition, Element},
    xep::{
        avatar,
        forms::Form,
        service::{Error, Iq, Step},
    },
};
use bytes::Bytes;
use domain::{
    Address, Reason, Refusal, Timestamp,
    category::Settings,
    endpoint::{Answer, CategoryCommand, Command},
    limits::ITEM_BYTES,
};
use sha1::{Digest as _, Sha1};
use std::{fmt::Write as _, sync::Arc};

/// An item on its way.
struct Publication {
    node: Arc<str>,
    id: Arc<str>,
    content: Bytes,
}

pub(super) fn publish(iq: &Iq<'_>, verb: &Element) -> Result<Step, Error> {
    let me = &iq.context.me.user;
    let item = read(iq.context.now, verb)?;
    let options = iq.payload.child("publish-options", NS);
    let options = options.map(|options| Form::within(options, settings::PUBLISH_OPTIONS)).transpose();
    let Some(options) = options.map_err(|_| Condition::BadRequest)?.flatten() else {
        return Ok(item.publish(me, None));
    };
    let command = CategoryCommand::Settings { category: item.node.clone() };
    Ok(Step::command(Command::Category { owner: me.clone(), command }, move |context, answer| {
        item.publish_if(&context.me.user, &options, answer)
    }))
}

fn read(now: Timestamp, verb: &Element) -> Result<Publication, Error> {
    let node = node(verb)?;
    let mut items = verb.children().filter(|child| child.is("item", NS));
    let (item, more) = (items.next(), items.next());
    let item = item.ok_or_else(|| error::specific(Condition::BadRequest, "item-required"))?;
    if more.is_some() {
        return Err(error::specific(Condition::NotAllowed, "max-items-exceeded"));
    }
    let mut payloads = item.children();
    let payload =
        payloads.next().ok_or_else(|| error::specific(Condition::BadRequest, "payload-required"))?;
    if payloads.next().is_some() {
        return Err(error::specific(Condition::BadRequest, "invalid-payload"));
    }
    let content = content(payload);
    let id = match item.attribute("id") {
        Some(id) if !id.is_empty() => id.into(),
        _ => made_id(now, &content),
    };
    Ok(Publication { node, id, content })
}

/// An element as it is kept: with its namespace, so that it can stand anywhere.
pub(crate) fn content(element: &Element) -> Bytes {
    let mut out = Vec::new();
    element.write("", &mut out);
    out.into()
}

/// The id of an item whose publisher gave it none (XEP-0060 §7.1.2).
fn made_id(now: Timestamp, content: &[u8]) -> Arc<str> {
    let mut id = format!("{:x}", now.0);
    for byte in &Sha1::digest(content)[..8] {
        // Writing to a string cannot fail.
        let _ = write!(id, "{byte:02x}");
    }
    id.into()
}

impl Publication {
    fn publish(self, me: &Address, settings: Option<Settings>) -> Step {
        let Self { node, id, content } = self;
        let (category, named, given) = (node.clone(), id.clone(), content.clone());
        let command = CategoryCommand::Publish { category, id: named, content: given, settings };
        Step::command(Command::Category { owner: me.clone(), command }, move |context, answer| match answer {
            Ok(_) if &*node == avatar::METADATA => {
                avatar::to_vcard(context, &content, pubsub(NS, publish_of(&node, &id)))
            }
            Ok(_) => Step::reply(pubsub(NS, publish_of(&node, &id))),
            Err(refusal) if refusal.reason == Reason::Conflict => unmet(),
            Err(refusal) if refusal.reason == Reason::LimitReached && content.len() > ITEM_BYTES => {
                Step::Refuse(error::specific(Condition::NotAcceptable, "payload-too-big"))
            }
            Err(refusal) => Step::Refuse(refusal.into()),
        })
    }

    /// Publishes if the node has the settings that the options name, or makes it with them.
    fn publish_if(self, me: &Address, options: &Form, answer: Result<Answer, Refusal>) -> Step {
        match answer {
            Ok(Answer::Settings(known)) => match settings::overlay(options, known.clone()) {
                Ok(wanted) if wanted == known => self.publish(me, None),
                _ => unmet(),
            },
            Ok(_) => Step::confused(),
            Err(refusal) if refusal.reason == Reason::NotFound => {
                match settings::overlay(options, Settings::default()) {
                    Ok(wanted) => self.publish(me, Some(wanted)),
                    Err(_) => unmet(),
                }
            }
            Err(refusal) => Step::Refuse(refusal.into()),
        }
    }
}

fn publish_of(node: &str, id: &str) -> Element {
    Element::new("publish", NS).with("node", node).with_child(Element::new("item", NS).with("id", id))
}

fn unmet() -> Step {
    Step::Refuse(error::specific(Condition::Conflict, "precondition-not-met"))
}

/// Takes one item back (§7.2).
pub(super) fn retract(owner: &Address, verb: &Element) -> Result<Step, Error> {
    let category = node(verb)?;
    let notify = matches!(verb.attribute("notify"), Some("1" | "true"));
    let mut items = verb.children().filter(|child| child.is("item", NS));
    match (items.next().and_then(|item| item.attribute("id")), items.next()) {
        (Some(id), None) if !id.is_empty() => {
            Ok(change(owner, CategoryCommand::Retract { category, id: id.into(), notify }))
        }
        (_, Some(_)) => Err(error::specific(Condition::NotAllowed, "max-items-exceeded")),
        _ => Err(error::specific(Condition::BadRequest, "item-required")),
    }
}
