//! The stream machine, with a host that does what the bytes say.
//!
//! The first byte chooses the carrier and how the client's bytes are split. A form feed, which XML does not know, is
//! followed by what the host does: see [`Play::host`]. Whole or split, the same must be written and told.

use super::{SMALL, look_at};
use crate::{
    sasl::{Channel, make_verifiers},
    stream::{
        Answer, AskId, Carrier, Event, Input, Out, Parked, Question, Settings, SignedIn, Stream, Verdict,
    },
    wire::StreamError,
};
use bytes::Bytes;
use domain::{
    Address, Reason, Timestamp,
    account::{ScramHash, Verifier},
};
use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

/// Before what the host does.
const HOST: u8 = b'\x0c';

static VERIFIERS: LazyLock<Vec<Verifier>> =
    LazyLock::new(|| make_verifiers("pencil", [1; 16], 4096).unwrap_or_default());

/// What came out: all that was written, and all that was told.
type Heard = (Vec<u8>, Vec<String>);

/// One connection, or several, one after the other.
pub fn run(data: &[u8]) {
    let Some((&how, script)) = data.split_first() else { return };
    let framed = how % 3 == 1;
    let whole = play(how, script, usize::MAX);
    if !framed {
        assert_eq!(whole, play(how, script, usize::from(how / 3).max(1)));
    }
}

fn play(how: u8, script: &[u8], size: usize) -> Heard {
    let Ok(domain) = Address::parse("example.org") else { return Heard::default() };
    let mut settings = Settings::new(domain, [0; 32]);
    settings.stanza_bytes = SMALL;
    let mut play = Play::new(Arc::new(settings), how, size);
    for (index, part) in script.split(|&b| b == HOST).enumerate() {
        let client = match part.split_first() {
            Some((&verb, client)) if index > 0 => {
                play.host(verb);
                client
            }
            _ => part,
        };
        play.client(client);
    }
    play.heard
}

struct Play {
    settings: Arc<Settings>,
    how: u8,
    size: usize,
    now: Timestamp,
    stream: Stream,
    parked: Option<Box<Parked>>,
    /// Questions are answered at once, or wait until the host answers again.
    answers: Option<bool>,
    asked: Vec<(AskId, Question)>,
    stanzas: Vec<u64>,
    receipts: u64,
    closed: bool,
    heard: Heard,
}

impl Play {
    fn new(settings: Arc<Settings>, how: u8, size: usize) -> Self {
        let now = Timestamp(1_000_000);
        Self {
            stream: Stream::new(Arc::clone(&settings), carrier(how), [0; 32], now),
            settings,
            how,
            size,
            now,
            parked: None,
            answers: Some(true),
            asked: Vec::new(),
            stanzas: Vec::new(),
            receipts: 0,
            closed: false,
            heard: Heard::default(),
        }
    }

    fn client(&mut self, bytes: &[u8]) {
        if self.how % 3 == 1 {
            for message in bytes.split(|&b| b == b'\n').filter(|message| !message.is_empty()) {
                self.give(Input::Message(message));
            }
            return;
        }
        for piece in bytes.chunks(self.size) {
            // What comes in clear behind `<starttls/>` is nobody's: only the handshake may follow.
            if self.give(Input::Bytes(piece)) {
                self.give(Input::Secured(channel()));
                return;
            }
        }
    }

    /// One thing that the host does.
    fn host(&mut self, verb: u8) {
        match verb {
            b'l' => drop(self.give(Input::Lost)),
            b'f' => drop(self.give(Input::Flushed)),
            b'e' => drop(self.give(Input::End(StreamError::SystemShutdown, None))),
            b'd' if !self.stanzas.is_empty() => {
                let number = self.stanzas.remove(0);
                self.give(Input::Done(number));
            }
            b't' => {
                self.now = self.stream.deadline().unwrap_or(self.now).max(self.now);
                self.give(Input::Tick);
                let due = self.stream.deadline();
                assert!(due.is_none_or(|due| due > self.now), "a tick leaves what was due");
            }
            b'w' => self.now = self.now.plus(Duration::from_secs(1)),
            b's' | b'p' => {
                self.receipts += 1;
                let (mut out, receipt) = (Out::default(), (verb == b's').then_some(self.receipts));
                let stanza = Bytes::from_static(b"<message><body>x</body></message>");
                self.stream.send(self.now, stanza, receipt, &mut out);
                self.take(out);
            }
            b'r' => self.reconnect(),
            b'y' => self.answer(Some(true)),
            b'n' => self.answer(Some(false)),
            b'q' => self.answers = None,
            _ => {}
        }
    }

