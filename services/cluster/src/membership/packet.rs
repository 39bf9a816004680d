//! A gossip packet: a version, a kind, a body, and the HMAC-SHA256 (RFC 2104) of these and of the deployment, so that two pools with
//! one secret do not hear each other. Invariant: what does not verify is not looked at.

use super::identity::Identity;
use crate::options::Secret;
use domain::ShardCount;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

const VERSION: u8 = 1;
const MAC: usize = 32;
/// Bytes that are not the body.
pub(crate) const OVERHEAD: usize = 2 + MAC;

/// What a packet is.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Packet {
    /// Of `foca`.
    Swim(Vec<u8>),
    /// To or from an address whose node was not known.
    Greeting(Greeting),
}

/// A first word, or its answer.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Greeting {
    pub(crate) from: Identity,
    /// Say who you are.
    pub(crate) asks: bool,
    /// Another process that bears the name of the one that asked.
    pub(crate) rival: Option<Identity>,
}

/// Seals and opens packets.
#[derive(Clone)]
pub(crate) struct Seal(Hmac<Sha256>);

impl Seal {
    pub(crate) fn new(secret: &Secret, domain: &str, shards: ShardCount) -> Self {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.bytes()).expect("HMAC takes a key of any length");
        mac.update(b"linnet gossip\0");
        mac.update(domain.as_bytes());
        mac.update(&[0]);
        mac.update(&shards.get().to_be_bytes());
        Self(mac)
    }

    /// The bytes to send; `None` where it is too large to be said, which no identity within its bounds is.
    pub(crate) fn seal(&self, packet: &Packet) -> Option<Vec<u8>> {
        let (kind, body) = match packet {
            Packet::Swim(body) => (0, body.clone()),
            Packet::Greeting(greeting) => (1, postcard::to_allocvec(greeting).ok()?),
        };
        let mut bytes = vec![VERSION, kind];
        bytes.extend(body);
        let mac = self.0.clone().chain_update(&bytes).finalize().into_bytes();
        bytes.extend(mac);
        Some(bytes)
    }

    /// What the packet says, if one of this pool has said it.
    pub(crate) fn open(&self, bytes: &[u8]) -> Option<Packet> {
        let (said, mac) = bytes.split_at_checked(bytes.len().checked_sub(MAC)?)?;
        self.0.clone().chain_update(said).verify_slice(mac).ok()?;
        match said {
            [VERSION, 0, body @ ..] => Some(Packet::Swim(body.to_vec())),
            [VERSION, 1, body @ ..] => postcard::from_bytes(body).ok().map(Packet::Greeting),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal(secret: &[u8], domain: &str) -> Seal {
        Seal::new(&Secret::new(secret), domain, ShardCount::DEFAULT)
    }

    fn greeting() -> Packet {
        let from = Identity { name: "a".into(), incarnation: 7, rank: 1, address: "a.example:7800".into() };
        Packet::Greeting(Greeting { from, asks: true, rival: None })
    }

    #[test]
    fn a_packet_opens_with_the_same_secret_and_deployment_alone() {
        let sealed = seal(b"a secret of the pool", "example.org").seal(&greeting()).expect("fits");
        assert_eq!(seal(b"a secret of the pool\n", "example.org").open(&sealed), Some(greeting()));
        assert_eq!(seal(b"another secret of it", "example.org").open(&sealed), None);
        assert_eq!(seal(b"a secret of the pool", "example.net").open(&sealed), None);
    }

    #[test]
    fn a_changed_or_cut_packet_does_not_open() {
        let seal = seal(b"a secret of the pool", "example.org");
        let sealed = seal.seal(&greeting()).expect("fits");
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(seal.open(&changed), None);
            assert_eq!(seal.open(&sealed[..at]), None);
        }
    }

    #[test]
    fn names_and_addresses_have_bounds_also_in_a_packet_that_verifies() {
        let seal = seal(b"a secret of the pool", "example.org");
        for (name, address) in [("", "a:1"), (&*"n".repeat(129), "a:1"), ("a", "nowhere"), ("a\nb", "a:1")] {
            let from = Identity { name: name.into(), incarnation: 7, rank: 1, address: address.into() };
            let sealed =
                seal.seal(&Packet::Greeting(Greeting { from, asks: true, rival: None })).expect("fits");
            assert_eq!(seal.open(&sealed), None, "{name} {address}");
        }
    }
}
