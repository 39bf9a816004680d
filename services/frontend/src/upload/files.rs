//! The uploaded files on disk: written beside, then renamed; counted per owner; removed when their time is over.

use super::slots::Grant;
use domain::Address;
use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};
use xxhash_rust::xxh3::xxh3_128;

/// The folder of uploads.
#[derive(Debug)]
pub struct Files {
    folder: PathBuf,
    /// Bytes by owner's mark.
    used: Mutex<HashMap<String, u64>>,
}

/// A file that was asked for.
#[derive(Debug)]
pub struct Found {
    /// Where its bytes are.
    pub path: PathBuf,
    /// Its name, as its owner gave it.
    pub name: String,
    /// Its media type, as its owner gave it.
    pub media_type: String,
}

impl Files {
    /// Opens the folder, making it if need be, and counts what lies in it.
    pub fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let files = Self { folder: folder.to_owned(), used: Mutex::default() };
        for slot in fs::read_dir(folder)? {
            let slot = slot?.path();
            match (owner_mark(&slot), fs::metadata(slot.join("content"))) {
                (Some(owner), Ok(content)) => files.count(&owner, |used| used.saturating_add(content.len())),
                // A crash came between the mark and the content: nobody can ever fill it.
                _ => remove(&slot)?,
            }
        }
        Ok(files)
    }

    /// Bytes that this user's files take.
    pub fn used_by(&self, owner: &Address) -> u64 {
        *self.used.lock().unwrap_or_else(PoisonError::into_inner).get(&mark(owner)).unwrap_or(&0)
    }

    /// Where the bytes of a slot are to be written before [`Self::finish`].
    pub(super) fn begin(&self, id: &str, grant: &Grant) -> io::Result<PathBuf> {
        let slot = self.slot(id)?;
        fs::create_dir(&slot)?;
        fs::write(slot.join(mark(&grant.owner)), [])?;
        fs::write(slot.join("name"), format!("{}\n{}", grant.media_type, grant.name))?;
        Ok(slot.join("arriving"))
    }

    /// The bytes are all there and synced: the file can be read from now on.
    pub(super) fn finish(&self, id: &str, grant: &Grant) -> io::Result<()> {
        let slot = self.slot(id)?;
        fs::rename(slot.join("arriving"), slot.join("content"))?;
        self.count(&mark(&grant.owner), |used| used.saturating_add(grant.size));
        Ok(())
    }

    /// The bytes did not come: forget the slot, if it was begun.
    pub(super) fn give_up(&self, id: &str) -> io::Result<()> {
        match fs::remove_dir_all(self.slot(id)?) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            outcome => outcome,
        }
    }

    /// The file of a slot, if it was filled.
    pub fn find(&self, id: &str) -> Option<Found> {
        let slot = self.slot(id).ok()?;
        let path = slot.join("content");
        let description = fs::read_to_string(slot.join("name")).ok()?;
        let (media_type, name) = description.split_once('\n')?;
        path.is_file().then(|| Found { path, name: name.to_owned(), media_type: media_type.to_owned() })
    }

    /// Removes what is older than `keep`, and what was begun and is not being filled any more; answers how many went.
    pub(super) fn expire(
        &self,
        now: SystemTime,
        keep: Duration,
        is_being_filled: impl Fn(&str) -> bool,
    ) -> io::Result<usize> {
        let mut gone = 0;
        for slot in fs::read_dir(&self.folder)? {
            let slot = slot?;
            // Asked before looking for the content, which comes while a slot is being filled.
            if slot.file_name().to_str().is_some_and(&is_being_filled) {
                continue;
            }
            let slot = slot.path();
            if let Ok(content) = fs::metadata(slot.join("content")) {
                if now.duration_since(content.modified()?).unwrap_or_default() <= keep {
                    continue;
                }
                if let Some(owner) = owner_mark(&slot) {
                    self.count(&owner, |used| used.saturating_sub(content.len()));
                }
            }
            remove(&slot)?;
            gone += 1;
        }
        Ok(gone)
    }

    fn count(&self, owner: &str, change: impl FnOnce(u64) -> u64) {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = used.entry(owner.to_owned()).or_default();
        *bytes = change(*bytes);
    }

    /// The folder of a slot; an id that is none of ours never reaches the file system.
    fn slot(&self, id: &str) -> io::Result<PathBuf> {
        let ours = id.len() == 32 && id.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if ours { Ok(self.folder.join(id)) } else { Err(io::Error::from(io::ErrorKind::NotFound)) }
    }
}

/// The name of the mark that says whose a slot is; a hash, since an address may be no file name.
fn mark(owner: &Address) -> String {
    format!("owner-{:032x}", xxh3_128(owner.as_str().as_bytes()))
}

fn owner_mark(slot: &Path) -> Option<String> {
    let names = fs::read_dir(slot).ok()?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names.into_iter().find(|name| name.starts_with("owner-"))
}

fn remove(path: &Path) -> io::Result<()> {
    if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Slots, Terms},
        *,
    };
    use bytes::Bytes;
    use domain::Timestamp;
    use futures_util::stream;
    use std::sync::Arc;

    #[test]
    fn files_are_counted_found_again_and_expire() {
        let dir = tempfile::tempdir().expect("a folder");
        let alice = Address::parse("alice@example.org").expect("valid");
        let terms = Terms { max_file: 100, quota: 1000, keep: Duration::from_secs(1) };
        let files = Arc::new(Files::open(dir.path()).expect("opens"));
        let slots = Slots::new(terms, Arc::clone(&files));
        let slot = slots.grant(Timestamp(0), &alice, "a.txt", 5, "text/plain", 5).expect("granted");
        let (id, _) = slot.path.split_once('/').expect("id/name");
        let filling = slots.take(Timestamp(0), id, &slot.token).expect("there");
        assert!(files.find(id).is_none(), "not before it is filled");
        let body = stream::iter([Ok::<_, io::Error>(Bytes::from_static(b"hello"))]);
        crate::block_on(filling.receive(body)).expect("filled");

        let files = Arc::new(Files::open(dir.path()).expect("opens again"));
        let again = Slots::new(terms, Arc::clone(&files));
        assert_eq!(files.used_by(&alice), 5);
        let found = files.find(id).expect("still there");
        assert_eq!((found.name.as_str(), found.media_type.as_str()), ("a.txt", "text/plain"));
        assert_eq!(again.expire(SystemTime::now()).expect("expires"), 0);
        let later = SystemTime::now() + Duration::from_secs(2);
        assert_eq!(again.expire(later).expect("expires"), 1);
        assert_eq!((files.used_by(&alice), files.find(id).is_none()), (0, true));
    }

    #[test]
    fn half_made_slots_are_removed_and_strange_ids_find_nothing() {
        let dir = tempfile::tempdir().expect("a folder");
        fs::create_dir(dir.path().join("0".repeat(32))).expect("made");
        let files = Files::open(dir.path()).expect("opens");
        assert_eq!(fs::read_dir(dir.path()).expect("readable").count(), 0);
        for id in ["", "..", "../../etc/passwd", "ABCDEF00ABCDEF00ABCDEF00ABCDEF00"] {
            assert!(files.find(id).is_none(), "{id}");
        }
    }
}
