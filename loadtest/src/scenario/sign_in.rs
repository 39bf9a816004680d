//! Sign-ins: all users, so many at a time, from TCP connect to stream management enabled.
//!
//! They sign in twice and the second time is measured: in the first the generator derives its SCRAM keys.

use std::rc::Rc;

use super::{Quiet, SETTLE, Stage};
use crate::cli::SignInArgs;
use crate::report::Report;
use crate::session::Ear;
use crate::trouble::Trouble;

/// Plays the scenario.
pub(crate) async fn run(args: &SignInArgs) -> Result<Report, Trouble> {
    let stage = Stage::new(&args.run)?;
    let ear: Rc<dyn Ear> = Rc::new(Quiet { available: false });
    stage.crowd(&ear).await?.sign_out().await?;
    tokio::time::sleep(SETTLE).await;
    let meter = stage.meter();
    let crowd = stage.crowd(&ear).await?;
    let spent = meter.read();
    let count = crowd.sessions.len() as u64;
    let mut report = stage.report(format!("sign-in {count}"));
    report.add("sign-ins", "/s", spent.rate(count));
    spent.add_cpu(&mut report, "CPU per sign-in", count);
    report.measures.extend(crowd.latency.measures("sign-in"));
    crowd.sign_out().await?;
    Ok(report)
}
