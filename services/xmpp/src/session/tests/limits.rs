//! The session's limits, each at its edge.

use super::{Cast, NOW, play, session, shown, stanza};
use crate::limits::{
    ADMIN_ITEMS, BLOCK_ITEMS, CARRIED_BYTES, CLIENT_REQUESTS, HISTORY_QUESTIONS, INVITATIONS,
    MESSAGE_ID_BYTES, OPEN_COMMANDS,
};
use crate::session::{Answer as Told, AskId, Output};
use domain::{
    Ticket,
    endpoint::{Answer, Event},
};

#[test]
fn with_too_many_open_commands_no_more_is_read_and_then_refused() {
    let (mut session, mut out) = (session(), Vec::new());
    let message = stanza("<message to='bob@example.org' id='m'><body>x</body></message>");
    for seq in 1..OPEN_COMMANDS as u64 {
        session.stanza(NOW, seq, &message, &mut out);
    }
    assert!(session.wants_more_input());
    session.stanza(NOW, OPEN_COMMANDS as u64, &message, &mut out);
    assert!(!session.wants_more_input());
    session.event(NOW, Event::Done(Ticket(5), Answer::Done), &mut out);
    assert!(session.wants_more_input());
    for seq in 0..8 * OPEN_COMMANDS as u64 {
        out.clear();
        session.stanza(NOW, seq, &message, &mut out);
    }
    let lines: Vec<String> = out.iter().map(shown).collect();
    assert!(lines[0].contains("<resource-constraint") && lines[0].contains("type='wait'"), "{lines:?}");
    assert_eq!(lines.len(), 2);
}

#[test]
fn only_some_questions_about_the_past_are_asked_at_once_and_all_in_the_end() {
    let (mut session, mut out) = (session(), Vec::new());
    let asked = |out: &[Output]| -> Vec<u64> {
        out.iter().filter_map(|o| if let Output::Ask(ask, _) = o { Some(ask.0) } else { None }).collect()
    };
    let query = stanza("<iq type='set' id='q'><query xmlns='urn:xmpp:mam:2'/></iq>");
    let ends = stanza("<iq type='get' id='e'><metadata xmlns='urn:xmpp:mam:2'/></iq>");
    for seq in 1..=OPEN_COMMANDS as u64 {
        session.stanza(NOW, seq, if seq % 2 == 0 { &ends } else { &query }, &mut out);
    }
    let mut open = asked(&out);
    assert_eq!(open.len(), HISTORY_QUESTIONS);
    assert!(!session.wants_more_input(), "those that wait count as open");
    // Another question is not held up by them.
    out.clear();
    session.stanza(NOW, 99, &stanza("<iq type='get' id='u'><query xmlns='jabber:iq:last'/></iq>"), &mut out);
    assert_eq!(asked(&out).len(), 1);
    out.clear();
    let mut answered = Vec::new();
    while let Some(ask) = open.pop() {
        let refused = Told::Refused(domain::Reason::TryLater.into());
        let told = if answered.len() % 3 == 0 { refused } else { Told::HistoryEnds(<_>::default()) };
        answered.push(ask);
        session.answer(NOW, AskId(ask), told, &mut out);
        open.extend(asked(&out));
        out.clear();
        assert!(open.len() <= HISTORY_QUESTIONS);
    }
    answered.sort_unstable();
    assert_eq!(answered, (1..=OPEN_COMMANDS as u64).collect::<Vec<_>>());
}

#[test]
fn a_client_that_answers_nothing_is_asked_no_more_than_so_often() {
    let (mut session, mut out) = (session(), Vec::new());
    for ver in 0..=CLIENT_REQUESTS {
        let caps = format!("<c xmlns='http://jabber.org/protocol/caps' hash='none' node='n' ver='{ver}'/>");
        session.stanza(NOW, 1, &stanza(&format!("<presence>{caps}</presence>")), &mut out);
    }
    assert!(format!("{session:?}").contains(&format!("{CLIENT_REQUESTS} requests")));
}

#[test]
fn long_ids_are_refused() {
    let id = "x".repeat(MESSAGE_ID_BYTES);
    play(
        &Cast::default(),
        &format!(
            "C: <message to='bob@example.org' id='{id}'/>
             D: 1 Send bob@example.org Normal id=\"{id}\"
             C: <message to='bob@example.org'><thread>{id}x</thread></message>
             S: <message type='error' from='bob@example.org' to='alice@example.org/desk'><error type='modify'><policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>the id, thread or language of a message has at most 256 bytes</text></error></message>
             H: 2"
        ),
    );
}

#[test]
fn a_message_does_not_carry_everything() {
    let load = |bytes: usize| "x".repeat(bytes - "<a xmlns='urn:x'></a>".len());
    let send = |bytes: usize| {
        let message = format!("<message to='bob@example.org'><a xmlns='urn:x'>{}</a></message>", load(bytes));
        let mut out = Vec::new();
        session().stanza(NOW, 1, &stanza(&message), &mut out);
        shown(&out[0])
    };
    assert!(send(CARRIED_BYTES).starts_with("D: 1 Send"));
    assert!(send(CARRIED_BYTES + 1).contains("<policy-violation"));
}

#[test]
fn lists_in_requests_end_somewhere() {
    let ask = |xml: String| {
        let mut out = Vec::new();
        session().stanza(NOW, 1, &stanza(&xml), &mut out);
        shown(&out[0])
    };
    let tea = "tea@conference.example.org";
    let block = |n| {
        ask(format!(
            "<iq type='set' id='1'><block xmlns='urn:xmpp:blocking'>{}</block></iq>",
            "<item jid='a@b'/>".repeat(n)
        ))
    };
    assert!(block(BLOCK_ITEMS).starts_with("D: 1"));
    assert!(block(BLOCK_ITEMS + 1).contains("<not-acceptable"));
    let admin = |n| {
        let items = "<item nick='a' role='none'/>".repeat(n);
        ask(format!(
            "<iq type='set' id='1' to='{tea}'><query xmlns='http://jabber.org/protocol/muc#admin'>{items}</query></iq>"
        ))
    };
    assert!(admin(ADMIN_ITEMS).starts_with("D: 1"));
    assert!(admin(ADMIN_ITEMS + 1).contains("<not-acceptable"));
    let invite = |n| {
        let invitations = "<invite to='bob@example.org'/>".repeat(n);
        ask(format!(
            "<message to='{tea}'><x xmlns='http://jabber.org/protocol/muc#user'>{invitations}</x></message>"
        ))
    };
    assert!(invite(INVITATIONS).starts_with("D: 1"));
    assert!(invite(INVITATIONS + 1).contains("<not-acceptable"));
}
