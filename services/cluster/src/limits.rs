//! Every bound of what nodes say to each other, and what happens at it.

/// Bytes of one message; a larger one is refused by whoever reads it, so nobody should send it. Twice a record of the
/// log, since what is said may hold what was logged and more beside it.
pub const MESSAGE_BYTES: usize = 2 * event_log::limits::RECORD_BYTES;
/// Entries of one list in a message; a message with more is refused. No client can ask for so many in one stanza, and
/// no limit of the domain is as high.
pub const LIST_ENTRIES: usize = 65_536;
/// Sentences of refusals that other nodes said, kept for good: a release has a fixed number of them. Of any more only
/// the reason is heard.
pub const SENTENCES: usize = 512;
/// Bytes of such a sentence; of a longer one only the reason is heard.
pub const SENTENCE_BYTES: usize = 512;
