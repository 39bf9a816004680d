//! The client's side of SASL: SCRAM (RFC 5802, RFC 7677), with RFC 9266's channel binding, and PLAIN (RFC 4616).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

/// How the password is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mechanism {
    /// SCRAM: with SHA-256 instead of SHA-1, and bound to the channel.
    Scram {
        /// SHA-256, else SHA-1.
        sha256: bool,
        /// `-PLUS`.
        plus: bool,
    },
    /// In clear, inside TLS.
    Plain,
}

impl Mechanism {
    /// By its registered name.
    pub fn named(name: &str) -> Self {
        match name {
            "PLAIN" => Self::Plain,
            "SCRAM-SHA-256-PLUS" => Self::Scram { sha256: true, plus: true },
            "SCRAM-SHA-256" => Self::Scram { sha256: true, plus: false },
            "SCRAM-SHA-1-PLUS" => Self::Scram { sha256: false, plus: true },
            "SCRAM-SHA-1" => Self::Scram { sha256: false, plus: false },
            other => panic!("{other} is no mechanism of the tests"),
        }
    }
}

/// One exchange.
pub(super) struct Exchange {
    sha256: bool,
    password: String,
    /// The GS2 header, and for `-PLUS` the channel's data.
    binding: Vec<u8>,
    first_bare: String,
    /// What the server must answer at the end.
    expected: String,
}

impl Exchange {
    /// Begins; `exporter` is there for `-PLUS` alone.
    pub(super) fn new(sha256: bool, exporter: Option<[u8; 32]>, user: &str, password: &str) -> Self {
        let mut nonce = [0; 18];
        getrandom::fill(&mut nonce).expect("the system has random bytes");
        let header: &[u8] = if exporter.is_some() { b"p=tls-exporter,," } else { b"n,," };
        let mut binding = header.to_vec();
        binding.extend(exporter.into_iter().flatten());
        Self {
            sha256,
            password: password.to_owned(),
            binding,
            first_bare: format!("n={user},r={}", STANDARD.encode(nonce)),
            expected: String::new(),
        }
    }

    /// The first message, as base64.
    pub(super) fn first(&self) -> String {
        let header = if self.binding.starts_with(b"p") { "p=tls-exporter,," } else { "n,," };
        STANDARD.encode(format!("{header}{}", self.first_bare))
    }

    /// The answer to the challenge, both as base64.
    pub(super) fn answer(&mut self, challenge: &str) -> String {
        let challenge = decode(challenge);
        let part = |name: &str| {
            let found = challenge.split(',').find_map(|part| part.strip_prefix(name));
            found.unwrap_or_else(|| panic!("no {name} in {challenge}"))
        };
        let salt = STANDARD.decode(part("s=")).expect("base64");
        let iterations = part("i=").parse().expect("a number");
        let bare = format!("c={},r={}", STANDARD.encode(&self.binding), part("r="));
        let all = format!("{},{challenge},{bare}", self.first_bare);
        let salted = self.salted(&salt, iterations);
        let client_key = self.mac(&salted, b"Client Key");
        let signature = self.mac(&self.hash(&client_key), all.as_bytes());
        let proof: Vec<u8> = client_key.iter().zip(&signature).map(|(key, mask)| key ^ mask).collect();
        let server_key = self.mac(&salted, b"Server Key");
        self.expected = format!("v={}", STANDARD.encode(self.mac(&server_key, all.as_bytes())));
        STANDARD.encode(format!("{bare},p={}", STANDARD.encode(proof)))
    }

    /// Whether the server knows the password too.
    pub(super) fn is_proven_by(&self, last: &str) -> bool {
        !self.expected.is_empty() && decode(last) == self.expected
    }

    fn salted(&self, salt: &[u8], iterations: u32) -> Vec<u8> {
        let password = self.password.as_bytes();
        if self.sha256 {
            pbkdf2::pbkdf2_hmac_array::<Sha256, 32>(password, salt, iterations).to_vec()
        } else {
            pbkdf2::pbkdf2_hmac_array::<Sha1, 20>(password, salt, iterations).to_vec()
        }
    }

    fn mac(&self, key: &[u8], text: &[u8]) -> Vec<u8> {
        if self.sha256 {
            let mac = Hmac::<Sha256>::new_from_slice(key).expect("any length");
            mac.chain_update(text).finalize().into_bytes().to_vec()
        } else {
            let mac = Hmac::<Sha1>::new_from_slice(key).expect("any length");
            mac.chain_update(text).finalize().into_bytes().to_vec()
        }
    }

    fn hash(&self, text: &[u8]) -> Vec<u8> {
        if self.sha256 { Sha256::digest(text).to_vec() } else { Sha1::digest(text).to_vec() }
    }
}

fn decode(text: &str) -> String {
    String::from_utf8(STANDARD.decode(text).expect("base64")).expect("UTF-8")
}
