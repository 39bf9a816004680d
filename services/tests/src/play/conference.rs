//! Coming into a conference, the way every client does it, so that scenes can begin inside one (XEP-0045 §7.2, §10.1.2).

use super::{Stage, pattern};
use xmpp::stanza::Element;

const USER: &str = "http://jabber.org/protocol/muc#user";

impl Stage<'_> {
    /// `starts {#tea} as Alice`: makes it, takes the settings as they are, and is in.
    pub(super) fn start_conference(&mut self, who: &str, object: &str) -> Result<(), String> {
        let (place, nick) = self.place(object)?;
        self.join(who, &place, &nick)?;
        let form = "<x xmlns='jabber:x:data' type='submit'/>";
        let query = format!("at {place}: <query xmlns='http://jabber.org/protocol/muc#owner'>{form}</query>");
        self.asks(who, "set", &query)?;
        self.is_told(who, "")
    }

    /// `enters {#tea} as Bob`: is in, and has heard the topic, with which the history ends.
    pub(super) fn enter_conference(&mut self, who: &str, object: &str) -> Result<(), String> {
        let (place, nick) = self.place(object)?;
        self.join(who, &place, &nick)
    }

    fn place(&self, object: &str) -> Result<(String, String), String> {
        let (place, nick) = object.split_once(" as ").ok_or("say under which nick")?;
        Ok((pattern::filled(place, &self.variables), nick.to_owned()))
    }

    fn join(&mut self, who: &str, place: &str, nick: &str) -> Result<(), String> {
        let own = format!("{place}/{nick}");
        let wait = self.wait;
        let client = self.present(who)?;
        let join = format!("<presence to='{own}'><x xmlns='http://jabber.org/protocol/muc'/></presence>");
        client.send(&join).map_err(|error| error.to_string())?;
        let is_own = |element: &Element| {
            let codes = element.child("x", USER).into_iter().flat_map(Element::children);
            element.attribute("from") == Some(&own)
                && codes.into_iter().any(|c| c.attribute("code") == Some("110"))
        };
        let in_it = client.take_first(wait, is_own);
        in_it.ok_or_else(|| format!("not in {own}: {}", client.heard()))?;
        let is_topic = |element: &Element| {
            element.attribute("type") == Some("groupchat")
                && element.attribute("from").is_some_and(|from| from.starts_with(place))
                && element.child("subject", "jabber:client").is_some()
        };
        let topic = client.take_first(wait, is_topic);
        topic.map(|_| ()).ok_or_else(|| format!("no topic of {place} came: {}", client.heard()))
    }
}
