//! Delayed delivery (XEP-0203 2.0): when something was said that comes late.

use super::datetime;
use crate::stanza::Tag;
use domain::{Address, Timestamp};

/// The namespace of delays.
pub(crate) const NS: &str = "urn:xmpp:delay";

/// Appends when it was said; `by` kept it.
pub(crate) fn write_delay(by: Option<&Address>, at: Timestamp, out: &mut Vec<u8>) {
    Tag::open_in(out, "delay", NS)
        .attr_some("from", by.map(Address::as_str))
        .attr("stamp", &datetime::format(at))
        .empty();
}
