//! Stanzas and commands over the border, and what becomes of them while nobody is there.

use super::{
    super::{Output, Peer},
    NOW, address,
};
use crate::{
    limits::{
        PEER_ANSWER_TIME, PEER_BATCH, PEER_CONVERSATIONS, PEER_KEPT, PEER_OPEN, PEER_REQUESTS, PEER_WAITING,
        PEER_WAITING_BYTES,
    },
    stanza::Stanza,
    wire::Scope,
};
use domain::{
    ConversationId, EndpointId, EndpointName, Message, Reason, Ticket, conversation,
    endpoint::{Answer, Rendered, Said},
    roster::Handshake,
    user::Command,
};
use std::sync::Arc;

fn phone() -> EndpointId {
    EndpointId::new(address("alice@example.org"), EndpointName::parse("phone").expect("a name"))
}

struct Play(Peer);

impl Play {
    fn new(connected: bool) -> Self {
        let mut play = Self(Peer::new(address("irc.example.org"), address("example.org")));
        if connected {
            play.0.connected(&mut Vec::new());
        }
        play
    }

    fn command(&mut self, to: &str, command: Command) -> Vec<Output> {
        let mut out = Vec::new();
        self.0.command(NOW, address(to), command, &mut out);
        out
    }

    fn stanza(&mut self, text: &str) -> Vec<Output> {
        let stanza = Stanza::parse(text.as_bytes().to_vec().into(), &Scope::Usual).expect("a stanza");
        let mut out = Vec::new();
        self.0.stanza(NOW, &stanza, &mut out);
        out
    }

    fn ask(&mut self, id: usize) -> Vec<Output> {
        let payload = format!(" type='get' id='{id}'><q xmlns='urn:q'/></iq>").into();
        let relay =
            Command::Relay { from: phone(), endpoint: EndpointName::nameless(), ticket: Ticket(5), payload };
        self.command("irc.example.org", relay)
    }

    fn written(&mut self) -> String {
        let mut bytes = Vec::new();
        self.0.take(&mut bytes);
        String::from_utf8(bytes).expect("UTF-8")
    }
}

fn said(number: u64, text: &str) -> Arc<Said> {
    Arc::new(Said {
        conversation: ConversationId::between(address("alice@example.org"), address("bob@irc.example.org")),
        number,
        at: NOW,
        from: phone(),
        nick: None,
        occupant_id: None,
        to: None,
        message: Arc::new(Message { body: Some(text.into()), ..Message::default() }),
        rendered: Rendered::default(),
    })
}

fn deliver(number: u64) -> Command {
    Command::Deliver { endpoint: None, said: said(number, "hello"), late: false }
}

fn confirmed(out: &[Output]) -> Vec<u64> {
    let numbers = out.iter().filter_map(|output| match output {
        Output::ToConversation(_, conversation::Command::Confirm { by, numbers }) => {
            assert_eq!(by.as_str(), "bob@irc.example.org");
            Some(numbers.clone())
        }
        _ => None,
    });
    numbers.flatten().collect()
}

#[test]
fn a_message_is_confirmed_when_the_network_has_it() {
    let mut play = Play::new(true);
    assert!(matches!(play.command("bob@irc.example.org", deliver(1))[..], [Output::Wake]));
    assert_eq!(
        play.written(),
        "<message to='bob@irc.example.org' from='alice@example.org/phone'><body>hello</body></message>"
    );
    let mut out = Vec::new();
    play.0.flushed(&mut out);
    assert_eq!(confirmed(&out), [1]);
}

#[test]
fn what_was_accepted_when_it_went_comes_when_it_is_back() {
    let mut play = Play::new(true);
    play.command("bob@irc.example.org", deliver(1));
    play.written();
    play.command("bob@irc.example.org", deliver(2));
    play.command("bob@irc.example.org", deliver(0));
    play.0.disconnected(&mut Vec::new());
    play.command("bob@irc.example.org", deliver(3));
    play.command("bob@irc.example.org", deliver(0));
    play.0.connected(&mut Vec::new());
    let written = play.written();
    assert_eq!((written.matches("hello").count(), written.matches("<delay ").count()), (3, 3), "{written}");
    let mut out = Vec::new();
    play.0.flushed(&mut out);
    assert_eq!(confirmed(&out), [1, 2, 3]);
}

