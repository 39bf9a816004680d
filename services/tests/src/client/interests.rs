//! What this client says that it can do (XEP-0030, XEP-0115): among others that it wants to hear of nicks, avatars and
//! bookmarks (XEP-0163 §4). It is told once, by a hash in its presence, and in full when the server asks.

use xmpp::stanza::Element;

const INFO: &str = "http://jabber.org/protocol/disco#info";

/// The presence of a client that names its interests; the hash is that of [`answer`]'s content.
pub(super) const PRESENCE: &str = "<presence><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='urn:tests' \
     ver='EIU9xuPhkIh0jLENlDtunb8IOaw='/></presence>";

/// The answer to the server's question, if this is it.
pub(super) fn answer(element: &Element) -> Option<String> {
    let query = element.child("query", INFO).filter(|_| element.attribute("type") == Some("get"))?;
    let (id, node) = (element.attribute("id")?, query.attribute("node")?);
    let from = element.attribute("from").unwrap_or(crate::server::DOMAIN);
    Some(format!(
        "<iq type='result' id='{id}' to='{from}'><query xmlns='{INFO}' node='{node}'>\
         <identity category='client' type='pc' name='tests'/>\
         <feature var='{INFO}'/><feature var='http://jabber.org/protocol/nick+notify'/>\
         <feature var='urn:xmpp:avatar:metadata+notify'/><feature var='urn:xmpp:bookmarks:1+notify'/></query></iq>"
    ))
}
