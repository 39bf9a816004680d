//! What the front end counts. Each is one relaxed atomic on the hot path; `/metrics` and `linnet status` read them.

use crate::rooms::Rooms;
use std::{
    collections::VecDeque,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// A number that goes up, or up and down.
#[derive(Debug, Default)]
pub struct Meter(AtomicU64);

impl Meter {
    /// One more.
    pub fn up(&self) {
        self.add(1);
    }

    /// So many more.
    pub fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    /// One less (gauges only).
    pub fn down(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    /// The number is this now: for what is counted elsewhere.
    pub fn set(&self, count: u64) {
        self.0.store(count, Ordering::Relaxed);
    }

    /// The number now.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

macro_rules! meters {
    ($($(#[doc = $doc:literal])+ $kind:ident $field:ident = $name:literal;)+) => {
        /// All meters of a front end.
        #[derive(Debug, Default)]
        pub struct Meters {
            $($(#[doc = $doc])+ pub $field: Meter,)+
            /// How long its rooms take.
            pub rooms: Rooms,
            samples: Mutex<VecDeque<Sample>>,
        }

        impl Meters {
            /// Hands every number to the `metrics` recorder, for `/metrics`.
            pub fn publish(&self) {
                $(publish!($kind, $name, self.$field.get());)+
            }

            /// Tells the `metrics` recorder what each number means.
            pub fn describe() {
                $(describe!($kind, $name, concat!($($doc),+).trim());)+
                crate::pool::Pool::describe();
            }
        }
    };
}

macro_rules! publish {
    (counter, $name:literal, $value:expr) => {
        metrics::counter!($name).absolute($value)
    };
    (gauge, $name:literal, $value:expr) => {
        // Exact below 2^53, and no gauge here comes near.
        #[allow(clippy::cast_precision_loss)]
        metrics::gauge!($name).set($value as f64)
    };
}

macro_rules! describe {
    (counter, $name:literal, $text:expr) => {
        metrics::describe_counter!($name, $text)
    };
    (gauge, $name:literal, $text:expr) => {
        metrics::describe_gauge!($name, $text)
    };
}

meters! {
    /// Messages accepted by conversations: durable and numbered.
    counter messages = "linnet_messages_accepted_total";
    /// Messages refused to their senders.
    counter messages_refused = "linnet_messages_refused_total";
    /// Messages handed to endpoints.
    counter deliveries = "linnet_deliveries_total";
    /// Presence notices handed to endpoints.
    counter notices = "linnet_presence_notices_total";
    /// Presence notices replaced by a newer one before a slow endpoint took them.
    counter coalesced = "linnet_presence_coalesced_total";
    /// Commands of passing interest that were dropped since a mailbox was full.
    counter dropped_soft = "linnet_soft_commands_dropped_total";
    /// What other nodes said to homes that are not here any more; it is said again where they are.
    counter misdirected = "linnet_misdirected_total";
    /// Sign-ins that succeeded.
    counter sign_ins = "linnet_sign_ins_total";
    /// Sign-ins that were refused.
    counter sign_ins_refused = "linnet_sign_ins_refused_total";
    /// Sessions resumed after their connection was lost.
    counter resumed = "linnet_sessions_resumed_total";
    /// Sessions ended since their client did not read.
    counter too_slow = "linnet_sessions_too_slow_total";
    /// Streams ended by an error of the client's (bad XML, a limit, a policy).
    counter stream_errors = "linnet_stream_errors_total";
    /// Synced writes of the log.
    counter syncs = "linnet_log_syncs_total";
    /// Records appended to the log.
    counter records = "linnet_log_records_total";
    /// Endpoints signed in now.
    gauge endpoints = "linnet_endpoints";
    /// Users awake now: signed in, or just asked something.
    gauge users_awake = "linnet_users_awake";
    /// Users with an endpoint signed in now.
    gauge users_online = "linnet_users_online";
    /// Two-party conversations live now.
    gauge two_party = "linnet_two_party_conversations";
    /// Conferences live now.
    gauge conferences = "linnet_conferences";
    /// Shards whose appends fail again and again.
    gauge shards_stuck = "linnet_shards_stuck";
    /// Shards of the deployment.
    gauge shards = "linnet_shards";
    /// Shards that this node owns.
    gauge shards_owned = "linnet_shards_owned";
    /// Records that were replayed when shards were taken.
    counter replayed = "linnet_replayed_records_total";
    /// Records that the standby copies of this node are behind their shards.
    gauge standby_lag = "linnet_standby_lag_records";
    /// Records that the pool's state of the shards owned here is behind the log.
    gauge state_lag = "linnet_state_lag_records";
    /// Attempts to put changed entities into the pool's state that failed; they are put again.
    counter state_failures = "linnet_state_failures_total";
    /// Resident memory of the process.
    gauge resident = "linnet_resident_bytes";
    /// Time of processors that the process has used.
    counter cpu_millis = "linnet_cpu_milliseconds_total";
}

/// What rates are made from.
#[derive(Clone, Copy, Debug, Default)]
struct Sample {
    messages: u64,
    deliveries: u64,
    notices: u64,
    sign_ins: u64,
    records: u64,
    syncs: u64,
}

/// Averages per second over the last [`SAMPLES`] seconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rates {
    /// Messages accepted.
    pub messages: f64,
    /// Messages handed to endpoints.
    pub deliveries: f64,
    /// Presence notices handed to endpoints.
    pub notices: f64,
    /// Sign-ins.
    pub sign_ins: f64,
    /// Records appended to the log.
    pub records: f64,
    /// Synced writes of the log.
    pub syncs: f64,
}

/// Seconds that the rates look back.
const SAMPLES: usize = 10;

impl Meters {
    fn now(&self) -> Sample {
        Sample {
            messages: self.messages.get(),
            deliveries: self.deliveries.get(),
            notices: self.notices.get(),
            sign_ins: self.sign_ins.get(),
            records: self.records.get(),
            syncs: self.syncs.get(),
        }
    }

    /// To be called once a second.
    pub fn sample(&self) {
        let mut samples = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
        if samples.len() > SAMPLES {
            samples.pop_front();
        }
        samples.push_back(self.now());
    }

    /// The rates now.
    pub fn rates(&self) -> Rates {
        let samples = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
        let (Some(first), Some(last)) = (samples.front(), samples.back()) else { return Rates::default() };
        let seconds = f64::from(u32::try_from(samples.len() - 1).unwrap_or(1).max(1));
        #[allow(clippy::cast_precision_loss, reason = "a difference over seconds is small")]
        let rate = |of: fn(&Sample) -> u64| (of(last).saturating_sub(of(first))) as f64 / seconds;
        Rates {
            messages: rate(|s| s.messages),
            deliveries: rate(|s| s.deliveries),
            notices: rate(|s| s.notices),
            sign_ins: rate(|s| s.sign_ins),
            records: rate(|s| s.records),
            syncs: rate(|s| s.syncs),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_averages_of_the_last_seconds() {
        let meters = Meters::default();
        assert!(meters.rates().messages.abs() < f64::EPSILON);
        for _ in 0..20 {
            meters.sample();
            meters.messages.add(5);
        }
        meters.sample();
        assert!((meters.rates().messages - 5.0).abs() < 1e-9);
    }
}