#[test]
fn conversations_know_whether_it_is_there() {
    let mut play = Play::new(false);
    let conversation = said(1, "").conversation.clone();
    let ask =
        Command::AskStanding { conversation: conversation.clone(), towards: address("alice@example.org") };
    let standing = |out: &[Output]| match out {
        [Output::ToConversation(_, conversation::Command::Standing { standing, .. })] => *standing,
        other => panic!("{other:?}"),
    };
    assert_eq!(standing(&play.command("bob@irc.example.org", ask)), domain::user::Standing::Offline);
    let mut out = Vec::new();
    play.0.connected(&mut out);
    assert_eq!(standing(&out), domain::user::Standing::Reachable);
    play.command("bob@irc.example.org", Command::ForgetConversation { conversation });
    out.clear();
    play.0.disconnected(&mut out);
    assert!(out.is_empty(), "{out:?}");
}

#[test]
fn a_request_is_answered_by_it_or_for_it() {
    let mut play = Play::new(true);
    let out = play.ask(1);
    assert!(
        matches!(&out[1], Output::ToUser(user, Command::Answer { ticket: Ticket(5), answer: Ok(Answer::Done), .. })
        if user.as_str() == "alice@example.org")
    );
    assert_eq!(
        play.written(),
        "<iq from='alice@example.org/phone' to='irc.example.org' type='get' id='1'><q xmlns='urn:q'/></iq>"
    );
    let answer = "<iq type='result' id='1' from='irc.example.org' to='alice@example.org/phone'/>";
    let relayed = |out: &[Output]| match out {
        [Output::ToUser(_, Command::Relay { payload, .. })] => String::from_utf8_lossy(payload).into_owned(),
        other => panic!("{other:?}"),
    };
    assert_eq!(relayed(&play.stanza(answer)), " type='result' id='1'></iq>");
    assert!(play.stanza(answer).is_empty(), "nobody waits for it any more");

    play.ask(2);
    let mut out = Vec::new();
    play.0.tick(NOW.plus(PEER_ANSWER_TIME), &mut out);
    assert!(relayed(&out).contains("<remote-server-timeout "));
    play.ask(3);
    out.clear();
    play.0.disconnected(&mut out);
    assert!(relayed(&out).contains("<remote-server-timeout "));
    let refused = play.ask(4);
    assert!(matches!(&refused[..], [Output::ToUser(_, Command::Answer { answer: Err(why), .. })]
        if why.reason == Reason::Unavailable));
}

#[test]
fn what_it_says_becomes_commands() {
    let mut play = Play::new(true);
    let out = play.stanza(
        "<message from='bob@irc.example.org/r' to='alice@example.org' id='m'><body>hi</body></message>",
    );
    let [Output::ToConversation(_, conversation::Command::Send { from, to, ticket, message, .. })] = &out[..]
    else {
        panic!("{out:?}")
    };
    assert_eq!((from.to_string().as_str(), to.as_str()), ("bob@irc.example.org/r", "alice@example.org"));
    assert_eq!(message.body.as_deref(), Some("hi"));
    let answer = Command::Answer {
        endpoint: from.name.clone(),
        ticket: *ticket,
        answer: Err(Reason::Unavailable.into()),
    };
    play.command("bob@irc.example.org", answer);
    let refused = play.written();
    assert!(
        refused
            .starts_with("<message from='alice@example.org' to='bob@irc.example.org/r' id='m' type='error'>")
    );
    assert!(refused.contains("<service-unavailable "), "{refused}");

    let out = play.stanza("<presence from='irc.example.org' to='alice@example.org' type='subscribe'/>");
    assert!(matches!(&out[..], [Output::ToUser(_, Command::Handshake { step: Handshake::Subscribe, .. })]));
    let out = play.stanza("<presence from='irc.example.org' to='alice@example.org/phone'/>");
    assert!(matches!(&out[..], [Output::ToUser(_, Command::Directed { from, state: Some(_), .. })]
        if from.to_string() == "irc.example.org"));
    let out = play.stanza(
        "<iq type='get' id='i' from='irc.example.org' to='alice@example.org/phone'><q xmlns='q'/></iq>",
    );
    assert!(matches!(&out[..], [Output::ToUser(_, Command::Relay { .. })]));
    play.stanza(
        "<iq type='get' id='p' from='irc.example.org' to='example.org'><ping xmlns='urn:xmpp:ping'/></iq>",
    );
    assert_eq!(play.written(), "<iq type='result' id='p' from='example.org' to='irc.example.org'/>");
}

