//! Signed-in clients whose homes are real: stanzas become commands, and what the homes tell becomes stanzas.
//!
//! A play is lines. `a`, `b`, `c` and then a stanza: alice's desk, bob's phone, alice's pad send it; `A`, `B`, `C`: that
//! one confirms what it got; `1`, `2`, `3`: it comes or goes; `i`, `j`, `k`: nobody looks at it, until it is said again;
//! `t`: a minute passes; `n`: the host refuses what it is asked, until it is said again; `s`: the homes are saved.
//! Checked: each stanza is dealt with once, each request answered once, and what a client is sent is well-formed.

use crate::{
    homes::Homes,
    people::{USERS, address},
};
use bytes::Bytes;
use domain::{EndpointId, EndpointName, Reason, Ticket, Timestamp, endpoint::Event, user::Command};
use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
};
use xmpp::{
    session::{Answer, AskId, Config, Output, Question, Session},
    stanza::{Element, Kind, Stanza},
    wire::Scope,
};

const CLIENTS: [(&str, &str); 3] = [(USERS[0], "desk"), (USERS[1], "phone"), (USERS[0], "pad")];

/// One client, while it is signed in.
struct Client {
    me: EndpointId,
    session: Session,
    seq: u64,
    /// Stanzas that are not dealt with yet.
    open: BTreeSet<u64>,
    /// Requests that no answer has come for, less answers that were sent: of those that end here.
    unanswered: i64,
    /// Something between clients went on: whose answer an answer is, is their business.
    relays: bool,
    serial: Option<u64>,
    looked_at: bool,
}

struct Play {
    homes: Homes,
    config: Arc<Config>,
    clients: [Option<Client>; 3],
    refuses: bool,
    todo: VecDeque<(usize, Output)>,
}

/// All lines, then the end.
pub(crate) fn run(data: &[u8]) {
    let Ok(mut config) = Config::new(address("example.org")) else { return };
    config.administrators.push(address(USERS[0]));
    let mut homes = Homes::new();
    homes.heard = Some(VecDeque::new());
    for who in &USERS[..3] {
        homes.tell(&address(who), Command::CreateAccount { verifiers: Vec::new(), at: Timestamp(1) });
    }
    let clients = [const { None }; 3];
    let mut play = Play { homes, config: Arc::new(config), clients, refuses: false, todo: VecDeque::new() };
    (0..3).for_each(|who| play.come_or_go(who));
    for line in data.split(|&b| b == b'\n') {
        if let Some((&verb, stanza)) = line.split_first() {
            play.line(verb, stanza);
            play.settle();
        }
    }
    for client in play.clients.iter().flatten() {
        assert!(client.open.is_empty(), "not dealt with: {:?}", client.open);
        assert!(client.relays || client.unanswered == 0, "{} requests without answer", client.unanswered);
    }
    play.homes.end();
}

impl Play {
    fn line(&mut self, verb: u8, stanza: &[u8]) {
        match verb {
            b'a'..=b'c' => self.says(usize::from(verb - b'a'), stanza),
            b'A'..=b'C' => self.confirms(usize::from(verb - b'A')),
            b'1'..=b'3' => self.come_or_go(usize::from(verb - b'1')),
            b'i'..=b'k' => self.look(usize::from(verb - b'i')),
            b't' => self.homes.pass(60_000),
            b'n' => self.refuses = !self.refuses,
            b's' => self.homes.save(),
            _ => {}
        }
    }

    fn says(&mut self, who: usize, xml: &[u8]) {
        let Ok(stanza) = Stanza::parse(Bytes::copy_from_slice(xml), &Scope::Usual) else { return };
        // The stream lets nothing else through.
        if stanza.kind() == Kind::Nonza || stanza.attribute("from").is_some() {
            return;
        }
        let (now, mut out) = (self.homes.now, Vec::new());
        let Some(client) = &mut self.clients[who] else { return };
        client.seq += 1;
        client.open.insert(client.seq);
        let is_iq = stanza.kind() == Kind::Iq;
        let asks = is_iq && !matches!(stanza.type_(), Some("result" | "error"));
        client.unanswered += i64::from(asks);
        client.session.stanza(now, client.seq, &stanza, &mut out);
        if is_iq && stanza.to().is_some_and(|to| to.contains('/')) {
            self.clients.iter_mut().flatten().for_each(|client| client.relays = true);
        }
        self.todo.extend(out.into_iter().map(|output| (who, output)));
    }

