//! Filling a slot (XEP-0363 §5): what was granted comes in, all of it and in time, or nothing stays.
//!
//! Invariant: from the moment that a slot is taken until this is dropped, its bytes stay promised; they count as used
//! before they are no longer promised. A slot that is not stored leaves nothing on the disk, however its filling ends.

use super::slots::{Grant, Slots};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use std::{error::Error, io, time::Duration};
use tokio::{fs::File, io::AsyncWriteExt as _};

/// An upload has this long, and a second more for each [`SLOWEST`] bytes; then it has failed.
const FILL_TIME: Duration = Duration::from_mins(5);
/// Bytes a second that are waited for.
const SLOWEST: u64 = 32 * 1024;

/// A slot that was taken, to be filled.
#[derive(Debug)]
pub struct Filling<'s> {
    slots: &'s Slots,
    id: String,
    grant: Grant,
    stored: bool,
}

impl<'s> Filling<'s> {
    pub(super) fn new(slots: &'s Slots, id: String, grant: Grant) -> Self {
        Self { slots, id, grant, stored: false }
    }

    /// Bytes that must come, no more and no less.
    pub fn size(&self) -> u64 {
        self.grant.size
    }

    /// Stores the bytes; the file can be read when this returns.
    ///
    /// Errors: they are not as many as were granted, do not come in time, or cannot be written.
    pub async fn receive<E: Error + Send + Sync + 'static>(
        self,
        body: impl Stream<Item = Result<Bytes, E>> + Unpin,
    ) -> io::Result<()> {
        let patience = FILL_TIME.saturating_add(Duration::from_secs(self.grant.size / SLOWEST));
        self.receive_within(patience, body).await
    }

    async fn receive_within<E: Error + Send + Sync + 'static>(
        mut self,
        patience: Duration,
        body: impl Stream<Item = Result<Bytes, E>> + Unpin,
    ) -> io::Result<()> {
        let in_time = tokio::time::timeout(patience, self.write(body)).await;
        in_time.map_err(|_| io::Error::other("the bytes did not come in time"))??;
        self.slots.files().finish(&self.id, &self.grant)?;
        self.stored = true;
        Ok(())
    }

    async fn write<E: Error + Send + Sync + 'static>(
        &self,
        mut body: impl Stream<Item = Result<Bytes, E>> + Unpin,
    ) -> io::Result<()> {
        let mut file = File::create(self.slots.files().begin(&self.id, &self.grant)?).await?;
        let mut left = self.grant.size;
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(io::Error::other)?;
            left = left
                .checked_sub(chunk.len() as u64)
                .ok_or_else(|| io::Error::other("more bytes came than were announced"))?;
            file.write_all(&chunk).await?;
        }
        if left > 0 {
            return Err(io::Error::other("fewer bytes came than were announced"));
        }
        file.sync_all().await
    }
}

impl Drop for Filling<'_> {
    /// Also when the client has gone: then the web server drops what waits for its bytes.
    fn drop(&mut self) {
        self.slots.close(&self.id, self.stored);
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Denied, Files, Slot, Terms},
        *,
    };
    use domain::{Address, Timestamp};
    use futures_util::stream;
    use std::{fs, path::Path, sync::Arc, time::SystemTime};

    const NOW: Timestamp = Timestamp(0);

    fn slots(folder: &Path) -> Slots {
        let terms = Terms { max_file: 100, quota: 100, keep: Duration::from_hours(1) };
        Slots::new(terms, Arc::new(Files::open(folder).expect("opens")))
    }

    fn ask(slots: &Slots, size: u64) -> Result<Slot, Denied> {
        let alice = Address::parse("alice@example.org").expect("valid");
        slots.grant(NOW, &alice, "a.txt", size, "text/plain", u64::MAX)
    }

    fn take<'s>(slots: &'s Slots, slot: &Slot) -> Filling<'s> {
        let (id, _) = slot.path.split_once('/').expect("id/name");
        slots.take(NOW, id, &slot.token).expect("granted")
    }

    fn entries(folder: &Path) -> usize {
        fs::read_dir(folder).expect("readable").count()
    }

    fn body(parts: &[&'static [u8]]) -> impl Stream<Item = io::Result<Bytes>> + Unpin {
        stream::iter(parts.iter().map(|part| Ok(Bytes::from_static(part))).collect::<Vec<_>>())
    }

    #[test]
    fn what_is_being_filled_is_promised_until_it_is_used() {
        let folder = tempfile::tempdir().expect("a folder");
        let slots = slots(folder.path());
        let slot = ask(&slots, 60).expect("granted");
        let filling = take(&slots, &slot);
        assert_eq!(ask(&slots, 60), Err(Denied::Quota), "begun");
        crate::block_on(filling.receive(body(&[&[1; 30], &[2; 30]]))).expect("stored");
        assert_eq!(ask(&slots, 60), Err(Denied::Quota), "stored");
        assert_eq!(entries(folder.path()), 1);
        ask(&slots, 40).expect("what is left of the quota");
    }

    #[test]
    fn what_does_not_come_whole_and_in_time_leaves_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let slots = slots(folder.path());
        crate::block_on(async {
            for parts in [&[&[1_u8; 59][..]][..], &[&[1; 30], &[1; 31]]] {
                let filling = take(&slots, &ask(&slots, 60).expect("the former one is forgotten"));
                assert!(filling.receive(body(parts)).await.is_err());
                assert_eq!(entries(folder.path()), 0);
            }
            // Its bytes stop coming.
            let slow = body(&[&[1; 59]]).chain(stream::pending());
            let filling = take(&slots, &ask(&slots, 60).expect("granted"));
            assert!(filling.receive_within(Duration::from_millis(1), slow).await.is_err());
            assert_eq!(entries(folder.path()), 0);
        });
        ask(&slots, 100).expect("nothing is used or promised");
    }

    #[test]
    fn a_client_that_goes_away_leaves_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let slots = slots(folder.path());
        crate::block_on(async {
            let filling = take(&slots, &ask(&slots, 60).expect("granted"));
            let mut receiving = Box::pin(filling.receive(body(&[&[1; 59]]).chain(stream::pending())));
            // Until the file is there that another thread makes.
            let is_begun = || {
                let folders = fs::read_dir(folder.path()).expect("readable").flatten();
                folders.into_iter().any(|slot| slot.path().join("arriving").exists())
            };
            while !is_begun() {
                assert!(futures_util::poll!(&mut receiving).is_pending());
            }
            drop(receiving);
        });
        assert_eq!(entries(folder.path()), 0);
        ask(&slots, 100).expect("nothing is used or promised");
    }

    #[test]
    fn what_could_not_be_removed_goes_later_but_not_what_is_being_filled() {
        let folder = tempfile::tempdir().expect("a folder");
        let slots = slots(folder.path());
        let filling = take(&slots, &ask(&slots, 60).expect("granted"));
        slots.files().begin(&filling.id, &filling.grant).expect("begun");
        let left_behind = folder.path().join("0".repeat(32));
        fs::create_dir(&left_behind).expect("made");
        assert_eq!(slots.expire(SystemTime::now()).expect("expires"), 1);
        assert!(!left_behind.exists());
        assert_eq!(entries(folder.path()), 1);
        drop(filling);
        assert_eq!(entries(folder.path()), 0);
    }
}
