//! What a person hears, and what it writes down of that.

use super::Person;
use crate::records::{Heard, IDS, Place, Said, address, bare, body, name, read_body};
use std::time::Instant;
use xmpp::stanza::Element;

const MUC_USER: &str = "http://jabber.org/protocol/muc#user";

impl Person {
    /// Listens for a moment.
    pub(super) fn hear(&mut self) {
        let mut until = Instant::now() + super::TICK;
        while self.client.listen(until) {
            until = Instant::now();
            self.heard_at = until;
            self.asked_at = None;
        }
        self.settle_acknowledged();
        while let Some(element) = self.client.inbox.pop_front() {
            match element.name() {
                "message" => self.hear_message(&element),
                "presence" => self.hear_presence(&element),
                _ => {}
            }
        }
    }

    fn hear_message(&mut self, message: &Element) {
        let from = message.attribute("from").unwrap_or_default();
        if message.attribute("type") == Some("error") {
            return self.hear_refusal(from, message);
        }
        let Some((origin, said)) = read_body(message) else { return };
        let id = message.child("stanza-id", IDS).and_then(|id| id.attribute("id"));
        let Some(id) = id else {
            return self
                .records
                .faults
                .push(format!("{origin} came to {} without a stanza-id", self.client.user));
        };
        let place = bare(from).to_owned();
        let delayed = message.child("delay", "urn:xmpp:delay").is_some();
        let stay = self.inside.get(&place).filter(|_| !delayed).map(|inside| inside.stay);
        let at = self.board.now();
        self.records.heard.push(Heard { place, id: id.to_owned(), origin, said, at, stay });
    }

    fn hear_refusal(&mut self, from: &str, message: &Element) {
        let error = message.child("error", "jabber:client");
        let condition = error.and_then(Element::first).map_or("none", Element::name).to_owned();
        *self.records.refusals.entry(condition.clone()).or_default() += 1;
        if condition == "not-acceptable"
            && let Some(inside) = self.inside.get_mut(bare(from))
        {
            inside.is_in = false;
            inside.asked_at = None;
        }
        let Some(origin) = message.attribute("id").map(str::to_owned) else { return };
        let kind = if self.inside.contains_key(bare(from)) { "groupchat" } else { "chat" };
        self.refused(&origin, |said: &Said| {
            format!(
                "<message to='{}' type='{kind}' id='{origin}'><body>{}</body>\
                 <origin-id xmlns='urn:xmpp:sid:0' id='{origin}'/></message>",
                said.to,
                body(&origin, said.at)
            )
        });
    }

    fn hear_presence(&mut self, presence: &Element) {
        let from = presence.attribute("from").unwrap_or_default();
        if self.inside.contains_key(bare(from)) {
            return self.hear_occupant(from, presence);
        }
        match presence.attribute("type") {
            None => {
                let note = presence.child("status", "jabber:client").map(Element::text).unwrap_or_default();
                self.records.seen.insert(from.to_owned(), note);
            }
            Some("unavailable") => {
                self.records.seen.remove(from);
            }
            Some("subscribe") => {
                let answer = format!("<presence type='subscribed' to='{}'/>", bare(from));
                self.put(&answer);
            }
            _ => {}
        }
    }

    fn hear_occupant(&mut self, from: &str, presence: &Element) {
        let own = from.ends_with(&format!("/{}", name(self.part.person)));
        let Some(inside) = self.inside.get_mut(bare(from)).filter(|_| own) else { return };
        match presence.attribute("type") {
            None if !inside.is_in => {
                inside.is_in = true;
                inside.stay += 1;
                let codes = presence.child("x", MUC_USER).into_iter().flat_map(Element::children);
                if codes.into_iter().any(|code| code.attribute("code") == Some("201")) {
                    self.settle_conference(bare(from));
                }
            }
            Some("unavailable") => {
                inside.is_in = false;
                inside.asked_at = None;
            }
            _ => {}
        }
    }

    /// The last words of all with whom it talks alone.
    pub(super) fn has_heard_last(&self) -> bool {
        let place = |place: &Place| match place {
            Place::Person(person) => Some(address(*person)),
            Place::Conference(_) => None,
        };
        let heard = |from: &String| {
            self.records
                .heard
                .iter()
                .rev()
                .any(|h| h.place == *from && h.origin.split('.').next_back() == Some("last"))
        };
        self.part.places.iter().filter_map(place).all(|from| heard(&from))
    }
}
