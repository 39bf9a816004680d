//! `loadtest`: puts an XMPP server on this machine under load, over the wire only, and reports what it did.
//!
//! One thread runs everything, so the generator is pinned to one core and the server to another.

mod cli;
mod crowd;
mod limits;
mod measure;
mod progress;
mod provision;
#[cfg(test)]
mod rehearsal;
mod report;
mod scenario;
mod session;
mod target;
mod trouble;
mod wire;

use std::process::ExitCode;

use clap::Parser as _;
use cli::{Cli, Command, Provision, RunArgs};
use report::Report;
use trouble::Trouble;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Trouble::from)
        .and_then(|runtime| tokio::task::LocalSet::new().block_on(&runtime, run(cli.command)));
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(trouble) => {
            eprintln!("loadtest: {trouble}");
            ExitCode::from(2)
        }
    }
}

/// Does what was asked; whether nothing was lost.
async fn run(command: Command) -> Result<bool, Trouble> {
    let (run, report) = match command {
        Command::Provision(Provision::Users(args)) => return provision::users(args).await.map(|()| true),
        Command::Provision(Provision::Contacts { server, contacts, window, wait }) => {
            return provision::contacts(&server, contacts.contacts, window, wait).await.map(|()| true);
        }
        Command::Table { reports } => {
            let reports: Result<Vec<_>, _> = reports.iter().map(|path| Report::read(path)).collect();
            print!("{}", report::markdown(&reports?));
            return Ok(true);
        }
        Command::SignIn(args) => (args.run.clone(), scenario::sign_in::run(&args).await?),
        Command::Idle(args) => (args.run.clone(), scenario::idle::run(&args).await?),
        Command::Presence(args) => (args.run.clone(), scenario::presence::run(&args).await?),
        Command::Im(args) => (args.run.clone(), scenario::im::run(&args).await?),
        Command::Conference(args) => (args.run.clone(), scenario::conference::run(&args).await?),
        Command::Storm(args) => (args.run.clone(), scenario::storm::run(&args).await?),
    };
    finish(&run, &report)
}

fn finish(run: &RunArgs, report: &Report) -> Result<bool, Trouble> {
    println!("{}", report.text());
    if let Some(path) = &run.json {
        report.write(path)?;
    }
    Ok(report.passed())
}
