//! The roster as a client asks for it and is told of it (RFC 6121 §2). Which audience of the user's presence a contact is
//! in stands in an element of our own beside the groups; a client that does not know it leaves it as it is.

use super::{Request, Session, Turn};
use crate::{
    stanza::{Condition, Element, Stanza, Tag},
    wire::escape_text,
};
use domain::{
    Address,
    endpoint::{Answer, Command, RosterCommand},
    presentity::Container,
    roster::Contact,
};
use std::sync::Arc;

pub(super) const NS: &str = "jabber:iq:roster";
/// `<audience/>`: the name of a container of the user's presence; empty for the one that policy says.
const AUDIENCE: &str = "urn:linnet:audience:0";

const AUDIENCES: [(&str, Option<Container>); 5] = [
    ("", None),
    ("external", Some(Container::External)),
    ("colleagues", Some(Container::Colleagues)),
    ("workgroup", Some(Container::Workgroup)),
    ("friends", Some(Container::Friends)),
];

/// Reads the roster or changes one contact.
pub(super) fn request(session: &mut Session, turn: &mut Turn<'_>, request: Request, stanza: &Stanza) {
    let Some(query) = stanza.payload().map(|child| child.element()) else {
        return session.fault(turn, request, Condition::BadRequest);
    };
    if stanza.type_() == Some("get") {
        return get(session, turn, request, &query);
    }
    match change(&query) {
        Ok(command) => {
            let place = place(&query, &command);
            session.command_then(
                turn,
                request,
                Command::Roster(command),
                move |session, turn, request, _| match place {
                    Some(place) => session.command_then(turn, request, Command::Roster(place), done),
                    None => session.empty_result(turn, request),
                },
            );
        }
        Err((condition, text)) => session.fault_because(turn, request, condition, text),
    }
}

fn done(session: &mut Session, turn: &mut Turn<'_>, request: Request, _: Answer) {
    session.empty_result(turn, request);
}

/// Into which audience the contact is to be put, if that is said. An unknown one is not: nobody is shown more for it.
fn place(query: &Element, set: &RosterCommand) -> Option<RosterCommand> {
    let RosterCommand::Set { address, .. } = set else { return None };
    let name = query.first()?.child("audience", AUDIENCE)?.text();
    let (_, container) = AUDIENCES.iter().find(|(known, _)| *known == name)?;
    Some(RosterCommand::Place { address: address.clone(), container: *container })
}

fn get(session: &mut Session, turn: &mut Turn<'_>, request: Request, query: &Element) {
    let version = query.attribute("ver").and_then(|ver| ver.parse().ok());
    let command = Command::Roster(RosterCommand::Get { version });
    session.command_then(turn, request, command, |session, turn, request, answer| match answer {
        Answer::Roster(Some((contacts, version))) => session.result(turn, request, |xml| {
            Tag::open_in(xml, "query", NS).attr_shown("ver", version).content(|xml| {
                for contact in &contacts {
                    write_contact(contact, xml);
                }
            });
        }),
        // The client has it already (RFC 6121 §2.6.3).
        _ => session.empty_result(turn, request),
    });
}

/// RFC 6121 §2.3.3: exactly one item, no group twice or empty.
fn change(query: &Element) -> Result<RosterCommand, (Condition, &'static str)> {
    let mut items = query.children().filter(|child| child.is("item", NS));
    let (Some(item), None) = (items.next(), items.next()) else {
        return Err((Condition::BadRequest, "a roster change has exactly one item"));
    };
    let jid = item.attribute("jid").ok_or((Condition::BadRequest, "the item has no address"))?;
    let address = Address::parse(jid).map_err(|_| (Condition::JidMalformed, "that is no bare address"))?;
    if item.attribute("subscription") == Some("remove") {
        return Ok(RosterCommand::Remove { address });
    }
    let mut groups: Vec<Arc<str>> = Vec::new();
    for group in item.children().filter(|child| child.is("group", NS)) {
        let name: Arc<str> = group.text().into();
        if name.is_empty() {
            return Err((Condition::NotAcceptable, "a group has no name"));
        }
        if groups.contains(&name) {
            return Err((Condition::BadRequest, "a group stands twice"));
        }
        groups.push(name);
    }
    let name = item.attribute("name").filter(|name| !name.is_empty()).map(Arc::from);
    Ok(RosterCommand::Set { address, name, groups })
}

/// A contact is this now (RFC 6121 §2.1.6).
pub(super) fn changed(session: &mut Session, turn: &mut Turn<'_>, contact: &Contact, version: u64) {
    push(session, turn, version, |xml| write_contact(contact, xml));
}

/// A contact is gone.
pub(super) fn removed(session: &mut Session, turn: &mut Turn<'_>, address: &Address, version: u64) {
    push(session, turn, version, |xml| {
        Tag::open(xml, "item").attr("jid", address.as_str()).attr("subscription", "remove").empty();
    });
}

fn push(session: &mut Session, turn: &mut Turn<'_>, version: u64, item: impl FnOnce(&mut Vec<u8>)) {
    session.push_to_client(turn, |xml| {
        Tag::open_in(xml, "query", NS).attr_shown("ver", version).content(item);
    });
}

fn write_contact(contact: &Contact, out: &mut Vec<u8>) {
    let known = contact.subscription;
    let subscription = match (known.to, known.from) {
        (false, false) => "none",
        (true, false) => "to",
        (false, true) => "from",
        (true, true) => "both",
    };
    let tag = Tag::open(out, "item")
        .attr("jid", contact.address.as_str())
        .attr_some("name", contact.name.as_deref())
        .attr("subscription", subscription)
        .attr_some("ask", known.asked.then_some("subscribe"))
        .attr_some("approved", known.approved.then_some("true"));
    let audience =
        AUDIENCES.iter().find(|(_, known)| contact.container.is_some() && *known == contact.container);
    if contact.groups.is_empty() && audience.is_none() {
        return tag.empty();
    }
    tag.content(|out| {
        for group in &contact.groups {
            out.extend_from_slice(b"<group>");
            escape_text(group, out);
            out.extend_from_slice(b"</group>");
        }
        if let Some((name, _)) = audience {
            Tag::open_in(out, "audience", AUDIENCE).text(name);
        }
    });
}
