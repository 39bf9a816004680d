//! `Status`: the deployment at a glance.

use crate::{front::FrontEnd, process::Process};
use proto::admin::{Rates, StatusResponse};

/// Gathers it.
pub(super) async fn of(front: &FrontEnd) -> StatusResponse {
    let meters = front.meters();
    let rates = meters.rates();
    let log = front.log();
    let process = Process::read();
    let mut troubles = front.troubles();
    let users = front.count_users().await.unwrap_or_else(|unlisted| {
        troubles.push(format!("how many users there are is not known: {unlisted}"));
        0
    });
    StatusResponse {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        domain: front.domain().to_string(),
        started_at: front.started().0,
        troubles,
        users,
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
