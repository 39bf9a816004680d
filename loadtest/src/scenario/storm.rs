//! The storm: all users come back at once, each fetches its roster and becomes available; it is over when every
//! user has seen every contact.
//!
//! They come once before, slowly: that shows that the contacts are there, and fills the generator's SCRAM keys.

use std::rc::Rc;

use super::audience::{Audience, Circle};
use super::{SETTLE, Stage};
use crate::cli::StormArgs;
use crate::crowd::{Crowd, From};
use crate::report::Report;
use crate::session::Ear;
use crate::trouble::Trouble;

/// Plays the scenario.
pub(crate) async fn run(args: &StormArgs) -> Result<Report, Trouble> {
    let stage = Stage::new(&args.run)?;
    let circle = Circle::new(stage.target.first, stage.users, args.contacts.contacts)?;
    gather(&stage, circle).await?;
    tokio::time::sleep(SETTLE).await;

    let audience = Rc::new(Audience::new(circle));
    let ear: Rc<dyn Ear> = Rc::clone(&audience) as _;
    let meter = stage.meter();
    let crowd = Crowd::sign_in(&stage.target, 0..stage.users, stage.at_once, From::AllAtOnce, &ear).await?;
    let signed_in = meter.read();
    crowd.wait_until(stage.wait, || audience.missing() == 0).await?;
    let spent = meter.read();

    let users = stage.users as u64;
    let mut report = stage.report(format!("storm {users} × {} contacts", circle.contacts));
    report.add("all back", "s", spent.wall.as_secs_f64());
    report.add("all signed in", "s", signed_in.wall.as_secs_f64());
    spent.add_cpu(&mut report, "CPU per user", users);
    report.measures.extend(crowd.latency.measures("waited for sign-in"));
    report.stale = audience.missing() as u64;
    crowd.sign_out().await?;
    Ok(report)
}

/// All come, at an even pace, and go.
async fn gather(stage: &Stage, circle: Circle) -> Result<(), Trouble> {
    let audience = Rc::new(Audience::new(circle));
    let ear: Rc<dyn Ear> = Rc::clone(&audience) as _;
    let crowd = stage.crowd(&ear).await?;
    crowd.wait_until(stage.wait, || audience.missing() == 0).await?;
    audience.trouble().map_or(Ok(()), Err)?;
    crowd.sign_out().await
}
