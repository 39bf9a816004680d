//! Sessions as plays. `C` the client sends; `d` the home answers command n, `q` the host question n; `E` the home tells
//! an event by its name in the cast; `S` the client gets; `D` the home is asked; `Q` the host is asked; `H` a stanza is
//! handled. What comes out of each line stands below it, in order.

mod conference;
mod features;
mod iq;
mod limits;
mod message;
mod presence;
mod property;
mod roster;

use super::{Answer, AskId, Config, Output, Session};
use crate::{stanza::Stanza, wire::Scope};
use domain::{
    Address, ConversationId, EndpointId, EndpointName, Message, Reason, Refusal, Ticket, Timestamp,
    conversation::ConferenceCommand,
    endpoint::{self, Command, Delivery, Event, How, Rendered, Said},
    message::MessageKind,
};
use std::{fmt::Write as _, sync::Arc};

/// 2026-11-21T11:00:00Z.
const NOW: Timestamp = Timestamp(1_795_258_800_000);

/// Events by name, and answers by name.
#[derive(Default)]
struct Cast {
    events: Vec<(&'static str, Event)>,
    answers: Vec<(&'static str, endpoint::Answer)>,
    told: Vec<(&'static str, Answer)>,
}

fn address(text: &str) -> Address {
    Address::parse(text).expect("an address")
}

fn name(text: &str) -> EndpointName {
    EndpointName::parse(text).expect("a name")
}

fn endpoint(text: &str) -> EndpointId {
    let (user, found) = domain::address::parse_full(text).expect("an address");
    EndpointId::new(user, found.expect("a full address"))
}

fn session() -> Session {
    let config = Config::new(address("example.org")).expect("short");
    Session::new(endpoint("alice@example.org/desk"), Arc::new(config))
}

fn stanza(xml: &str) -> Stanza {
    Stanza::parse(xml.to_owned().into_bytes().into(), &Scope::Usual)
        .unwrap_or_else(|error| panic!("{error}: {xml}"))
}

/// Said between two, or in a conference if `place` is one.
fn said(place: &str, from: &str, number: u64, message: Message) -> Said {
    let (place, from) = (address(place), endpoint(from));
    let conference = place.domain().starts_with("conference.");
    let nick = conference.then(|| from.name.clone());
    let conversation = if conference {
        ConversationId::Conference(place)
    } else {
        ConversationId::between(from.user.clone(), place)
    };
    let (message, rendered) = (Arc::new(message), Rendered::default());
    let occupant_id = conference.then(|| "id".into());
    Said { conversation, number, at: NOW, from, nick, to: None, message, occupant_id, rendered }
}

fn text(kind: MessageKind, body: &str) -> Message {
    Message { kind, body: Some(body.into()), ..Message::default() }
}

fn delivery(said: Said, how: How, serial: u64) -> Event {
    Event::Delivery(Delivery { said: Arc::new(said), how, late: false, serial })
}

/// Plays a play and holds it to its word.
fn play(cast: &Cast, script: &str) {
    play_with(&mut session(), cast, script);
}

fn play_with(session: &mut Session, cast: &Cast, script: &str) {
    let lines = script.lines().map(str::trim).filter(|line| !line.is_empty());
    let expected: Vec<&str> = lines.clone().collect();
    let (mut found, mut seq) = (Vec::new(), 0);
    for line in lines {
        let (who, what) = line.split_once(": ").unwrap_or_else(|| panic!("no line of a play: {line}"));
        let mut out = Vec::new();
        match who {
            "C" => {
                seq += 1;
                session.stanza(NOW, seq, &stanza(what), &mut out);
            }
            "d" => session.event(NOW, answer(cast, what), &mut out),
            "q" => {
                let (number, name) = what.split_once(' ').expect("a number and a name");
                let told = cast.told.iter().find(|(known, _)| *known == name).expect("in the cast");
                session.answer(NOW, AskId(number.parse().expect("a number")), told.1.clone(), &mut out);
            }
            "E" => {
                let event = cast.events.iter().find(|(known, _)| *known == what).expect("in the cast");
                session.event(NOW, event.1.clone(), &mut out);
            }
            "R" => session.confirmed(what.parse().expect("a serial"), &mut out),
            _ => continue,
        }
        found.push(line.to_owned());
        found.extend(out.iter().map(shown));
    }
    assert_eq!(found.join("\n"), expected.join("\n"));
}

/// `1` done, `1 name` answered by the cast, `1 !Forbidden` refused.
fn answer(cast: &Cast, what: &str) -> Event {
    let (number, rest) = what.split_once(' ').unwrap_or((what, ""));
    let ticket = Ticket(number.parse().expect("a ticket"));
    match rest.strip_prefix('!') {
        Some(reason) => Event::Refused(ticket, Refusal::from(self::reason(reason))),
        None if rest.is_empty() => Event::Done(ticket, endpoint::Answer::Done),
        None => {
            let found = cast.answers.iter().find(|(known, _)| *known == rest).expect("in the cast");
            Event::Done(ticket, found.1.clone())
        }
    }
}

fn reason(name: &str) -> Reason {
    let all = [
        Reason::NotFound,
        Reason::Unavailable,
        Reason::Forbidden,
        Reason::NotAcceptable,
        Reason::Conflict,
        Reason::TryLater,
        Reason::LimitReached,
    ];
    all.into_iter().find(|reason| format!("{reason:?}") == name).expect("a reason")
}

fn shown(output: &Output) -> String {
    match output {
        Output::Send { stanza, serial: None } => format!("S: {}", String::from_utf8_lossy(stanza)),
        Output::Send { stanza, serial: Some(serial) } => {
            format!("S{serial}: {}", String::from_utf8_lossy(stanza))
        }
        Output::Command(Ticket(ticket), command) => format!("D: {ticket} {}", asked(command)),
        Output::Ask(AskId(ask), question) => format!("Q: {ask} {question:?}"),
        Output::Handled(seq) => format!("H: {seq}"),
        Output::End(error) => format!("S: end {}", error.name()),
    }
}

/// A command in one line: messages by what is in them, the rest as `Debug` has it.
fn asked(command: &Command) -> String {
    match command {
        Command::Send { to, endpoint, message } => {
            let endpoint = endpoint.as_ref().map(|name| format!("/{name}")).unwrap_or_default();
            format!("Send {to}{endpoint} {}", content(message))
        }
        Command::Conference { conference, command } => match command {
            ConferenceCommand::Say { message } => format!("{conference} Say {}", content(message)),
            ConferenceCommand::Whisper { nick, message } => {
                format!("{conference} Whisper {nick} {}", content(message))
            }
            ConferenceCommand::SetTopic { topic, .. } => format!("{conference} SetTopic {topic}"),
            command => format!("{conference} {command:?}"),
        },
        command => format!("{command:?}"),
    }
}

fn content(message: &Message) -> String {
    let mut line = format!("{:?}", message.kind);
    if message.traits.0 != 0 {
        let _ = write!(line, " traits={}", message.traits.0);
    }
    let parts = [
        ("id", &message.id),
        ("origin", &message.origin_id),
        ("lang", &message.language),
        ("subject", &message.subject),
        ("body", &message.body),
        ("thread", &message.thread),
    ];
    for (name, value) in parts {
        if let Some(value) = value {
            let _ = write!(line, " {name}={value:?}");
        }
    }
    if !message.carried.is_empty() {
        let _ = write!(line, " carried {}", String::from_utf8_lossy(&message.carried));
    }
    line
}
