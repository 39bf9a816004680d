//! Commands with forms (Ad-Hoc Commands, XEP-0050 1.3.0). Each of ours has one form at most, so nothing is remembered
//! between its steps: a form that comes back filled in is the whole request.

mod admin;
mod choose;
mod escalate;
#[cfg(test)]
mod tests;

use super::{
    disco::{INFO, ITEMS, Identity, Info},
    forms::{self, Form, FormKind},
    service::{Context, Error, Iq, Step},
};
use crate::{
    session::Addressee,
    stanza::{Condition, Element},
};

/// The namespace of commands; also the node under which they are listed.
pub(crate) const NS: &str = "http://jabber.org/protocol/commands";

/// A command that is offered.
pub(super) struct Offer {
    pub(super) node: &'static str,
    pub(super) name: &'static str,
    /// The form to fill in; `None`: it is carried out at once.
    pub(super) form: Option<fn() -> Form>,
    /// Carries it out.
    pub(super) run: fn(Context<'_>, &Form) -> Result<Step, Error>,
}

/// Those that the asker may use.
fn offers(context: Context<'_>) -> impl Iterator<Item = &'static Offer> {
    let rules = context.config.administrators.contains(&context.me.user);
    let administrators = if rules { &admin::COMMANDS[..] } else { &[] };
    [&escalate::COMMAND, &choose::COMMAND].into_iter().chain(administrators)
}

/// Answers a `<command/>`.
pub(crate) fn request(iq: &Iq<'_>) -> Step {
    if *iq.to != Addressee::Server || !iq.set {
        return Step::refuse(Condition::ServiceUnavailable);
    }
    let node = iq.payload.attribute("node").unwrap_or_default();
    let Some(offer) = offers(iq.context).find(|offer| offer.node == node) else {
        let exists = admin::COMMANDS.iter().any(|offer| offer.node == node);
        return Step::refuse(if exists { Condition::Forbidden } else { Condition::ItemNotFound });
    };
    match iq.payload.attribute("action") {
        Some("cancel") => Step::reply(answer(iq, offer, "canceled")),
        None | Some("execute" | "complete" | "next") => go_on(iq, offer),
        _ => {
            let specific = Element::new("bad-action", NS);
            Step::Refuse(Error::from(Condition::BadRequest).with(specific))
        }
    }
}

fn go_on(iq: &Iq<'_>, offer: &Offer) -> Step {
    let filled_in = match iq.payload.child("x", forms::NS).map(Form::parse) {
        Some(Err(_)) => return bad_payload("The form cannot be read."),
        Some(Ok(form)) if form.kind == FormKind::Submit => Some(form),
        _ => None,
    };
    let form = match (filled_in, offer.form) {
        (Some(form), _) => form,
        (None, None) => Form::new(FormKind::Submit, admin::FORM_TYPE),
        (None, Some(form)) => {
            let actions = Element::new("actions", NS)
                .with("execute", "complete")
                .with_child(Element::new("complete", NS));
            let form = form().to_element();
            return Step::reply(answer(iq, offer, "executing").with_child(actions).with_child(form));
        }
    };
    match (offer.run)(iq.context, &form) {
        Ok(step) => wrap(answer(iq, offer, "completed"), step),
        Err(error) => Step::Refuse(error),
    }
}

/// Puts what the command answers in the end into its `<command/>`.
fn wrap(command: Element, step: Step) -> Step {
    match step {
        Step::Reply(before, payload) => Step::Reply(before, Some(command.with_children(payload))),
        Step::Ask(question, told) => {
            Step::ask(question, |context, answer| wrap(command, told(context, answer)))
        }
        Step::Command(asked, then) => {
            Step::command(asked, |context, answer| wrap(command, then(context, answer)))
        }
        Step::Escalate(escalation, then) => {
            Step::escalate(escalation, |context, conference| wrap(command, then(context, conference)))
        }
        Step::Refuse(error) => Step::Refuse(error),
    }
}

fn answer(iq: &Iq<'_>, offer: &Offer, status: &'static str) -> Element {
    let session = iq.payload.attribute("sessionid").filter(|session| !session.is_empty());
    let session = session.map_or_else(|| format!("{:x}", iq.context.now.0), str::to_owned);
    Element::new("command", NS).with("node", offer.node).with("sessionid", session).with("status", status)
}

fn bad_payload(text: &'static str) -> Step {
    let error = Error::because(Condition::BadRequest, text);
    Step::Refuse(error.with(Element::new("bad-payload", NS)))
}

/// Answers service discovery about the commands of the server (§2.1, §2.2).
pub(super) fn disco(iq: &Iq<'_>, node: &str, info: bool) -> Step {
    let mut offers = offers(iq.context);
    if node == NS {
        if info {
            let identity = Identity::new("automation", "command-list", "Commands");
            return Step::reply(Info::new(identity, [INFO, ITEMS]).to_element(Some(node)));
        }
        let item = |offer: &Offer| {
            Element::new("item", ITEMS)
                .with("jid", iq.context.config.domain.as_str())
                .with("node", offer.node)
                .with("name", offer.name)
        };
        return Step::reply(Element::new("query", ITEMS).with("node", NS).with_children(offers.map(item)));
    }
    match offers.find(|offer| offer.node == node) {
        Some(offer) if info => {
            let identity = Identity::new("automation", "command-node", offer.name);
            Step::reply(Info::new(identity, [INFO, NS, forms::NS]).to_element(Some(node)))
        }
        Some(_) => Step::reply(Element::new("query", ITEMS).with("node", node.to_owned())),
        None => Step::refuse(Condition::ItemNotFound),
    }
}
