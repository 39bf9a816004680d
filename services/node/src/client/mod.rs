//! The administrator's side of the gRPC service `linnet.admin.v1`: `linnet user …`, `linnet status`, `linnet node …`,
//! `linnet shard …`.
//!
//! Generated types stay in this folder.

mod add;
mod certificates;
mod confirm;
mod node;
mod password;
mod shard;
mod status;
mod user;
mod when;

use crate::{config, ui};
use clap::Args;
pub(crate) use node::{NodeAsk, run as run_node};
use proto::admin::admin_client::AdminClient;
pub(crate) use shard::{ShardAsk, run as run_shard};
pub(crate) use status::{StatusAsk, run as run_status};
use std::{error::Error as _, net::SocketAddr, process::ExitCode, time::Duration};
use tonic::{Code, Status, transport::Channel, transport::Endpoint};
pub(crate) use user::{UserAsk, run as run_user};

/// Connecting takes at most this long.
const CONNECT: Duration = Duration::from_secs(5);
/// An answer takes at most this long.
const ANSWER: Duration = Duration::from_secs(30);

type Admin = AdminClient<Channel>;

/// Which server to talk to, and how to show its answers.
#[derive(Args, Clone)]
pub(crate) struct Target {
    /// The server's administration listener
    #[arg(
        long,
        global = true,
        env = "LINNET_GRPC",
        value_name = "ADDRESS:PORT",
        default_value = config::default_of("grpc")
    )]
    grpc: SocketAddr,
    /// Print JSON, for programs
    #[arg(long, global = true)]
    json: bool,
}

/// Why a command of the client failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The server cannot be reached.
    #[error("no Linnet answers at {at}: {why}\nIs it running? Its address is set by --grpc or LINNET_GRPC.")]
    Unreachable {
        /// Where.
        at: SocketAddr,
        /// What the system said.
        why: String,
    },
    /// The server refused.
    #[error("{0}")]
    Refused(String),
    /// What was typed or read is not usable.
    #[error("{0}")]
    Input(String),
    /// Of many, some failed; each was reported.
    #[error("{0} of {1} failed")]
    Some(usize, usize),
}

impl Target {
    async fn connect(&self) -> Result<Admin, Failure> {
        let unreachable =
            |error: tonic::transport::Error| Failure::Unreachable { at: self.grpc, why: root(&error) };
        let endpoint = Endpoint::from_shared(format!("http://{}", self.grpc)).map_err(unreachable)?;
        let channel = endpoint.connect_timeout(CONNECT).timeout(ANSWER).connect().await;
        channel.map(AdminClient::new).map_err(unreachable)
    }

    /// What the server's error means for the person at the keyboard.
    fn failure(&self, status: &Status) -> Failure {
        if status.code() == Code::Unavailable && status.source().is_some() {
            return Failure::Unreachable { at: self.grpc, why: status.message().to_owned() };
        }
        let text = match status.message() {
            "" => status.code().description(),
            message => message,
        };
        Failure::Refused(text.to_owned())
    }
}

/// The innermost cause says most.
fn root(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

/// Runs one command to its end and prints what went wrong.
pub(crate) fn run(command: impl Future<Output = Result<(), Failure>>) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.to_string()),
    };
    match runtime.block_on(command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => fail(&failure.to_string()),
    }
}

fn fail(text: &str) -> ExitCode {
    eprintln!("{} {text}", ui::red("error:"));
    ExitCode::FAILURE
}
