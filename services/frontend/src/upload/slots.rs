//! Granting slots: sizes, quotas, and the grants that wait to be filled.

use super::files::Files;
use domain::{Address, Timestamp};
use std::{
    collections::HashMap,
    fmt::Write as _,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// Grants not yet filled, of all users; one more is denied.
const OPEN_SLOTS: usize = 10_000;
/// Grants not yet filled of one user; one more is denied.
const OPEN_SLOTS_OF_ONE: usize = 50;
/// A grant that is not filled in this time is void.
const FILL_WITHIN: Duration = Duration::from_mins(5);
/// Bytes of a file name; longer ones are denied.
const NAME_BYTES: usize = 255;

/// What may be uploaded.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// Bytes of one file at most.
    pub max_file: u64,
    /// Bytes of all files of one user at most.
    pub quota: u64,
    /// How long a file stays.
    pub keep: Duration,
}

/// Why no slot was granted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Denied {
    /// The file is larger than the terms allow.
    TooLarge {
        /// Bytes of one file at most.
        max: u64,
    },
    /// The user's quota is used up.
    Quota,
    /// Too many grants wait to be filled; the user may ask again then.
    TooMany {
        /// When the oldest of them is void.
        retry: Timestamp,
    },
    /// The name is empty, too long or no file name.
    BadName,
}

/// A granted slot.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Slot {
    /// `<id>/<name>`, escaped for an URL path.
    pub path: String,
    /// What the upload must present (`Authorization: Bearer …`).
    pub token: String,
}

/// A grant that waits to be filled.
#[derive(Clone, Debug)]
pub struct Grant {
    pub(super) owner: Address,
    pub(super) name: String,
    pub(super) media_type: String,
    pub(super) size: u64,
    token: String,
    void_after: Timestamp,
}

/// Grants slots and takes the grants back when they are used.
#[derive(Debug)]
pub struct Slots {
    terms: Terms,
    files: Arc<Files>,
    open: Mutex<HashMap<String, Grant>>,
}

impl Slots {
    /// No grants yet.
    pub fn new(terms: Terms, files: Arc<Files>) -> Self {
        Self { terms, files, open: Mutex::default() }
    }

    /// The terms that it grants by.
    pub fn terms(&self) -> Terms {
        self.terms
    }

    /// Grants a slot for one file of exactly `size` bytes.
    pub fn grant(
        &self,
        now: Timestamp,
        owner: &Address,
        name: &str,
        size: u64,
        media_type: &str,
    ) -> Result<Slot, Denied> {
        if size > self.terms.max_file {
            return Err(Denied::TooLarge { max: self.terms.max_file });
        }
        let bad = |c: char| c.is_control() || c == '/' || c == '\\';
        if name.is_empty() || name.len() > NAME_BYTES || name == "." || name == ".." || name.contains(bad) {
            return Err(Denied::BadName);
        }
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, grant| grant.void_after > now);
        let own = || open.values().filter(|grant| grant.owner == *owner);
        if open.len() >= OPEN_SLOTS || own().count() >= OPEN_SLOTS_OF_ONE {
            let retry = own().map(|grant| grant.void_after).min().unwrap_or(now);
            return Err(Denied::TooMany { retry });
        }
        let promised: u64 = own().map(|grant| grant.size).sum();
        if self.files.used_by(owner).saturating_add(promised).saturating_add(size) > self.terms.quota {
            return Err(Denied::Quota);
        }
        let (id, token) = (random_id(), random_id());
        let slot = Slot { path: format!("{id}/{}", escape(name)), token: token.clone() };
        let grant = Grant {
            owner: owner.clone(),
            name: name.to_owned(),
            media_type: if is_media_type(media_type) {
                media_type.to_owned()
            } else {
                "application/octet-stream".to_owned()
            },
            size,
            token,
            void_after: now.plus(FILL_WITHIN),
        };
        open.insert(id, grant);
        Ok(slot)
    }

    /// Takes the grant of this slot, to fill it; `None` if there is none, it is void, or the token is wrong.
    pub fn take(&self, now: Timestamp, id: &str, token: &str) -> Option<Grant> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let grant = open.get(id)?;
        let matches = grant.token.len() == token.len()
            && grant.token.bytes().zip(token.bytes()).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0;
        (matches && grant.void_after > now).then(|| open.remove(id)).flatten()
    }
}

impl Grant {
    /// Bytes that must come, no more and no less.
    pub fn size(&self) -> u64 {
        self.size
    }
}

fn is_media_type(text: &str) -> bool {
    let token = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
    };
    text.len() <= 127 && text.split_once('/').is_some_and(|(kind, sub)| token(kind) && token(sub))
}

/// 128 random bits as 32 hex digits.
fn random_id() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the system has randomness");
    format!("{:032x}", u128::from_be_bytes(bytes))
}

/// Percent-encodes what may not stand in a path segment (RFC 3986 §3.3).
fn escape(name: &str) -> String {
    name.bytes().fold(String::with_capacity(name.len()), |mut path, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            path.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(path, "%{byte:02X}");
        }
        path
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slots(quota: u64) -> (tempfile::TempDir, Slots) {
        let dir = tempfile::tempdir().expect("a folder");
        let files = Arc::new(Files::open(dir.path()).expect("opens"));
        let terms = Terms { max_file: 1000, quota, keep: Duration::from_mins(1) };
        (dir, Slots::new(terms, files))
    }

    fn alice() -> Address {
        Address::parse("alice@example.org").expect("valid")
    }

    #[test]
    fn a_slot_is_granted_once_and_taken_once() {
        let (_dir, slots) = slots(10_000);
        let slot = slots.grant(Timestamp(0), &alice(), "h\u{e9}llo w.png", 10, "image/png").expect("granted");
        let (id, name) = slot.path.split_once('/').expect("id/name");
        assert_eq!(name, "h%C3%A9llo%20w.png");
        assert!(slots.take(Timestamp(1), id, "wrong").is_none());
        assert_eq!(slots.take(Timestamp(1), id, &slot.token).expect("there").size(), 10);
        assert!(slots.take(Timestamp(1), id, &slot.token).is_none());
    }

    #[test]
    fn what_the_terms_do_not_allow_is_denied() {
        let (_dir, slots) = slots(1500);
        let ask = |name, size| slots.grant(Timestamp(0), &alice(), name, size, "");
        assert_eq!(ask("a", 1001), Err(Denied::TooLarge { max: 1000 }));
        for name in ["", "..", "a/b", "a\\b", "a\nb"] {
            assert_eq!(ask(name, 1), Err(Denied::BadName), "{name:?}");
        }
        assert!(ask("a", 1000).is_ok());
        assert_eq!(ask("a", 501), Err(Denied::Quota), "what is promised counts");
    }

    #[test]
    fn open_grants_are_limited_and_run_out() {
        let (_dir, slots) = slots(1_000_000);
        for _ in 0..OPEN_SLOTS_OF_ONE {
            slots.grant(Timestamp(0), &alice(), "a", 1, "").expect("granted");
        }
        let retry = Timestamp(0).plus(FILL_WITHIN);
        assert_eq!(slots.grant(Timestamp(1), &alice(), "a", 1, ""), Err(Denied::TooMany { retry }));
        assert!(slots.grant(retry, &alice(), "a", 1, "").is_ok());
    }
}
