//! The hot paths, each so many times: `tools/bench.sh` counts the instructions of one turn with callgrind, which do not
//! depend on what else the machine does.
//!
//! Usage: paths NAME TIMES. Without arguments: the names.

use bytes::Bytes;
use cluster::wire;
use domain::{
    Address, ConversationId, EndpointId, EndpointName, Message, Out, Ticket, Timestamp,
    conversation::{self, Conversation},
    endpoint::{self, Answer, Delivery, Event, How, Rendered, Said},
    message::MessageKind,
    presentity::{Aggregate, Availability, Notice, State},
    user::{self, User},
};
use event_log::{Stamp, WriterId, codec};
use std::{hint::black_box, sync::Arc};
use xmpp::{
    sasl::Channel,
    session::{Config, Output, Session},
    stanza::Stanza,
    stream::{self, Carrier, Input, Question, Settings, Stream},
    wire::Scope,
};

const NOW: Timestamp = Timestamp(1_795_258_800_000);
const MESSAGE: &str = "<message to='bob@example.org' id='ktx72v49' type='chat' xml:lang='en'><body>Neither, fair saint, \
    if either thee dislike, and more</body><active xmlns='http://jabber.org/protocol/chatstates'/><request \
    xmlns='urn:xmpp:receipts'/><origin-id xmlns='urn:xmpp:sid:0' id='de305d54-75b4-431b-adb2'/></message>";
const SIGN_IN: [&str; 4] = [
    "<stream:stream to='example.org' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>",
    "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGFsaWNlAHBlbmNpbA==</auth>",
    "<stream:stream to='example.org' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>",
    "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>desk</resource></bind></iq>",
];

