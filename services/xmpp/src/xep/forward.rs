//! Stanza forwarding (XEP-0297 1.0), as carbons and the history use it.

use super::delay::write_delay;
use crate::stanza::Tag;
use domain::Timestamp;

/// The namespace of forwarding.
pub(crate) const NS: &str = "urn:xmpp:forward:0";

/// Appends `<forwarded/>` around the stanza that `stanza` appends, with its time if that is given. The stanza must
/// declare `jabber:client` itself.
pub(crate) fn write_forwarded(at: Option<Timestamp>, stanza: impl FnOnce(&mut Vec<u8>), out: &mut Vec<u8>) {
    Tag::open_in(out, "forwarded", NS).content(|out| {
        if let Some(at) = at {
            write_delay(None, at, out);
        }
        stanza(out);
    });
}
