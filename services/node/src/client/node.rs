//! `linnet node list|drain|certificates`; without one of these, `linnet node` is the node itself.

use super::{
    Admin, Failure, Target,
    certificates::{self, Certificates},
};
use crate::{config::PoolFlags, ui};
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use proto::admin::{DrainNodeRequest, ListNodesRequest, Node, NodeState};
use serde_json::{Value, json};
use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

/// Between two looks at a node that hands over its shards.
const EVERY: Duration = Duration::from_millis(200);

/// `linnet node …`
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_value_name = "COMMAND")]
pub(crate) struct NodeAsk {
    #[command(subcommand)]
    pub(crate) command: Option<NodeCommand>,
    #[command(flatten)]
    pub(crate) flags: PoolFlags,
}

/// What to do about nodes.
#[derive(Subcommand)]
pub(crate) enum NodeCommand {
    /// The nodes of the pool
    List {
        #[command(flatten)]
        target: Target,
    },
    /// Hand over all shards of a node, so that it can be stopped without anybody waiting
    Drain(Drain),
    /// Make what nodes need to trust each other, and a certificate for clients
    Certificates(Certificates),
}

/// Which node, and how patiently.
#[derive(Args)]
pub(crate) struct Drain {
    #[command(flatten)]
    target: Target,
    /// Its name, as `linnet node list` shows it
    name: String,
    /// Seconds to wait until it owns no shard any more; 0: not to wait
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    wait: u64,
}

/// Carries it out.
pub(crate) fn run(command: NodeCommand) -> ExitCode {
    match command {
        NodeCommand::List { target } => super::run(list(target)),
        NodeCommand::Drain(drain) => super::run(drain_node(drain)),
        NodeCommand::Certificates(wanted) => super::run(async move { certificates::make(&wanted) }),
    }
}

async fn list(target: Target) -> Result<(), Failure> {
    let mut admin = target.connect().await?;
    let nodes = nodes(&mut admin, &target).await?;
    if target.json {
        ui::print_json(&nodes.iter().map(as_json).collect());
        return Ok(());
    }
    let mut table = ui::table(&["node", "state", "shards", "address", "release", "link"]);
    for node in &nodes {
        let link = match (node.answers, node.linked) {
            (true, _) => "asked",
            (false, true) => "linked",
            (false, false) => "no link",
        };
        table.add_row([
            &node.name,
            state(node),
            &node.shards.to_string(),
            &node.address,
            &node.release,
            link,
        ]);
    }
    println!("{table}");
    Ok(())
}

async fn drain_node(drain: Drain) -> Result<(), Failure> {
    let Drain { target, name, wait } = drain;
    let mut admin = target.connect().await?;
    let begun = admin.drain_node(DrainNodeRequest { name: name.clone() }).await;
    begun.map_err(|status| target.failure(&status))?;
    let until = Instant::now() + Duration::from_secs(wait);
    let progress = progress(&name);
    let mut left = shards_of(&mut admin, &target, &name).await?;
    let all = left.unwrap_or(0);
    progress.set_length(u64::from(all));
    while wait > 0 && left.is_some_and(|left| left > 0) && Instant::now() < until {
        tokio::time::sleep(EVERY).await;
        left = shards_of(&mut admin, &target, &name).await?;
        progress.set_position(u64::from(all.saturating_sub(left.unwrap_or(0))));
    }
    progress.finish_and_clear();
    let left = left.unwrap_or(0);
    if target.json {
        ui::print_json(&json!({ "name": name, "shards": left }));
    } else if left == 0 {
        println!("{}", ui::green(&format!("{name} owns no shard and can be stopped.")));
    } else if wait == 0 {
        println!("{name} has begun to hand over {left} shards.");
    }
    if left > 0 && wait > 0 {
        return Err(Failure::Refused(format!("{name} still owns {left} shards after {wait} s")));
    }
    Ok(())
}

/// How many shards the node of that name owns; `None`: it is gone.
async fn shards_of(admin: &mut Admin, target: &Target, name: &str) -> Result<Option<u32>, Failure> {
    let nodes = nodes(admin, target).await?;
    Ok(nodes.iter().find(|node| node.name == name).map(|node| node.shards))
}

async fn nodes(admin: &mut Admin, target: &Target) -> Result<Vec<Node>, Failure> {
    let answer = admin.list_nodes(ListNodesRequest {}).await;
    Ok(answer.map_err(|status| target.failure(&status))?.into_inner().nodes)
}

/// Drawn on standard error, only if that is a terminal.
fn progress(name: &str) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg} {bar:30} {pos}/{len} shards");
    let bar = ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.with_message(format!("{name} hands over"))
}

fn state(node: &Node) -> &'static str {
    match node.state() {
        NodeState::Joining => "joining",
        NodeState::Serving => "serving",
        NodeState::Draining => "draining",
        NodeState::Unspecified => "unknown",
    }
}

fn as_json(node: &Node) -> Value {
    json!({
        "name": node.name,
        "state": state(node),
        "shards": node.shards,
        "address": node.address,
        "release": node.release,
        "answers": node.answers,
        "linked": node.linked,
    })
}
