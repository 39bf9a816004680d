//! A relay that speaks just enough XMPP for the scenarios: STARTTLS, SCRAM, binding, stream management, and every
//! message or presence passed on. With a fault it treats every tenth message wrongly.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

use crate::wire::scanner::{Frame, Scanner};
use crate::wire::scram::Mechanism;
use crate::wire::stanza::Stanza;

/// The password of every user.
pub(super) const PASSWORD: &str = "pencil";

/// What happens to every tenth message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    Lose,
    Repeat,
    /// Kept back until ten more have passed.
    Hold,
    /// The connection of its sender is closed.
    Drop,
}

/// What all connections share.
pub(super) struct Relay {
    fault: Fault,
    tls: TlsAcceptor,
    /// By account, such as `u3`.
    users: RefCell<BTreeMap<String, UnboundedSender<String>>>,
    /// By conference: who is in it.
    conferences: RefCell<BTreeMap<String, Vec<String>>>,
    passed: Cell<u64>,
    held: RefCell<Option<(String, String)>>,
}

const HEADER: &str = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' from='localhost'>";
const SALT: &[u8] = b"salt";

impl Relay {
    /// Listens on a port of its own until the runtime ends.
    pub(super) async fn start(fault: Fault) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let relay = Rc::new(Self {
            fault,
            tls: acceptor(),
            users: RefCell::default(),
            conferences: RefCell::default(),
            passed: Cell::new(0),
            held: RefCell::default(),
        });
        tokio::task::spawn_local(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let relay = Rc::clone(&relay);
                tokio::task::spawn_local(async move { relay.serve(tcp).await });
            }
        });
        address
    }

    async fn serve(&self, mut tcp: TcpStream) {
        let mut scanner = Scanner::default();
        let mut greeted = false;
        while !greeted {
            if tcp.read_buf(scanner.space()).await.unwrap_or(0) == 0 {
                return;
            }
            while let Ok(Some(frame)) = scanner.next_frame() {
                let answer = if let Frame::Open(_) = frame {
                    format!("{HEADER}<stream:features><starttls xmlns='x'/></stream:features>")
                } else {
                    greeted = true;
                    "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>".into()
                };
                tcp.write_all(answer.as_bytes()).await.unwrap();
            }
        }
        let Ok(mut tls) = self.tls.accept(tcp).await else { return };
        scanner.restart();
        let (sender, mut inbox) = unbounded_channel();
        let mut talk = Talk { sender, account: String::new(), client_first: String::new(), stanzas: 0 };
        loop {
            tokio::select! {
                read = tls.read_buf(scanner.space()) => if read.unwrap_or(0) == 0 { return },
                Some(text) = inbox.recv() => tls.write_all(&rest(text, &mut inbox)).await.unwrap_or(()),
            }
            let _ = tls.flush().await;
            while let Ok(Some(frame)) = scanner.next_frame() {
                if !self.hear(&mut talk, &frame) {
                    let _ = tls.write_all(&rest(String::new(), &mut inbox)).await;
                    let _ = tls.shutdown().await;
                    return;
                }
                if matches!(&frame, Frame::Element(bytes) if bytes.starts_with(b"<response")) {
                    scanner.restart();
                }
            }
        }
    }

    /// Whether the connection goes on.
    fn hear(&self, talk: &mut Talk, frame: &Frame<'_>) -> bool {
        let stanza = match frame {
            Frame::Open(_) if talk.account.is_empty() => {
                talk.say(&format!(
                    "{HEADER}<stream:features><mechanisms><mechanism>SCRAM-SHA-1</mechanism>\
                     <mechanism>SCRAM-SHA-256</mechanism></mechanisms></stream:features>"
                ));
                return true;
            }
            Frame::Open(_) => {
                talk.say(&format!(
                    "{HEADER}<stream:features><bind/><sm xmlns='urn:xmpp:sm:3'/></stream:features>"
                ));
                return true;
            }
            Frame::Close => {
                talk.say("</stream:stream>");
                return false;
            }
            Frame::Element(bytes) => Stanza::new(bytes),
        };
        talk.stanzas += u32::from(matches!(stanza.name(), b"message" | b"presence" | b"iq"));
        match stanza.name() {
            b"auth" => talk.challenge(stanza),
            b"response" => talk.success(stanza),
            b"enable" => {
                talk.stanzas = 0;
                self.users.borrow_mut().insert(talk.account.clone(), talk.sender.clone());
                talk.say("<enabled xmlns='urn:xmpp:sm:3'/>");
            }
            b"r" => talk.say(&format!("<a xmlns='urn:xmpp:sm:3' h='{}'/>", talk.stanzas)),
            b"iq" => {
                let id = stanza.attribute("id").unwrap_or_default();
                talk.say(&format!("<iq type='result' id='{id}'/>"));
            }
            b"presence" => self.presence(talk, stanza),
            b"message" => return self.message(talk, stanza),
            _ => {}
        }
        true
    }

    fn presence(&self, talk: &Talk, stanza: Stanza<'_>) {
        if let Some((conference, _)) = stanza.attribute("to").and_then(|to| to.split_once('/')) {
            let mut conferences = self.conferences.borrow_mut();
            let occupants = conferences.entry(conference.into()).or_default();
            let new = if occupants.is_empty() { "<status code='201'/>" } else { "" };
            occupants.push(talk.account.clone());
            talk.say(&format!("<presence from='{conference}/x'><x><status code='110'/>{new}</x></presence>"));
            return;
        }
        let status =
            stanza.text_of("status").map(|text| format!("<status>{text}</status>")).unwrap_or_default();
        let notice = format!("<presence from='{}@localhost/load'>{status}</presence>", talk.account);
        for (account, user) in &*self.users.borrow() {
            let _ = user.send(notice.clone());
            if status.is_empty() {
                talk.say(&format!("<presence from='{account}@localhost/load'/>"));
            }
        }
    }

    fn message(&self, talk: &Talk, stanza: Stanza<'_>) -> bool {
        let (to, _) = stanza.attribute("to").and_then(|to| to.split_once('@')).unwrap();
        let text = format!("<message><body>{}</body></message>", stanza.text_of("body").unwrap());
        if let Some(occupants) = self.conferences.borrow().get(stanza.attribute("to").unwrap()) {
            for account in occupants {
                self.pass(account, &text);
            }
            return true;
        }
        self.passed.set(self.passed.get() + 1);
        if !self.passed.get().is_multiple_of(10) {
            self.pass(to, &text);
            return true;
        }
        match self.fault {
            Fault::None => self.pass(to, &text),
            Fault::Lose => {}
            Fault::Repeat => [&text, &text].into_iter().for_each(|text| self.pass(to, text)),
            Fault::Hold => {
                if let Some((to, text)) = self.held.replace(Some((to.into(), text))) {
                    self.pass(&to, &text);
                }
            }
            Fault::Drop => {
                talk.say("</stream:stream>");
                return false;
            }
        }
        true
    }

    fn pass(&self, account: &str, text: &str) {
        let _ = self.users.borrow()[account].send(text.into());
    }
}

