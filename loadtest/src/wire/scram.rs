//! The client's side of SCRAM-SHA-1 and SCRAM-SHA-256 without channel binding (RFC 5802, RFC 7677).
//!
//! Keys derived from the password are cached, as RFC 5802 §5.1 allows a client: the generator shares the machine
//! with the server, so its own PBKDF2 must not slow the measured sign-ins. Invariant: a server that does not prove
//! that it knows the password is refused.

use std::cell::RefCell;
use std::collections::HashMap;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::{Digest as _, Sha1};
use sha2::Sha256;

use crate::limits;

/// The SASL mechanism that the generator signs in with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, clap::ValueEnum)]
pub(crate) enum Mechanism {
    /// SCRAM-SHA-1.
    ScramSha1,
    /// SCRAM-SHA-256.
    ScramSha256,
}

/// Why the exchange failed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ScramError {
    #[error("the challenge is not one")]
    Challenge,
    #[error("the server's nonce does not extend ours")]
    Nonce,
    #[error("{0} iterations are more than {max}", max = limits::ITERATIONS)]
    Iterations(u32),
    #[error("the server does not know the password")]
    ServerSignature,
}

impl Mechanism {
    /// The name on the wire.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ScramSha1 => "SCRAM-SHA-1",
            Self::ScramSha256 => "SCRAM-SHA-256",
        }
    }

    /// HMAC with the mechanism's hash.
    pub(crate) fn hmac(self, key: &[u8], data: &[u8]) -> Vec<u8> {
        match self {
            Self::ScramSha1 => Hmac::<Sha1>::new_from_slice(key)
                .map(|m| m.chain_update(data).finalize().into_bytes().to_vec()),
            Self::ScramSha256 => Hmac::<Sha256>::new_from_slice(key)
                .map(|m| m.chain_update(data).finalize().into_bytes().to_vec()),
        }
        .expect("HMAC takes keys of any length")
    }

    fn hash(self, data: &[u8]) -> Vec<u8> {
        match self {
            Self::ScramSha1 => Sha1::digest(data).to_vec(),
            Self::ScramSha256 => Sha256::digest(data).to_vec(),
        }
    }

    /// `SaltedPassword` of RFC 5802 §3.
    pub(crate) fn salted_password(self, password: &str, salt: &[u8], iterations: u32) -> Vec<u8> {
        match self {
            Self::ScramSha1 => {
                pbkdf2::pbkdf2_hmac_array::<Sha1, 20>(password.as_bytes(), salt, iterations).to_vec()
            }
            Self::ScramSha256 => {
                pbkdf2::pbkdf2_hmac_array::<Sha256, 32>(password.as_bytes(), salt, iterations).to_vec()
            }
        }
    }
}

/// What a password, a salt and a count give.
#[derive(Clone)]
struct Keys {
    client: Vec<u8>,
    server: Vec<u8>,
}

/// The keys of all users seen so far, of one password.
pub(crate) struct KeyCache {
    mechanism: Mechanism,
    password: String,
    keys: RefCell<HashMap<(Vec<u8>, u32), Keys>>,
}

impl KeyCache {
    /// An empty cache for one mechanism and password.
    pub(crate) fn new(mechanism: Mechanism, password: String) -> Self {
        Self { mechanism, password, keys: RefCell::default() }
    }

    /// The mechanism that the keys are for.
    pub(crate) fn mechanism(&self) -> Mechanism {
        self.mechanism
    }

    fn keys(&self, salt: Vec<u8>, iterations: u32) -> Keys {
        let mut cache = self.keys.borrow_mut();
        if cache.len() >= limits::KEYS {
            cache.clear();
        }
        let derive = |salt: &[u8]| {
            let salted = self.mechanism.salted_password(&self.password, salt, iterations);
            Keys {
                client: self.mechanism.hmac(&salted, b"Client Key"),
                server: self.mechanism.hmac(&salted, b"Server Key"),
            }
        };
        let derived = (salt, iterations);
        cache.entry(derived).or_insert_with_key(|(salt, _)| derive(salt)).clone()
    }
}

/// One exchange.
pub(crate) struct Scram {
    mechanism: Mechanism,
    first_bare: String,
    nonce: String,
    server_signature: Vec<u8>,
}

impl Scram {
    /// Begins an exchange; the nonce is printable, without commas, and never used twice.
    pub(crate) fn new(mechanism: Mechanism, user: &str, nonce: &str) -> Self {
        let first_bare = format!("n={user},r={nonce}");
        Self { mechanism, first_bare, nonce: nonce.into(), server_signature: Vec::new() }
    }

    /// The client's first message, in base64.
    pub(crate) fn first(&self) -> String {
        BASE64_STANDARD.encode(format!("n,,{}", self.first_bare))
    }

