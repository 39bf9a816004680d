//! A pool in simulation (DESIGN section 7): the real machines of users, conversations, owners, ownership and sessions, around
//! them the least that hosts do, under a seeded scheduler. No threads, clock or sockets: the same seed, the same world.
//!
//! `docs/simulation.md` says how to read and repeat it.

mod check;
mod desk;
mod device;
mod disk;
mod entity;
mod faults;
mod links;
mod log;
mod node;
mod planted;
mod random;
mod session;
mod snapshot;
mod take;
mod world;

use check::live;
use planted::Planted;

/// Worlds that `make test` goes through.
const WORLDS: u64 = 3_000;
/// A planted bug must show in one of so many worlds.
const PLANTED_WORLDS: u64 = 600;
/// Lines of a trace that a failing world prints.
const LINES: usize = 120;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// Says what is wrong with a world, and how to see it again.
fn report(seed: u64, wrong: &[String]) -> String {
    let (again, world) = live(seed, None, true);
    let mut text = format!("world {seed}: {wrong:#?}\n");
    assert_eq!(again, wrong, "the same seed is the same world");
    let lines: Vec<&String> = world.traced().collect();
    let from = lines.len().saturating_sub(
        number("LINNET_LINES").map_or(LINES, |lines| usize::try_from(lines).unwrap_or(LINES)),
    );
    lines[from..].iter().for_each(|line| text.push_str(&format!("{line}\n")));
    if number("LINNET_RECORDS").is_some() {
        world.records().iter().for_each(|line| text.push_str(&format!("{line}\n")));
    }
    text + &format!("again: LINNET_SEED={seed} cargo test -p tests --test simulation pools\n")
}

#[test]
fn pools_lose_nothing() {
    let seeds = match number("LINNET_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("LINNET_WORLDS").unwrap_or(WORLDS),
    };
    let (mut steps, mut failed) = (0, Vec::new());
    let count = seeds.end - seeds.start;
    for seed in seeds {
        let (wrong, world) = live(seed, None, false);
        steps += world.steps;
        if !wrong.is_empty() {
            failed.push((seed, wrong));
        }
    }
    println!("{count} worlds, {steps} steps");
    if let Some((seed, wrong)) = failed.first() {
        let firsts: Vec<String> =
            failed.iter().map(|(seed, wrong)| format!("{seed}: {}", wrong[0])).collect();
        panic!("{}\n{} worlds fail:\n{}", report(*seed, wrong), firsts.len(), firsts.join("\n"));
    }
}

#[test]
fn the_same_seed_is_the_same_world() {
    for seed in 0..5 {
        let digests = [0, 1].map(|_| live(seed, None, false).1.digest);
        assert_eq!(digests[0], digests[1], "{seed}");
    }
}

#[test]
fn planted_bugs_are_caught() {
    for planted in Planted::ALL {
        let caught = (0..PLANTED_WORLDS).find_map(|seed| {
            let (wrong, _) = live(seed, Some(planted), false);
            (!wrong.is_empty()).then_some((seed, wrong))
        });
        let Some((seed, wrong)) = caught else {
            panic!("{planted:?} is not caught in {PLANTED_WORLDS} worlds")
        };
        println!("{planted:?} is caught in world {seed}: {}", wrong[0]);
    }
}