#[test]
fn what_it_may_not_say_is_refused() {
    let mut play = Play::new(true);
    for from in
        ["", "from='alice@example.org'", "from='irc.example.org.evil.org'", "from='a b@irc.example.org'"]
    {
        assert!(matches!(
            play.stanza(&format!("<message {from} to='alice@example.org'/>"))[..],
            [Output::InvalidFrom]
        ));
    }
    for (text, expected) in [
        ("<message from='irc.example.org'/>", "bad-request"),
        ("<message from='irc.example.org' to='bob@elsewhere.org'/>", "remote-server-not-found"),
        ("<message from='irc.example.org' to='bob@irc.example.org'/>", "service-unavailable"),
        ("<message from='irc.example.org' to='example.org'/>", "service-unavailable"),
        ("<message from='irc.example.org' to='alice@example.org' type='groupchat'/>", "service-unavailable"),
        (
            "<iq from='irc.example.org' to='alice@example.org' type='get' id='1'><q/></iq>",
            "service-unavailable",
        ),
        ("<iq from='irc.example.org' to='alice@example.org/phone' type='get' id='1'/>", "bad-request"),
        ("<presence from='irc.example.org' to='alice@example.org' type='none'/>", "bad-request"),
    ] {
        play.stanza(text);
        let written = play.written();
        assert!(written.contains(&format!("<{expected} ")), "{text}: {written}");
    }
}

#[test]
fn requests_in_both_directions_have_a_number() {
    let mut play = Play::new(true);
    for id in 0..PEER_REQUESTS {
        play.ask(id);
        play.written();
    }
    let refused = play.ask(PEER_REQUESTS);
    assert!(matches!(&refused[..], [Output::ToUser(_, Command::Answer { answer: Err(why), .. })]
        if why.reason == Reason::TryLater));
    let message = "<message from='irc.example.org' to='alice@example.org' id='m'/>";
    for _ in 0..PEER_OPEN {
        assert!(play.0.wants_more_input());
        play.stanza(message);
    }
    assert!(!play.0.wants_more_input());
    for _ in PEER_OPEN..8 * PEER_OPEN {
        play.stanza(message);
    }
    assert!(matches!(play.stanza(message)[..], [Output::Wake]), "it is told to try again later");
    assert!(play.written().contains("<resource-constraint "));
}

#[test]
fn what_waits_for_it_has_limits() {
    for large in [false, true] {
        let mut play = Play::new(true);
        let text = if large { "x".repeat(PEER_WAITING_BYTES / 100) } else { "x".to_owned() };
        let mut number = 0;
        let slow = loop {
            number += 1;
            let command = Command::Deliver { endpoint: None, said: said(number, &text), late: false };
            let out = play.command("bob@irc.example.org", command);
            if matches!(out.last(), Some(Output::TooSlow)) {
                break number;
            }
        };
        let least = if large { 99 } else { PEER_WAITING as u64 };
        assert!((least..=PEER_WAITING as u64 + 1).contains(&slow), "{slow}");
        let probe = play.command("bob@irc.example.org", Command::Probe { from: phone() });
        assert!(probe.is_empty(), "presence is dropped");
        assert!(play.written().len() <= PEER_BATCH + text.len() + 200);
        play.0.disconnected(&mut Vec::new());
        play.0.connected(&mut Vec::new());
        assert!(play.written().contains("<delay "), "nothing accepted is dropped");
    }
    let mut away = Play::new(false);
    for number in 1..=PEER_KEPT as u64 + 1 {
        away.command("bob@irc.example.org", deliver(number));
    }
    away.0.connected(&mut Vec::new());
    let mut confirmations = Vec::new();
    for _ in 0..PEER_KEPT {
        away.written();
    }
    away.0.flushed(&mut confirmations);
    assert_eq!(confirmed(&confirmations).len(), PEER_KEPT);
}

#[test]
fn conversations_that_are_told_have_a_number() {
    let mut play = Play::new(true);
    for number in 0..=PEER_CONVERSATIONS {
        let of = format!("u{number}@irc.example.org");
        let conversation = ConversationId::between(address(&of), address("alice@example.org"));
        let ask = Command::AskStanding { conversation, towards: address("alice@example.org") };
        assert_eq!(play.command(&of, ask).len(), 1, "each is answered");
    }
    let mut out = Vec::new();
    play.0.disconnected(&mut out);
    assert_eq!(out.len(), PEER_CONVERSATIONS);
}
