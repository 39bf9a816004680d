//! The one binary, `linnet`: reads the command line and hands over to what it asks for.

mod client;
mod config;
mod roles;
mod ui;

use clap::{Parser, Subcommand};
use client::NodeAsk;
use config::node::Role;
use std::process::ExitCode;

/// Many small pieces from many threads, for months: what the system's own allocator is slow at, and never gives back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Instant messaging and presence for an organisation's own servers.
#[derive(Parser)]
#[command(name = "linnet", version, max_term_width = 110)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run Standard Edition: every role in this process
    Standard(config::Flags),
    /// Run a node of a pool (Enterprise Edition), or look after the nodes of a running one
    Node(client::NodeAsk),
    /// Which node owns which shard of a running Linnet, and moving one
    Shard(client::ShardAsk),
    /// Explain or check the settings of `standard`, or of `node` where --role is given
    #[command(subcommand)]
    Config(config::Ask),
    /// Add, change and remove users of a running Linnet
    User(client::UserAsk),
    /// How a running Linnet is doing
    Status(client::StatusAsk),
}

fn main() -> ExitCode {
    match Line::parse().command {
        Command::Standard(flags) => match config::load(&flags) {
            Ok(standard) => roles::standard::run(standard),
            Err(problems) => config::report(&problems),
        },
        Command::Node(NodeAsk { command: Some(command), .. }) => client::run_node(command),
        Command::Node(NodeAsk { flags, .. }) => match config::load_node(&flags) {
            Ok(node) => match node.role {
                Role::Frontend => roles::frontend::run(node),
            },
            Err(problems) => config::report(&problems),
        },
        Command::Shard(ask) => client::run(client::run_shard(ask)),
        Command::Config(ask) => config::answer(ask),
        Command::User(ask) => client::run(client::run_user(ask)),
        Command::Status(ask) => client::run(client::run_status(ask)),
    }
}
