//! What only a pool counts, for `/metrics`.

use super::Pool;

impl Pool {
    /// Hands the numbers of the cluster to the `metrics` recorder.
    #[allow(clippy::cast_precision_loss, reason = "exact below 2^53, and none comes near")]
    pub(crate) fn publish(&self) {
        let numbers = self.cluster().numbers();
        metrics::gauge!("linnet_cluster_members").set(numbers.members as f64);
        metrics::gauge!("linnet_cluster_links").set(numbers.links as f64);
        metrics::gauge!("linnet_cluster_queued_bytes").set(numbers.queued_bytes as f64);
        metrics::counter!("linnet_cluster_messages_sent_total").absolute(numbers.sent);
        metrics::counter!("linnet_cluster_messages_sent_again_total").absolute(numbers.sent_again);
        metrics::counter!("linnet_shards_taken_total").absolute(numbers.takes);
        metrics::counter!("linnet_shards_handed_over_total").absolute(numbers.moves);
    }

    /// Tells the `metrics` recorder what each number means.
    pub(crate) fn describe() {
        metrics::describe_gauge!("linnet_cluster_members", "Live nodes that this one knows, itself too.");
        metrics::describe_gauge!("linnet_cluster_links", "Links to other nodes that stand.");
        metrics::describe_gauge!("linnet_cluster_queued_bytes", "Bytes that wait on links.");
        metrics::describe_counter!("linnet_cluster_messages_sent_total", "Messages given to links.");
        metrics::describe_counter!(
            "linnet_cluster_messages_sent_again_total",
            "Messages that were sent again after a link was made anew."
        );
        metrics::describe_counter!("linnet_shards_taken_total", "Shards that this node took.");
        metrics::describe_counter!(
            "linnet_shards_handed_over_total",
            "Shards that went to others from this node."
        );
        metrics::describe_gauge!("linnet_log_in_flight", "Records on their way to Kafka.");
        metrics::describe_gauge!(
            "linnet_log_oldest_in_flight_seconds",
            "How long the oldest of them has been on its way."
        );
        metrics::describe_gauge!(
            "linnet_log_tail_lag_records",
            "Records in the log that this node has not read."
        );
    }
}

/// Hands the numbers of a log on Kafka to the `metrics` recorder.
#[allow(clippy::cast_precision_loss, reason = "exact below 2^53, and none comes near")]
pub(crate) fn publish_log(numbers: &event_log::kafka::Numbers) {
    metrics::gauge!("linnet_log_in_flight").set(numbers.in_flight as f64);
    metrics::gauge!("linnet_log_oldest_in_flight_seconds").set(numbers.oldest.as_secs_f64());
    metrics::gauge!("linnet_log_tail_lag_records").set(numbers.tail_lag as f64);
}
