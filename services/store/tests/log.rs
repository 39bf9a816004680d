//! The log on the disk: damage at the end and in the middle, trimming, versions.

use bytes::Bytes;
use domain::{Shard, ShardCount, Timestamp};
use event_log::{AppendError, Log, Medium, Offset, Options, Placed, ReadError, Sink};
use std::{
    fs::{File, OpenOptions},
    io::{Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, mpsc},
    time::{Duration, Instant, SystemTime},
};
use store::{OpenError, Store};

const SHARDS: u16 = 4;

fn open_with(path: &Path, shards: u16) -> Result<Store, OpenError> {
    Store::open(path, store::Options { shards: ShardCount::new(shards).expect("not zero") })
}

fn open(path: &Path) -> Store {
    open_with(path, SHARDS).expect("opens")
}

fn text(shard: Shard, number: u64) -> Bytes {
    format!("shard {} record {number} {}", shard.0, "x".repeat(200)).into()
}

/// Writes records of shard 0 one by one, each synced.
fn fill(store: &Store, offsets: std::ops::Range<u64>) {
    let log = store.log();
    for offset in offsets {
        let (shard, record) = (Shard(0), text(Shard(0), offset));
        log.write(&[Placed { shard, offset: Offset(offset), record }]).expect("writes");
    }
}

/// The newest file of the write-ahead log that holds something.
fn newest_wal(path: &Path) -> PathBuf {
    let files = std::fs::read_dir(path).expect("a directory").map(|e| e.expect("an entry").path());
    let logs = files.filter(|p| p.extension().is_some_and(|e| e == "log"));
    logs.filter(|p| p.metadata().expect("there").len() > 0).max().expect("a log")
}

#[test]
fn an_unfinished_last_write_is_cut_and_reported() {
    for garble in [false, true] {
        let dir = tempfile::tempdir().expect("a directory");
        let store = open(dir.path());
        fill(&store, 0..10);
        let (wal, copy) = (newest_wal(dir.path()), tempfile::tempdir().expect("a directory"));
        // As a crash would leave it: a copy of the files while the database is open.
        copy_files(dir.path(), copy.path());
        drop(store);
        let wal = copy.path().join(wal.file_name().expect("a name"));
        let mut file = OpenOptions::new().read(true).write(true).open(&wal).expect("there");
        let length = file.metadata().expect("there").len();
        if garble {
            flip(&mut file, length - 3);
        } else {
            file.set_len(length - 3).expect("cut");
        }
        let store = open(copy.path());
        let cut = store.cut().expect("reported");
        assert_eq!(cut.file, wal);
        assert!(cut.bytes > 200 && cut.at + cut.bytes <= length, "{cut:?}");
        assert_eq!(store.log().end(Shard(0)), Ok(Offset(9)));
        fill(&store, 9..12);
        drop(store);
        let store = open(copy.path());
        assert_eq!((store.cut(), store.log().end(Shard(0))), (None, Ok(Offset(12))));
    }
}

#[test]
fn damage_in_the_middle_is_refused_with_its_place() {
    let dir = tempfile::tempdir().expect("a directory");
    let store = open(dir.path());
    fill(&store, 0..10);
    let copy = tempfile::tempdir().expect("a directory");
    copy_files(dir.path(), copy.path());
    let wal = newest_wal(copy.path());
    let mut file = OpenOptions::new().read(true).write(true).open(&wal).expect("there");
    let middle = file.metadata().expect("there").len() / 2;
    flip(&mut file, middle);
    let Err(OpenError::Damaged { path, what }) = open_with(copy.path(), SHARDS) else {
        panic!("must be refused");
    };
    assert_eq!(path, wal);
    assert!(what.contains("whole writes follow"), "{what}");
}

#[test]
fn a_missing_record_is_named() {
    let dir = tempfile::tempdir().expect("a directory");
    let store = open(dir.path());
    fill(&store, 0..3);
    fill(&store, 4..6);
    let log = store.log();
    assert_eq!(log.read(Shard(0), Offset(0), 1 << 20).expect("what is before it").len(), 3);
    let error = log.read(Shard(0), Offset(3), 1 << 20).expect_err("missing");
    assert!(matches!(error, ReadError::Damaged { shard: Shard(0), offset: Offset(3), .. }));
    assert_eq!(error.to_string(), "shard 0 is damaged at offset 3: the record is missing");
}

