//! What is done now and then: certificates renewed, old log, history and uploads dropped, rates sampled.

use crate::config::Standard;
use domain::{Address, Timestamp};
use event_log::{AppendError, Trimmer};
use frontend::{FrontEnd, clock};
use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};
use transport::{Tls, authority::Authority};

/// Seconds for which writing the log may fail, but for a full disk, until the process ends.
const PATIENCE: u32 = 60;
/// How often old things are looked for.
const HOURLY: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// The names that the certificate must have.
pub(crate) fn names(domain: &Address) -> Vec<String> {
    let below = ["conference", "upload"].map(|name| format!("{name}.{domain}"));
    let local = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    std::iter::once(domain.to_string()).chain(below).chain(local).collect()
}

/// Starts it on this thread; it ends with the process.
pub(super) fn start(front: &FrontEnd, standard: &Standard, tls: &Arc<Tls>) {
    let sampled = front.clone();
    tokio::task::spawn_local(async move {
        let mut second = tokio::time::interval(Duration::from_secs(1));
        let mut failing = 0;
        loop {
            second.tick().await;
            sampled.sample();
            let fails = matches!(sampled.log().trouble(), Some(AppendError::Failed(_)));
            failing = if fails { failing + 1 } else { 0 };
            if failing >= PATIENCE {
                // The database does not get over some errors by itself; a start does.
                tracing::error!(
                    seconds = failing,
                    "the log cannot be written: the process ends, to be started again"
                );
                std::process::exit(1);
            }
        }
    });
    let (front, standard, tls) = (front.clone(), standard.clone(), Arc::clone(tls));
    let mut trimmer = Trimmer::new(front.log().clone(), clock::now());
    tokio::task::spawn_local(async move {
        let mut hour = tokio::time::interval(HOURLY);
        loop {
            hour.tick().await;
            let (front, standard, tls) = (front.clone(), standard.clone(), Arc::clone(&tls));
            let log = front.log().clone();
            let done = tokio::task::spawn_blocking(move || {
                renew(&standard, &tls);
                trim(&front, &standard, &mut trimmer);
                drop_old(&front, &standard);
                trimmer
            });
            trimmer = done.await.unwrap_or_else(|_| {
                tracing::error!("the hourly upkeep has panicked");
                Trimmer::new(log, clock::now())
            });
        }
    });
}

fn renew(standard: &Standard, tls: &Tls) {
    if standard.certificate.is_none() {
        let authority = Authority::new(standard.data.join("tls"));
        if let Err(error) = authority.ensure(&names(&standard.domain), SystemTime::now()) {
            tracing::error!(%error, "the certificate could not be renewed");
        }
    }
    match tls.reload() {
        Ok(true) => tracing::info!("a new certificate is in use"),
        Ok(false) => {}
        Err(error) => {
            tracing::error!(%error, "the certificate could not be read again; the former one stays in use");
        }
    }
}

fn trim(front: &FrontEnd, standard: &Standard, trimmer: &mut Trimmer) {
    let now = clock::now();
    let read = match front.log_read() {
        Ok(read) => read,
        Err(error) => return tracing::error!(%error, "old log could not be dropped"),
    };
    match trimmer.trim(now, ago(DAY * standard.log_days), &read) {
        // Shortly after the start that is nothing special.
        Ok(Some(since)) if now.since(since) >= HOURLY / 2 => {
            tracing::warn!("no log is dropped: the history or the state of a shard is behind it");
        }
        Ok(_) => {}
        Err(error) => tracing::error!(%error, "old log could not be dropped"),
    }
}

fn drop_old(front: &FrontEnd, standard: &Standard) {
    if standard.history_days > 0 {
        match front.history().expire(ago(DAY * standard.history_days)) {
            Ok(0) => {}
            Ok(rows) => tracing::info!(rows, "old history was dropped"),
            Err(error) => tracing::error!(%error, "old history could not be dropped"),
        }
    }
    match front.uploads().slots.expire(SystemTime::now()) {
        Ok(0) => {}
        Ok(files) => tracing::info!(files, "old uploads were removed"),
        Err(error) => tracing::error!(%error, "old uploads could not be removed"),
    }
}

fn ago(time: Duration) -> Timestamp {
    let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    Timestamp(clock::now().0.saturating_sub(millis))
}
