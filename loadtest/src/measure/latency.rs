//! A histogram of durations (HDR, three significant figures, from a microsecond to ten minutes).
//!
//! Invariant: nothing is left out; what is longer than the range counts as its end.

use std::time::Duration;

use hdrhistogram::Histogram;

use crate::report::Measure;

const HIGHEST_MICROS: u64 = 600 * 1_000_000;

/// Durations of one kind.
pub(crate) struct Latency(Histogram<u64>);

impl Latency {
    /// An empty histogram.
    pub(crate) fn new() -> Self {
        Self(Histogram::new_with_bounds(1, HIGHEST_MICROS, 3).expect("these bounds are valid"))
    }

    /// Adds one duration.
    pub(crate) fn record(&mut self, duration: Duration) {
        self.0.saturating_record(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX));
    }

    /// The duration that this share of all (0 to 1) does not exceed, in milliseconds.
    pub(crate) fn quantile(&self, share: f64) -> f64 {
        millis(self.0.value_at_quantile(share))
    }

    /// The median, the tails and the longest as measures named `{name} p50` and so on; none if empty.
    pub(crate) fn measures(&self, name: &str) -> Vec<Measure> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let at = |label: &str, value| Measure::new(&format!("{name} {label}"), "ms", value);
        vec![
            at("p50", self.quantile(0.5)),
            at("p99", self.quantile(0.99)),
            at("p99.9", self.quantile(0.999)),
            at("max", millis(self.0.max())),
        ]
    }
}

fn millis(micros: u64) -> f64 {
    Duration::from_micros(micros).as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_quantiles_in_milliseconds() {
        let mut latency = Latency::new();
        for ms in 1..=1000 {
            latency.record(Duration::from_millis(ms));
        }
        let values: Vec<f64> = latency.measures("x").iter().map(|m| m.value).collect();
        for (value, wanted) in values.iter().zip([500.0, 990.0, 999.0, 1000.0]) {
            assert!((value - wanted).abs() <= wanted * 0.001, "{value} is not {wanted}");
        }
        assert_eq!(latency.measures("x")[2].name, "x p99.9");
    }

    #[test]
    fn what_is_beyond_the_range_is_kept_at_its_end() {
        let mut latency = Latency::new();
        latency.record(Duration::ZERO);
        latency.record(Duration::from_hours(10));
        assert_eq!(latency.0.len(), 2);
        assert!(latency.quantile(1.0) >= 600_000.0);
    }

    #[test]
    fn empty_has_no_measures() {
        assert!(Latency::new().measures("x").is_empty());
    }
}
