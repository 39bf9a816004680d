//! One who says numbers and says again what was not acknowledged, and one who hears them, across crashes.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};
use tests::{Client, Server, client::Way, server::DOMAIN};
use xmpp::stanza::Element;

/// Said at most this far ahead of the acknowledgements.
const WINDOW: usize = 5;
const MAM: &str = "urn:xmpp:mam:2";

/// Says 0, 1, 2 …
pub(crate) struct Sender {
    client: Client,
    to: String,
    next: u64,
    /// What was said and not acknowledged; said again, under the same ids, after a crash.
    open: Vec<u64>,
    /// What the server has acknowledged.
    pub(crate) acknowledged: Vec<u64>,
}

/// What came.
pub(crate) struct Heard {
    /// Of the history.
    pub(crate) id: String,
    /// What was said.
    pub(crate) number: u64,
}

impl Sender {
    pub(crate) fn new(server: &Server, name: &str, to: &str) -> Self {
        let client = Client::new(server, name, "tests");
        Self { client, to: format!("{to}@{DOMAIN}"), next: 0, open: Vec::new(), acknowledged: Vec::new() }
    }

    pub(crate) fn moved(&mut self, server: &Server) {
        self.client.moved(server);
    }

    pub(crate) fn said(&self) -> u64 {
        self.next
    }

    /// Signs in, says again what is open, and goes on until the connection ends.
    pub(crate) fn say(&mut self, until: Instant) {
        if self.enter().is_err() {
            return;
        }
        while Instant::now() < until && self.client.is_connected() {
            while self.open.len() < WINDOW {
                let number = self.next;
                self.next += 1;
                self.open.push(number);
                if self.send(number).is_err() {
                    return;
                }
            }
            if self.ask().is_err() {
                return;
            }
        }
    }

    /// Says again what is open, until all is acknowledged.
    pub(crate) fn settle(&mut self) {
        self.enter().expect("the server runs");
        while !self.open.is_empty() {
            self.ask().expect("the server runs");
        }
        self.client.cut_off();
    }

    fn enter(&mut self) -> Result<(), String> {
        self.client.sign_in(Way::Tls)?;
        self.client.manage()?;
        for number in self.open.clone() {
            self.send(number)?;
        }
        Ok(())
    }

    fn send(&mut self, number: u64) -> Result<(), String> {
        let to = &self.to;
        let stanza = format!(
            "<message to='{to}' type='chat' id='m{number}'><body>{number}</body>\
             <origin-id xmlns='urn:xmpp:sid:0' id='o{number}'/></message>"
        );
        self.client.send(&stanza).map_err(|error| error.to_string())
    }

    /// Asks for an acknowledgement and takes it.
    fn ask(&mut self) -> Result<(), String> {
        let left = self.client.ask_for_acknowledgement()?;
        let refused = self.client.inbox.iter().find(|element| element.attribute("type") == Some("error"));
        assert!(refused.is_none(), "a message was refused: {}", self.client.heard());
        let done = self.open.len() - left;
        self.acknowledged.extend(self.open.drain(..done));
        Ok(())
    }
}

/// Hears them.
pub(crate) struct Reader {
    client: Client,
    /// Everything, doubles included, in the order in which it came.
    pub(crate) heard: Vec<Heard>,
}

impl Reader {
    pub(crate) fn new(server: &Server, name: &str) -> Self {
        Self { client: Client::new(server, name, "tests"), heard: Vec::new() }
    }

    pub(crate) fn moved(&mut self, server: &Server) {
        self.client.moved(server);
    }

    /// Signs in and listens until the connection ends.
    pub(crate) fn read(&mut self, until: Instant) {
        if self.enter().is_err() {
            return;
        }
        while self.client.listen(until) {
            self.take();
        }
        self.take();
    }

    /// Listens until the last of these was heard.
    pub(crate) fn hear_up_to(&mut self, numbers: &[u64]) {
        self.enter().expect("the server runs");
        let until = Instant::now() + Duration::from_secs(30);
        self.take();
        let mut missing: HashSet<u64> = numbers.iter().copied().collect();
        let mut looked = 0;
        loop {
            for heard in &self.heard[looked..] {
                missing.remove(&heard.number);
            }
            looked = self.heard.len();
            if missing.is_empty() || !self.client.listen(until) {
                return;
            }
            self.take();
        }
    }

    fn enter(&mut self) -> Result<(), String> {
        self.client.sign_in(Way::Tls)?;
        self.client.manage()?;
        self.client.send("<presence/>").map_err(|error| error.to_string())
    }

    /// Takes what the client has heard so far.
    fn take(&mut self) {
        let messages = self.client.inbox.drain(..).filter(|element| element.name() == "message");
        self.heard.extend(messages.map(|message| {
            let id = message.child("stanza-id", "urn:xmpp:sid:0").and_then(|id| id.attribute("id"));
            Heard { id: id.expect("every message has one").to_owned(), number: number(&message) }
        }));
    }

    /// The whole history, page by page.
    pub(crate) fn history(&mut self) -> Vec<Heard> {
        let mut found = Vec::new();
        loop {
            let after = found.last().map(|heard: &Heard| format!("<after>{}</after>", heard.id));
            let set = format!(
                "<set xmlns='http://jabber.org/protocol/rsm'><max>250</max>{}</set>",
                after.unwrap_or_default()
            );
            let ask = format!("<iq type='set' id='h{}'><query xmlns='{MAM}'>{set}</query></iq>", found.len());
            let id = format!("h{}", found.len());
            self.client.send(&ask).expect("sent");
            let answer = self.client.take_first(Duration::from_secs(20), |e| e.attribute("id") == Some(&id));
            let answer = answer.unwrap_or_else(|| panic!("no history came: {}", self.client.heard()));
            let results = self.client.inbox.drain(..);
            found.extend(results.filter_map(|message| result(&message)));
            let fin = answer.child("fin", MAM).expect("an end");
            if fin.attribute("complete") == Some("true") {
                return found;
            }
        }
    }
}

fn result(message: &Element) -> Option<Heard> {
    let result = message.child("result", MAM)?;
    let forwarded = result.child("forwarded", "urn:xmpp:forward:0")?;
    let number = number(forwarded.child("message", "jabber:client")?);
    Some(Heard { id: result.attribute("id")?.to_owned(), number })
}

fn number(message: &Element) -> u64 {
    let body = message.child("body", "jabber:client").map(Element::text);
    body.and_then(|body| body.parse().ok()).expect("a number was said")
}
