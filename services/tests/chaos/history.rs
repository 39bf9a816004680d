//! Reading a history to its end (XEP-0313), one's own or a conference's.

use crate::records::{Kept, read_body};
use std::time::Duration;
use tests::Client;
use xmpp::stanza::Element;

const MAM: &str = "urn:xmpp:mam:2";
/// A page may take so long.
const PATIENCE: Duration = Duration::from_secs(20);

/// All of it, page by page; `at`: the conference, or one's own.
pub(crate) fn read(client: &mut Client, at: Option<&str>) -> Result<Vec<Kept>, String> {
    let mut found: Vec<Kept> = Vec::new();
    let mut last = None;
    loop {
        let after = last.take().map(|id: String| format!("<after>{id}</after>")).unwrap_or_default();
        let id = format!("history-{}-{}", at.unwrap_or_default().len(), found.len());
        let to = at.map(|at| format!(" to='{at}'")).unwrap_or_default();
        let ask = format!(
            "<iq type='set' id='{id}'{to}><query xmlns='{MAM}'><set xmlns='http://jabber.org/protocol/rsm'>\
             <max>200</max>{after}</set></query></iq>"
        );
        client.send(&ask).map_err(|error| error.to_string())?;
        let answer = client.take_first(PATIENCE, |element| element.attribute("id") == Some(&id));
        let answer = answer.ok_or_else(|| format!("no history came: {}", client.heard()))?;
        for result in client.inbox.drain(..).filter_map(|message| result(&message)) {
            last = Some(result.id.clone());
            found.push(result);
        }
        let fin = answer.child("fin", MAM);
        let fin =
            fin.ok_or_else(|| format!("no history: {}", String::from_utf8_lossy(&answer.to_bytes())))?;
        if fin.attribute("complete") == Some("true") {
            return Ok(found);
        }
        if last.is_none() {
            return Err("a page without a message is not the last".to_owned());
        }
    }
}

fn result(message: &Element) -> Option<Kept> {
    let result = message.child("result", MAM)?;
    let forwarded = result.child("forwarded", "urn:xmpp:forward:0")?;
    let (origin, _) = read_body(forwarded.child("message", "jabber:client")?)?;
    Some(Kept { id: result.attribute("id")?.to_owned(), origin })
}
