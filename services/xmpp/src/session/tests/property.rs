//! Whatever a client sends and the home answers: each stanza is handled once, each request answered once.

use super::{Answer, AskId, NOW, Output, session, stanza};
use domain::{Reason, Ticket, endpoint::Event};
use proptest::prelude::*;

fn addresses() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec![
        "",
        " to='alice@example.org'",
        " to='alice@example.org/desk'",
        " to='bob@example.org'",
        " to='bob@example.org/phone'",
        " to='example.org'",
        " to='conference.example.org'",
        " to='tea@conference.example.org'",
        " to='tea@conference.example.org/bob'",
        " to='upload.example.org'",
        " to='bob@elsewhere.example'",
        " to='@'",
    ])
}

fn payloads() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec![
        "",
        "<body>x</body>",
        "<subject>x</subject>",
        "<query xmlns='jabber:iq:roster'/>",
        "<query xmlns='jabber:iq:roster'><item jid='bob@example.org'/></query>",
        "<query xmlns='http://jabber.org/protocol/disco#info'/>",
        "<query xmlns='http://jabber.org/protocol/disco#items'/>",
        "<query xmlns='http://jabber.org/protocol/muc#owner'/>",
        "<query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'/></query>",
        "<query xmlns='http://jabber.org/protocol/muc#admin'><item nick='a' role='none'/><item nick='b' role='none'/></query>",
        "<query xmlns='http://jabber.org/protocol/muc#admin'><item affiliation='owner'/></query>",
        "<x xmlns='http://jabber.org/protocol/muc'/>",
        "<x xmlns='http://jabber.org/protocol/muc#user'><invite to='a@example.org'/><invite to='b@example.org'/></x>",
        "<x xmlns='http://jabber.org/protocol/muc#user'><decline to='a@example.org'/></x>",
        "<query xmlns='jabber:iq:register'/>",
        "<unique xmlns='http://jabber.org/protocol/muc#unique'/>",
        "<block xmlns='urn:xmpp:blocking'><item jid='eve@example.org'/></block>",
        "<enable xmlns='urn:xmpp:carbons:2'/>",
        "<ping xmlns='urn:xmpp:ping'/>",
        "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='a'/></pubsub>",
        "<query xmlns='urn:xmpp:mam:2'/>",
        "<vCard xmlns='vcard-temp'/>",
        "<query xmlns='jabber:iq:last'/>",
        "<a xmlns='urn:example'/><b xmlns='urn:example'/>",
    ])
}

prop_compose! {
    fn stanzas()(
        kind in proptest::sample::select(vec!["message", "presence", "iq"]),
        type_ in proptest::sample::select(vec![
            "", "get", "set", "result", "error", "chat", "groupchat", "headline", "unavailable", "subscribe",
            "unsubscribed", "probe",
        ]),
        to in addresses(),
        payload in payloads(),
        id: bool,
    ) -> String {
        let id = if id { " id='x'" } else { "" };
        let type_ = if type_.is_empty() { String::new() } else { format!(" type='{type_}'") };
        format!("<{kind}{type_}{id}{to}>{payload}</{kind}>")
    }
}

/// Answers all that is open, and what that opens, until nothing is.
fn settle(session: &mut super::Session, refuse: bool, mut todo: Vec<Output>) -> Vec<Output> {
    let mut settled = Vec::new();
    while let Some(output) = todo.pop() {
        let mut out = Vec::new();
        match output {
            Output::Command(Ticket(ticket), _) if refuse => {
                let refusal = Reason::Forbidden.into();
                session.event(NOW, Event::Refused(Ticket(ticket), refusal), &mut out);
            }
            Output::Command(ticket, _) => {
                session.event(NOW, Event::Done(ticket, domain::endpoint::Answer::Done), &mut out);
            }
            Output::Ask(AskId(ask), _) if refuse => {
                session.answer(NOW, AskId(ask), Answer::Refused(Reason::TryLater.into()), &mut out);
            }
            Output::Ask(ask, _) => session.answer(NOW, ask, Answer::Done, &mut out),
            other => settled.push(other),
        }
        todo.extend(out);
    }
    settled
}

proptest! {
    #[test]
    fn every_stanza_is_handled_once_and_every_request_answered_once(xml in stanzas(), refuse: bool) {
        let (mut session, mut out) = (session(), Vec::new());
        let stanza = stanza(&xml);
        session.stanza(NOW, 7, &stanza, &mut out);
        let settled = settle(&mut session, refuse, out);
        let handled = settled.iter().filter(|output| matches!(output, Output::Handled(7))).count();
        prop_assert_eq!(handled, 1, "{}", xml);
        let answers = settled.iter().filter(|output| match output {
            Output::Send { stanza, .. } => {
                stanza.starts_with(b"<iq type='result'") || stanza.starts_with(b"<iq type='error'")
            }
            _ => false,
        });
        let request = xml.starts_with("<iq") && matches!(stanza.type_(), Some("get" | "set"));
        // What another client answers does not come from here, but its absence does.
        let elsewhere = xml.contains("/phone'") || xml.contains("/desk'") || xml.contains("/bob'");
        if request && (!elsewhere || refuse) {
            prop_assert_eq!(answers.count(), 1, "{}", xml);
        } else if !elsewhere && !xml.starts_with("<iq") {
            prop_assert_eq!(answers.count(), 0, "{}", xml);
        }
        prop_assert!(session.wants_more_input());
    }
}
