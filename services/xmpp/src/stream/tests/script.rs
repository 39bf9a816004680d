//! Plays a dialogue against a [`Stream`], with a host that does what the script says.

use super::{super::*, OPEN, channel};
use crate::sasl::{Channel, ht, make_verifiers};
use base64::engine::general_purpose::STANDARD;
use domain::{
    Address, Reason,
    account::{ScramHash, Token, Verifier},
};
use std::time::Duration;

pub(crate) struct Play {
    pub(crate) stream: Stream,
    pub(crate) now: Timestamp,
    pub(crate) out: Out,
    /// Sizes of the pieces that the client's bytes come in, in turn.
    pub(crate) cuts: Vec<usize>,
    cut: usize,
    framed: bool,
    old: Option<Stream>,
    asked: AskId,
    /// What was captured from the server: the stream management id, its last challenge, the last token.
    id: String,
    challenge: String,
    token: Option<Token>,
    gs2: String,
}

pub(crate) fn settings() -> Arc<Settings> {
    let mut settings = Settings::new(Address::parse("example.org").expect("valid"), [5; 32]);
    settings.features = Bytes::from_static(b"<ver xmlns='urn:xmpp:features:rosterver'/>");
    Arc::new(settings)
}

fn verifiers() -> Vec<Verifier> {
    make_verifiers("pencil", [1; 16], 4096).expect("a password")
}

impl Play {
    pub(crate) fn new(carrier: Carrier, piece: usize) -> Self {
        let now = Timestamp(1_000_000);
        let framed = matches!(carrier, Carrier::WebSocket(_));
        Self {
            stream: Stream::new(settings(), carrier, [9; 32], now),
            now,
            out: Out::default(),
            cuts: vec![piece],
            cut: 0,
            framed,
            old: None,
            asked: AskId(0),
            id: String::new(),
            challenge: String::new(),
            token: None,
            gs2: String::new(),
        }
    }

    pub(crate) fn run(&mut self, script: &str) {
        let lines: Vec<&str> = script.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        for (index, line) in lines.iter().enumerate() {
            let (who, what) = line.split_once(": ").expect(line);
            let what = self.expand(what);
            match who {
                "C" => self.quiet(line).client(&what),
                "H" => self.quiet(line).host(&what),
                "S" => self.server(&what),
                "E" => {
                    assert!(!self.out.events.is_empty(), "expected {what}");
                    let event = self.out.events.remove(0);
                    assert_eq!(self.shown(event), what);
                }
                _ => panic!("{line}"),
            }
            // What follows is told by `S` and `E`; at the end nothing may be left.
            if index + 1 == lines.len() {
                self.quiet("the end");
            }
        }
    }

    fn quiet(&mut self, before: &str) -> &mut Self {
        let left = String::from_utf8_lossy(&self.out.bytes);
        assert!(
            left.is_empty() && self.out.events.is_empty(),
            "before {before}: {left} {:?}",
            self.out.events
        );
        self
    }

