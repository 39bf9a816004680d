//! The words of the scripts, each with what it does.

use super::{Stage, pattern, table::Line};
use crate::{
    Client,
    client::{Mechanism, Way},
    server::password,
};
use xmpp::stanza::Element;

type Done = Result<(), String>;

impl Stage<'_> {
    pub(super) fn step(&mut self, line: &Line) -> Done {
        let who = line.who().to_owned();
        let rest = line.rest();
        let (verb, object) = match VERBS.iter().find(|verb| rest.starts_with(**verb)) {
            Some(verb) => (*verb, rest[verb.len()..].trim()),
            None => return Err("nobody knows what that means".to_owned()),
        };
        match verb {
            ":" => self.send(&who, object),
            "hears nothing of" => self.hears_nothing_of(&who, object),
            "hears" => self.hears(&who, object),
            "gets" => self.asks(&who, "get", object),
            "sets" => self.asks(&who, "set", object),
            "is told" => self.is_told(&who, object),
            "is refused" => self.is_refused(&who, object),
            "starts" => self.start_conference(&who, object),
            "enters" => self.enter_conference(&who, object),
            "befriends" => self.befriend(&who, object),
            "forgets" => self.forget(&who),
            _ => self.connection(&who, verb, object),
        }
    }

    /// Steps about the connection.
    fn connection(&mut self, who: &str, verb: &str, object: &str) -> Done {
        if matches!(verb, "signs in" | "connects" | "binds") && !self.clients.contains_key(who) {
            self.enter(who);
        }
        let client = self.present(who)?;
        match verb {
            "signs in" => sign_in(client, object),
            "binds" => client.sign_in(Way::StartTls),
            "connects" => client.connect(way(object)?).map_err(|error| error.to_string()),
            "opens" => client.open(),
            "secures" => client.start_tls(),
            "offers" => client.authenticate(Mechanism::named(object), &password(&client.user.clone())),
            "is cut off" => {
                client.cut_off();
                client.acknowledges = true;
                Ok(())
            }
            "resumes" => client.resume(Way::StartTls),
            "is acknowledged" => client.wait_for_acknowledgement(),
            "keeps silent" => {
                client.acknowledges = false;
                Ok(())
            }
            "leaves" => leave(client),
            "is hung up on" if client.wait_for_end() => Ok(()),
            _ => Err(format!("the stream goes on: {}", client.heard())),
        }
    }

    /// Puts a client on the stage.
    fn enter(&mut self, who: &str) {
        let (user, name) = who.split_once('/').unwrap_or((who, "none"));
        let client = Client::new(&self.server, &self.account(user), name);
        self.clients.insert(who.to_owned(), client);
    }

    pub(super) fn present(&mut self, who: &str) -> Result<&mut Client, String> {
        self.clients.get_mut(who).ok_or_else(|| format!("{who} is not on the stage"))
    }

    fn send(&mut self, who: &str, text: &str) -> Done {
        let text = pattern::filled(text, &self.variables);
        self.present(who)?.send(&text).map_err(|error| error.to_string())
    }

    fn hears(&mut self, who: &str, text: &str) -> Done {
        let pattern = pattern::read(text, &self.variables)?;
        self.hears_that(who, &pattern)
    }

    /// Waits for it, and sees to it that no earlier message of the same sender was passed over.
    fn hears_that(&mut self, who: &str, pattern: &Element) -> Done {
        let (mut known, wait) = (std::mem::take(&mut self.variables), self.wait);
        let client = self.clients.get_mut(who).ok_or_else(|| format!("{who} is not on the stage"))?;
        let mut passed: Vec<String> = Vec::new();
        let found = client.take_first(wait, |element| {
            let fits = pattern::matches(pattern, element, &mut known);
            if !fits && element.name() == "message" {
                passed.push(shown(element));
            }
            fits
        });
        self.variables = known;
        let client = self.present(who)?;
        let Some(found) = found else {
            return Err(format!("not heard: {}\n{}", shown(pattern), client.heard()));
        };
        let sender = line_of(&found);
        let before = client.inbox.iter().find(|other| {
            found.name() == "message"
                && other.name() == "message"
                && line_of(other) == sender
                && passed.contains(&shown(other))
        });
        match before {
            Some(other) => Err(format!("heard before it: {}", shown(other))),
            None => Ok(()),
        }
    }

    fn hears_nothing_of(&mut self, who: &str, text: &str) -> Done {
        self.settle(who)?;
        let pattern = pattern::read(text, &self.variables)?;
        let mut known = self.variables.clone();
        let client = self.present(who)?;
        match client.inbox.iter().find(|element| pattern::matches(&pattern, element, &mut known)) {
            Some(heard) => Err(format!("but it was heard: {}", shown(heard))),
            None => Ok(()),
        }
    }

    /// Everybody's requests have been answered, and what they caused has been heard.
    fn settle(&mut self, who: &str) -> Done {
        let others: Vec<String> = self.clients.keys().filter(|other| *other != who).cloned().collect();
        for other in others {
            let client = self.present(&other)?;
            if client.is_connected() && client.is_bound() {
                client.fence()?;
            }
        }
        let client = self.present(who)?;
        client.fence()?;
        client.fence()
    }

    pub(super) fn forget(&mut self, who: &str) -> Done {
        self.settle(who)?;
        self.present(who)?.inbox.clear();
        Ok(())
    }

    /// `gets <query/>`, `sets at {#tea}: <query/>`.
    pub(super) fn asks(&mut self, who: &str, type_: &str, object: &str) -> Done {
        let at = object.find('<').ok_or("nothing is asked")?;
        let (place, payload) = object.split_at(at);
        let place = place.trim().trim_end_matches(':').trim_start_matches("from ").trim_start_matches("at ");
        let to = if place.is_empty() { String::new() } else { format!(" to='{place}'") };
        let number = self.asked.entry(who.to_owned()).or_default();
        *number += 1;
        let request = format!("<iq type='{type_}' id='ask-{number}'{to}>{payload}</iq>");
        self.send(who, &request)
    }

    /// `is told`, `is told <query/>`.
    pub(super) fn is_told(&mut self, who: &str, payload: &str) -> Done {
        let answer = self.answer(who)?;
        if answer.attribute("type") != Some("result") {
            return Err(format!("but was answered {}", shown(&answer)));
        }
        if payload.is_empty() {
            return Ok(());
        }
        let pattern = pattern::read(&format!("<iq>{payload}</iq>"), &self.variables)?;
        if pattern::matches(&pattern, &answer, &mut self.variables) {
            return Ok(());
        }
        Err(format!("but was told {}", shown(&answer)))
    }

    /// `is refused: auth forbidden`, `is refused: cancel conflict <closed-node xmlns='…'/>`.
    fn is_refused(&mut self, who: &str, object: &str) -> Done {
        let answer = self.answer(who)?;
        let (head, detail) = object.split_at(object.find('<').unwrap_or(object.len()));
        let words: Vec<&str> = head.trim_start_matches(':').split_whitespace().collect();
        let [type_, condition] = words[..] else { return Err("say type and condition".to_owned()) };
        let pattern = format!(
            "<iq type='error'><error type='{type_}'>\
             <{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>{detail}</error></iq>"
        );
        let pattern = pattern::read(&pattern, &self.variables)?;
        if pattern::matches(&pattern, &answer, &mut self.variables) {
            return Ok(());
        }
        Err(format!("but was answered {}", shown(&answer)))
    }

    fn answer(&mut self, who: &str) -> Result<Element, String> {
        let id = format!("ask-{}", self.asked.get(who).copied().unwrap_or_default());
        let wait = self.wait;
        let client = self.present(who)?;
        let is_answer = |element: &Element| {
            element.name() == "iq"
                && element.attribute("id") == Some(&id)
                && matches!(element.attribute("type"), Some("result" | "error"))
        };
        client.take_first(wait, is_answer).ok_or_else(|| format!("no answer came: {}", client.heard()))
    }
}

