//! For tests: a request and all that becomes of it, as a dialogue. `C` is what the client asks (type, addressee or `-`,
//! payload), `D` a command to the user's home and `d` its answer, `H` a question to the host and `h` its answer, `S` what
//! the client gets in the end: the payload of the result, or `!` and the error, with stanzas before it one to a line.

use super::service::{self, Context, Iq, Step};
use crate::{
    session::{self, Addressee, Config, Escalation, Question},
    stanza::Element,
};
use domain::{
    Address, ConversationId, EndpointId, EndpointName, Message, Reason, Refusal, Timestamp,
    category::{Access, Item, Settings},
    conversation::ConferenceAnswer,
    endpoint::{Answer, CategoryCommand, Command, Rendered, Said},
    history::{Ends, HistoryId, Page, Query, Record},
    presentity::State,
    user::LastActivity,
};
use std::{sync::Arc, time::Duration};

/// 2026-11-21T11:10:01.250Z.
pub(super) const NOW: Timestamp = Timestamp(1_795_259_401_250);

pub(super) fn address(text: &str) -> Address {
    Address::parse(text).unwrap_or_else(|_| panic!("no address: {text}"))
}

/// `alice@example.org/desk`.
pub(super) fn me() -> EndpointId {
    EndpointId::new(address("alice@example.org"), EndpointName::parse("desk").expect("a name"))
}

pub(super) fn config() -> Config {
    let mut config = Config::new(address("example.org")).expect("short");
    config.version = "1.2.3";
    config
}

/// Plays a dialogue of `alice@example.org/desk`.
pub(super) fn play(lines: &str) {
    play_with(&config(), lines);
}

/// Plays a dialogue with a server of this configuration.
pub(super) fn play_with(config: &Config, lines: &str) {
    let mut said = Vec::new();
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (who, text) = line.split_once(": ").unwrap_or_else(|| panic!("no line of a dialogue: {line}"));
        let me = me();
        let context = Context { now: NOW, me: &me, config };
        let step = match (who, said.pop()) {
            ("C", None) => asked(context, text),
            ("d", Some(Next::Home(then))) => then(context, answer(text)),
            ("d", Some(Next::Conference(moved))) => moved(context, address(text)),
            ("h", Some(Next::Host(told))) => match host_answer(text) {
                session::Answer::Refused(refusal) => Step::Refuse(refusal.into()),
                answer => told(context, answer),
            },
            ("D" | "H" | "S", Some(Next::Line(expected_who, found, next))) => {
                assert_eq!((who, text), (expected_who, &*found), "in {lines}");
                said.extend(next.map(|next| *next));
                continue;
            }
            (_, Some(_)) => panic!("something else comes before: {line}"),
            (_, None) => panic!("nothing comes: {line}"),
        };
        said.push(show(step));
    }
    assert!(said.is_empty(), "something more comes after: {lines}");
}