    /// The client comes back on a new connection; the stream that it had can be taken up again.
    fn reconnect(&mut self) {
        let mut out = Out::default();
        self.parked = self.stream.park(&mut out);
        self.take(out);
        self.stream = Stream::new(Arc::clone(&self.settings), carrier(self.how), [0; 32], self.now);
        (self.closed, self.asked, self.stanzas) = (false, Vec::new(), Vec::new());
    }

    fn answer(&mut self, answers: Option<bool>) {
        self.answers = answers;
        for (id, question) in std::mem::take(&mut self.asked) {
            self.reply(id, question);
        }
    }

    fn reply(&mut self, id: AskId, question: Question) {
        let Some(agrees) = self.answers else { return self.asked.push((id, question)) };
        let parked = &mut self.parked;
        let answer = match question {
            _ if !agrees && id.0.is_multiple_of(2) => Answer::TryLater,
            Question::Verifier { hash, .. } => Answer::Verifier { verifier: of(hash), enabled: agrees },
            Question::Password { .. } if agrees => Answer::Password(Verdict::Right),
            Question::Password { .. } => Answer::Password(Verdict::Wrong),
            Question::Tokens { .. } => Answer::Tokens { tokens: Vec::new(), enabled: agrees },
            Question::Bind { .. } if agrees => Answer::Bound(Ok(())),
            Question::Bind { .. } => Answer::Bound(Err(Reason::Conflict.into())),
            Question::Resume { user, .. } => {
                Answer::Parked(parked.take_if(|parked| agrees && parked.endpoint().user == user))
            }
        };
        self.give(Input::Answer(id, answer));
    }

    /// Gives the stream an input; true if it asks for TLS.
    fn give(&mut self, input: Input<'_>) -> bool {
        let mut out = Out::default();
        self.stream.handle(self.now, input, &mut out);
        self.take(out)
    }

    fn take(&mut self, out: Out) -> bool {
        assert!(!self.closed || out.bytes.is_empty(), "writes after the end");
        self.heard.0.extend(out.bytes);
        let mut secures = false;
        for event in out.events {
            self.heard.1.push(format!("{event:?}"));
            match event {
                Event::StartTls => secures = true,
                Event::Ask(id, question) => self.reply(id, question),
                Event::Stanza(number, stanza) => {
                    self.stanzas.push(number);
                    look_at(&stanza);
                }
                Event::SignedIn(SignedIn { endpoint, .. }) => {
                    assert!(self.stream.endpoint().is_none_or(|bound| *bound == endpoint));
                }
                Event::Close => self.closed = true,
                _ => {}
            }
        }
        assert!(!self.stream.is_closed() || self.stream.deadline().is_none(), "waits, but is closed");
        secures
    }
}

fn carrier(how: u8) -> Carrier {
    match how % 3 {
        0 => Carrier::Tls(channel()),
        1 => Carrier::WebSocket(channel()),
        _ => Carrier::Tcp,
    }
}

fn channel() -> Channel {
    Channel { exporter: Some([7; 32]), end_point: None }
}

fn of(hash: ScramHash) -> Option<Verifier> {
    VERIFIERS.iter().find(|verifier| verifier.hash == hash).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: &str = "<stream:stream to='example.org' version='1.0' xmlns='jabber:client' \
        xmlns:stream='http://etherx.jabber.org/streams'>";
    const PLAIN: &str =
        "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGFsaWNlAHBlbmNpbA==</auth>";

    /// The plays lead as far as they are meant to.
    #[test]
    fn a_play_can_sign_in_lose_its_connection_and_resume() {
        let script = format!(
            "{OPEN}{PLAIN}{OPEN}<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>\
             <enable xmlns='urn:xmpp:sm:3' resume='true'/>\x0cs\x0cl\x0cr{OPEN}{PLAIN}{OPEN}\
             <resume xmlns='urn:xmpp:sm:3' previd='any' h='0'/><message/>"
        );
        let (written, told) = play(0, script.as_bytes(), 5);
        let resumed = told.iter().any(|event| event.starts_with("Resumed"));
        assert!(resumed && told.iter().any(|event| event.starts_with("Stanza")), "{told:?}");
        let again = String::from_utf8_lossy(&written).matches("<body>x</body>").count();
        assert_eq!(again, 2, "what was not acknowledged is sent again");
        run(&[b"0", script.as_bytes()].concat());
    }
}
