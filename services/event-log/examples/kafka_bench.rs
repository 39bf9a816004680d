//! Measures the log on Kafka, by linger: time from append to acknowledgement, and processor time a record of all
//! threads of the log, the tail's included, for 200-byte records.
//! `cargo run --release -p event-log --example kafka_bench -- HOST:PORT,… COPIES [SHARDS]`

use bytes::Bytes;
use domain::{Shard, ShardCount};
use event_log::{AppendError, Appender, Log, Offset, Sink, kafka::Options};
use std::{
    collections::VecDeque,
    error::Error,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

const RECORD: [u8; 200] = [7; 200];
const FOR: Duration = Duration::from_secs(6);
/// On their way all the time where it is to be saturated.
const OPEN: u64 = 20_000;

/// When each record of one shard set out, and how many microseconds those that are back took.
#[derive(Default)]
struct Clock {
    open: Mutex<VecDeque<Instant>>,
    took: Mutex<Vec<u128>>,
    back: AtomicU64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Sink for Clock {
    fn appended(&self, _: Shard, _: Offset, count: u32) {
        let mut open = lock(&self.open);
        lock(&self.took).extend(open.drain(..count as usize).map(|since| since.elapsed().as_micros()));
        self.back.fetch_add(count.into(), Ordering::Release);
    }

    fn failed(&self, _: Shard, _: u32, error: &AppendError) {
        panic!("{error}");
    }
}

/// Appends to all shards in turn.
struct Lines {
    lines: Vec<(Appender, Arc<Clock>)>,
    sent: u64,
}

impl Lines {
    fn append(&mut self, count: u64) -> Result<(), Box<dyn Error>> {
        for _ in 0..count {
            let (line, clock) = &self.lines[usize::try_from(self.sent)? * 7 % self.lines.len()];
            lock(&clock.open).push_back(Instant::now());
            line.append(Bytes::from_static(&RECORD))?;
            self.sent += 1;
        }
        Ok(())
    }

    fn open(&self) -> u64 {
        self.sent - self.lines.iter().map(|(_, clock)| clock.back.load(Ordering::Acquire)).sum::<u64>()
    }

    fn wait(&self) {
        while self.open() > 0 {
            std::thread::sleep(Duration::from_micros(500));
        }
    }

    fn times(&self) -> Vec<u128> {
        let mut times: Vec<_> =
            self.lines.iter().flat_map(|(_, clock)| std::mem::take(&mut *lock(&clock.took))).collect();
        times.sort_unstable();
        times
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let brokers = arguments.next().ok_or("HOST:PORT,…")?;
    let replication = arguments.next().ok_or("COPIES")?.parse()?;
    let shards = ShardCount::new(arguments.next().map_or(Ok(64), |n| n.parse())?).ok_or("SHARDS")?;
    let prefix = format!("bench-{}", std::process::id());
    println!("linger ms | asked/s | done/s | p50 µs | p99 µs | CPU µs a record | records a run");
    for linger in [0, 1, 5].map(Duration::from_millis) {
        for rate in [Some(200), Some(2_000), None] {
            let options = Options { shards, replication, linger, ..Options::new(&brokers, &prefix, "bench") };
            let log = Log::connect(options)?;
            println!("{} | {}", linger.as_millis(), measure(&log, rate)?);
            log.close();
        }
    }
    Ok(())
}

/// At a rate, or with [`OPEN`] on their way all the time.
fn measure(log: &Log, rate: Option<u128>) -> Result<String, Box<dyn Error>> {
    let line = |shard| {
        let clock = Arc::<Clock>::default();
        (log.appender(shard, Arc::<Clock>::clone(&clock)), clock)
    };
    let mut lines = Lines { lines: log.shards().all().map(line).collect(), sent: 0 };
    lines.append(500)?;
    lines.wait();
    lines.times();
    let (since, cpu, runs, before) = (Instant::now(), cpu()?, log.syncs_total(), lines.sent);
    while since.elapsed() < FOR {
        let more = match rate {
            Some(rate) => {
                u64::try_from(since.elapsed().as_micros() * rate / 1_000_000)? - (lines.sent - before)
            }
            None => OPEN.saturating_sub(lines.open()),
        };
        lines.append(more)?;
        std::thread::sleep(Duration::from_micros(500));
    }
    lines.wait();
    let (sent, used) = (u128::from(lines.sent - before), self::cpu()?.saturating_sub(cpu).as_micros());
    let (times, done) = (lines.times(), sent * 1000 / since.elapsed().as_millis());
    Ok(format!(
        "{} | {done} | {} | {} | {}.{} | {}",
        rate.map_or("all".into(), |rate| rate.to_string()),
        times[times.len() / 2],
        times[times.len() * 99 / 100],
        used / sent,
        used * 10 / sent % 10,
        sent / u128::from(log.syncs_total() - runs).max(1),
    ))
}

/// Processor time of this process but for the thread that appends here, which does little else than look at clocks.
fn cpu() -> Result<Duration, Box<dyn Error>> {
    let mut total = 0;
    for task in std::fs::read_dir("/proc/self/task")? {
        let task = task?.path();
        if std::fs::read_to_string(task.join("comm"))?.trim() != "kafka_bench" {
            let stat = std::fs::read_to_string(task.join("schedstat"))?;
            total += stat.split(' ').next().unwrap_or_default().parse::<u64>()?;
        }
    }
    Ok(Duration::from_nanos(total))
}