/// What comes next in a dialogue.
enum Next {
    Line(&'static str, String, Option<Box<Next>>),
    Home(service::Then),
    Host(service::Told),
    Conference(service::Moved),
}

fn asked(context: Context<'_>, text: &str) -> Step {
    let mut words = text.splitn(3, ' ');
    let mut word = || words.next().unwrap_or_else(|| panic!("no request: {text}"));
    let (type_, to, xml) = (word(), word(), word());
    let payload = Element::parse(xml.as_bytes()).unwrap_or_else(|error| panic!("{error:?}: {xml}"));
    let to = Addressee::of(Some(to).filter(|to| *to != "-"), &context.me.user, context.config);
    let service = service::of(payload.namespace()).unwrap_or_else(|| panic!("no service: {xml}"));
    service(&Iq { context, to: &to, set: type_ == "set", payload: &payload })
}

fn show(step: Step) -> Next {
    match step {
        Step::Reply(before, payload) => {
            let payload = payload.map(|payload| payload.to_bytes()).unwrap_or_default();
            let mut all: Vec<String> = before.iter().map(|stanza| text(stanza)).collect();
            all.push(text(&payload));
            let last = all.pop().filter(|line| !line.is_empty()).unwrap_or_else(|| "ok".to_owned());
            let before = |next, line| Next::Line("S", line, Some(Box::new(next)));
            all.into_iter().rev().fold(Next::Line("S", last, None), before)
        }
        Step::Refuse(error) => {
            let kind = error.kind.unwrap_or_else(|| error.condition.kind());
            let specific = error.specific.map(|specific| format!(" {}", text(&specific.to_bytes())));
            let line =
                format!("! {} {}{}", kind.name(), error.condition.name(), specific.unwrap_or_default());
            Next::Line("S", line, None)
        }
        Step::Command(command, then) => Next::Line("D", home(&command), Some(Box::new(Next::Home(then)))),
        Step::Escalate(Escalation { with, invite, thread }, moved) => {
            let line = format!("escalate {with} {invite:?} {thread:?}");
            Next::Line("D", line, Some(Box::new(Next::Conference(moved))))
        }
        Step::Ask(question, told) => Next::Line("H", host(&question), Some(Box::new(Next::Host(told)))),
    }
}

pub(super) fn text(xml: &[u8]) -> String {
    String::from_utf8(xml.to_vec()).expect("UTF-8")
}

fn home(command: &Command) -> String {
    if let Command::Conference { conference, command } = command {
        return format!("{conference} {command:?}");
    }
    if let Command::SetManual(state) = command {
        let chosen = |state: &State| {
            format!("choose {:?} {}", state.availability, state.note.as_deref().unwrap_or_default())
        };
        return state.as_ref().map_or_else(|| "choose reset".to_owned(), |state| chosen(state));
    }
    let Command::Category { owner, command } = command else { return format!("{command:?}") };
    match command {
        CategoryCommand::List => format!("list {owner}"),
        CategoryCommand::Read { category, ids, max } => {
            let max = max.map(|max| format!(" max {max}")).unwrap_or_default();
            format!("read {owner} {category} [{}]{max}", ids.join(" "))
        }
        CategoryCommand::Publish { category, id, content, settings } => {
            let settings = settings.as_ref().map(|settings| format!(" with {}", written(settings)));
            format!("publish {owner} {category} {id} {}{}", text(content), settings.unwrap_or_default())
        }
        CategoryCommand::Retract { category, id, notify } => {
            format!("retract {owner} {category} {id} {notify}")
        }
        CategoryCommand::Purge { category } => format!("purge {owner} {category}"),
        CategoryCommand::Delete { category } => format!("delete {owner} {category}"),
        CategoryCommand::Settings { category } => format!("settings {owner} {category}"),
        CategoryCommand::Create { category, settings } => {
            let settings = settings.as_ref().map(|settings| format!(" with {}", written(settings)));
            format!("create {owner} {category}{}", settings.unwrap_or_default())
        }
        CategoryCommand::Configure { category, settings } => {
            format!("configure {owner} {category} {}", written(settings))
        }
    }
}

fn written(settings: &Settings) -> String {
    let flags =
        [(settings.persist, "persist"), (settings.send_last, "last"), (settings.notify_retract, "retract")];
    let flags = flags.into_iter().filter(|(set, _)| *set).map(|(_, name)| name);
    let flags = flags.collect::<Vec<_>>().join(" ");
    format!("{:?} {} {flags}", settings.access, settings.max_items).trim_end().to_owned()
}

fn host(question: &Question) -> String {
    let Question::History(owner, query) = question else { return format!("{question:?}") };
    let Query { with, start, end, ids, after, before, last_page, max } = query;
    let mut line = format!("history {owner:?} max {max}");
    for (name, text) in [
        ("with", with.as_ref().map(ToString::to_string)),
        ("start", start.map(|at| at.0.to_string())),
        ("end", end.map(|at| at.0.to_string())),
        ("after", after.map(|id| id.to_string())),
        ("before", before.map(|id| id.to_string())),
        ("ids", (!ids.is_empty()).then(|| ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(","))),
        ("last", last_page.then(|| "page".to_owned())),
    ] {
        if let Some(text) = text {
            line.extend([" ", name, " ", &*text]);
        }
    }
    line
}

/// `done`, `no REASON`, `since MILLIS`, `settings ACCESS MAX`, `nodes A B`, `items ID XML | ID XML`.
fn answer(text: &str) -> Result<Answer, Refusal> {
    let (what, rest) = text.split_once(' ').unwrap_or((text, ""));
    Ok(match what {
        "done" => Answer::Done,
        "no" => return Err(reason(rest).into()),
        "since" => {
            let since = Timestamp(rest.parse().expect("a number"));
            Answer::Conference(ConferenceAnswer::History { since })
        }
        "nodes" => Answer::Categories(rest.split_whitespace().map(Arc::from).collect()),
        "settings" => {
            let (access, max) = rest.split_once(' ').expect("access and number");
            let access = if access == "Open" { Access::Open } else { Access::Presence };
            let max_items = max.parse().expect("a number");
            Answer::Settings(Settings { access, max_items, ..Settings::default() })
        }
        "items" => {
            let all = rest.split(" | ").filter(|item| !item.is_empty());
            let items = all.map(|item| item.split_once(' ').expect("id and content"));
            let item = |(id, content): (&str, &str)| {
                let content = content.to_owned().into();
                Arc::new(Item { id: id.into(), publisher: me(), content })
            };
            Answer::Items { items: items.map(item).collect(), complete: true }
        }
        _ => panic!("no answer of a home: {text}"),
    })
}

fn reason(text: &str) -> Reason {
    match text {
        "NotFound" => Reason::NotFound,
        "Forbidden" => Reason::Forbidden,
        "MembersOnly" => Reason::MembersOnly,
        "Conflict" => Reason::Conflict,
        "Unavailable" => Reason::Unavailable,
        "LimitReached" => Reason::LimitReached,
        _ => panic!("not used in a dialogue: {text}"),
    }
}

/// `done`, `no REASON`, `count N`, `users A B`, `uptime SECONDS`, `seen MILLIS`, `online`, `never`, `slot`,
/// `ends`, `page complete|partial TEXT TEXT`.
fn host_answer(text: &str) -> session::Answer {
    let (what, rest) = text.split_once(' ').unwrap_or((text, ""));
    let number = || rest.parse::<u64>().expect("a number");
    match what {
        "done" => session::Answer::Done,
        "no" => session::Answer::Refused(reason(rest).into()),
        "count" => session::Answer::Count(number()),
        "users" => session::Answer::Users(rest.split(' ').map(address).collect()),
        "uptime" => session::Answer::Server { uptime: Duration::from_secs(number()) },
        "seen" => session::Answer::LastActivity(LastActivity::At(Timestamp(number()))),
        "online" => session::Answer::LastActivity(LastActivity::Now),
        "never" => session::Answer::LastActivity(LastActivity::Never),
        "slot" => session::Answer::UploadSlot {
            put: "https://example.org/put".into(),
            headers: vec![("Authorization".into(), "token".into()), ("X-Other".into(), "x".into())],
            get: "https://example.org/get".into(),
        },
        "ends" => session::Answer::HistoryEnds(Ends {
            first: Some(HistoryId::of(&spoken(1, "first"))),
            last: Some(HistoryId::of(&spoken(9, "last"))),
        }),
        "page" => {
            let mut words = rest.split(' ');
            let complete = words.next() == Some("complete");
            let record = |(number, text)| {
                let said = Arc::new(spoken(number, text));
                Record { id: HistoryId::of(&said), said }
            };
            session::Answer::History(Page { records: (1..).zip(words).map(record).collect(), complete })
        }
        _ => panic!("no answer of the host: {text}"),
    }
}

/// What bob said to alice, as number `number`, in the second of that number.
pub(super) fn spoken(number: u64, text: &str) -> Said {
    let bob = EndpointId::new(address("bob@example.org"), EndpointName::parse("phone").expect("a name"));
    Said {
        conversation: ConversationId::between(address("alice@example.org"), bob.user.clone()),
        number,
        at: Timestamp(number * 1000),
        from: bob,
        nick: None,
        to: None,
        occupant_id: None,
        message: Arc::new(Message { body: Some(text.into()), ..Message::default() }),
        rendered: Rendered::default(),
    }
}
