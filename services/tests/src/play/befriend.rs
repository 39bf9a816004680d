//! Two users who see each other's presence: the whole handshake of RFC 6121 §3, so that scenes about other things can
//! begin with it.

use super::Stage;
use xmpp::stanza::Element;

impl Stage<'_> {
    /// Both clients are signed in; afterwards both users are contacts of each other and what they heard is forgotten.
    pub(super) fn befriend(&mut self, one: &str, other: &str) -> Result<(), String> {
        let (first, second) = (self.address(one), self.address(other));
        self.say(one, &format!("<presence type='subscribe' to='{second}'/>"))?;
        self.wait_for_presence(other, &first, Some("subscribe"))?;
        self.say(other, &format!("<presence type='subscribed' to='{first}'/>"))?;
        self.wait_for_presence(one, &format!("{second}/"), None)?;
        self.say(other, &format!("<presence type='subscribe' to='{first}'/>"))?;
        self.wait_for_presence(one, &second, Some("subscribe"))?;
        self.say(one, &format!("<presence type='subscribed' to='{second}'/>"))?;
        self.wait_for_presence(other, &format!("{first}/"), None)?;
        self.forget(one)?;
        self.forget(other)
    }

    fn address(&self, who: &str) -> String {
        self.variable(who.split('/').next().unwrap_or_default()).to_owned()
    }

    fn say(&mut self, who: &str, stanza: &str) -> Result<(), String> {
        self.present(who)?.send(stanza).map_err(|error| error.to_string())
    }

    fn wait_for_presence(&mut self, who: &str, from: &str, type_: Option<&str>) -> Result<(), String> {
        let (from, wait) = (from.to_owned(), self.wait);
        let wanted = |element: &Element| {
            let sender = element.attribute("from").unwrap_or_default();
            let right = if from.ends_with('/') { sender.starts_with(&from) } else { sender == from };
            element.name() == "presence" && element.attribute("type") == type_ && right
        };
        let client = self.present(who)?;
        match client.take_first(wait, wanted) {
            Some(_) => Ok(()),
            None => Err(format!("no presence {type_:?} of {from} came: {}", client.heard())),
        }
    }
}
