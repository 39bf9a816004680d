//! Measures the embedded log on `RocksDB`: the writer's processor time for a record at set rates, for 64
//! shards and 200-byte records. `cargo run --release -p store --example log_bench -- [DIR] [SECONDS]`

use bytes::Bytes;
use domain::{Shard, ShardCount};
use event_log::{AppendError, Log, Offset, Options, Sink};
use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use store::Store;

#[derive(Default)]
struct Counter {
    done: AtomicU64,
    failed: AtomicU64,
}

impl Sink for Counter {
    fn appended(&self, _: Shard, _: Offset, count: u32) {
        self.done.fetch_add(count.into(), Ordering::Relaxed);
    }

    fn failed(&self, _: Shard, count: u32, _: &AppendError) {
        self.failed.fetch_add(count.into(), Ordering::Relaxed);
    }
}

/// Processor time of the log's writer, in microseconds.
fn processor_time() -> Result<f64, Box<dyn std::error::Error>> {
    let mut total = 0.0;
    for task in std::fs::read_dir("/proc/self/task")? {
        let task = task?.path();
        if std::fs::read_to_string(task.join("comm"))?.trim() == "log-writer" {
            let stat = std::fs::read_to_string(task.join("schedstat"))?;
            total += stat.split(' ').next().unwrap_or_default().parse::<f64>()?;
        }
    }
    Ok(total / 1000.0)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let given = args.next().map(PathBuf::from);
    let seconds: u64 = args.next().map_or(Ok(4), |s| s.parse())?;
    let own = std::env::temp_dir().join(format!("linnet-log-bench-{}", std::process::id()));
    let directory = given.unwrap_or(own);
    let shards = ShardCount::DEFAULT;
    println!(
        "{:>9}  {:>9}  {:>8}  {:>10}  {:>12}",
        "asked/s", "done/s", "syncs/s", "us/record", "records/sync"
    );
    for rate in [500, 2_000, 20_000, 100_000] {
        let store = Store::open(&directory.join(rate.to_string()), store::Options { shards })?;
        let log = Log::start(store.log(), Options { disk_reserve: 0, ..Options::default() })?;
        let counter = Arc::new(Counter::default());
        let appenders: Vec<_> = shards.all().map(|shard| log.appender(shard, counter.clone())).collect();
        let record = Bytes::from(vec![b'x'; 200]);
        let (begin, before) = (Instant::now(), processor_time()?);
        let mut sent = 0_u64;
        while begin.elapsed() < Duration::from_secs(seconds) {
            let due = u64::try_from(begin.elapsed().as_micros())? * rate / 1_000_000;
            for index in sent..due {
                appenders[usize::try_from(index.wrapping_mul(7919) % 64)?].append(record.clone())?;
            }
            sent = sent.max(due);
            std::thread::sleep(Duration::from_micros(500));
        }
        while counter.done.load(Ordering::Relaxed) < sent {
            std::thread::yield_now();
        }
        let (took, used) = (begin.elapsed().as_secs_f64(), processor_time()? - before);
        log.close();
        let done = counter.done.load(Ordering::Relaxed);
        assert_eq!((done, counter.failed.load(Ordering::Relaxed)), (sent, 0));
        #[allow(clippy::cast_precision_loss, reason = "for showing")]
        let (done, syncs) = (done as f64, log.syncs_total() as f64);
        println!(
            "{rate:>9}  {:>9.0}  {:>8.0}  {:>10.2}  {:>12.1}",
            done / took,
            syncs / took,
            used / done,
            done / syncs
        );
    }
    std::fs::remove_dir_all(&directory)?;
    Ok(())
}
