//! Accounts: who may sign in, and with what. Passwords are kept as SCRAM verifiers (RFC 5802 §3) only: enough to
//! check a password, not to recover or to replay one.

mod push;

pub use push::PushService;

use crate::{
    EndpointId, Timestamp,
    limits::{PUSH_SERVICES, TOKENS},
    presentity::State,
};
use std::sync::Arc;
use xxhash_rust::xxh3::Xxh3;

/// What is kept of a user beside lists that have rows of their own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Account {
    /// Of the password; one for each hash that is offered.
    pub verifiers: Vec<Verifier>,
    /// Whether the user may sign in.
    pub enabled: bool,
    /// When it was made.
    pub created: Timestamp,
    /// When the last endpoint signed out.
    pub last_seen: Option<Timestamp>,
    /// The state that the user chose.
    pub manual: Option<Arc<State>>,
    /// Sign-in tokens, the oldest first; at most [`TOKENS`].
    pub tokens: Vec<Token>,
    /// The push services, the oldest first; at most [`PUSH_SERVICES`].
    pub pushes: Vec<Arc<PushService>>,
    /// Above the number of every message that was ever kept.
    pub next_kept: u64,
    /// Of the roster (RFC 6121 §2.6). Starts at the time of creation, so that an account that is made again does not
    /// repeat a version that some client still remembers.
    pub roster_version: u64,
}

impl Account {
    /// A new account.
    #[must_use]
    pub fn new(verifiers: Vec<Verifier>, at: Timestamp) -> Self {
        Self {
            verifiers,
            enabled: true,
            created: at,
            last_seen: None,
            manual: None,
            tokens: Vec::new(),
            pushes: Vec::new(),
            next_kept: 1,
            roster_version: at.0,
        }
    }

    /// Changes with the password and with the account itself: what was proven under another number is proven no more.
    pub(crate) fn credentials(&self) -> u64 {
        let mut hash = Xxh3::new();
        hash.update(&self.created.0.to_le_bytes());
        for verifier in &self.verifiers {
            hash.update(&verifier.salt);
            hash.update(&verifier.stored_key);
        }
        hash.digest()
    }

    /// Takes in a token, in place of the one of the same client and mechanism; at the limit the one that expires
    /// first goes.
    pub(crate) fn set_token(&mut self, token: Token) {
        self.tokens.retain(|t| (&t.client, &t.mechanism) != (&token.client, &token.mechanism));
        self.tokens.push(token);
        if self.tokens.len() > TOKENS
            && let Some(first) = (0..self.tokens.len()).min_by_key(|i| self.tokens[*i].expires)
        {
            self.tokens.remove(first);
        }
    }

    /// Takes in a push service, in place of the one of the same address and node; at the limit the oldest goes.
    pub(crate) fn set_push(&mut self, service: Arc<PushService>) {
        self.remove_push(&service.address, Some(&service.node));
        if self.pushes.len() >= PUSH_SERVICES {
            self.pushes.remove(0);
        }
        self.pushes.push(service);
    }

    /// Drops this node of a push service, or all of them.
    pub(crate) fn remove_push(&mut self, address: &EndpointId, node: Option<&str>) {
        self.pushes
            .retain(|known| known.address != *address || node.is_some_and(|node| *known.node != *node));
    }
}

/// The hash of a SCRAM mechanism.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ScramHash {
    /// SCRAM-SHA-1 (RFC 5802).
    Sha1,
    /// SCRAM-SHA-256 (RFC 7677).
    Sha256,
}

/// What is kept of a password for one hash (RFC 5802 §3). `Debug` shows no secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Verifier {
    /// The hash that `stored_key` and `server_key` were made with.
    pub hash: ScramHash,
    /// PBKDF2 iterations; at least 4096 (RFC 7677 §4), 10,000 by default.
    pub iterations: u32,
    /// At least 16 random bytes.
    pub salt: Vec<u8>,
    /// H(ClientKey).
    pub stored_key: Vec<u8>,
    /// HMAC(SaltedPassword, "Server Key").
    pub server_key: Vec<u8>,
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verifier")
            .field("hash", &self.hash)
            .field("iterations", &self.iterations)
            .finish_non_exhaustive()
    }
}

/// A sign-in token handed to one client (XEP-0484 FAST). `Debug` shows no secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// The client's own stable id (XEP-0388 `user-agent` id).
    pub client: String,
    /// The token; random, 32 bytes. It is a key for HMAC (XEP-0484 §3), so it must be kept as it is.
    pub secret: Vec<u8>,
    /// The mechanism it is for, such as `HT-SHA-256-EXPR`.
    pub mechanism: String,
    /// After this it is no longer valid.
    pub expires: Timestamp,
    /// Highest use counter seen (XEP-0484 §3.2); a lower or equal one is a replay.
    pub count: u64,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Token")
            .field("mechanism", &self.mechanism)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}
