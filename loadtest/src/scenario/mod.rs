//! The scenarios, a file each, and the stage that they share: the server, its processes and the crowd.

pub(crate) mod audience;
pub(crate) mod conference;
pub(crate) mod idle;
pub(crate) mod im;
pub(crate) mod presence;
pub(crate) mod sign_in;
pub(crate) mod storm;

use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::cli::RunArgs;
use crate::crowd::{Crowd, From};
use crate::measure::server::{ServerProcesses, Usage};
use crate::report::Report;
use crate::session::{Ear, Session};
use crate::target::Target;
use crate::trouble::Trouble;
use crate::wire::stanza::Stanza;

/// How long a server is left alone between phases, so that one does not pay for the other.
const SETTLE: Duration = Duration::from_secs(2);

/// What every scenario plays on.
pub(crate) struct Stage {
    target: Rc<Target>,
    server: ServerProcesses,
    users: usize,
    at_once: usize,
    wait: Duration,
    label: String,
}

impl Stage {
    /// Checks the flags and sets the stage.
    fn new(run: &RunArgs) -> Result<Self, Trouble> {
        Ok(Self {
            target: Rc::new(Target::new(&run.server)?),
            server: ServerProcesses::new(&run.server_pid)?,
            users: run.server.users,
            at_once: run.server.at_once,
            wait: Duration::from_secs(run.wait),
            label: run.label.clone(),
        })
    }

    /// Signs all users in, each timed by itself.
    async fn crowd(&self, ear: &Rc<dyn Ear>) -> Result<Crowd, Trouble> {
        Crowd::sign_in(&self.target, 0..self.users, self.at_once, From::Connecting, ear).await
    }

    fn report(&self, scenario: String) -> Report {
        Report::new(&self.label, scenario)
    }

    /// Starts to count what the server uses.
    fn meter(&self) -> Meter<'_> {
        Meter { server: &self.server, begun: Instant::now(), usage: self.server.usage() }
    }
}

/// Counts from its making on.
struct Meter<'a> {
    server: &'a ServerProcesses,
    begun: Instant,
    usage: Option<Usage>,
}

/// What was used meanwhile.
struct Spent {
    wall: Duration,
    cpu: Option<Duration>,
}

impl Meter<'_> {
    fn read(&self) -> Spent {
        let wall = self.begun.elapsed();
        let cpu = self.usage.zip(self.server.usage()).map(|(from, to)| to.cpu.saturating_sub(from.cpu));
        Spent { wall, cpu }
    }
}

impl Spent {
    /// How many a second.
    fn rate(&self, count: u64) -> f64 {
        real(count) / self.wall.as_secs_f64().max(1e-9)
    }

    /// Adds the server's CPU per event in µs, and the share of a core, where its processes are observed.
    fn add_cpu(&self, report: &mut Report, name: &str, count: u64) {
        if let Some(cpu) = self.cpu {
            report.add(name, "µs", cpu.as_secs_f64() * 1e6 / real(count).max(1.0));
            report.add(
                "server CPU",
                "% of a core",
                100.0 * cpu.as_secs_f64() / self.wall.as_secs_f64().max(1e-9),
            );
        }
    }
}

/// Counts here stay far below 2^52.
#[allow(clippy::cast_precision_loss)]
fn real(count: u64) -> f64 {
    count as f64
}

/// An ear for scenarios in which nothing is to be heard; it may make its users available.
struct Quiet {
    available: bool,
}

impl Ear for Quiet {
    fn signed_in(&self, session: &Session) {
        if self.available {
            session.say("<presence/>");
        }
    }

    fn heard(&self, _: &Session, _: Stanza<'_>) {}
}
