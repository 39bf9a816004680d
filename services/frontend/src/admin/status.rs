//! `Status`: the deployment at a glance.

use crate::front::FrontEnd;
use proto::admin::{Rates, StatusResponse};

/// Gathers it.
pub(super) async fn of(front: &FrontEnd) -> StatusResponse {
    let meters = front.meters();
    let rates = meters.rates();
    let log = front.log();
    let process = Process::read();
    StatusResponse {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        domain: front.domain().to_string(),
        started_at: front.started().0,
        troubles: front.troubles(),
        users: front.count_users().await,
        users_online: meters.users_online.get(),
        endpoints: meters.endpoints.get(),
        connections: front.gate().connections() as u64,
        two_party_conversations: meters.two_party.get(),
        conferences: meters.conferences.get(),
        shards: u32::from(log.shards().get()),
        shards_owned: u32::try_from(front.shards()).unwrap_or(u32::MAX),
        messages_total: meters.messages.get(),
        deliveries_total: meters.deliveries.get(),
        presence_notices_total: meters.notices.get(),
        sign_ins_total: meters.sign_ins.get(),
        sign_ins_refused_total: meters.sign_ins_refused.get(),
        log_records_total: log.records_total(),
        log_syncs_total: log.syncs_total(),
        rates: Some(Rates {
            messages: rates.messages,
            deliveries: rates.deliveries,
            presence_notices: rates.notices,
            sign_ins: rates.sign_ins,
            log_records: rates.records,
            log_syncs: rates.syncs,
        }),
        disk_free_bytes: front.disk_free(),
        disk_reserve_bytes: front.settings().disk_reserve,
        resident_bytes: process.resident,
        cpu_millis: process.cpu_millis,
    }
}

/// What the kernel knows of this process.
#[derive(Default)]
struct Process {
    resident: u64,
    cpu_millis: u64,
}

impl Process {
    fn read() -> Self {
        let page = 4096;
        // The kernel counts both in its own ticks, 100 a second on every Linux that we run on.
        let tick_millis = 10;
        let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
        let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
        let pages: u64 = statm.split(' ').nth(1).and_then(|n| n.parse().ok()).unwrap_or(0);
        // The second field is a name in brackets, which may hold spaces.
        let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let field =
            |n: usize| after_name.split_whitespace().nth(n).and_then(|n| n.parse::<u64>().ok()).unwrap_or(0);
        Self { resident: pages * page, cpu_millis: (field(11) + field(12)) * tick_millis }
    }
}
