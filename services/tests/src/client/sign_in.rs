//! From a connection to a bound stream: STARTTLS, SASL (RFC 6120) or SASL2 (XEP-0388), bind, management.

use super::{Client, Management, Mechanism, Way, scram::Exchange};
use crate::{
    limits::WAIT,
    server::{DOMAIN, password},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use xmpp::stanza::Element;

const SASL: &str = "urn:ietf:params:xml:ns:xmpp-sasl";
const SASL2: &str = "urn:xmpp:sasl:2";
const SM: &str = "urn:xmpp:sm:3";

impl Client {
    /// Connects, secures, authenticates and binds, in the oldest way that all clients know; `features` are dropped.
    pub fn sign_in(&mut self, way: Way) -> Result<(), String> {
        self.authenticated(way)?;
        self.bind()
    }

    /// As far as the features after SASL.
    pub fn authenticated(&mut self, way: Way) -> Result<(), String> {
        self.inbox.clear();
        self.management = None;
        self.prepare(way)?;
        self.authenticate(Mechanism::named("SCRAM-SHA-256"), &password(&self.user.clone()))?;
        self.expect("features").map(|_| ())
    }

    /// As far as the features that offer mechanisms.
    pub fn prepare(&mut self, way: Way) -> Result<Element, String> {
        self.connect(way).map_err(|error| error.to_string())?;
        self.open()?;
        if way == Way::StartTls {
            self.expect("features")?;
            self.start_tls()?;
            self.open()?;
        }
        self.expect("features")
    }

    /// Sends the stream header.
    pub fn open(&mut self) -> Result<(), String> {
        let header = if self.wire().is_framed() {
            format!("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='{DOMAIN}' version='1.0'/>")
        } else {
            format!(
                "<?xml version='1.0'?><stream:stream to='{DOMAIN}' version='1.0' xml:lang='en' \
                 xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
            )
        };
        self.wire().restart();
        self.wire().send(header.as_bytes()).map_err(|error| error.to_string())
    }

    /// RFC 6120 §5.
    pub fn start_tls(&mut self) -> Result<(), String> {
        let ask = b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
        self.wire().send(ask).map_err(|error| error.to_string())?;
        self.expect("proceed")?;
        let trust = self.trust.clone();
        self.wire().secure(&trust).map_err(|error| error.to_string())
    }

    /// SASL (RFC 6120 §6), and the stream opened again.
    ///
    /// Errors: the server's `<failure/>`.
    pub fn authenticate(&mut self, mechanism: Mechanism, password: &str) -> Result<(), String> {
        let (name, first, exchange) = self.begin(mechanism, password);
        self.say(&format!("<auth xmlns='{SASL}' mechanism='{name}'>{first}</auth>"))?;
        let success = self.go_through(exchange, SASL)?;
        if let (Some(exchange), last) = (&success.1, success.0.text())
            && !exchange.is_proven_by(&last)
        {
            return Err("the server did not prove that it knows the password".to_owned());
        }
        self.open()
    }

    /// SASL2 with something asked for in the same breath; the whole `<success/>`.
    ///
    /// Errors: the server's `<failure/>`.
    pub fn authenticate_inline(&mut self, mechanism: Mechanism, inline: &str) -> Result<Element, String> {
        let (name, first, exchange) = self.begin(mechanism, &password(&self.user.clone()));
        self.say(&format!(
            "<authenticate xmlns='{SASL2}' mechanism='{name}'><initial-response>{first}</initial-response>\
             {inline}</authenticate>"
        ))?;
        let (success, exchange) = self.go_through(exchange, SASL2)?;
        let last = success.child("additional-data", SASL2).map(Element::text).unwrap_or_default();
        match exchange {
            Some(exchange) if !exchange.is_proven_by(&last) => {
                Err("no proof came from the server".to_owned())
            }
            _ => Ok(success),
        }
    }

    fn begin(&mut self, mechanism: Mechanism, password: &str) -> (String, String, Option<Exchange>) {
        let user = self.user.clone();
        match mechanism {
            Mechanism::Plain => ("PLAIN".to_owned(), STANDARD.encode(format!("\0{user}\0{password}")), None),
            Mechanism::Scram { sha256, plus } => {
                let exporter = plus.then(|| self.wire().exporter().expect("TLS"));
                let exchange = Exchange::new(sha256, exporter, &user, password);
                let hash = if sha256 { "256" } else { "1" };
                let name = format!("SCRAM-SHA-{hash}{}", if plus { "-PLUS" } else { "" });
                (name, exchange.first(), Some(exchange))
            }
        }
    }

    pub(super) fn go_through(
        &mut self,
        mut exchange: Option<Exchange>,
        namespace: &str,
    ) -> Result<(Element, Option<Exchange>), String> {
        loop {
            let answer = self.take_first(self.patience, |element| element.namespace() == namespace);
            let answer = answer.ok_or_else(|| format!("no answer came: {}", self.heard()))?;
            match (answer.name(), &mut exchange) {
                ("challenge", Some(exchange)) => {
                    let response = exchange.answer(&answer.text());
                    self.say(&format!("<response xmlns='{namespace}'>{response}</response>"))?;
                }
                ("success", _) => return Ok((answer, exchange)),
                _ => {
                    let text = String::from_utf8_lossy(&answer.to_bytes()).into_owned();
                    self.inbox.push_back(answer);
                    return Err(text);
                }
            }
        }
    }

    /// RFC 6120 §7.
    pub fn bind(&mut self) -> Result<(), String> {
        let ns = "urn:ietf:params:xml:ns:xmpp-bind";
        let resource = format!("<resource>{}</resource>", self.name);
        self.say(&format!(
            "<iq xmlns='jabber:client' type='set' id='bind'><bind xmlns='{ns}'>{resource}</bind></iq>"
        ))?;
        let answer = self.expect("iq")?;
        let jid = answer.child("bind", ns).and_then(|bind| bind.child("jid", ns)).map(Element::text);
        match jid.as_deref().and_then(|jid| jid.split_once('/')) {
            Some((_, name)) => name.clone_into(&mut self.name),
            None => return Err(format!("not bound: {}", String::from_utf8_lossy(&answer.to_bytes()))),
        }
        self.bound = true;
        Ok(())
    }

    /// XEP-0198, with resumption.
    pub fn manage(&mut self) -> Result<(), String> {
        self.say(&format!("<enable xmlns='{SM}' resume='true'/>"))?;
        let enabled = self.expect("enabled")?;
        self.management = Some(Management::new(enabled.attribute("id").ok_or("it cannot be resumed")?));
        Ok(())
    }

    /// Comes back on a new connection: what the server has not counted is sent again.
    pub fn resume(&mut self, way: Way) -> Result<(), String> {
        let management = self.management.take().ok_or("management was never on")?;
        self.prepare(way)?;
        self.authenticate(Mechanism::named("SCRAM-SHA-256"), &password(&self.user.clone()))?;
        self.expect("features")?;
        self.resume_here(management)
    }

    /// Takes a session up on this stream, which has come as far as the features after SASL.
    pub fn resume_here(&mut self, mut management: Management) -> Result<(), String> {
        self.say(&format!("<resume xmlns='{SM}' previd='{}' h='{}'/>", management.id, management.heard))?;
        let answer = self.take_first(self.patience, |element| element.namespace() == SM);
        let answer = answer.ok_or_else(|| format!("no answer came: {}", self.heard()))?;
        if answer.name() != "resumed" {
            return Err(String::from_utf8_lossy(&answer.to_bytes()).into_owned());
        }
        if !management.may_be(&answer) {
            let text = String::from_utf8_lossy(&answer.to_bytes()).into_owned();
            let (acknowledged, open) = (management.acknowledged, management.open.len());
            return Err(format!("{text} after {acknowledged} were acknowledged, with {open} open"));
        }
        management.acknowledge(&answer);
        let again: Vec<String> = management.open.iter().cloned().collect();
        self.management = Some(management);
        self.bound = true;
        for stanza in again {
            self.say(&stanza)?;
        }
        Ok(())
    }

    /// Asks how much the server has dealt with, and waits for its answer; how much is open still.
    pub fn ask_for_acknowledgement(&mut self) -> Result<usize, String> {
        let answers = self.management.as_ref().ok_or("management is off")?.answers;
        self.say(&format!("<r xmlns='{SM}'/>"))?;
        let until = std::time::Instant::now() + WAIT;
        loop {
            let management = self.management.as_ref().filter(|management| management.answers > answers);
            if let Some(management) = management {
                return Ok(management.open.len());
            }
            if !self.listen(until) {
                return Err(format!("no acknowledgement came: {}", self.heard()));
            }
        }
    }

    /// Waits until everything that was sent is acknowledged.
    pub fn wait_for_acknowledgement(&mut self) -> Result<(), String> {
        let until = std::time::Instant::now() + WAIT;
        while self.ask_for_acknowledgement()? > 0 {
            if std::time::Instant::now() > until {
                return Err(format!("not acknowledged: {:?}", self.management));
            }
        }
        Ok(())
    }

    /// Sends what is no counted stanza, or one that was counted before.
    pub(super) fn say(&mut self, text: &str) -> Result<(), String> {
        self.wire().send(text.as_bytes()).map_err(|error| error.to_string())
    }
}
