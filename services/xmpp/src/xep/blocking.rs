//! Blocking (XEP-0191 1.3): the list, its changes, and the pushes of them. The home decides what a block does.

use super::service::{Error, Iq, Step};
use crate::{
    limits::BLOCK_ITEMS,
    session::Addressee,
    stanza::{Condition, Element, ErrorKind},
};
use domain::{
    Address,
    endpoint::{Answer, Command, RosterCommand},
};

/// The namespace of blocking.
pub(crate) const NS: &str = "urn:xmpp:blocking";
/// The namespace of the condition that tells the sender that it was the one who blocked.
const ERRORS: &str = "urn:xmpp:blocking:errors";

/// Shows or changes the asker's list.
pub(crate) fn request(iq: &Iq<'_>) -> Step {
    if *iq.to != Addressee::Own {
        return Step::refuse(Condition::ServiceUnavailable);
    }
    match (iq.payload.name(), iq.set) {
        ("blocklist", false) => {
            Step::command(Command::Roster(RosterCommand::Blocked), |_, answer| match answer {
                Ok(Answer::Blocked(addresses)) => Step::reply(named("blocklist", &addresses)),
                Ok(_) => Step::confused(),
                Err(refusal) => Step::Refuse(refusal.into()),
            })
        }
        ("block", true) => match items(iq.payload) {
            Ok(all) if all.is_empty() => Step::refuse(Condition::BadRequest),
            Ok(all) => change(RosterCommand::Block(all)),
            Err(condition) => Step::refuse(condition),
        },
        ("unblock", true) => match items(iq.payload) {
            Ok(all) => change(RosterCommand::Unblock(all)),
            Err(condition) => Step::refuse(condition),
        },
        _ => Step::refuse(Condition::BadRequest),
    }
}

fn change(command: RosterCommand) -> Step {
    Step::command(Command::Roster(command), |_, answer| match answer {
        Ok(_) => Step::done(),
        Err(refusal) => Step::Refuse(refusal.into()),
    })
}

/// Users and domains; single endpoints cannot be blocked here, and saying so is better than blocking more.
fn items(list: &Element) -> Result<Vec<Address>, Condition> {
    let items: Vec<&Element> = list.children().filter(|child| child.is("item", NS)).collect();
    if items.len() > BLOCK_ITEMS {
        return Err(Condition::NotAcceptable);
    }
    let address = |item: &&Element| match item.attribute("jid") {
        None => Err(Condition::BadRequest),
        Some(jid) if jid.contains('/') => Err(Condition::NotAcceptable),
        Some(jid) => Address::parse(jid).map_err(|_| Condition::JidMalformed),
    };
    items.iter().map(address).collect()
}

fn named(name: &'static str, addresses: &[Address]) -> Element {
    let item = |address: &Address| Element::new("item", NS).with("jid", address.as_str());
    Element::new(name, NS).with_children(addresses.iter().map(item))
}

/// What a push holds: these are blocked now, or no longer.
pub(crate) fn changed(addresses: &[Address], blocked: bool) -> Element {
    named(if blocked { "block" } else { "unblock" }, addresses)
}

/// The error for a message to somebody whom its sender has blocked (XEP-0191 §3.4).
pub(crate) fn blocked(text: Option<&'static str>) -> Error {
    Error { text, kind: Some(ErrorKind::Cancel), ..Condition::NotAcceptable.into() }
        .with(Element::new("blocked", ERRORS))
}
