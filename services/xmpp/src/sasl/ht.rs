//! Hashed tokens (draft-schmaus-kitten-sasl-ht, as used by XEP-0484): one message each way, each side proves that it
//! has the token. A token is 32 random bytes; what goes over the wire, and is the key of the HMAC, is its base64.

use super::{Channel, HtBinding, SaslError, verifier::hmac};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::account::{ScramHash, Token};
use subtle::ConstantTimeEq as _;

/// What a client said.
pub struct Initiator {
    /// Who signs in.
    pub user: String,
    proof: Vec<u8>,
    binding: Vec<u8>,
}

impl Initiator {
    /// Reads the client's message.
    pub fn parse(message: &[u8], binding: HtBinding, channel: &Channel) -> Result<Self, SaslError> {
        let end = memchr::memchr(0, message).ok_or(SaslError::MalformedRequest)?;
        let user = std::str::from_utf8(&message[..end]).map_err(|_| SaslError::MalformedRequest)?;
        let bound = match binding {
            HtBinding::None => Some(&[][..]),
            HtBinding::Exporter => channel.binding("tls-exporter"),
            HtBinding::EndPoint => channel.binding("tls-server-end-point"),
        };
        let binding = bound.ok_or(SaslError::InvalidMechanism)?.to_vec();
        Ok(Self { user: user.to_owned(), proof: message[end + 1..].to_vec(), binding })
    }

    /// The server's proof, if the client's is right for this token.
    pub fn check(&self, token: &Token) -> Option<Vec<u8>> {
        let key = wire_form(&token.secret);
        let expected = hmac(ScramHash::Sha256, key.as_bytes(), &[b"Initiator", &self.binding]);
        let right = bool::from(expected.ct_eq(&self.proof));
        right.then(|| hmac(ScramHash::Sha256, key.as_bytes(), &[b"Responder", &self.binding]))
    }
}

/// The token as the client gets it.
pub fn wire_form(secret: &[u8]) -> String {
    STANDARD.encode(secret)
}