/// One connection after TLS.
struct Talk {
    sender: UnboundedSender<String>,
    account: String,
    client_first: String,
    stanzas: u32,
}

impl Talk {
    fn say(&self, text: &str) {
        let _ = self.sender.send(text.into());
    }

    fn mechanism(&self) -> (Mechanism, &str) {
        match self.client_first.split_once(' ') {
            Some(("SCRAM-SHA-256", first)) => (Mechanism::ScramSha256, first),
            Some((_, first)) => (Mechanism::ScramSha1, first),
            None => unreachable!("auth comes before response"),
        }
    }

    fn server_first(&self) -> String {
        let (_, first) = self.mechanism();
        let nonce = first.split_once("r=").unwrap().1;
        format!("r={nonce}more,s={},i=2", BASE64_STANDARD.encode(SALT))
    }

    fn challenge(&mut self, auth: Stanza<'_>) {
        let message = decode(auth.text_of("auth").unwrap());
        let first = message.strip_prefix("n,,").unwrap();
        self.client_first = format!("{} {first}", auth.attribute("mechanism").unwrap());
        self.say(&format!(
            "<challenge xmlns='x'>{}</challenge>",
            BASE64_STANDARD.encode(self.server_first())
        ));
    }

    fn success(&mut self, response: Stanza<'_>) {
        let message = decode(response.text_of("response").unwrap());
        let (mechanism, first) = self.mechanism();
        let auth = format!("{first},{},{}", self.server_first(), message.split_once(",p=").unwrap().0);
        let key = mechanism.hmac(&mechanism.salted_password(PASSWORD, SALT, 2), b"Server Key");
        let proof = BASE64_STANDARD.encode(mechanism.hmac(&key, auth.as_bytes()));
        let user = first.strip_prefix("n=").unwrap().split(',').next().unwrap().to_owned();
        self.say(&format!("<success xmlns='x'>{}</success>", BASE64_STANDARD.encode(format!("v={proof}"))));
        self.account = user;
    }
}

fn decode(text: &str) -> String {
    String::from_utf8(BASE64_STANDARD.decode(text).unwrap()).unwrap()
}

/// That text and all others that wait.
fn rest(mut text: String, inbox: &mut UnboundedReceiver<String>) -> Vec<u8> {
    while let Ok(more) = inbox.try_recv() {
        text.push_str(&more);
    }
    text.into_bytes()
}

fn acceptor() -> TlsAcceptor {
    let made = rcgen::generate_simple_self_signed(["localhost".into()]).unwrap();
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.into())
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}
