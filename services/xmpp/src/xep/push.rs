//! Push notifications (XEP-0357 0.4.1): a client names a service that is told when something waits and no device can be
//! reached. What is told is how much waits, never what nor by whom (§7).
//!
//! Invariant: the answer that belongs to a push is known by its id, which holds the push's ticket.

use super::{
    forms::{self, Field, Form, FormKind},
    pep,
    service::{Iq, Step},
};
use crate::{
    ns,
    session::Addressee,
    stanza::{Condition, Element, Stanza},
    wire::Scope,
};
use bytes::Bytes;
use domain::{EndpointName, Ticket, account::PushService, endpoint::Command};
use std::sync::Arc;

/// The namespace of enabling, disabling and telling.
pub(crate) const NS: &str = "urn:xmpp:push:0";
const SUMMARY: &str = "urn:xmpp:push:summary";
const ID: &str = "push-";

/// Enables or disables a service for the asker's account (§5, §6).
pub(crate) fn request(iq: &Iq<'_>) -> Step {
    if *iq.to != Addressee::Own || !iq.set {
        return Step::refuse(Condition::ServiceUnavailable);
    }
    let Some(service) = iq.payload.attribute("jid") else { return Step::refuse(Condition::BadRequest) };
    let address = match Addressee::of(Some(service), &iq.context.me.user, iq.context.config) {
        Addressee::Endpoint(address) => address,
        Addressee::Malformed => return Step::refuse(Condition::JidMalformed),
        Addressee::Elsewhere => return Step::refuse(Condition::RemoteServerNotFound),
        _ => return Step::because(Condition::ItemNotFound, "No push service has this address."),
    };
    let node = iq.payload.attribute("node").map(Arc::from);
    let command = match iq.payload.name() {
        "enable" => {
            let form = iq.payload.child("x", forms::NS);
            let options = form.map(Element::to_bytes).unwrap_or_default().into();
            Command::EnablePush(PushService { address, node: node.unwrap_or_default(), options })
        }
        "disable" => Command::DisablePush { address, node },
        _ => return Step::refuse(Condition::BadRequest),
    };
    Step::command(command, |_, answer| match answer {
        Ok(_) => Step::done(),
        Err(refusal) => Step::Refuse(refusal.into()),
    })
}

/// The name under which a user's home speaks to push services.
pub fn endpoint() -> EndpointName {
    EndpointName::parse("push").expect("four letters are a name")
}

/// Tells a service that messages wait: an iq from behind its addresses on, as endpoints relay them.
pub fn notification(service: &PushService, ticket: Ticket, waiting: usize) -> Bytes {
    let summary = Form::new(FormKind::Submit, SUMMARY).with(Field::of("message-count", waiting.to_string()));
    let notification = Element::new("notification", NS).with_child(summary.to_element());
    let item = Element::new("item", pep::NS).with_child(notification);
    let publish = Element::new("publish", pep::NS).with("node", &*service.node).with_child(item);
    let mut pubsub = Element::new("pubsub", pep::NS).with_child(publish);
    if let Ok(options) = Element::parse(&service.options)
        && !service.options.is_empty()
    {
        pubsub = pubsub.with_child(Element::new("publish-options", pep::NS).with_child(options));
    }
    let mut out = format!(" type='set' id='{ID}{}'>", ticket.0).into_bytes();
    pubsub.write(ns::CLIENT, &mut out);
    out.extend_from_slice(b"</iq>");
    out.into()
}

