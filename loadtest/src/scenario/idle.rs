//! Idle sessions: users who are signed in and available and say nothing. What does one cost in memory?
//!
//! A few users come and go first, so that what a server loads once is not counted.

use std::rc::Rc;
use std::time::Duration;

use super::{Quiet, SETTLE, Stage, real};
use crate::cli::IdleArgs;
use crate::crowd::{Crowd, From};
use crate::report::Report;
use crate::session::Ear;
use crate::trouble::Trouble;

/// How many users come and go before memory is measured.
const WARM_UP: usize = 50;

/// Plays the scenario.
pub(crate) async fn run(args: &IdleArgs) -> Result<Report, Trouble> {
    let stage = Stage::new(&args.run)?;
    let ear: Rc<dyn Ear> = Rc::new(Quiet { available: true });
    let few = 0..stage.users.min(WARM_UP);
    Crowd::sign_in(&stage.target, few, stage.at_once, From::Connecting, &ear).await?.sign_out().await?;
    tokio::time::sleep(SETTLE).await;
    let before = stage.server.usage();
    let crowd = stage.crowd(&ear).await?;
    tokio::time::sleep(SETTLE).await;
    let meter = stage.meter();
    tokio::time::sleep(Duration::from_secs(args.seconds)).await;
    let spent = meter.read();
    let after = stage.server.usage();
    let mut report = stage.report(format!("idle {}", stage.users));
    if let Some((before, after)) = before.zip(after) {
        let grown = after.rss_kib.saturating_sub(before.rss_kib);
        report.add("memory per session", "KiB", real(grown) / real(stage.users as u64));
        report.add("memory before", "KiB", real(before.rss_kib));
        report.add("memory after", "KiB", real(after.rss_kib));
        spent.add_cpu(&mut report, "CPU per session", stage.users as u64);
    }
    crowd.sign_out().await?;
    Ok(report)
}
