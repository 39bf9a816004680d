//! kill -9 in a loop while people talk: everything that was acknowledged is delivered, once after doubles are dropped by
//! their id, in the order in which it was said, and is found in the history.
//!
//! `LINNET_CRASH_ROUNDS` rounds, 100 unless set; the counts are printed.

mod talk;

use std::{
    collections::{BTreeMap, HashSet},
    env,
    io::Write as _,
    thread,
    time::{Duration, Instant},
};
use talk::{Heard, Reader, Sender};
use tests::Server;

/// Pairs of people who talk at the same time.
const PAIRS: usize = 3;
const ROUNDS: u32 = 100;

#[test]
fn nothing_acknowledged_is_lost_or_doubled_or_out_of_order() {
    let rounds = env::var("LINNET_CRASH_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(ROUNDS);
    let began = Instant::now();
    let mut server = Server::start(&["--log", "warn"]);
    let names = |role: &str| (0..PAIRS).map(|n| format!("{role}{n}")).collect::<Vec<_>>();
    server.add_users(&[names("sender"), names("reader")].concat());
    let mut pairs: Vec<Pair> = (0..PAIRS).map(|n| Pair::new(&server, n)).collect();
    for round in 0..rounds {
        // Anywhere between signing in and the middle of the talk.
        let life = Duration::from_millis(u64::from(round * 37 % 300) + 20);
        thread::scope(|scope| {
            let running: Vec<_> = pairs.iter_mut().map(|pair| scope.spawn(|| pair.talk(life))).collect();
            thread::sleep(life);
            server.kill();
            running.into_iter().for_each(|talk| talk.join().expect("no talk panics"));
        });
        server.restart();
        pairs.iter_mut().for_each(|pair| pair.moved(&server));
    }
    let mut total = Counts::default();
    for pair in &mut pairs {
        pair.finish();
        total.add(&pair.check().unwrap_or_else(|problem| panic!("{problem}\n{}", server.log())));
    }
    // Not by `println!`, which a test that passes keeps to itself.
    let seconds = began.elapsed().as_secs_f64();
    let _ = writeln!(std::io::stderr(), "crash: {rounds} rounds in {seconds:.0} s; {total}");
    assert!(total.acknowledged > u64::from(rounds), "hardly anything was said: {total}");
}

/// One who says numbers and one who hears them.
struct Pair {
    sender: Sender,
    reader: Reader,
}

impl Pair {
    fn new(server: &Server, n: usize) -> Self {
        let (sender, reader) = (format!("sender{n}"), format!("reader{n}"));
        Self { sender: Sender::new(server, &sender, &reader), reader: Reader::new(server, &reader) }
    }

    fn moved(&mut self, server: &Server) {
        self.sender.moved(server);
        self.reader.moved(server);
    }

    /// Both at once, until the server is gone.
    fn talk(&mut self, life: Duration) {
        let until = Instant::now() + life + Duration::from_secs(20);
        thread::scope(|scope| {
            let reading = scope.spawn(|| self.reader.read(until));
            self.sender.say(until);
            reading.join().expect("reading does not panic");
        });
    }

    /// The server stays up: what is still open is said again and acknowledged, and everything is heard.
    fn finish(&mut self) {
        self.sender.settle();
        self.reader.hear_up_to(&self.sender.acknowledged);
    }

    fn check(&mut self) -> Result<Counts, String> {
        let history = self.reader.history();
        let (acknowledged, heard) = (&self.sender.acknowledged, &self.reader.heard);
        let once = without_doubles(heard);
        let numbers: Vec<u64> = once.iter().map(|heard| heard.number).collect();
        let unique: HashSet<u64> = numbers.iter().copied().collect();
        if unique.len() < numbers.len() {
            return Err("the same message came under two ids".to_owned());
        }
        if let Some(fall) = first_fall(&numbers) {
            return Err(format!("out of order: {fall:?}"));
        }
        let kept: BTreeMap<u64, &str> =
            history.iter().map(|heard| (heard.number, heard.id.as_str())).collect();
        if kept.len() < history.len() || !history.is_sorted_by_key(|heard| heard.number) {
            return Err("the history holds something twice or out of order".to_owned());
        }
        let lost: Vec<u64> = acknowledged.iter().copied().filter(|number| !unique.contains(number)).collect();
        if !lost.is_empty() {
            let found = lost.iter().filter(|number| kept.contains_key(number)).count();
            let said = self.sender.said();
            return Err(format!(
                "of {said}, acknowledged and never delivered: {lost:?}; in the history: {found}"
            ));
        }
        if let Some(heard) = once.iter().find(|heard| kept.get(&heard.number) != Some(&heard.id.as_str())) {
            return Err(format!("{} is not in the history under its id", heard.number));
        }
        Ok(Counts {
            said: self.sender.said(),
            acknowledged: acknowledged.len() as u64,
            delivered: once.len() as u64,
            doubles: (heard.len() - once.len()) as u64,
            kept: history.len() as u64,
        })
    }
}

/// The first of each id, as a client shows it.
fn without_doubles(heard: &[Heard]) -> Vec<&Heard> {
    let mut seen = HashSet::new();
    heard.iter().filter(|heard| seen.insert(&heard.id)).collect()
}

fn first_fall(numbers: &[u64]) -> Option<(u64, u64)> {
    numbers.windows(2).find(|pair| pair[0] >= pair[1]).map(|pair| (pair[0], pair[1]))
}

#[derive(Default)]
struct Counts {
    said: u64,
    acknowledged: u64,
    delivered: u64,
    doubles: u64,
    kept: u64,
}

impl Counts {
    fn add(&mut self, other: &Self) {
        self.said += other.said;
        self.acknowledged += other.acknowledged;
        self.delivered += other.delivered;
        self.doubles += other.doubles;
        self.kept += other.kept;
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} said, {} acknowledged, {} delivered ({} more came a second time and were known by their id), {} in the \
             history; none lost, none out of order",
            self.said, self.acknowledged, self.delivered, self.doubles, self.kept
        )
    }
}
