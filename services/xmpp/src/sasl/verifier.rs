//! What is kept of a password, and how one is checked against it (RFC 5802 §3; RFC 7677; RFC 8265 §4.2 for the
//! password's normal form). Only verifiers exist: neither the password nor anything that replays is kept.

use domain::account::{ScramHash, Verifier};
use hmac::{Hmac, KeyInit, Mac};
use precis_profiles::{OpaqueString, precis_core::profile::PrecisFastInvocation as _};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// 32 bytes that only the holder of `key` can know.
pub(crate) fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(&hmac(ScramHash::Sha256, key, &[message]));
    bytes
}

/// HMAC with the hash of a mechanism.
pub(super) fn hmac(hash: ScramHash, key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    fn run<M: Mac + KeyInit>(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
        // HMAC takes keys of any length.
        let Ok(mut mac) = <M as KeyInit>::new_from_slice(key) else { return Vec::new() };
        for part in parts {
            mac.update(part);
        }
        mac.finalize().into_bytes().to_vec()
    }
    match hash {
        ScramHash::Sha1 => run::<Hmac<Sha1>>(key, parts),
        ScramHash::Sha256 => run::<Hmac<Sha256>>(key, parts),
    }
}

fn digest(hash: ScramHash, bytes: &[u8]) -> Vec<u8> {
    match hash {
        ScramHash::Sha1 => Sha1::digest(bytes).to_vec(),
        ScramHash::Sha256 => Sha256::digest(bytes).to_vec(),
    }
}

fn salted(hash: ScramHash, password: &[u8], salt: &[u8], iterations: u32) -> Vec<u8> {
    match hash {
        ScramHash::Sha1 => pbkdf2::pbkdf2_hmac_array::<Sha1, 20>(password, salt, iterations).to_vec(),
        ScramHash::Sha256 => pbkdf2::pbkdf2_hmac_array::<Sha256, 32>(password, salt, iterations).to_vec(),
    }
}

/// The password in its normal form (RFC 8265 `OpaqueString`); `None` if it is empty or no password can be so.
pub fn prepare_password(password: &str) -> Option<String> {
    OpaqueString::enforce(password).ok().map(std::borrow::Cow::into_owned)
}

/// The verifiers for SHA-256 and SHA-1 of a password. `salt`: 16 fresh random bytes, made different for each hash;
/// `iterations`: [`crate::limits::ITERATIONS`] unless there is a reason. Takes milliseconds: not for a hot thread.
/// `None` if the text cannot be a password.
pub fn make_verifiers(password: &str, salt: [u8; 16], iterations: u32) -> Option<Vec<Verifier>> {
    let password = prepare_password(password)?;
    let make = |hash| with_salt(hash, &password, &salt_for(hash, &salt), iterations);
    Some([ScramHash::Sha256, ScramHash::Sha1].into_iter().map(make).collect())
}

pub(super) fn with_salt(hash: ScramHash, password: &str, salt: &[u8], iterations: u32) -> Verifier {
    let salted = salted(hash, password.as_bytes(), salt, iterations);
    Verifier {
        hash,
        iterations,
        salt: salt.to_vec(),
        stored_key: digest(hash, &hmac(hash, &salted, &[b"Client Key"])),
        server_key: hmac(hash, &salted, &[b"Server Key"]),
    }
}

fn salt_for(hash: ScramHash, seed: &[u8]) -> Vec<u8> {
    let label: &[u8] = match hash {
        ScramHash::Sha1 => b"SCRAM-SHA-1",
        ScramHash::Sha256 => b"SCRAM-SHA-256",
    };
    let mut salt = hmac(ScramHash::Sha256, seed, &[label]);
    salt.truncate(16);
    salt
}

/// What an unknown user is checked against, so that it looks like a known one: always the same salt, and no
/// password that fits. `secret` is the server's own and must outlive its restarts.
pub fn fake_verifier(secret: &[u8; 32], user: &str, hash: ScramHash) -> Verifier {
    let seed = hmac(ScramHash::Sha256, secret, &[b"no such user: ", user.as_bytes()]);
    Verifier {
        hash,
        iterations: crate::limits::ITERATIONS,
        salt: salt_for(hash, &seed),
        stored_key: hmac(hash, &seed, &[b"stored"]),
        server_key: hmac(hash, &seed, &[b"server"]),
    }
}

/// Whether the password is the one that the verifier was made of. Takes milliseconds: not for a hot thread. For an
/// unknown user give it a [`fake_verifier`], so that it takes as long.
pub fn check_plain(verifier: &Verifier, password: &str) -> bool {
    let prepared = prepare_password(password);
    let password = prepared.as_deref().unwrap_or_default().as_bytes();
    let salted = salted(verifier.hash, password, &verifier.salt, verifier.iterations);
    let stored = digest(verifier.hash, &hmac(verifier.hash, &salted, &[b"Client Key"]));
    prepared.is_some() & bool::from(stored.ct_eq(&verifier.stored_key))
}

/// A client's proof, checked against a verifier (RFC 5802 §3).
pub struct Proof<'a> {
    /// What both sides have said: client-first-bare, server-first, client-final without proof.
    pub auth_message: &'a [u8],
    /// `ClientProof`.
    pub proof: &'a [u8],
}

impl Proof<'_> {
    /// `ServerSignature` if the proof is right.
    pub fn check(&self, verifier: &Verifier) -> Option<Vec<u8>> {
        let hash = verifier.hash;
        let signature = hmac(hash, &verifier.stored_key, &[self.auth_message]);
        if signature.len() != self.proof.len() {
            return None;
        }
        let client_key: Vec<u8> = signature.iter().zip(self.proof).map(|(a, b)| a ^ b).collect();
        let right = digest(hash, &client_key).ct_eq(&verifier.stored_key);
        bool::from(right).then(|| hmac(hash, &verifier.server_key, &[self.auth_message]))
    }
}

/// What a client proves that it knows the password with.
#[cfg(test)]
pub(super) fn client_proof(hash: ScramHash, password: &str, verifier: &Verifier, said: &[u8]) -> Vec<u8> {
    let salted = salted(hash, password.as_bytes(), &verifier.salt, verifier.iterations);
    let client_key = hmac(hash, &salted, &[b"Client Key"]);
    let signature = hmac(hash, &digest(hash, &client_key), &[said]);
    client_key.iter().zip(signature).map(|(a, b)| a ^ b).collect()
}