#[test]
fn trimming_drops_old_files_and_keeps_the_end() {
    let dir = tempfile::tempdir().expect("a directory");
    let store = open(dir.path());
    fill(&store, 0..5);
    drop(store);
    // Opening writes what was in memory to a file.
    let store = open(dir.path());
    let log = store.log();
    log.trim(Timestamp(0)).expect("trims");
    assert_eq!(log.read(Shard(0), Offset(0), 1 << 20).expect("nothing is that old").len(), 5);
    let trimmed = ReadError::Trimmed { shard: Shard(0), from: Offset(0), first: Offset(5) };
    // A file's age counts in whole seconds, so it takes two until it is older than one.
    let deadline = Instant::now() + Duration::from_secs(20);
    while log.read(Shard(0), Offset(0), 1 << 20) != Err(trimmed.clone()) {
        assert!(Instant::now() < deadline, "nothing is dropped");
        log.trim(a_second_ago()).expect("trims");
    }
    drop((log, store));
    let store = open(dir.path());
    assert_eq!(store.log().end(Shard(0)), Ok(Offset(5)));
    fill(&store, 5..6);
    assert_eq!(store.log().read(Shard(0), Offset(5), 1 << 20).expect("reads").len(), 1);
}

fn a_second_ago() -> Timestamp {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    Timestamp(u64::try_from(now.as_millis()).expect("fits") - 1000)
}

/// Passes on why appends failed.
struct Refused(Mutex<mpsc::Sender<AppendError>>);
impl Sink for Refused {
    fn appended(&self, _: Shard, _: Offset, _: u32) {
        panic!("nothing is written");
    }
    fn failed(&self, _: Shard, _: u32, error: &AppendError) {
        let _ = self.0.lock().expect("not poisoned").send(error.clone());
    }
}

#[test]
fn a_disk_with_less_than_the_reserve_refuses_appends_and_reads_on() {
    let dir = tempfile::tempdir().expect("a directory");
    let store = open(dir.path());
    fill(&store, 0..3);
    assert!(store.log().free_bytes().expect("asked") > 0);
    let log =
        Log::start(store.log(), Options { disk_reserve: u64::MAX, ..Options::default() }).expect("starts");
    let (sender, errors) = mpsc::channel();
    let appender = log.appender(Shard(0), Arc::new(Refused(Mutex::new(sender))));
    appender.append(text(Shard(0), 3)).expect("queued");
    assert!(matches!(errors.recv(), Ok(AppendError::DiskFull { reserve: u64::MAX, .. })));
    assert_eq!(log.read(Shard(0), Offset(0), 1 << 20).expect("reads").len(), 3);
}

#[test]
fn another_number_of_shards_is_refused_with_both() {
    let dir = tempfile::tempdir().expect("a directory");
    drop(open(dir.path()));
    let error = open_with(dir.path(), 64).err().expect("refused");
    assert!(matches!(error, OpenError::OtherShards { found: SHARDS, asked: 64, .. }));
    assert!(error.to_string().ends_with("was made with 4 shards and cannot be opened with 64"), "{error}");
}

#[test]
fn an_unknown_format_is_refused_with_both_versions() {
    let dir = tempfile::tempdir().expect("a directory");
    drop(open(dir.path()));
    {
        let columns = ["default", "log", "meta", "state", "history", "index"];
        let db = rocksdb::DB::open_cf(&rocksdb::Options::default(), dir.path(), columns).expect("opens");
        let meta = db.cf_handle("meta").expect("there");
        db.put_cf(meta, b"format", 7_u32.to_be_bytes()).expect("writes");
    }
    let error = open_with(dir.path(), SHARDS).err().expect("refused");
    assert!(error.to_string().ends_with("has format 7; this program knows format 2"), "{error}");
}

#[test]
fn one_process_at_a_time() {
    let dir = tempfile::tempdir().expect("a directory");
    let _held = open(dir.path());
    assert!(matches!(open_with(dir.path(), SHARDS), Err(OpenError::InUse { .. })));
}

fn flip(file: &mut File, at: u64) {
    let mut byte = [0];
    file.seek(SeekFrom::Start(at)).and_then(|_| file.read_exact(&mut byte)).expect("reads");
    byte[0] ^= 0xff;
    file.seek(SeekFrom::Start(at)).and_then(|_| file.write_all(&byte)).expect("writes");
}

fn copy_files(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).expect("a directory") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name");
        if name != "LOCK" && name != "linnet.lock" {
            std::fs::copy(&path, to.join(name)).expect("copies");
        }
    }
}
