//! SCRAM on the server's side (RFC 5802 §5 to §7, RFC 7677), with channel binding by RFC 9266 and RFC 5929.
//!
//! A client that could bind but believes that this server cannot (`y`) is refused when binding was offered: somebody
//! in between took the offer away (RFC 5802 §6).

use super::{Channel, SaslError, verifier::Proof};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::account::{ScramHash, Verifier};

/// The client's first message, read.
pub struct ScramFirst {
    /// The hash of the mechanism.
    pub hash: ScramHash,
    /// Who signs in, as written, with `=2C` and `=3D` resolved.
    pub user: String,
    /// Whom the client wants to act as.
    pub authzid: Option<String>,
    gs2_header: String,
    bare: String,
    nonce: String,
    binding: Vec<u8>,
}

/// The exchange after the server's first message.
pub struct Scram {
    verifier: Verifier,
    /// Client-first-bare and server-first, each with its comma.
    said: String,
    nonce: String,
    /// What `c=` must be.
    binding: String,
}

impl ScramFirst {
    /// Reads the client's first message. `plus`: the mechanism's name ends in `-PLUS`; `offered`: such a mechanism
    /// was offered.
    pub fn parse(
        hash: ScramHash,
        plus: bool,
        offered: bool,
        message: &[u8],
        channel: &Channel,
    ) -> Result<Self, SaslError> {
        let text = std::str::from_utf8(message).map_err(|_| SaslError::MalformedRequest)?;
        let mut parts = text.splitn(3, ',');
        let (Some(flag), Some(authzid), Some(bare)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(SaslError::MalformedRequest);
        };
        let binding = binding(flag, plus, offered, channel)?;
        let authzid = match authzid.strip_prefix("a=") {
            Some(name) => Some(unescape_name(name)?),
            None if authzid.is_empty() => None,
            None => return Err(SaslError::MalformedRequest),
        };
        let mut fields = bare.split(',');
        // A first field `m=` is a mandatory extension, and none is known (RFC 5802 §5.1).
        let user = field(fields.next(), "n=")?;
        let nonce = field(fields.next(), "r=")?;
        if nonce.is_empty() || !nonce.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(SaslError::MalformedRequest);
        }
        let gs2_header = text[..text.len() - bare.len()].to_owned();
        let user = unescape_name(user)?;
        Ok(Self { hash, user, authzid, gs2_header, bare: bare.to_owned(), nonce: nonce.to_owned(), binding })
    }

    /// The server's first message. `nonce`: at least 18 fresh random bytes, as base64 without commas.
    pub fn challenge(self, verifier: Verifier, nonce: &str) -> (Scram, String) {
        let nonce = format!("{}{nonce}", self.nonce);
        let salt = STANDARD.encode(&verifier.salt);
        let first = format!("r={nonce},s={salt},i={}", verifier.iterations);
        let said = format!("{},{first},", self.bare);
        let bound: Vec<u8> = [self.gs2_header.as_bytes(), &self.binding].concat();
        (Scram { verifier, said, nonce, binding: STANDARD.encode(bound) }, first)
    }
}

impl Scram {
    /// Reads the client's final message; the server's final message if the proof is right.
    pub fn finish(&self, message: &[u8]) -> Result<String, SaslError> {
        let text = std::str::from_utf8(message).map_err(|_| SaslError::MalformedRequest)?;
        let (unproven, proof) = text.rsplit_once(",p=").ok_or(SaslError::MalformedRequest)?;
        let mut fields = unproven.split(',');
        let binding = field(fields.next(), "c=")?;
        let nonce = field(fields.next(), "r=")?;
        let proof = STANDARD.decode(proof).map_err(|_| SaslError::MalformedRequest)?;
        let auth_message = format!("{}{unproven}", self.said);
        let signature = Proof { auth_message: auth_message.as_bytes(), proof: &proof }.check(&self.verifier);
        match signature {
            Some(signature) if binding == self.binding && nonce == self.nonce => {
                Ok(format!("v={}", STANDARD.encode(signature)))
            }
            _ => Err(SaslError::NotAuthorized),
        }
    }
}

/// The binding data that the flag asks for (RFC 5802 §6).
fn binding(flag: &str, plus: bool, offered: bool, channel: &Channel) -> Result<Vec<u8>, SaslError> {
    match (flag, flag.strip_prefix("p="), plus) {
        ("y", _, false) if offered => Err(SaslError::NotAuthorized),
        ("n" | "y", _, false) => Ok(Vec::new()),
        (_, Some(kind), true) => channel.binding(kind).map(<[u8]>::to_vec).ok_or(SaslError::MalformedRequest),
        _ => Err(SaslError::MalformedRequest),
    }
}

fn field<'a>(field: Option<&'a str>, name: &str) -> Result<&'a str, SaslError> {
    field.and_then(|field| field.strip_prefix(name)).ok_or(SaslError::MalformedRequest)
}

/// `=2C` is a comma, `=3D` an equals sign, and nothing else may follow one (RFC 5802 §5.1).
fn unescape_name(name: &str) -> Result<String, SaslError> {
    let mut parts = name.split('=');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (sign, rest) = match (part.strip_prefix("2C"), part.strip_prefix("3D")) {
            (Some(rest), _) => (',', rest),
            (_, Some(rest)) => ('=', rest),
            _ => return Err(SaslError::MalformedRequest),
        };
        plain.push(sign);
        plain.push_str(rest);
    }
    Ok(plain)
}
