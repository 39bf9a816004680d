//! A storm over a pool of real processes: people talk, in pairs and in conferences, and watch each other's presence,
//! while nodes and brokers are killed, stopped, restarted, and shards are moved. A checker that was no part of it then
//! reads what they wrote down, their histories and the log: nothing that was acknowledged is lost, nothing came twice or
//! out of order, and everybody's presence is true.
//!
//! `LINNET_CHAOS_MINUTES` (a short storm unless set), `LINNET_CHAOS_SEED`, `LINNET_CHAOS_PEOPLE`, `LINNET_CHAOS_OPTIONS`
//! (of the nodes), `LINNET_CHAOS_FAULTS` (those that come first: `kill,pause,roll,kill-broker,pause-broker,
//! restart-brokers,move`), and `LINNET_CHAOS_REPORT`, a file for the times as JSON.

mod board;
mod check;
mod history;
mod log;
mod moved;
mod person;
mod records;
mod shards;
mod storm;
mod times;

use board::{Board, Chance, Phase};
use person::{Part, Person};
use records::{Place, Records, name};
use shards::Shards;
use std::{
    env, fs,
    io::Write as _,
    str::FromStr,
    sync::Arc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};
use storm::{Fault, Storm};
use tests::Server;

const NODES: usize = 3;
const BROKERS: u16 = 3;
/// As [`Server::start_pool`] starts nodes.
pub(crate) const SHARDS: u16 = 16;
const PEOPLE: usize = 120;
/// These talk all the time; by them it is seen how long nothing came.
const LIVELY: usize = 24;
const CONFERENCES: usize = 3;
/// In each conference.
const OCCUPANTS: usize = 8;
/// The short storm.
const SHORT: [Fault; 6] =
    [Fault::Move, Fault::KillNode, Fault::KillBroker, Fault::Move, Fault::PauseNode(10), Fault::KillNode];
/// For the end of a phase.
const PATIENCE: Duration = Duration::from_secs(40);

#[test]
fn nothing_is_lost_doubled_or_out_of_order_in_a_storm() {
    let seed = setting("LINNET_CHAOS_SEED").unwrap_or(1);
    let people = setting("LINNET_CHAOS_PEOPLE").unwrap_or(PEOPLE);
    let length = Duration::from_secs(60 * setting::<u64>("LINNET_CHAOS_MINUTES").unwrap_or(0));
    let options = env::var("LINNET_CHAOS_OPTIONS").unwrap_or_else(|_| "--log warn".to_owned());
    let options: Vec<&str> = options.split(' ').collect();
    let mut server = Server::start_pool(NODES, BROKERS, &options);
    Shards::wait_until_calm(&server);
    server.add_users(&(0..people).map(name).collect::<Vec<_>>());
    let nodes = (0..NODES).map(|node| Some(server.ports_of(node))).collect();
    let board = Arc::new(Board::new(people, nodes));
    let running: Vec<JoinHandle<Records>> = (0..people)
        .map(|person| {
            let person = Person::new(part(person, people), &server, Arc::clone(&board), seed);
            thread::spawn(move || person.live())
        })
        .collect();
    let mut storm = Storm {
        server: &mut server,
        board: &board,
        chance: Chance::new(seed),
        brokers: BROKERS,
        done: Vec::new(),
    };
    storm.say(&format!("seed {seed}, {people} people come"));
    wait(&board, PATIENCE, "did not come", storm.server);
    board.enter(Phase::Talk);
    storm.say("they talk");
    storm.rage(&faults(length), Instant::now() + length);
    storm.say("the storm is over, they come to an end");
    let mut unsettled = Vec::new();
    for phase in [Phase::Settle, Phase::Show] {
        board.enter(phase);
        if let Err(left) = board.wait(PATIENCE) {
            storm.say(&format!("in {phase:?} these are not done: {left:?}"));
            unsettled.push(format!("{phase:?}: {left:?} are not done"));
        }
    }
    board.enter(Phase::Leave);
    let done = std::mem::take(&mut storm.done);
    storm.say("they are gone, the checker reads");
    let people: Vec<Records> =
        running.into_iter().map(|person| person.join().expect("nobody panics")).collect();
    let log = log::said(&server).unwrap_or_else(|problem| panic!("{problem}"));
    let verdict = check::check(&people, &log);
    let rows = times::measure(&people, &done);
    report(&people, &verdict, &rows);
    assert!(
        verdict.problems.is_empty() && unsettled.is_empty(),
        "seed {seed}: {verdict}\n{}\n{}",
        unsettled.join("\n"),
        server.log()
    );
}

/// Those that come first.
fn faults(length: Duration) -> Vec<Fault> {
    match env::var("LINNET_CHAOS_FAULTS") {
        Ok(names) => {
            let fault = |word: &str| Fault::named(word).unwrap_or_else(|| panic!("there is no fault {word}"));
            names.split(',').map(fault).collect()
        }
        Err(_) if length.is_zero() => SHORT.to_vec(),
        Err(_) => Vec::new(),
    }
}

fn setting<T: FromStr>(name: &str) -> Option<T> {
    env::var(name).ok()?.parse().ok()
}

fn wait(board: &Board, patience: Duration, problem: &str, server: &Server) {
    if let Err(left) = board.wait(patience) {
        panic!("{problem}: {left:?}\n{}", server.log());
    }
}

/// What each does: neighbours talk in pairs, and the first of the quiet ones meet in conferences, too.
fn part(person: usize, people: usize) -> Part {
    let lively = person < LIVELY;
    let mut places = vec![Place::Person(person ^ 1)];
    let mut reads = None;
    if let Some(seat) = person.checked_sub(LIVELY).filter(|seat| *seat < CONFERENCES * OCCUPANTS) {
        let conference = seat % CONFERENCES;
        places.push(Place::Conference(conference));
        reads = (seat < CONFERENCES).then_some(conference);
    }
    let contacts: Vec<usize> =
        [1, 2, people - 1, people - 2].iter().map(|step| (person + step) % people).collect();
    let goes = |person: &usize| person % 10 == 9;
    Part {
        person,
        places,
        pace: Duration::from_millis(if lively { 300 } else { 3000 }),
        gone: contacts.iter().copied().filter(goes).collect(),
        contacts,
        goes: goes(&person),
        reads,
    }
}

/// Not by `println!`, which a test that passes keeps to itself.
fn report(people: &[Records], verdict: &check::Verdict, rows: &[times::Row]) {
    let sum = |count: fn(&Records) -> u64| people.iter().map(count).sum::<u64>();
    let mut refusals = std::collections::BTreeMap::<&str, u64>::new();
    for (condition, count) in people.iter().flat_map(|person| &person.refusals) {
        *refusals.entry(condition).or_default() += count;
    }
    let text = format!(
        "chaos: {} sessions signed in, {} resumed; refused and said again: {refusals:?}\nchaos: {verdict}{}",
        sum(|person| person.signed_in),
        sum(|person| person.resumed),
        times::table(rows)
    );
    let _ = writeln!(std::io::stderr(), "{text}");
    if let Some(path) = env::var_os("LINNET_CHAOS_REPORT") {
        fs::write(path, format!("{:#}\n", times::as_json(rows))).expect("the report can be written");
    }
}
