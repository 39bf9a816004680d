//! Stream management on the way out (XEP-0198 1.6): what was sent and is not acknowledged is kept, within limits, so
//! that it can be sent again. Acknowledgements are asked for in time, but not for each stanza.

use crate::{
    limits::{ACK_BYTES, ACK_DELAY, ACK_STANZAS, ACK_TIME, UNACKED_BYTES, UNACKED_STANZAS},
    wire::StreamError,
};
use bytes::Bytes;
use domain::Timestamp;
use std::collections::VecDeque;

/// The state of an enabled stream management.
pub(super) struct Management {
    /// The id under which the stream can be resumed, if it can.
    pub(super) id: Option<Box<str>>,
    /// The number of the last inbound stanza that does not count.
    pub(super) base: u64,
    unacked: VecDeque<Unacked>,
    bytes: usize,
    /// How many stanzas the client has acknowledged, modulo 2^32.
    acked: u32,
    /// What was sent before is not known.
    is_restored: bool,
    /// When an acknowledgement was asked for that has not come.
    requested: Option<Timestamp>,
    /// Sent since then: how many, how much, and the first one when.
    since: Option<(u32, usize, Timestamp)>,
}

struct Unacked {
    stanza: Bytes,
    receipt: Option<u64>,
}

/// The client acknowledges what was never sent.
#[derive(Debug)]
pub(super) struct TooHigh {
    pub(super) h: u32,
    pub(super) sent: u32,
}

impl Management {
    pub(super) fn new(id: Option<Box<str>>, base: u64) -> Self {
        Self {
            id,
            base,
            unacked: VecDeque::new(),
            bytes: 0,
            acked: 0,
            is_restored: false,
            requested: None,
            since: None,
        }
    }

    /// Of a stream whose former server is gone: nobody knows how much that had sent, so what the client says first counts.
    pub(super) fn restored(id: Box<str>) -> Self {
        Self { is_restored: true, ..Self::new(Some(id), 0) }
    }

    /// Keeps a stanza that was sent, or will be once the stream is resumed.
    pub(super) fn keep(
        &mut self,
        now: Timestamp,
        stanza: Bytes,
        receipt: Option<u64>,
    ) -> Result<(), StreamError> {
        if self.unacked.len() >= UNACKED_STANZAS || self.bytes >= UNACKED_BYTES {
            return Err(StreamError::ResourceConstraint);
        }
        self.bytes += stanza.len();
        let (stanzas, bytes, first) = self.since.unwrap_or((0, 0, now));
        self.since = Some((stanzas + 1, bytes + stanza.len(), first));
        self.unacked.push_back(Unacked { stanza, receipt });
        Ok(())
    }

    /// Whether to ask for an acknowledgement now; if so, it counts as asked.
    pub(super) fn asks(&mut self, now: Timestamp) -> bool {
        let due = self.since.is_some_and(|(stanzas, bytes, first)| {
            stanzas >= ACK_STANZAS || bytes >= ACK_BYTES || first.plus(ACK_DELAY) <= now
        });
        let asks = due && self.requested.is_none();
        if asks {
            self.ask(now);
        }
        asks
    }

    /// An acknowledgement is asked for.
    pub(super) fn ask(&mut self, now: Timestamp) {
        self.requested = Some(now);
        self.since = None;
    }

    /// The client has handled `h` stanzas; calls `acked` with the receipts of those that are new.
    pub(super) fn acknowledge(&mut self, h: u32, mut acked: impl FnMut(u64)) -> Result<(), TooHigh> {
        if std::mem::take(&mut self.is_restored) {
            self.acked = h;
        }
        let new = h.wrapping_sub(self.acked) as usize;
        if new > self.unacked.len() {
            let sent = self.acked.wrapping_add(u32::try_from(self.unacked.len()).unwrap_or(u32::MAX));
            return Err(TooHigh { h, sent });
        }
        for Unacked { stanza, receipt } in self.unacked.drain(..new) {
            self.bytes -= stanza.len();
            receipt.into_iter().for_each(&mut acked);
        }
        self.acked = h;
        self.requested = None;
        if self.unacked.is_empty() {
            self.since = None;
            self.unacked.shrink_to(16);
        }
        Ok(())
    }

    /// The last stanza with a receipt, by its number, and the receipt.
    pub(super) fn last_receipt(&self) -> Option<(u32, u64)> {
        let place = self.unacked.iter().rposition(|unacked| unacked.receipt.is_some())?;
        let number = self.acked.wrapping_add(u32::try_from(place + 1).unwrap_or(u32::MAX));
        Some((number, self.unacked[place].receipt?))
    }

    /// What must be sent again when the stream is resumed.
    pub(super) fn unacked(&self) -> impl ExactSizeIterator<Item = &Bytes> {
        self.unacked.iter().map(|unacked| &unacked.stanza)
    }

    /// The connection is gone: nothing is asked for any more.
    pub(super) fn disconnect(&mut self) {
        (self.requested, self.since) = (None, None);
    }

    /// When to ask, or to give up.
    pub(super) fn deadline(&self) -> Option<Timestamp> {
        match self.requested {
            Some(requested) => Some(requested.plus(ACK_TIME)),
            None => self.since.map(|(_, _, first)| first.plus(ACK_DELAY)),
        }
    }

    /// Whether the client owes an acknowledgement for too long.
    pub(super) fn is_overdue(&self, now: Timestamp) -> bool {
        self.requested.is_some_and(|requested| requested.plus(ACK_TIME) <= now)
    }
}