/// Longer ones before those that they begin with.
const VERBS: [&str; 23] = [
    ":",
    "hears nothing of",
    "hears",
    "gets",
    "sets",
    "is told",
    "is refused",
    "befriends",
    "starts",
    "enters",
    "forgets",
    "signs in",
    "binds",
    "connects",
    "opens",
    "secures",
    "offers",
    "is cut off",
    "resumes",
    "is acknowledged",
    "keeps silent",
    "leaves",
    "is hung up on",
];

/// `signs in`, `by TLS`, `by WebSocket` or `by requests`, `with management`, `with interests`: bound and available.
fn sign_in(client: &mut Client, how: &str) -> Done {
    let way = if how.contains("by TLS") {
        Way::Tls
    } else if how.contains("by WebSocket") {
        Way::WebSocket
    } else if how.contains("by requests") {
        Way::Requests
    } else {
        Way::StartTls
    };
    client.sign_in(way)?;
    if how.contains("with management") {
        client.manage()?;
    }
    let shown =
        if how.contains("with interests") { client.show_interests() } else { client.send("<presence/>") };
    shown.map_err(|error| error.to_string())?;
    let own = format!("{}@{}/{}", client.user, crate::server::DOMAIN, client.name);
    let seen = |element: &Element| element.name() == "presence" && element.attribute("from") == Some(&own);
    let back = client.take_first(crate::limits::WAIT, seen);
    back.map(|_| ()).ok_or_else(|| format!("own presence did not come: {}", client.heard()))
}

fn way(object: &str) -> Result<Way, String> {
    match object {
        "" => Ok(Way::StartTls),
        "by TLS" => Ok(Way::Tls),
        "by WebSocket" => Ok(Way::WebSocket),
        "by requests" => Ok(Way::Requests),
        other => Err(format!("nobody connects {other}")),
    }
}

fn leave(client: &mut Client) -> Done {
    client.close()?;
    let closed = client.wait_for_end();
    client.cut_off();
    if closed { Ok(()) } else { Err("the server did not close the stream".to_owned()) }
}

/// Whose messages must keep their order: a conference's as a whole, else one sender's.
fn line_of(element: &Element) -> Option<&str> {
    let from = element.attribute("from")?;
    match element.attribute("type") {
        Some("groupchat") => from.split('/').next(),
        _ => Some(from),
    }
}

fn shown(element: &Element) -> String {
    String::from_utf8_lossy(&element.to_bytes()).into_owned()
}
