//! The scenarios played against a small relay in this process: an honest one passes, and one that loses, repeats or
//! swaps messages is found out.

mod relay;

use std::future::Future;
use std::time::Duration;

use clap::Parser as _;

use crate::cli::{Cli, Command};
use crate::measure::tracker::Tally;
use crate::report::Report;
use crate::scenario;
use crate::trouble::Trouble;
use relay::{Fault, Relay};

/// Plays a scenario against a relay.
fn play(fault: Fault, flags: &[&str]) -> Result<Report, Trouble> {
    block_on(async {
        let address = Relay::start(fault).await.to_string();
        let common = ["--target", &address, "--wait", "1", "--password", relay::PASSWORD];
        let cli = Cli::parse_from([&["loadtest"], flags, &common].concat());
        match cli.command {
            Command::Im(args) => scenario::im::run(&args).await,
            Command::SignIn(args) => scenario::sign_in::run(&args).await,
            Command::Storm(args) => scenario::storm::run(&args).await,
            Command::Presence(args) => scenario::presence::run(&args).await,
            Command::Conference(args) => scenario::conference::run(&args).await,
            _ => unreachable!("no other scenario is rehearsed"),
        }
    })
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, async {
        tokio::time::timeout(Duration::from_mins(1), future).await.expect("a rehearsal ends")
    })
}

fn value(report: &Report, name: &str) -> f64 {
    report.measures.iter().find(|measure| measure.name == name).unwrap_or_else(|| panic!("no {name}")).value
}

const IM: [&str; 9] = ["im", "--users", "4", "--rate", "100", "--seconds", "1", "--warm-up", "0"];

#[test]
fn an_honest_relay_passes() {
    let report = play(Fault::None, &IM).unwrap();
    assert_eq!(report.tally, Tally { delivered: 100, ..Tally::default() });
    assert!(report.passed());
    assert!(value(&report, "delivered p50") <= value(&report, "delivered max"));
    assert!(value(&report, "IM") > 50.0);
}

#[test]
fn saturation_needs_no_timetable() {
    let report = play(Fault::None, &[&IM[..], &["--saturate", "4"]].concat()).unwrap();
    assert!(report.passed() && report.tally.delivered > 200, "{:?}", report.tally);
}

#[test]
fn lost_messages_fail_the_run() {
    let report = play(Fault::Lose, &IM).unwrap();
    assert_eq!((report.tally.lost, report.tally.duplicated, report.tally.out_of_order), (10, 0, 0));
    assert!(!report.passed());
}

#[test]
fn repeated_messages_fail_the_run() {
    let report = play(Fault::Repeat, &IM).unwrap();
    assert_eq!((report.tally.lost, report.tally.duplicated, report.tally.out_of_order), (0, 10, 0));
    assert!(!report.passed());
}

#[test]
fn swapped_messages_fail_the_run() {
    let report = play(Fault::Hold, &IM).unwrap();
    assert!(report.tally.out_of_order > 0 && report.tally.duplicated == 0, "{:?}", report.tally);
    assert!(!report.passed());
}

#[test]
fn a_dropped_session_is_trouble() {
    let trouble = play(Fault::Drop, &IM).unwrap_err();
    assert!(matches!(trouble, Trouble::Dropped(..)), "{trouble}");
}

#[test]
fn sign_ins_are_counted_with_both_mechanisms() {
    for mechanism in ["scram-sha1", "scram-sha256"] {
        let report = play(Fault::None, &["sign-in", "--users", "6", "--mechanism", mechanism]).unwrap();
        assert!(value(&report, "sign-ins") > 0.0);
        assert!(value(&report, "sign-in max") > 0.0);
    }
}

#[test]
fn a_wrong_password_names_its_flag() {
    let result = block_on(async {
        let address = Relay::start(Fault::None).await.to_string();
        let flags = ["loadtest", "sign-in", "--users", "1", "--target", &address, "--password", "wrong"];
        match Cli::parse_from(flags).command {
            Command::SignIn(args) => scenario::sign_in::run(&args).await,
            _ => unreachable!("the command is sign-in"),
        }
    });
    assert!(result.unwrap_err().to_string().contains("--password"));
}

#[test]
fn presence_and_storm_reach_all_watchers() {
    let flags = ["--users", "5", "--contacts", "4"];
    let timed = ["--rate", "60", "--seconds", "1", "--warm-up", "0"];
    let report = play(Fault::None, &[&["presence"], &flags[..], &timed[..]].concat()).unwrap();
    assert!(report.passed());
    assert_eq!(report.tally.delivered, 60 * 4);
    assert!(play(Fault::None, &[&["storm"], &flags[..]].concat()).unwrap().passed());
}

#[test]
fn conferences_deliver_to_every_occupant() {
    let flags = ["--users", "6", "--occupants", "3", "--rate", "60", "--seconds", "1", "--warm-up", "0"];
    let report = play(Fault::None, &[&["conference"], &flags[..]].concat()).unwrap();
    assert!(report.passed());
    assert_eq!(report.tally.delivered, 60 * 3);
}
