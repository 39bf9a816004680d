//! The crate's metrics, looked up once: handles of the `metrics` facade. Names and meaning: the crate's front page.

use crate::{gate::Refused, proxy::Unannounced};
use metrics::{Counter, Gauge, counter, gauge};

pub(crate) struct Meters {
    connections: Gauge,
    accepted: Counter,
    refused: [Counter; 4],
    received: Counter,
    sent: Counter,
    handshakes: Counter,
    stuck: Counter,
}

impl Meters {
    pub(crate) fn new() -> Self {
        let refused = |limit: &'static str| counter!("linnet_transport_refused_total", "limit" => limit);
        Self {
            connections: gauge!("linnet_transport_connections"),
            accepted: counter!("linnet_transport_accepted_total"),
            refused: [refused("total"), refused("address"), refused("unsigned"), refused("draining")],
            received: counter!("linnet_transport_received_bytes_total"),
            sent: counter!("linnet_transport_sent_bytes_total"),
            handshakes: counter!("linnet_transport_handshakes_total"),
            stuck: counter!("linnet_transport_stuck_total"),
        }
    }

    pub(crate) fn admitted(&self) {
        self.connections.increment(1.0);
        self.accepted.increment(1);
    }

    pub(crate) fn left(&self) {
        self.connections.decrement(1.0);
    }

    pub(crate) fn refused(&self, why: Refused) {
        let which = match why {
            Refused::Total => 0,
            Refused::Address => 1,
            Refused::Unsigned => 2,
            Refused::Draining => 3,
        };
        self.refused[which].increment(1);
    }

    pub(crate) fn moved(&self, received: usize, sent: usize) {
        if received > 0 {
            self.received.increment(received as u64);
        }
        if sent > 0 {
            self.sent.increment(sent as u64);
        }
    }

    pub(crate) fn stuck(&self) {
        self.stuck.increment(1);
    }

    pub(crate) fn secured(&self) {
        self.handshakes.increment(1);
    }

    /// Rare, so looked up each time.
    pub(crate) fn handshake_failed(kind: &'static str) {
        counter!("linnet_transport_handshakes_failed_total", "kind" => kind).increment(1);
    }

    /// Rare, so looked up each time.
    pub(crate) fn unannounced(why: Unannounced) {
        let kind = match why {
            Unannounced::Missing => "missing",
            Unannounced::Malformed => "malformed",
            Unannounced::Timeout => "timeout",
            Unannounced::Closed => "closed",
        };
        counter!("linnet_transport_unannounced_total", "kind" => kind).increment(1);
    }
}