    fn client(&mut self, text: &str) {
        if self.framed {
            return self.stream.handle(self.now, Input::Message(text.as_bytes()), &mut self.out);
        }
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            let size = self.cuts[self.cut % self.cuts.len()].min(rest.len());
            self.cut += 1;
            self.stream.handle(self.now, Input::Bytes(&rest[..size]), &mut self.out);
            rest = &rest[size..];
        }
    }

    /// What was written must begin with `expected`, in which `…` stands for anything as short as possible.
    fn server(&mut self, expected: &str) {
        let written = String::from_utf8(std::mem::take(&mut self.out.bytes)).expect("UTF-8");
        let mut rest = written.as_str();
        for (index, part) in expected.split('…').enumerate() {
            let at = rest.find(part).filter(|at| index > 0 || *at == 0);
            rest =
                &rest[at.unwrap_or_else(|| panic!("expected {expected}\n wrote {written}")) + part.len()..];
        }
        let taken = &written[..written.len() - rest.len()];
        self.capture(taken);
        if self.framed {
            assert_eq!(self.out.ends.first(), Some(&taken.len()), "{taken}");
            self.out.ends.remove(0);
            self.out.ends.iter_mut().for_each(|end| *end -= taken.len());
        }
        self.out.bytes = rest.as_bytes().to_vec();
    }

    fn capture(&mut self, taken: &str) {
        let between = |start: &str, end: &str| {
            let (_, rest) = taken.split_once(start)?;
            rest.split_once(end).map(|(found, _)| found.to_owned())
        };
        if let Some(id) = between("<enabled xmlns='urn:xmpp:sm:3' id='", "'") {
            self.id = id;
        }
        if let Some(challenge) = between("<challenge xmlns=", "</challenge>") {
            let encoded = challenge.split_once('>').expect("a tag").1;
            self.challenge = String::from_utf8(STANDARD.decode(encoded).expect("base64")).expect("UTF-8");
        }
    }

    /// Replaces what stands in braces.
    fn expand(&mut self, text: &str) -> String {
        let mut text = text.replace("{open}", OPEN).replace("{id}", &self.id);
        text = text.replace("{plain}", &STANDARD.encode("\0alice\0pencil"));
        while let Some((before, rest)) = text.split_once("{first ") {
            let (gs2, after) = rest.split_once('}').expect("a brace");
            self.gs2 = gs2.to_owned();
            text = format!("{before}{}{after}", STANDARD.encode(format!("{gs2}n=alice,r=abc")));
        }
        if text.contains("{proof}") {
            text = text.replace("{proof}", &STANDARD.encode(self.proof()));
        }
        if let Some(token) = &self.token {
            let key = ht::wire_form(&token.secret);
            let proof = crate::sasl::hmac_sha256(key.as_bytes(), b"Initiator");
            text = text.replace("{ht}", &STANDARD.encode([&b"alice\0"[..], &proof].concat()));
            text = text.replace("{token}", &key);
        }
        text
    }

    fn proof(&self) -> String {
        let bound = if self.gs2.starts_with("p=tls-exporter") { vec![7; 32] } else { Vec::new() };
        let nonce = self.challenge.split(',').next().expect("a nonce");
        let binding = STANDARD.encode([self.gs2.as_bytes(), &bound].concat());
        let unproven = format!("c={binding},{nonce}");
        let said = format!("n=alice,r=abc,{},{unproven}", self.challenge);
        let proof = crate::sasl::client_proof("pencil", &verifiers()[0], said.as_bytes());
        format!("{unproven},p={}", STANDARD.encode(proof))
    }

    fn host(&mut self, what: &str) {
        let (verb, rest) = what.split_once(' ').unwrap_or((what, ""));
        let number = || rest.parse::<u64>().expect(what);
        let input = match verb {
            "secured" => Input::Secured(channel()),
            "unbound" => Input::Secured(Channel::default()),
            "lost" => Input::Lost,
            "flushed" => Input::Flushed,
            "done" => Input::Done(number()),
            "wait" => {
                self.now = self.now.plus(Duration::from_secs(number()));
                Input::Tick
            }
            "drain" => Input::End(StreamError::SystemShutdown, None),
            "send" => {
                let stanza = Bytes::from(rest.to_owned());
                let receipt = rest.split_once("id='").and_then(|(_, id)| id[..1].parse().ok());
                return self.stream.send(self.now, stanza, receipt, &mut self.out);
            }
            "reconnect" => {
                let fresh = Stream::new(settings(), Carrier::Tls(channel()), [8; 32], self.now);
                self.old = Some(std::mem::replace(&mut self.stream, fresh));
                return;
            }
            _ => Input::Answer(self.asked, self.answer(verb)),
        };
        self.stream.handle(self.now, input, &mut self.out);
    }

    fn answer(&mut self, verb: &str) -> Answer {
        let of = |hash: ScramHash| verifiers().into_iter().find(|verifier| verifier.hash == hash);
        match verb {
            "right" => Answer::Password(Verdict::Right),
            "wrong" => Answer::Password(Verdict::Wrong),
            "disabled" => Answer::Password(Verdict::Disabled),
            "verifier" => Answer::Verifier { verifier: of(ScramHash::Sha256), enabled: true },
            "nobody" => Answer::Verifier { verifier: None, enabled: true },
            "tokens" => Answer::Tokens { tokens: self.token.clone().into_iter().collect(), enabled: true },
            "bound" => Answer::Bound(Ok(())),
            "conflict" => Answer::Bound(Err(Reason::Conflict.into())),
            "later" => Answer::TryLater,
            "gone" => Answer::Parked(None),
            "parked" => {
                let mut out = Out::default();
                let parked = self.old.as_mut().expect("an old stream").park(&mut out);
                Answer::Parked(parked)
            }
            _ => panic!("{verb}"),
        }
    }

    fn shown(&mut self, event: Event) -> String {
        match event {
            Event::StartTls => "tls".to_owned(),
            Event::Ask(id, question) => {
                self.asked = id;
                match question {
                    Question::Verifier { user, hash } => format!("ask verifier {user} {hash:?}"),
                    Question::Password { user, password } => format!("ask password {user} {}", password.0),
                    Question::Tokens { user, client } => format!("ask tokens {user} {client}"),
                    Question::Bind { endpoint } => format!("ask bind {endpoint}"),
                    Question::Resume { user, id, .. } => format!("ask resume {user} {id}"),
                }
            }
            Event::SignInFailed { user, error } => {
                format!("failed {} {}", user.map_or("-".to_owned(), |user| user.to_string()), error.name())
            }
            Event::SetToken { user, token } => {
                let shown = format!("token {user} {} {} {}", token.client, token.mechanism, token.count);
                self.token = Some(token);
                shown
            }
            Event::RemoveToken { user, client } => format!("forget {user} {client}"),
            Event::SignedIn(SignedIn { endpoint, carbons, active, resumable }) => {
                let mut shown = format!("signed in {endpoint}");
                shown.push_str(if carbons { " carbons" } else { "" });
                shown.push_str(if active { "" } else { " inactive" });
                shown.push_str(if resumable.is_some() { " resumable" } else { "" });
                shown
            }
            Event::Resumed(endpoint) => format!("resumed {endpoint}"),
            Event::Stanza(number, stanza) => {
                format!("stanza {number} {}", String::from_utf8_lossy(stanza.as_bytes()))
            }
            Event::Active(active) => format!("active {active}"),
            Event::Acked(receipt) => format!("acked {receipt}"),
            Event::Parked { id, until } => {
                assert_eq!(*id, *self.id);
                format!("parked for {}", until.since(self.now).as_secs())
            }
            Event::Ended => "ended".to_owned(),
            Event::Close => "close".to_owned(),
        }
    }
}
