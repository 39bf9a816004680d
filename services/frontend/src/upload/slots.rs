//! Granting slots: sizes, quotas, and the grants that wait to be filled.

use super::{files::Files, filling::Filling};
use domain::{Address, Timestamp};
use std::{
    collections::HashMap,
    fmt::Write as _,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

/// Grants not yet filled, of all users, those that are being filled included; one more is denied.
const OPEN_SLOTS: usize = 10_000;
/// Grants not yet filled of one user; one more is denied.
const OPEN_SLOTS_OF_ONE: usize = 50;
/// A grant whose filling has not begun in this time is void.
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
    /// The disk has no room for it that messages do not need.
    DiskFull,
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

/// A grant that waits to be filled, or is being filled.
#[derive(Clone, Debug)]
pub(super) struct Grant {
    pub(super) owner: Address,
    pub(super) name: String,
    pub(super) media_type: String,
    pub(super) size: u64,
    token: String,
    void_after: Timestamp,
    is_being_filled: bool,
}

/// Grants slots, and keeps what was granted until it is stored or given up.
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

    pub(super) fn files(&self) -> &Files {
        &self.files
    }

    /// Grants a slot for one file of exactly `size` bytes; all files together may take `spare` more bytes of the disk.
    pub fn grant(
        &self,
        now: Timestamp,
        owner: &Address,
        name: &str,
        size: u64,
        media_type: &str,
        spare: u64,
    ) -> Result<Slot, Denied> {
        if size > self.terms.max_file {
            return Err(Denied::TooLarge { max: self.terms.max_file });
        }
        let bad = |c: char| c.is_control() || c == '/' || c == '\\';
        if name.is_empty() || name.len() > NAME_BYTES || name == "." || name == ".." || name.contains(bad) {
            return Err(Denied::BadName);
        }
        let mut open = self.open();
        open.retain(|_, grant| grant.is_being_filled || grant.void_after > now);
        let own = || open.values().filter(|grant| grant.owner == *owner);
        if open.len() >= OPEN_SLOTS || own().count() >= OPEN_SLOTS_OF_ONE {
            let retry = own().map(|grant| grant.void_after).min().unwrap_or(now);
            return Err(Denied::TooMany { retry });
        }
        let promised: u64 = own().map(|grant| grant.size).sum();
        if self.files.used_by(owner).saturating_add(promised).saturating_add(size) > self.terms.quota {
            return Err(Denied::Quota);
        }
        // What of these has arrived already counts twice: that errs on the side of the messages.
        let promised: u64 = open.values().map(|grant| grant.size).sum();
        if promised.saturating_add(size) > spare {
            return Err(Denied::DiskFull);
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
            is_being_filled: false,
        };
        open.insert(id, grant);
        Ok(slot)
    }

    /// Takes this slot, to fill it; `None` if it was not granted, is void or taken, or the token is wrong.
    pub fn take(&self, now: Timestamp, id: &str, token: &str) -> Option<Filling<'_>> {
        let mut open = self.open();
        let grant = open.get_mut(id)?;
        let matches = grant.token.len() == token.len()
            && grant.token.bytes().zip(token.bytes()).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0;
        if !matches || grant.is_being_filled || grant.void_after <= now {
            return None;
        }
        grant.is_being_filled = true;
        Some(Filling::new(self, id.to_owned(), grant.clone()))
    }

    /// The filling of this slot is over; what came is removed unless all of it is stored. Nobody sees the one without
    /// the other.
    pub(super) fn close(&self, id: &str, stored: bool) {
        let mut open = self.open();
        if !stored && let Err(error) = self.files.give_up(id) {
            tracing::warn!(%error, "a failed upload could not be removed; it is tried again every hour");
        }
        open.remove(id);
    }

    /// Removes files whose time is over, and what failed uploads may have left; answers how many slots went.
    pub fn expire(&self, now: SystemTime) -> io::Result<usize> {
        self.files.expire(now, self.terms.keep, |id| self.open().contains_key(id))
    }

    fn open(&self) -> MutexGuard<'_, HashMap<String, Grant>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
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
        let slot = slots
            .grant(Timestamp(0), &alice(), "h\u{e9}llo w.png", 10, "image/png", u64::MAX)
            .expect("granted");
        let (id, name) = slot.path.split_once('/').expect("id/name");
        assert_eq!(name, "h%C3%A9llo%20w.png");
        assert!(slots.take(Timestamp(1), id, "wrong").is_none());
        assert_eq!(slots.take(Timestamp(1), id, &slot.token).expect("there").size(), 10);
        assert!(slots.take(Timestamp(1), id, &slot.token).is_none());
    }

    #[test]
    fn what_the_terms_do_not_allow_is_denied() {
        let (_dir, slots) = slots(1500);
        let ask = |name, size| slots.grant(Timestamp(0), &alice(), name, size, "", u64::MAX);
        assert_eq!(ask("a", 1001), Err(Denied::TooLarge { max: 1000 }));
        for name in ["", "..", "a/b", "a\\b", "a\nb"] {
            assert_eq!(ask(name, 1), Err(Denied::BadName), "{name:?}");
        }
        assert!(ask("a", 1000).is_ok());
        assert_eq!(ask("a", 501), Err(Denied::Quota), "what is promised counts");
    }

    #[test]
    fn the_disk_keeps_room_for_messages() {
        let (_dir, slots) = slots(10_000);
        let (alice, bob) = (alice(), Address::parse("bob@example.org").expect("valid"));
        let ask = |who, spare| slots.grant(Timestamp(0), who, "a", 1000, "", spare);
        assert_eq!(ask(&alice, 999), Err(Denied::DiskFull));
        ask(&alice, 1000).expect("granted");
        assert_eq!(ask(&bob, 1999), Err(Denied::DiskFull), "what is promised to others counts");
        ask(&bob, 2000).expect("granted");
    }

    #[test]
    fn open_grants_are_limited_and_run_out() {
        let (_dir, slots) = slots(1_000_000);
        for _ in 0..OPEN_SLOTS_OF_ONE {
            slots.grant(Timestamp(0), &alice(), "a", 1, "", u64::MAX).expect("granted");
        }
        let retry = Timestamp(0).plus(FILL_WITHIN);
        assert_eq!(slots.grant(Timestamp(1), &alice(), "a", 1, "", u64::MAX), Err(Denied::TooMany { retry }));
        assert!(slots.grant(retry, &alice(), "a", 1, "", u64::MAX).is_ok());
    }
}
