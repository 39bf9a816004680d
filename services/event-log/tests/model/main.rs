//! A model of claims, epochs and appends (DESIGN §1 rules 1–4, §7): the real [`event_log::Owner`] and
//! [`event_log::Validity`] gone through in every order of events, as far as the bounds below.
//!
//! Each check goes to the end: a promise is kept in every world within its bounds, not in those that time allowed. And
//! each promise is broken by a bug that is planted, so that none is kept by looking away. The numbers are in
//! `docs/decisions/2026-11-21-no-lease.md`.

mod node;
mod planted;
mod pool;
mod promises;

use planted::Planted;
use pool::{Bounds, Host, Pool};
use promises::{AGREED, CLAIMED, COUNTS, GAPLESS, KNOWN, ONCE, POSSIBLE, SERVED, WRITTEN};
use stateright::{Checker, HasDiscoveries, Model};

/// Two nodes that come back once after they lost the shard, and an append that fails or is unknown.
const TROUBLE: Bounds = Bounds { nodes: 2, takes: 2, facts: 1, troubles: 1, crashes: 0 };
/// The same without failures, with more to say.
const TURNS: Bounds = Bounds { nodes: 2, takes: 2, facts: 2, troubles: 0, crashes: 0 };
/// Two nodes with several facts on their way at once, and failures.
const TRAFFIC: Bounds = Bounds { nodes: 2, takes: 1, facts: 3, troubles: 2, crashes: 0 };
/// Three nodes at once, and a failure.
const CROWD: Bounds = Bounds { nodes: 3, takes: 1, facts: 1, troubles: 1, crashes: 0 };
/// A node is killed and comes back, what it had sent still under way.
const KILLED: Bounds = Bounds { nodes: 2, takes: 2, facts: 1, troubles: 0, crashes: 1 };
/// Standard Edition: nobody else, and a disk that fails twice.
const ALONE: Bounds = Bounds { nodes: 1, takes: 3, facts: 3, troubles: 2, crashes: 0 };

/// Goes every way, and wants every promise kept and these to be possible.
fn keeps_its_promises(name: &str, pool: Pool, possible: &[&str]) {
    let checker = pool.checker().threads(2).spawn_bfs().join();
    println!("{name}: {} worlds, at most {} steps", checker.unique_state_count(), checker.max_depth() - 1);
    let found = checker.discoveries();
    for wanted in possible {
        assert!(found.contains_key(wanted), "{name}: never found that {wanted}");
    }
    for (promise, path) in found {
        assert!(POSSIBLE.contains(&promise), "{name}: not true: {promise}:\n{:#?}", path.into_actions());
    }
}

fn sound(bounds: Bounds, host: Host) -> Pool {
    Pool { bounds, host, planted: None }
}

#[test]
fn two_nodes_fail_and_come_back() {
    keeps_its_promises("trouble", sound(TROUBLE, Host::Drops), &POSSIBLE);
}

#[test]
fn two_nodes_take_turns() {
    keeps_its_promises("turns", sound(TURNS, Host::Drops), &POSSIBLE);
}

#[test]
fn two_nodes_have_several_facts_on_their_way() {
    keeps_its_promises("traffic", sound(TRAFFIC, Host::Drops), &POSSIBLE);
}

#[test]
fn three_nodes_want_it_at_once() {
    keeps_its_promises("crowd", sound(CROWD, Host::Drops), &POSSIBLE);
}

#[test]
fn a_node_is_killed_and_comes_back() {
    keeps_its_promises("killed", sound(KILLED, Host::Drops), &POSSIBLE);
}

#[test]
fn what_failed_is_carried_and_appended_once() {
    keeps_its_promises("carried", sound(TROUBLE, Host::Carries), &POSSIBLE);
}

/// The desk of Standard Edition does not compare what it reads with what it carries. With nobody else it need not.
#[test]
fn alone_it_may_carry_blindly() {
    let pool = Pool { bounds: ALONE, host: Host::Carries, planted: Some(Planted::CarriesBlindly) };
    keeps_its_promises("alone", pool, &POSSIBLE[..1]);
}

#[test]
fn alone_it_may_drop_what_failed() {
    keeps_its_promises("alone, dropping", sound(ALONE, Host::Drops), &POSSIBLE[..1]);
}

#[test]
fn planted_bugs_are_caught() {
    let bugs = [
        (Planted::GapIsContiguous, TROUBLE, COUNTS),
        (Planted::GapIsContiguous, TROUBLE, AGREED),
        (Planted::GapIsNotRead, TROUBLE, SERVED),
        (Planted::HigherClaimIgnored, TROUBLE, COUNTS),
        (Planted::HigherClaimIgnored, TROUBLE, CLAIMED),
        (Planted::AcknowledgesBeforeReading, TROUBLE, COUNTS),
        (Planted::UnknownIsAppended, TROUBLE, WRITTEN),
        (Planted::OwnsUnread, TROUBLE, COUNTS),
        (Planted::LaterClaimWins, TROUBLE, COUNTS),
        (Planted::EpochForgotten, TROUBLE, KNOWN),
        (Planted::Holes, TRAFFIC, GAPLESS),
        (Planted::Twice, TRAFFIC, GAPLESS),
        (Planted::OffsetFromTheEnd, TURNS, WRITTEN),
        (Planted::OffsetFromTheEnd, TURNS, ONCE),
        (Planted::CarriesBlindly, TROUBLE, WRITTEN),
    ];
    for (planted, bounds, promise) in bugs {
        let host = if planted == Planted::CarriesBlindly { Host::Carries } else { Host::Drops };
        let until = HasDiscoveries::AnyOf([promise].into());
        let pool = Pool { bounds, host, planted: Some(planted) };
        let checker = pool.checker().finish_when(until).spawn_bfs().join();
        let path = checker.discovery(promise);
        let path = path.unwrap_or_else(|| panic!("{planted:?} does not break: {promise}"));
        println!("{planted:?}: not true: {promise}: {:?}", path.into_actions());
    }
}