type Path = (&'static str, fn(u64));

const PATHS: [Path; 13] = [
    ("stanza-parse", stanza_parse),
    ("message-in", message_in),
    ("message-out", message_out),
    ("conversation-turn", conversation_turn),
    ("user-turn-send", user_turn_send),
    ("user-turn-deliver", user_turn_deliver),
    ("record-encode", record_encode),
    ("record-decode", record_decode),
    ("presence-notice-out", presence_notice_out),
    ("deliver-encode", deliver_encode),
    ("deliver-decode", deliver_decode),
    ("notice-encode", notice_encode),
    ("notice-decode", notice_decode),
];

fn main() {
    let args: Vec<String> = std::env::args().collect();
    // Cargo adds `--bench`.
    let [_, name, times, ..] = args.as_slice() else {
        return PATHS.iter().for_each(|(name, _)| println!("{name}"));
    };
    let (_, path) = PATHS.iter().find(|(known, _)| known == name).expect("a path of that name");
    path(times.parse().expect("a number"));
}

fn address(name: &str) -> Address {
    Address::parse(&format!("{name}@example.org")).expect("an address")
}

fn endpoint(name: &str) -> EndpointId {
    EndpointId::new(address(name), EndpointName::parse("desk").expect("a name"))
}

fn message(number: u64) -> Arc<Message> {
    Arc::new(Message {
        id: Some("ktx72v49".into()),
        origin_id: Some(format!("de305d54-75b4-431b-{number:08x}").into()),
        kind: MessageKind::Chat,
        body: Some("Neither, fair saint, if either thee dislike, and more".into()),
        carried: Bytes::from_static(b"<request xmlns='urn:xmpp:receipts'/>"),
        ..Message::default()
    })
}

fn said(number: u64) -> Arc<Said> {
    Arc::new(Said {
        conversation: ConversationId::between(address("alice"), address("bob")),
        number,
        at: NOW,
        from: endpoint("bob"),
        nick: None,
        occupant_id: None,
        to: None,
        message: message(number),
        rendered: Rendered::default(),
    })
}

fn state() -> Arc<State> {
    Arc::new(State { note: Some("here".into()), carried: Bytes::from_static(
            b"<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='http://n' ver='QgayPKawpkPSDYmwT/WM94uAlu0='/>",
        ), ..State::of(Availability::Available) })
}

/// A client that is signed in, at its stream and its session.
struct Client {
    stream: Stream,
    session: Session,
    out: stream::Out,
    outputs: Vec<Output>,
}

impl Client {
    fn new() -> Self {
        let domain = Address::parse("example.org").expect("a domain");
        let settings = Arc::new(Settings::new(domain.clone(), [0; 32]));
        let config = Arc::new(Config::new(domain).expect("short"));
        let mut client = Self {
            stream: Stream::new(settings, Carrier::Tls(Channel::default()), [0; 32], NOW),
            session: Session::new(endpoint("alice"), config),
            out: stream::Out::default(),
            outputs: Vec::new(),
        };
        for bytes in SIGN_IN {
            client.stream.handle(NOW, Input::Bytes(bytes.as_bytes()), &mut client.out);
            for event in std::mem::take(&mut client.out.events) {
                let stream::Event::Ask(ask, question) = event else { continue };
                let answer = match question {
                    Question::Password { .. } => stream::Answer::Password(stream::Verdict::Right),
                    _ => stream::Answer::Bound(Ok(())),
                };
                client.stream.handle(NOW, Input::Answer(ask, answer), &mut client.out);
            }
        }
        assert!(client.stream.endpoint().is_some(), "it is signed in");
        client.clear();
        client
    }

    fn clear(&mut self) {
        self.out.bytes.clear();
        self.out.events.clear();
        self.outputs.clear();
    }

    /// From the session's output to the bytes on the wire.
    fn write(&mut self) {
        for output in self.outputs.drain(..) {
            if let Output::Send { stanza, serial } = output {
                self.stream.send(NOW, stanza, serial, &mut self.out);
            }
        }
        assert!(!self.out.bytes.is_empty(), "something is written");
        // The network took it.
        self.stream.handle(NOW, Input::Flushed, &mut self.out);
    }
}

fn stanza_parse(times: u64) {
    let bytes = Bytes::from_static(MESSAGE.as_bytes());
    for _ in 0..times {
        assert!(black_box(Stanza::parse(bytes.clone(), &Scope::Usual)).is_ok());
    }
}

/// Bytes of a connection to a command for the user's home, and its answer to the stream's count.
fn message_in(times: u64) {
    let mut client = Client::new();
    for _ in 0..times {
        client.stream.handle(NOW, Input::Bytes(MESSAGE.as_bytes()), &mut client.out);
        let Some(stream::Event::Stanza(number, stanza)) = client.out.events.pop() else {
            panic!("a stanza comes out")
        };
        client.session.stanza(NOW, number, &stanza, &mut client.outputs);
        let Some(Output::Command(ticket, command)) = client.outputs.pop() else {
            panic!("a command comes out")
        };
        black_box(command);
        let done = Event::Done(ticket, Answer::Accepted { number, at: NOW });
        client.session.event(NOW, done, &mut client.outputs);
        client.stream.handle(NOW, Input::Done(number), &mut client.out);
        client.clear();
    }
}

/// A message for an endpoint to the bytes of its connection.
fn message_out(times: u64) {
    let mut client = Client::new();
    for serial in 1..=times {
        let delivery = Delivery { said: said(serial), how: How::Direct, late: false, serial };
        client.session.event(NOW, Event::Delivery(delivery), &mut client.outputs);
        client.write();
        client.clear();
        client.session.confirmed(serial, &mut client.outputs);
        client.clear();
    }
}

/// A message is numbered, and confirmed.
fn conversation_turn(times: u64) {
    let (alice, bob) = (address("alice"), address("bob"));
    let id = ConversationId::between(alice.clone(), bob.clone());
    let mut conversation = Conversation::new(id, conversation::Policy::default());
    let mut out = Out::new();
    for number in 1..=times {
        let send = conversation::Command::Send {
            from: endpoint("alice"),
            to: bob.clone(),
            endpoint: None,
            ticket: Ticket(number),
            message: message(number),
        };
        conversation.handle(NOW, send, &mut out);
        if number == 1 {
            // The first message asks how the other can be reached.
            let (of, towards) = (bob.clone(), alice.clone());
            let standing = user::Standing::Reachable;
            let command = conversation::Command::Standing { of, towards, standing };
            conversation.handle(NOW, command, &mut out);
        }
        assert!(out.facts.len() + out.effects.len() >= 3, "it is numbered, told and handed out");
        let confirm = conversation::Command::Confirm { by: bob.clone(), numbers: vec![number] };
        conversation.handle(NOW, confirm, &mut out);
        out.facts.clear();
        out.effects.clear();
    }
}

/// A user with an endpoint that is there.
fn user(out: &mut Out<user::Fact, user::Effect>) -> User {
    let mut user = User::new(address("alice"), user::Policy::default());
    let name = endpoint("alice").name;
    let publish = endpoint::Command::Publish(state());
    for command in [
        user::Command::CreateAccount { verifiers: Vec::new(), at: Timestamp(1) },
        user::Command::Attach { endpoint: name.clone() },
        user::Command::Endpoint { endpoint: name, ticket: Ticket(0), command: publish },
    ] {
        user.handle(NOW, command, out);
    }
    user
}

fn user_turn_send(times: u64) {
    let mut out = Out::new();
    let mut user = user(&mut out);
    for number in 1..=times {
        let command =
            endpoint::Command::Send { to: address("bob"), endpoint: None, message: message(number) };
        let endpoint = endpoint("alice").name;
        out.effects.clear();
        user.handle(NOW, user::Command::Endpoint { endpoint, ticket: Ticket(number), command }, &mut out);
        assert_eq!(out.effects.len(), 1, "it goes to the conversation");
    }
}

fn user_turn_deliver(times: u64) {
    let mut out = Out::new();
    let mut user = user(&mut out);
    for serial in 1..=times {
        out.effects.clear();
        let deliver = user::Command::Deliver { endpoint: None, said: said(serial), late: false };
        user.handle(NOW, deliver, &mut out);
        let command = endpoint::Command::Confirm { serial };
        let endpoint = endpoint("alice").name;
        user.handle(NOW, user::Command::Endpoint { endpoint, ticket: Ticket(serial), command }, &mut out);
        assert!(out.effects.len() >= 2, "it is handed over, and confirmed");
    }
}

fn fact(number: u64) -> conversation::Fact {
    let (from, message) = (endpoint("bob"), message(number));
    let readers = conversation::Readers::All;
    conversation::Fact::Said {
        number,
        at: NOW,
        from,
        nick: None,
        occupant_id: None,
        to: None,
        message,
        readers,
    }
}

const STAMP: Stamp = Stamp { epoch: 1, writer: WriterId(7) };

fn record_encode(times: u64) {
    let id = ConversationId::between(address("alice"), address("bob"));
    let facts = [fact(1)];
    for _ in 0..times {
        black_box(codec::encode_conversation(STAMP, &id, &facts));
    }
}

fn record_decode(times: u64) {
    let id = ConversationId::between(address("alice"), address("bob"));
    let record = codec::encode_conversation(STAMP, &id, &[fact(1)]);
    for _ in 0..times {
        assert!(black_box(codec::decode(record.clone())).is_ok());
    }
}

fn notice() -> Arc<Notice> {
    let aggregate =
        Aggregate { availability: Availability::Available, activity: None, note: None, last_seen: None };
    Arc::new(Notice {
        presentity: address("bob"),
        endpoint: Some(endpoint("bob").name),
        state: Some(state()),
        parting: None,
        aggregate: Arc::new(aggregate),
    })
}

/// A contact's presence to the bytes of a connection.
fn presence_notice_out(times: u64) {
    let mut client = Client::new();
    let notice = notice();
    for _ in 0..times {
        client.session.event(NOW, Event::Notice(Arc::clone(&notice)), &mut client.outputs);
        client.write();
        client.clear();
    }
}

/// A message for a user whose home is on another node, of 200 bytes.
fn deliver() -> wire::Message {
    let text = Message { body: Some("x".repeat(200).into()), ..Message::clone(&message(1)) };
    let said = Said {
        conversation: ConversationId::between(address("alice"), address("bob")),
        number: 1,
        at: NOW,
        from: endpoint("bob"),
        nick: None,
        occupant_id: None,
        to: None,
        message: Arc::new(text),
        rendered: Rendered::default(),
    };
    let command = user::Command::Deliver { endpoint: None, said: Arc::new(said), late: false };
    wire::Message::User { address: address("alice"), command }
}

fn notify() -> wire::Message {
    let command = user::Command::Notice { endpoint: None, notice: notice() };
    wire::Message::User { address: address("alice"), command }
}

const FROM: wire::Origin = wire::Origin { shard: domain::Shard(7), epoch: 1 };

fn encode(message: &wire::Message, times: u64) {
    for _ in 0..times {
        black_box(message.encode(Some(FROM)));
    }
}

fn decode(message: &wire::Message, times: u64) {
    let bytes = message.encode(Some(FROM));
    for _ in 0..times {
        assert!(black_box(wire::Message::decode(&bytes)).is_ok());
    }
}

fn deliver_encode(times: u64) {
    encode(&deliver(), times);
}

fn deliver_decode(times: u64) {
    decode(&deliver(), times);
}

fn notice_encode(times: u64) {
    encode(&notify(), times);
}

fn notice_decode(times: u64) {
    decode(&notify(), times);
}
