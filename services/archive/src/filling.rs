//! A page of history while it is filled, from one of its ends (XEP-0059 §2.2, §2.3).
//!
//! Invariant: it holds no more than was asked for, and no more than [`HISTORY_BYTES`] unless in a single message.

use domain::{
    history::{Page, Record},
    limits::HISTORY_BYTES,
};
use std::ops::ControlFlow;

/// See the module.
pub(crate) struct Filling {
    records: Vec<Record>,
    bytes: usize,
    max: usize,
    /// Something was there that did not fit.
    more: bool,
}

impl Filling {
    /// For at most so many messages.
    pub(crate) fn new(max: usize) -> Self {
        Self { records: Vec::new(), bytes: 0, max, more: false }
    }

    /// Another message would be left out, however small.
    pub(crate) fn is_full(&self) -> bool {
        self.records.len() >= self.max
    }

    /// There is another message, and no place for it.
    pub(crate) fn leave_out(&mut self) -> ControlFlow<()> {
        self.more = true;
        ControlFlow::Break(())
    }

    /// Takes the next message, or leaves it out and breaks.
    pub(crate) fn take(&mut self, record: Record) -> ControlFlow<()> {
        self.bytes += record.said.message.size();
        if self.bytes > HISTORY_BYTES && !self.records.is_empty() {
            return self.leave_out();
        }
        self.records.push(record);
        ControlFlow::Continue(())
    }

    /// The page, old to new; it was filled from its new end if `backwards`.
    pub(crate) fn page(mut self, backwards: bool) -> Page {
        if backwards {
            self.records.reverse();
        }
        Page { records: self.records, complete: !self.more }
    }
}
