//! `linnet shard list|move`.

use super::{Failure, Target};
use crate::ui;
use clap::{Args, Subcommand};
use proto::admin::{ListShardsRequest, MoveShardRequest, Shard};
use serde_json::{Value, json};

/// `linnet shard …`
#[derive(Args)]
pub(crate) struct ShardAsk {
    #[command(flatten)]
    target: Target,
    #[command(subcommand)]
    command: ShardCommand,
}

#[derive(Subcommand)]
enum ShardCommand {
    /// Which node owns which shard
    List,
    /// Let a node take a shard, and keep it until that node is gone
    Move {
        /// Its number, as `linnet shard list` shows it
        shard: u16,
        /// The node's name, as `linnet node list` shows it
        node: String,
    },
}

/// Carries it out.
pub(crate) async fn run(ask: ShardAsk) -> Result<(), Failure> {
    let target = ask.target;
    match ask.command {
        ShardCommand::List => list(&target).await,
        ShardCommand::Move { shard, node } => move_shard(&target, shard, node).await,
    }
}

async fn list(target: &Target) -> Result<(), Failure> {
    let answer = target.connect().await?.list_shards(ListShardsRequest {}).await;
    let shards = answer.map_err(|status| target.failure(&status))?.into_inner().shards;
    if target.json {
        ui::print_json(&shards.iter().map(as_json).collect());
        return Ok(());
    }
    let mut table = ui::table(&["shard", "epoch", "owner", "next", "pinned"]);
    for shard in &shards {
        table.add_row([
            shard.number.to_string().as_str(),
            shard.epoch.map(|epoch| epoch.to_string()).unwrap_or_default().as_str(),
            if shard.owner.is_empty() { "nobody" } else { &shard.owner },
            &shard.next,
            if shard.pinned { "yes" } else { "" },
        ]);
    }
    println!("{table}");
    Ok(())
}

async fn move_shard(target: &Target, shard: u16, node: String) -> Result<(), Failure> {
    let request = MoveShardRequest { number: shard.into(), node: node.clone() };
    let answer = target.connect().await?.move_shard(request).await;
    answer.map_err(|status| target.failure(&status))?;
    if target.json {
        ui::print_json(&json!({ "number": shard, "node": node }));
    } else {
        println!("{}", ui::green(&format!("Shard {shard} moves to {node}.")));
    }
    Ok(())
}

fn as_json(shard: &Shard) -> Value {
    let named = |name: &str| if name.is_empty() { Value::Null } else { json!(name) };
    json!({
        "number": shard.number,
        "epoch": shard.epoch,
        "owner": named(&shard.owner),
        "next": named(&shard.next),
        "pinned": shard.pinned,
    })
}
