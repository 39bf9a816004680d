//! Which deliveries the client has: the home is told of all up to a serial at once, so never of one beyond what the
//! client may still be without.

/// Of one session.
#[derive(Debug, Default)]
pub(super) struct Receipts {
    /// The highest serial that was sent to the client.
    sent: u64,
    /// The highest that the client has.
    confirmed: u64,
    /// The highest that needed no sending.
    skipped: u64,
}

impl Receipts {
    pub(super) fn sent(&mut self, serial: Option<u64>) {
        self.sent = self.sent.max(serial.unwrap_or(0));
    }

    /// The client has all up to this one: what the home can be told.
    pub(super) fn confirmed(&mut self, serial: u64) -> Option<u64> {
        if serial <= self.confirmed {
            return None;
        }
        self.confirmed = serial;
        Some(if serial >= self.sent { serial.max(self.skipped) } else { serial })
    }

    /// This one needs no sending: what the home can be told, if the client lacks nothing before it.
    pub(super) fn skip(&mut self, serial: u64) -> Option<u64> {
        self.skipped = self.skipped.max(serial);
        (self.confirmed >= self.sent).then_some(serial)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_skipped_waits_for_what_was_sent_before_it() {
        let mut receipts = Receipts::default();
        assert_eq!(receipts.skip(1), Some(1));
        receipts.sent(Some(2));
        receipts.sent(Some(3));
        assert_eq!(receipts.skip(4), None);
        assert_eq!(receipts.confirmed(2), Some(2));
        assert_eq!(receipts.confirmed(2), None);
        assert_eq!(receipts.confirmed(3), Some(4));
        assert_eq!(receipts.skip(5), Some(5));
    }
}
