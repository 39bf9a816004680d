//! Roles and affiliations as a client asks for them and is told of them (XEP-0045 §8, §9, §10 `muc#admin`).

use super::{ADMIN, affiliation, affiliation_name, reason, role, role_name};
use crate::{limits::ADMIN_ITEMS, stanza::Element};
use domain::{
    Address, EndpointName,
    address::parse_full,
    conversation::{Affiliation, ConferenceCommand, Occupant},
};
use std::{collections::VecDeque, sync::Arc};

/// Why a request is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum BadItems {
    /// It says nothing that could be done.
    BadRequest,
    /// An address or nick is none.
    Malformed,
    /// More items than one request may have.
    TooMany,
}

/// What a set asks for, in order: each role on its own, all affiliations together.
pub(crate) fn changes(query: &Element) -> Result<VecDeque<ConferenceCommand>, BadItems> {
    let items: Vec<&Element> = query.children().filter(|child| child.is("item", ADMIN)).collect();
    if items.len() > ADMIN_ITEMS {
        return Err(BadItems::TooMany);
    }
    let (mut commands, mut affiliations) = (VecDeque::new(), Vec::new());
    for item in items {
        match (item.attribute("role"), item.attribute("affiliation")) {
            (Some(name), None) => commands.push_back(role_change(item, name)?),
            (None, Some(name)) => affiliations.push(affiliation_change(item, name)?),
            _ => return Err(BadItems::BadRequest),
        }
    }
    if !affiliations.is_empty() {
        commands.push_back(ConferenceCommand::SetAffiliations { changes: affiliations });
    }
    if commands.is_empty() { Err(BadItems::BadRequest) } else { Ok(commands) }
}

fn role_change(item: &Element, name: &str) -> Result<ConferenceCommand, BadItems> {
    let nick = item.attribute("nick").ok_or(BadItems::BadRequest)?;
    Ok(ConferenceCommand::SetRole {
        nick: EndpointName::parse(nick).map_err(|_| BadItems::Malformed)?,
        role: role(name).ok_or(BadItems::BadRequest)?,
        reason: reason(item, ADMIN),
    })
}

fn affiliation_change(
    item: &Element,
    name: &str,
) -> Result<(Address, Affiliation, Option<Arc<str>>), BadItems> {
    let jid = item.attribute("jid").ok_or(BadItems::BadRequest)?;
    let (who, _) = parse_full(jid).map_err(|_| BadItems::Malformed)?;
    Ok((who, affiliation(name).ok_or(BadItems::BadRequest)?, reason(item, ADMIN)))
}

/// Which list a get asks for.
pub(crate) fn list(query: &Element) -> Result<ConferenceCommand, BadItems> {
    let item = query.child("item", ADMIN).ok_or(BadItems::BadRequest)?;
    let asked = match (item.attribute("role"), item.attribute("affiliation")) {
        (Some(name), None) => role(name).map(|role| ConferenceCommand::ListRole { role }),
        (None, Some(name)) => {
            affiliation(name).map(|affiliation| ConferenceCommand::ListAffiliation { affiliation })
        }
        _ => None,
    };
    asked.ok_or(BadItems::BadRequest)
}

/// The people of an affiliation.
pub(crate) fn affiliations(people: &[(Address, Affiliation, Option<EndpointName>)]) -> Element {
    let item = |(who, affiliation, nick): &(Address, Affiliation, Option<EndpointName>)| {
        Element::new("item", ADMIN)
            .with("affiliation", affiliation_name(*affiliation))
            .with("jid", who.as_str())
            .with_some("nick", nick.as_ref().map(EndpointName::as_str))
    };
    Element::new("query", ADMIN).with_children(people.iter().map(item))
}

/// The occupants of a role.
pub(crate) fn roles(occupants: &[Occupant]) -> Element {
    let item = |occupant: &Occupant| {
        Element::new("item", ADMIN)
            .with("affiliation", affiliation_name(occupant.affiliation))
            .with("role", role_name(occupant.role))
            .with("nick", occupant.nick.as_str())
            .with_some("jid", occupant.endpoint.as_ref().map(ToString::to_string))
    };
    Element::new("query", ADMIN).with_children(occupants.iter().map(item))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::conversation::Role;

    fn query(items: &str) -> Element {
        Element::parse(format!("<query xmlns='{ADMIN}'>{items}</query>").as_bytes()).expect("well-formed")
    }

    #[test]
    fn what_cannot_be_done_is_refused() {
        let many = "<item nick='a' role='none'/>".repeat(ADMIN_ITEMS + 1);
        for (items, expected) in [
            ("", BadItems::BadRequest),
            ("<item nick='a'/>", BadItems::BadRequest),
            ("<item role='none'/>", BadItems::BadRequest),
            ("<item nick='a' role='king'/>", BadItems::BadRequest),
            ("<item nick='' role='none'/>", BadItems::Malformed),
            ("<item affiliation='member'/>", BadItems::BadRequest),
            ("<item affiliation='member' jid='a b@c'/>", BadItems::Malformed),
            ("<item affiliation='member' role='none' jid='a@b' nick='a'/>", BadItems::BadRequest),
            (many.as_str(), BadItems::TooMany),
        ] {
            assert_eq!(changes(&query(items)).map(|_| ()), Err(expected), "{items}");
        }
        assert_eq!(list(&query("<item/>")).map(|_| ()), Err(BadItems::BadRequest));
    }

    #[test]
    fn of_a_long_reason_the_beginning_is_taken() {
        let long = "é".repeat(crate::limits::NOTE_BYTES);
        let found = changes(&query(&format!("<item nick='a' role='none'><reason>{long}</reason></item>")));
        let Some(ConferenceCommand::SetRole { reason: Some(reason), .. }) = found.expect("good").pop_front()
        else {
            panic!("another command");
        };
        assert_eq!(*reason, long[..crate::limits::NOTE_BYTES]);
    }

    #[test]
    fn affiliations_are_changed_together_and_roles_one_by_one() {
        let found = changes(&query(
            "<item nick='a' role='none'><reason>enough</reason></item><item nick='b' role='visitor'/>\
             <item jid='c@x/y' affiliation='owner'/><item jid='d@x' affiliation='none'/>",
        ));
        let found = found.expect("good");
        assert_eq!(found.len(), 3);
        assert!(matches!(&found[0], ConferenceCommand::SetRole { role: Role::None, reason: Some(_), .. }));
        assert!(matches!(&found[2], ConferenceCommand::SetAffiliations { changes } if changes.len() == 2));
    }
}
