//! kill -9 of a process that appends: everything that it had acknowledged is there. In a test binary of its own, since a
//! child that is being started holds the files of its parent for a moment, another test's database among them.

use bytes::Bytes;
use domain::{Shard, ShardCount};
use event_log::{AppendError, Log, Medium, Offset, Options, Sink};
use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Command, Stdio},
    sync::{Arc, Mutex},
};
use store::Store;

const SHARDS: u16 = 4;

fn open(path: &Path) -> Store {
    Store::open(path, store::Options { shards: ShardCount::new(SHARDS).expect("not zero") }).expect("opens")
}

fn text(shard: Shard, number: u64) -> Bytes {
    format!("shard {} record {number} {}", shard.0, "x".repeat(200)).into()
}

/// Prints each acknowledged run as it hears of it.
struct Print(Mutex<std::io::Stdout>);

impl Sink for Print {
    fn appended(&self, shard: Shard, first: Offset, count: u32) {
        let mut out = self.0.lock().expect("not poisoned");
        writeln!(out, "{} {} {count}", shard.0, first.0).and_then(|()| out.flush()).expect("prints");
    }

    fn failed(&self, _: Shard, _: u32, error: &AppendError) {
        panic!("{error}");
    }
}

/// Not a test by itself: what the kill -9 test runs in a process of its own.
#[test]
fn child_appends_until_it_is_killed() {
    let Some(path) = std::env::var_os("LINNET_TEST_APPEND_TO") else {
        return;
    };
    let log = Log::start(open(Path::new(&path)).log(), Options { disk_reserve: 0, ..Options::default() })
        .expect("starts");
    let print = Arc::new(Print(Mutex::new(std::io::stdout())));
    let shards: Vec<_> = log.shards().all().map(|s| (log.appender(s, print.clone()), log.end(s).0)).collect();
    for round in 0.. {
        for (appender, end) in &shards {
            let _ = appender.append(text(appender.shard(), end + round));
        }
        // A few rounds ahead of the disk, no more.
        let (first, end) = &shards[0];
        while log.end(first.shard()).0 + 8 < end + round {
            std::thread::yield_now();
        }
    }
}

#[test]
fn what_was_acknowledged_survives_kill_9() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut acknowledged = [0_u64; SHARDS as usize];
    for round in 0..20 {
        let mut child = Command::new(std::env::current_exe().expect("this"))
            .args(["--exact", "child_appends_until_it_is_killed", "--nocapture", "--test-threads=1"])
            .env("LINNET_TEST_APPEND_TO", dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut hear = |line: String| {
            let numbers: Vec<u64> = line.split(' ').filter_map(|n| n.parse().ok()).collect();
            if let [shard, first, count] = numbers[..] {
                let end = &mut acknowledged[usize::try_from(shard).expect("small")];
                assert!(*end <= first, "an offset was given twice");
                *end = first + count;
            }
        };
        for line in lines.by_ref().take(20 + round * 7) {
            hear(line.expect("a line"));
        }
        child.kill().expect("killed");
        // What it had said before, too.
        lines.map_while(Result::ok).for_each(&mut hear);
        child.wait().expect("gone");
        check(dir.path(), acknowledged);
    }
    assert!(acknowledged.iter().all(|end| *end > 0), "{acknowledged:?}");
}

/// Every acknowledged record is there, and what it was.
fn check(path: &Path, acknowledged: [u64; SHARDS as usize]) {
    let store = open(path);
    let log = store.log();
    for (shard, acknowledged) in log.shards().all().zip(acknowledged) {
        let end = log.end(shard).expect("reads");
        assert!(end.0 >= acknowledged, "shard {} has {end} of {acknowledged}", shard.0);
        let mut next = Offset(0);
        while next < end {
            for (offset, record) in log.read(shard, next, 1 << 20).expect("reads") {
                assert_eq!(record, text(shard, offset.0));
                next = offset.plus(1);
            }
        }
    }
}
