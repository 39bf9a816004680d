//! The capability hash of Entity Capabilities 2.0 (XEP-0390 0.3.2 §4.1), by SHA-256: like the verification string of
//! XEP-0115, but no two capabilities have the same input, since no XML text holds what stands between the parts.

use crate::xep::{disco::Info, forms::Form};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use sha2::{Digest as _, Sha256};

/// Ends a text.
const UNIT: char = '\u{1f}';
/// Ends an identity, or a field with its values.
const RECORD: char = '\u{1e}';
/// Ends a form.
const GROUP: char = '\u{1d}';
/// Ends each of the three parts: features, identities, forms.
const FILE: char = '\u{1c}';

/// The hash of these capabilities, in base64.
pub fn digest(info: &Info) -> String {
    let features = info.features.iter().map(|feature| unit(feature));
    let identities = info.identities.iter().map(|i| {
        let mut identity: String = [&i.category, &i.kind, &i.lang, &i.name].map(|part| unit(part)).concat();
        identity.push(RECORD);
        identity
    });
    let input = [sorted(features, FILE), sorted(identities, FILE), sorted(info.forms.iter().map(form), FILE)];
    BASE64_STANDARD.encode(Sha256::digest(input.concat()))
}

fn form(form: &Form) -> String {
    let field = |field: &crate::xep::forms::Field| {
        unit(&field.var) + &sorted(field.values.iter().map(|value| unit(value)), RECORD)
    };
    sorted(form.fields.iter().map(field), GROUP)
}

fn unit(text: &str) -> String {
    format!("{text}{UNIT}")
}

fn sorted(parts: impl Iterator<Item = String>, end: char) -> String {
    let mut parts: Vec<_> = parts.collect();
    parts.sort_unstable();
    parts.push(end.to_string());
    parts.concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stanza::Element;

    fn info(xml: &str) -> Info {
        let query = format!("<query xmlns='http://jabber.org/protocol/disco#info'>{xml}</query>");
        Info::parse(&Element::parse(query.as_bytes()).expect("well-formed")).expect("an answer")
    }

    fn features(all: &str) -> String {
        all.split_whitespace().map(|var| format!("<feature var='{var}'/>")).collect()
    }

    #[test]
    fn the_simple_example_of_the_standard() {
        let vars = "http://jabber.org/protocol/si http://jabber.org/protocol/bytestreams
            http://jabber.org/protocol/chatstates http://jabber.org/protocol/disco#info
            http://jabber.org/protocol/disco#items urn:xmpp:ping jabber:iq:time jabber:iq:privacy
            jabber:iq:version http://jabber.org/protocol/rosterx urn:xmpp:time jabber:x:oob
            http://jabber.org/protocol/ibb http://jabber.org/protocol/si/profile/file-transfer
            urn:xmpp:receipts jabber:iq:roster jabber:iq:last";
        let identity = "<identity category='client' name='BombusMod' type='mobile'/>";
        let digest = digest(&info(&(identity.to_owned() + &features(vars))));
        assert_eq!(digest, "kzBZbkqJ3ADrj7v08reD1qcWUwNGHaidNUgD7nHpiw8=");
    }

    #[test]
    fn the_complex_example_of_the_standard() {
        let identities = "<identity category='client' name='Tkabber' type='pc' xml:lang='en'/>
            <identity category='client' name='Ткаббер' type='pc' xml:lang='ru'/>";
        let vars =
            "games:board http://jabber.org/protocol/activity http://jabber.org/protocol/activity+notify
            http://jabber.org/protocol/bytestreams http://jabber.org/protocol/chatstates
            http://jabber.org/protocol/commands http://jabber.org/protocol/disco#info
            http://jabber.org/protocol/disco#items http://jabber.org/protocol/evil
            http://jabber.org/protocol/feature-neg http://jabber.org/protocol/geoloc
            http://jabber.org/protocol/geoloc+notify http://jabber.org/protocol/ibb
            http://jabber.org/protocol/iqibb http://jabber.org/protocol/mood
            http://jabber.org/protocol/mood+notify http://jabber.org/protocol/rosterx
            http://jabber.org/protocol/si http://jabber.org/protocol/si/profile/file-transfer
            http://jabber.org/protocol/tune http://www.facebook.com/xmpp/messages
            http://www.xmpp.org/extensions/xep-0084.html#ns-metadata+notify jabber:iq:avatar jabber:iq:browse
            jabber:iq:dtcp jabber:iq:filexfer jabber:iq:ibb jabber:iq:inband jabber:iq:jidlink jabber:iq:last
            jabber:iq:oob jabber:iq:privacy jabber:iq:roster jabber:iq:time jabber:iq:version jabber:x:data
            jabber:x:event jabber:x:oob urn:xmpp:avatar:metadata+notify urn:xmpp:ping urn:xmpp:receipts
            urn:xmpp:time";
        let fields = [
            ("software", "Tkabber"),
            ("software_version", "0.11.1-svn-20111216-mod (Tcl/Tk 8.6b2)"),
            ("os", "Windows"),
            ("os_version", "XP"),
        ]
        .map(|(var, value)| format!("<field var='{var}'><value>{value}</value></field>"));
        let form = format!(
            "<x xmlns='jabber:x:data' type='result'><field type='hidden' var='FORM_TYPE'>\
             <value>urn:xmpp:dataforms:softwareinfo</value></field>{}</x>",
            fields.concat()
        );
        let digest = digest(&info(&(identities.to_owned() + &features(vars) + &form)));
        assert_eq!(digest, "u79ZroNJbdSWhdSp311mddz44oHHPsEBntQ5b1jqBSY=");
    }
}