/// Which push this relayed iq is the answer to, and whether the service wants no more of them: it does not if the error
/// is one to wait for. `None`: it is no answer to a push.
pub fn answer(relayed: &[u8]) -> Option<(Ticket, bool)> {
    let iq = Stanza::parse([b"<iq", relayed].concat().into(), &Scope::Usual).ok()?;
    let ticket = Ticket(iq.id()?.strip_prefix(ID)?.parse().ok()?);
    match iq.type_()? {
        "result" => Some((ticket, false)),
        "error" => {
            let kind = iq.child("error", ns::CLIENT).and_then(|error| error.attribute("type"));
            Some((ticket, kind.as_deref() != Some("wait")))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xep::script::{play, text};
    use domain::EndpointId;

    const FORM: &str = "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>http://jabber.org/protocol/pubsub#publish-options</value></field><field var='secret'><value>s</value></field></x>";

    #[test]
    fn a_service_is_enabled_and_disabled() {
        play(&format!(
            "C: set - <enable xmlns='urn:xmpp:push:0' jid='bot@example.org/push' node='n'>{FORM}</enable>
             D: EnablePush(PushService {{ address: bot@example.org/push, .. }})
             d: done
             S: ok"
        ));
        play(
            "C: set - <disable xmlns='urn:xmpp:push:0' jid='bot@example.org/push' node='n'/>
             D: DisablePush { address: bot@example.org/push, node: Some(\"n\") }
             d: done
             S: ok",
        );
        play(
            "C: set - <disable xmlns='urn:xmpp:push:0' jid='bot@example.org/push'/>
             D: DisablePush { address: bot@example.org/push, node: None }
             d: done
             S: ok",
        );
        for (request, error) in [
            ("set - <enable xmlns='urn:xmpp:push:0'/>", "modify bad-request"),
            ("set - <enable xmlns='urn:xmpp:push:0' jid='a b@c'/>", "modify jid-malformed"),
            (
                "set - <enable xmlns='urn:xmpp:push:0' jid='push.example.com'/>",
                "cancel remote-server-not-found",
            ),
            ("set - <enable xmlns='urn:xmpp:push:0' jid='example.org'/>", "cancel item-not-found"),
            ("set - <other xmlns='urn:xmpp:push:0' jid='bot@example.org/push'/>", "modify bad-request"),
            (
                "get - <enable xmlns='urn:xmpp:push:0' jid='bot@example.org/push'/>",
                "cancel service-unavailable",
            ),
            (
                "set bob@example.org <enable xmlns='urn:xmpp:push:0' jid='bot@example.org/push'/>",
                "cancel service-unavailable",
            ),
        ] {
            play(&format!("C: {request}\nS: ! {error}"));
        }
    }

    #[test]
    fn what_is_told_is_how_much_waits_and_what_the_service_wants_to_see_again() {
        let (user, name) = domain::address::parse_full("bot@example.org/push").expect("an address");
        let address = EndpointId::new(user, name.expect("full"));
        let service = PushService { address, node: "a&b".into(), options: FORM.into() };
        assert_eq!(
            text(&notification(&service, Ticket(7), 3)),
            format!(
                " type='set' id='push-7'><pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='a&amp;b'><item>\
                 <notification xmlns='urn:xmpp:push:0'><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'>\
                 <value>urn:xmpp:push:summary</value></field><field var='message-count'><value>3</value></field></x></notification></item></publish>\
                 <publish-options>{FORM}</publish-options></pubsub></iq>"
            )
        );
        let bare = PushService { options: Bytes::new(), ..service };
        assert!(!text(&notification(&bare, Ticket(7), 3)).contains("publish-options"));
    }

    #[test]
    fn an_answer_is_known_by_its_id() {
        let error = |kind: &str| {
            format!(
                " type='error' id='push-7'><error type='{kind}'><x xmlns='{}'/></error></iq>",
                ns::STANZA_ERRORS
            )
        };
        for (relayed, expected) in [
            (" type='result' id='push-7'></iq>", Some((Ticket(7), false))),
            (&error("cancel"), Some((Ticket(7), true))),
            (&error("wait"), Some((Ticket(7), false))),
            (" type='get' id='push-7'><q xmlns='urn:n'/></iq>", None),
            (" type='result' id='other'></iq>", None),
            ("nonsense", None),
        ] {
            assert_eq!(answer(relayed.as_bytes()), expected, "{relayed}");
        }
    }
}
