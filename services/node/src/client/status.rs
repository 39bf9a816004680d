//! `linnet status`: how a running Linnet is doing, once or again and again.

use super::{Failure, Target, when};
use crate::ui;
use clap::Args;
use comfy_table::Table;
use indicatif::HumanBytes;
use proto::admin::{Rates, StatusRequest, StatusResponse};
use serde_json::{Value, json};
use std::{
    io::{self, IsTerminal as _},
    time::{Duration, SystemTime},
};

/// Between two looks of `--watch`.
const EVERY: Duration = Duration::from_secs(2);
/// Moves to the top left of the terminal and clears it.
const CLEAR: &str = "\x1b[H\x1b[2J";

/// `linnet status`
#[derive(Args)]
pub(crate) struct StatusAsk {
    #[command(flatten)]
    target: Target,
    /// Every two seconds, until interrupted
    #[arg(long)]
    watch: bool,
    /// Fail if something does not work: for health checks
    #[arg(long, conflicts_with = "watch")]
    check: bool,
}

/// Carries it out.
pub(crate) async fn run(ask: StatusAsk) -> Result<(), Failure> {
    let target = &ask.target;
    let mut admin = target.connect().await?;
    loop {
        let answer = admin.status(StatusRequest {}).await;
        let status = answer.map_err(|status| target.failure(&status))?.into_inner();
        if target.json {
            ui::print_json(&as_json(&status));
        } else {
            if ask.watch && io::stdout().is_terminal() {
                print!("{CLEAR}");
            }
            print(&status);
        }
        if !ask.watch {
            let fails = ask.check && !status.troubles.is_empty();
            return if fails { Err(Failure::Refused("not ready".to_owned())) } else { Ok(()) };
        }
        tokio::time::sleep(EVERY).await;
    }
}

fn print(status: &StatusResponse) {
    println!("Linnet {} serves {}, up {}", status.version, status.domain, when::long(uptime(status)));
    println!("{}", table(status));
    for trouble in &status.troubles {
        println!("{} {trouble}", ui::red("trouble:"));
    }
    if status.troubles.is_empty() {
        println!("{}", ui::green("All is well."));
    }
}

fn uptime(status: &StatusResponse) -> Duration {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    now.saturating_sub(Duration::from_millis(status.started_at))
}

fn table(status: &StatusResponse) -> Table {
    let rates = status.rates.unwrap_or_default();
    let mut table = ui::table(&["", "now", "since the start", "per second"]);
    let mut row = |name: &str, now: String, total: Option<u64>, rate: Option<f64>| {
        let total = total.map(|total| total.to_string()).unwrap_or_default();
        let rate = rate.map(|rate| format!("{rate:.1}")).unwrap_or_default();
        table.add_row([name.to_owned(), now, total, rate]);
    };
    let online = format!("{} of {} online", status.users_online, status.users);
    row("users", online, None, None);
    row("endpoints", status.endpoints.to_string(), Some(status.sign_ins_total), Some(rates.sign_ins));
    row("connections", status.connections.to_string(), None, None);
    row("sign-ins refused", String::new(), Some(status.sign_ins_refused_total), None);
    row("two-party conversations", status.two_party_conversations.to_string(), None, None);
    row("conferences", status.conferences.to_string(), None, None);
    row("messages", String::new(), Some(status.messages_total), Some(rates.messages));
    row("deliveries", String::new(), Some(status.deliveries_total), Some(rates.deliveries));
    row("presence notices", String::new(), Some(status.presence_notices_total), Some(rates.presence_notices));
    row("log records", String::new(), Some(status.log_records_total), Some(rates.log_records));
    row("log syncs", String::new(), Some(status.log_syncs_total), Some(rates.log_syncs));
    row("shards", format!("{} of {} here", status.shards_owned, status.shards), None, None);
    let (free, reserve) = (HumanBytes(status.disk_free_bytes), HumanBytes(status.disk_reserve_bytes));
    row("disk", format!("{free} free, {reserve} reserved"), None, None);
    row("memory", HumanBytes(status.resident_bytes).to_string(), None, None);
    row("processor", when::long(Duration::from_millis(status.cpu_millis)), None, None);
    table
}

fn as_json(status: &StatusResponse) -> Value {
    json!({
        "version": status.version,
        "domain": status.domain,
        "started_at": when::date(status.started_at),
        "troubles": status.troubles,
        "users": status.users,
        "users_online": status.users_online,
        "endpoints": status.endpoints,
        "connections": status.connections,
        "two_party_conversations": status.two_party_conversations,
        "conferences": status.conferences,
        "shards": status.shards,
        "shards_owned": status.shards_owned,
        "messages_total": status.messages_total,
        "deliveries_total": status.deliveries_total,
        "presence_notices_total": status.presence_notices_total,
        "sign_ins_total": status.sign_ins_total,
        "sign_ins_refused_total": status.sign_ins_refused_total,
        "log_records_total": status.log_records_total,
        "log_syncs_total": status.log_syncs_total,
        "rates": rates_as_json(status.rates.unwrap_or_default()),
        "disk_free_bytes": status.disk_free_bytes,
        "disk_reserve_bytes": status.disk_reserve_bytes,
        "resident_bytes": status.resident_bytes,
        "cpu_millis": status.cpu_millis,
    })
}

fn rates_as_json(rates: Rates) -> Value {
    json!({
        "messages": rates.messages,
        "deliveries": rates.deliveries,
        "presence_notices": rates.presence_notices,
        "sign_ins": rates.sign_ins,
        "log_records": rates.log_records,
        "log_syncs": rates.log_syncs,
    })
}
