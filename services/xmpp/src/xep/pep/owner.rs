//! What only the owner of a node may do (XEP-0060 §8): make, configure, empty and remove it.

use super::{NS, OWNER, ask, change, error, is_reserved, node, pubsub, settings};
use crate::{
    stanza::{Condition, Element},
    xep::{
        forms::{Form, FormKind},
        service::{Error, Iq, Step},
    },
};
use domain::{
    Address,
    category::Settings,
    endpoint::{Answer, CategoryCommand},
};
use std::sync::Arc;

pub(super) fn request(iq: &Iq<'_>, owner: &Address, verb: &Element) -> Result<Step, Error> {
    if *owner != iq.context.me.user {
        return Err(Condition::Forbidden.into());
    }
    if verb.name() == "default" && !iq.set {
        return Ok(default_form(OWNER));
    }
    let category = node(verb)?;
    Ok(match (verb.name(), iq.set) {
        ("configure", false) => form(owner, category),
        ("configure", true) => configure(owner, verb, category)?,
        ("delete", true) => change(owner, CategoryCommand::Delete { category }),
        ("purge", true) => change(owner, CategoryCommand::Purge { category }),
        ("affiliations", false) => {
            let affiliation = Element::new("affiliation", OWNER).with("jid", owner.as_str());
            let list = Element::new("affiliations", OWNER).with("node", &*category);
            Step::reply(pubsub(OWNER, list.with_child(affiliation.with("affiliation", "owner"))))
        }
        ("affiliations", true) => return Err(error::unsupported("modify-affiliations")),
        ("subscriptions", _) => return Err(error::unsupported("manage-subscriptions")),
        _ => return Err(Condition::BadRequest.into()),
    })
}

/// Changes what the form names and leaves the rest as it is (§8.2.4).
fn configure(owner: &Address, verb: &Element, category: Arc<str>) -> Result<Step, Error> {
    let form = match Form::within(verb, settings::NODE_CONFIG) {
        Ok(Some(form)) if form.kind == FormKind::Submit => form,
        Ok(Some(form)) if form.kind == FormKind::Cancel => return Ok(Step::done()),
        Err(_) if matches!(cancelled(verb), Some(true)) => return Ok(Step::done()),
        _ => return Err(Condition::BadRequest.into()),
    };
    Ok(ask(owner, CategoryCommand::Settings { category: category.clone() }, move |context, answer| {
        let Answer::Settings(known) = answer else { return Step::confused() };
        match settings::overlay(&form, known) {
            Ok(settings) => change(&context.me.user, CategoryCommand::Configure { category, settings }),
            Err(error) => Step::Refuse(error),
        }
    }))
}

/// A cancelled form may come without its `FORM_TYPE`.
fn cancelled(verb: &Element) -> Option<bool> {
    Some(Form::parse(verb.first()?).ok()?.kind == FormKind::Cancel)
}

/// Makes a node (§8.1), with settings if the request holds them.
pub(super) fn create(iq: &Iq<'_>, verb: &Element) -> Result<Step, Error> {
    let category = node(verb)?;
    let form = iq.payload.child("configure", NS).map(|form| Form::within(form, settings::NODE_CONFIG));
    let form = form.transpose().map_err(|_| Condition::BadRequest)?.flatten();
    let settings = form.map(|form| settings::overlay(&form, Settings::default())).transpose()?;
    Ok(change(&iq.context.me.user, CategoryCommand::Create { category, settings }))
}

/// The form of a node (§8.2.1).
fn form(owner: &Address, category: Arc<str>) -> Step {
    ask(owner, CategoryCommand::Settings { category: category.clone() }, move |_, answer| {
        let Answer::Settings(settings) = answer else { return Step::confused() };
        let form = settings::form(&settings).to_element();
        Step::reply(pubsub(OWNER, Element::new("configure", OWNER).with("node", &*category).with_child(form)))
    })
}

/// The form of a node that says nothing else (§8.3).
pub(super) fn default_form(namespace: &'static str) -> Step {
    let form = settings::form(&Settings::default()).to_element();
    Step::reply(pubsub(namespace, Element::new("default", namespace).with_child(form)))
}

/// The owner of the account owns all its nodes, nobody else has a part in them (§5.7).
pub(super) fn affiliations(owner: &Address, own: bool) -> Step {
    if !own {
        return Step::reply(pubsub(NS, Element::new("affiliations", NS)));
    }
    ask(owner, CategoryCommand::List, |_, answer| {
        let Answer::Categories(nodes) = answer else { return Step::confused() };
        let of = |node: &Arc<str>| {
            Element::new("affiliation", NS).with("node", &**node).with("affiliation", "owner")
        };
        let nodes = nodes.iter().filter(|node| !is_reserved(node)).map(of);
        Step::reply(pubsub(NS, Element::new("affiliations", NS).with_children(nodes)))
    })
}