    fn confirms(&mut self, who: usize) {
        let Some(client) = &mut self.clients[who] else { return };
        let mut out = Vec::new();
        if let Some(serial) = client.serial.take() {
            client.session.confirmed(serial, &mut out);
        }
        self.todo.extend(out.into_iter().map(|output| (who, output)));
    }

    fn look(&mut self, who: usize) {
        let Some(client) = &mut self.clients[who] else { return };
        client.looked_at = !client.looked_at;
        let mut out = Vec::new();
        client.session.client_state(client.looked_at, &mut out);
        self.todo.extend(out.into_iter().map(|output| (who, output)));
    }

    fn come_or_go(&mut self, who: usize) {
        if let Some(client) = self.clients[who].take() {
            self.homes.detach(&client.me);
            return;
        }
        let (user, name) = CLIENTS[who];
        let Ok(name) = EndpointName::parse(name) else { return };
        let me = EndpointId::new(address(user), name);
        let session = Session::new(me.clone(), Arc::clone(&self.config));
        self.clients[who] = Some(Client {
            me: me.clone(),
            session,
            seq: 0,
            open: BTreeSet::new(),
            unanswered: 0,
            relays: false,
            serial: None,
            looked_at: true,
        });
        self.homes.attach(me);
    }

    /// Until nobody has anything to say.
    fn settle(&mut self) {
        loop {
            self.listen();
            let Some((who, output)) = self.todo.pop_front() else { return };
            self.carry_out(who, output);
        }
    }

    /// The sessions hear what the homes told them.
    fn listen(&mut self) {
        while let Some((to, event)) = self.homes.heard.as_mut().and_then(VecDeque::pop_front) {
            let found = self.clients.iter().position(|client| client.as_ref().is_some_and(|c| c.me == to));
            let Some(who) = found else { continue };
            if let Event::Ended(_) = event {
                self.clients[who] = None;
                continue;
            }
            let (now, mut out) = (self.homes.now, Vec::new());
            if let Some(client) = &mut self.clients[who] {
                client.session.event(now, event, &mut out);
            }
            self.todo.extend(out.into_iter().map(|output| (who, output)));
        }
    }

    fn carry_out(&mut self, who: usize, output: Output) {
        let Some(client) = &mut self.clients[who] else { return };
        match output {
            Output::Send { stanza, serial } => {
                let element = Element::parse(&stanza);
                assert!(element.is_ok(), "sent: {}", String::from_utf8_lossy(&stanza));
                client.serial = serial.or(client.serial);
                let is_answer = |kind: &str| stanza.starts_with(format!("<iq type='{kind}'").as_bytes());
                client.unanswered -= i64::from(is_answer("result") || is_answer("error"));
            }
            Output::Command(Ticket(ticket), command) => {
                let me = client.me.clone();
                self.homes.ask(&me, Ticket(ticket), command);
            }
            Output::Ask(ask, question) => self.answer(who, ask, &question),
            Output::Handled(seq) => assert!(client.open.remove(&seq), "dealt with twice"),
            Output::End(_) => {
                let me = client.me.clone();
                self.clients[who] = None;
                self.homes.detach(&me);
            }
        }
    }

    fn answer(&mut self, who: usize, ask: AskId, question: &Question) {
        let answer = match question {
            _ if self.refuses => Answer::Refused(Reason::TryLater.into()),
            Question::Conferences => Answer::Conferences(Vec::new()),
            Question::LastActivity(_) => Answer::LastActivity(domain::user::LastActivity::At(Timestamp(1))),
            Question::Server => Answer::Server { uptime: std::time::Duration::from_secs(7) },
            Question::UploadSlot { name, .. } => Answer::UploadSlot {
                put: format!("https://example.org/{}", name.len()),
                headers: Vec::new(),
                get: "https://example.org/<&'>".into(),
            },
            _ => Answer::Done,
        };
        let (now, mut out) = (self.homes.now, Vec::new());
        if let Some(client) = &mut self.clients[who] {
            client.session.answer(now, ask, answer, &mut out);
        }
        self.todo.extend(out.into_iter().map(|output| (who, output)));
    }
}