    /// The client's final message to the server's first, both in base64.
    pub(crate) fn respond(&mut self, challenge: &str, cache: &KeyCache) -> Result<String, ScramError> {
        let server_first = decode(challenge)?;
        let nonce = field(&server_first, "r=").ok_or(ScramError::Challenge)?;
        let salt = field(&server_first, "s=").and_then(|salt| BASE64_STANDARD.decode(salt).ok());
        let iterations = field(&server_first, "i=").and_then(|count| count.parse().ok());
        let (Some(salt), Some(iterations)) = (salt, iterations) else { return Err(ScramError::Challenge) };
        if !nonce.starts_with(&self.nonce) || nonce.len() == self.nonce.len() {
            return Err(ScramError::Nonce);
        }
        if iterations > limits::ITERATIONS {
            return Err(ScramError::Iterations(iterations));
        }
        let keys = cache.keys(salt, iterations);
        let without_proof = format!("c=biws,r={nonce}");
        let auth = format!("{},{server_first},{without_proof}", self.first_bare);
        let stored = self.mechanism.hash(&keys.client);
        let signature = self.mechanism.hmac(&stored, auth.as_bytes());
        let proof: Vec<u8> = keys.client.iter().zip(&signature).map(|(key, bit)| key ^ bit).collect();
        self.server_signature = self.mechanism.hmac(&keys.server, auth.as_bytes());
        Ok(BASE64_STANDARD.encode(format!("{without_proof},p={}", BASE64_STANDARD.encode(proof))))
    }

    /// Checks the server's final message, in base64.
    pub(crate) fn verify(&self, server_final: &str) -> Result<(), ScramError> {
        let message = decode(server_final)?;
        let signature = field(&message, "v=").and_then(|v| BASE64_STANDARD.decode(v).ok());
        match signature {
            Some(signature) if !signature.is_empty() && signature == self.server_signature => Ok(()),
            _ => Err(ScramError::ServerSignature),
        }
    }
}

fn decode(text: &str) -> Result<String, ScramError> {
    let bytes = BASE64_STANDARD.decode(text.trim()).map_err(|_| ScramError::Challenge)?;
    String::from_utf8(bytes).map_err(|_| ScramError::Challenge)
}

fn field<'a>(message: &'a str, name: &str) -> Option<&'a str> {
    message.split(',').find_map(|field| field.strip_prefix(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_cannot_keep_a_client_busy_for_ever() {
        let cache = KeyCache::new(Mechanism::ScramSha256, "pencil".into());
        let mut scram = Scram::new(Mechanism::ScramSha256, "user", "abc");
        let challenge = format!("r=abcdef,s=AAAA,i={}", limits::ITERATIONS + 1);
        let refused = scram.respond(&BASE64_STANDARD.encode(challenge), &cache);
        assert!(matches!(refused, Err(ScramError::Iterations(_))));
    }

    /// Runs an exchange of the RFCs: user `user`, password `pencil`.
    fn exchange(
        mechanism: Mechanism,
        nonce: &str,
        server_first: &str,
        client_final: &str,
        server_final: &str,
    ) {
        let cache = KeyCache::new(mechanism, "pencil".into());
        let mut scram = Scram::new(mechanism, "user", nonce);
        assert_eq!(decode(&scram.first()).unwrap(), format!("n,,n=user,r={nonce}"));
        let answer = scram.respond(&BASE64_STANDARD.encode(server_first), &cache).unwrap();
        assert_eq!(decode(&answer).unwrap(), client_final);
        assert_eq!(scram.verify(&BASE64_STANDARD.encode(server_final)), Ok(()));
        let forged = BASE64_STANDARD.encode("v=AAAA");
        assert_eq!(scram.verify(&forged), Err(ScramError::ServerSignature));
    }

    #[test]
    fn rfc_5802_section_5() {
        exchange(
            Mechanism::ScramSha1,
            "fyko+d2lbbFgONRv9qkxdawL",
            "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
            "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
            "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
        );
    }

    #[test]
    fn rfc_7677_section_3() {
        exchange(
            Mechanism::ScramSha256,
            "rOprNGfwEbeRWgbNEkqO",
            "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
             p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
            "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
        );
    }

    #[test]
    fn bad_servers_are_refused() {
        let cache = KeyCache::new(Mechanism::ScramSha1, "pencil".into());
        let mut scram = Scram::new(Mechanism::ScramSha1, "user", "abc");
        let mut respond = |text: &str| scram.respond(&BASE64_STANDARD.encode(text), &cache);
        assert_eq!(respond("r=xyz123,s=QSXCR+Q6sek8bf92,i=1"), Err(ScramError::Nonce));
        assert_eq!(respond("r=abc,s=QSXCR+Q6sek8bf92,i=1"), Err(ScramError::Nonce));
        assert_eq!(respond("r=abcd,i=1"), Err(ScramError::Challenge));
        assert_eq!(respond("r=abcd,s=QSXC,i=1000001"), Err(ScramError::Iterations(1_000_001)));
        let unproven = scram.verify(&BASE64_STANDARD.encode("v="));
        assert_eq!(unproven, Err(ScramError::ServerSignature));
    }

    #[test]
    fn the_key_cache_starts_anew_at_its_limit() {
        let cache = KeyCache::new(Mechanism::ScramSha1, "pencil".into());
        for salt in 0..=u32::try_from(limits::KEYS).unwrap() {
            cache.keys(salt.to_be_bytes().to_vec(), 1);
        }
        assert_eq!(cache.keys.borrow().len(), 1);
    }
}
