//! Signing in with a token (XEP-0484) by the mechanism `HT-SHA-256-NONE` or, bound to the channel, `-EXPR`.

use super::Client;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use xmpp::stanza::Element;

const SASL2: &str = "urn:xmpp:sasl:2";

impl Client {
    /// SASL2 with a token instead of the password; the whole `<success/>`.
    ///
    /// Errors: the server's `<failure/>`.
    pub fn authenticate_by_token(
        &mut self,
        token: &str,
        bound: bool,
        inline: &str,
    ) -> Result<Element, String> {
        let channel = if bound { self.wire().exporter().expect("TLS").to_vec() } else { Vec::new() };
        let mut first = format!("{}\0", self.user).into_bytes();
        first.extend(proof(token, b"Initiator", &channel));
        let mechanism = if bound { "HT-SHA-256-EXPR" } else { "HT-SHA-256-NONE" };
        let first = STANDARD.encode(first);
        self.say(&format!(
            "<authenticate xmlns='{SASL2}' mechanism='{mechanism}'><initial-response>{first}</initial-response>\
             {inline}</authenticate>"
        ))?;
        let (success, _) = self.go_through(None, SASL2)?;
        let last = success.child("additional-data", SASL2).map(Element::text).unwrap_or_default();
        let expected = STANDARD.encode(proof(token, b"Responder", &channel));
        if last == expected { Ok(success) } else { Err("no proof came from the server".to_owned()) }
    }
}

fn proof(token: &str, who: &[u8], channel: &[u8]) -> Vec<u8> {
    let mac = Hmac::<Sha256>::new_from_slice(token.as_bytes()).expect("any length");
    mac.chain_update(who).chain_update(channel).finalize().into_bytes().to_vec()
}
