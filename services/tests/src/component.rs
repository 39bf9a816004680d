//! A component for tests (XEP-0114): it proves its secret, says what it is told, and keeps what it hears.

use crate::{
    limits::WAIT,
    server::Server,
    wire::{Piece, Wire},
};
use sha1::{Digest as _, Sha1};
use std::{collections::VecDeque, io::Write as _, time::Instant};
use tempfile::NamedTempFile;
use xmpp::stanza::Element;

/// A connected component.
pub struct Component {
    wire: Wire,
    /// Heard and not asked for yet.
    inbox: VecDeque<Element>,
    ended: bool,
}

/// A file for `--components` with these addresses, each with [`secret`].
pub fn file(addresses: &[&str]) -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("a temporary file");
    for address in addresses {
        writeln!(file, "[[component]]\naddress = '{address}'\nsecret = '{}'", secret(address))
            .expect("written");
    }
    file
}

/// The secret of a component.
pub fn secret(address: &str) -> String {
    format!("secret of the component {address}")
}

impl Component {
    /// Connects as that domain and proves that it knows this secret.
    ///
    /// Errors: the stream error.
    pub fn connect(server: &Server, address: &str, secret: &str) -> Result<Self, String> {
        let port = server.ports().component.ok_or("no listener for components")?;
        let wire = Wire::connect(port, crate::limits::WAIT).map_err(|error| error.to_string())?;
        let mut component = Self { wire, inbox: VecDeque::new(), ended: false };
        component.say(&format!(
            "<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' to='{address}'>"
        ));
        let Ok(Piece::Opened(header)) = component.wire.next(Instant::now() + WAIT) else {
            return Err("no header came".to_owned());
        };
        let id = header.split("id='").nth(1).and_then(|rest| rest.split('\'').next()).ok_or("no id came")?;
        let proof = Sha1::digest(format!("{id}{secret}"));
        let proof: String = proof.iter().map(|byte| format!("{byte:02x}")).collect();
        component.say(&format!("<handshake>{proof}</handshake>"));
        match component.hear(|_| true) {
            Some(answer) if answer.name() == "handshake" => Ok(component),
            Some(answer) => Err(answer.first().map_or(String::new(), |error| error.name().to_owned())),
            None => Err("nothing came".to_owned()),
        }
    }

    /// Sends bytes as they are.
    pub fn say(&mut self, text: &str) {
        self.wire.send(text.as_bytes()).expect("it is connected");
    }

    /// Waits for the first element that is wanted; others are kept.
    pub fn hear(&mut self, wanted: impl Fn(&Element) -> bool) -> Option<Element> {
        let until = Instant::now() + WAIT;
        loop {
            if let Some(at) = self.inbox.iter().position(&wanted) {
                return self.inbox.remove(at);
            }
            match self.wire.next(until) {
                Ok(Piece::Element(element)) if !self.ended => self.inbox.push_back(element),
                Ok(Piece::Opened(_) | Piece::Element(_)) => {}
                Ok(Piece::Ended | Piece::Closed) | Err(_) => {
                    self.ended = true;
                    return None;
                }
            }
        }
    }

    /// Waits for an element of that name with that id.
    pub fn expect(&mut self, name: &str, id: &str) -> Element {
        let found = self.hear(|element| element.name() == name && element.attribute("id") == Some(id));
        found.unwrap_or_else(|| panic!("no <{name} id='{id}'/> came: {:?}", self.inbox))
    }

    /// Whether something with that id was heard and not asked for.
    pub fn has(&self, id: &str) -> bool {
        self.inbox.iter().any(|element| element.attribute("id") == Some(id))
    }

    /// Waits for the stream error.
    pub fn fails_with(&mut self) -> String {
        let error = self.hear(|element| element.name() == "error" && element.namespace().contains("streams"));
        error.and_then(|error| Some(error.first()?.name().to_owned())).unwrap_or_default()
    }

    /// Drops the connection without a word.
    pub fn cut_off(&mut self) {
        self.wire.cut_off();
    }
}
