//! Every bound of the domain, and what happens at it.

use std::time::Duration;

/// Bytes of a localpart, a domain or an endpoint name (RFC 7622 §3); longer addresses are refused.
pub const ADDRESS_PART_BYTES: usize = 1023;
/// Contacts in a roster; one more is refused (`LimitReached`).
pub const CONTACTS: usize = 3000;
/// Bytes of all contacts of a roster, with their names and groups, which go out as one answer; a change over it is
/// refused.
pub const ROSTER_BYTES: usize = 1024 * 1024;
/// Groups of one contact; more are refused.
pub const GROUPS_PER_CONTACT: usize = 64;
/// Bytes of a contact's name or of a group's; longer ones are refused.
pub const NAME_BYTES: usize = 1023;
/// Subscription requests kept for a user who has not answered; more are dropped silently, as RFC 6121 §3.1.3 allows.
pub const PENDING_REQUESTS: usize = 200;
/// Blocked addresses of a user; one more is refused.
pub const BLOCKED: usize = 1000;
/// Endpoints of a user signed in at once; one more is refused.
pub const ENDPOINTS: usize = 32;
/// Bytes of one publication (state, note and what it carries); larger ones are refused.
pub const PUBLICATION_BYTES: usize = 25 * 1024;
/// Conferences that one endpoint may be in at once; one more is refused.
pub const CONFERENCES_PER_ENDPOINT: usize = 250;
/// Live conversations that a user's home keeps its standing fresh for; one more is told `Offline`, so that its sender is
/// refused.
pub const LIVE_CONVERSATIONS: usize = 10_000;
/// Sign-in tokens of a user; the one that expires first is dropped when one more is set.
pub const TOKENS: usize = 64;
/// Push services of a user; the oldest is dropped when one more is enabled.
pub const PUSH_SERVICES: usize = 16;
/// Bytes of a push service's node and options together; larger ones are refused.
pub const PUSH_BYTES: usize = 4 * 1024;
/// After a push the next one waits so long, and tells of all that came meanwhile.
pub const PUSH_INTERVAL: Duration = Duration::from_secs(10);
/// Pushes whose answer is waited for; the oldest is forgotten first.
pub const PUSHES_OPEN: usize = 64;
/// Addresses that one endpoint may have sent directed presence to; more are refused.
pub const DIRECTED: usize = 250;
/// Messages kept for a user; at it the user's standing is `Offline`, so that senders are refused until some are confirmed.
/// Those that were acknowledged before the refusal reached their conversation are still kept.
pub const KEPT_MESSAGES: usize = 10_000;
/// Bytes of messages kept for a user (one may go over); then as for [`KEPT_MESSAGES`].
pub const KEPT_BYTES: usize = 32 * 1024 * 1024;
/// Messages handed to one endpoint and not yet confirmed by it; from then on they wait, kept if no other endpoint has
/// room either, and follow in order when it confirms.
pub const UNCONFIRMED: usize = 500;
/// Bytes of such messages (one may go over); then as for [`UNCONFIRMED`]. Well below what a door holds for a session that
/// does not read, so that what was kept can always be handed out.
pub const UNCONFIRMED_BYTES: usize = 512 * 1024;
/// Categories of a user; one more is refused.
pub const CATEGORIES: usize = 200;
/// Items in a category; the oldest is dropped when one more is published.
pub const ITEMS_PER_CATEGORY: usize = 1000;
/// Bytes of one category item; larger ones are refused.
pub const ITEM_BYTES: usize = 192 * 1024;
/// Bytes of items in the answer to one reading; only the newest that fit are given, and the reader is told.
pub const READ_BYTES: usize = 1024 * 1024;
/// Bytes that an item of a category counts for beside its content and its id.
pub const ITEM_COST: usize = 256;
/// Bytes of all categories of a user; a publication over it is refused.
pub const CATEGORY_BYTES: usize = 8 * 1024 * 1024;
/// Participants of a conference unless policy says otherwise; one more is refused.
pub const CONFERENCE_PARTICIPANTS: usize = 250;
/// Affiliations (owners, admins, members, banned) of a conference; one more is refused.
pub const AFFILIATIONS: usize = 10_000;
/// Bytes of a conference's topic; longer ones are refused.
pub const TOPIC_BYTES: usize = 4 * 1024;
/// Messages of a conference held in memory for those who join; older ones come from the history.
pub const CONFERENCE_RECENT: usize = 50;
/// Client message ids that a conversation remembers to drop retries; the oldest is forgotten first.
pub const REMEMBERED_IDS: usize = 256;
/// Messages of a conversation handed out and not confirmed; more are refused with `TryLater`.
pub const CONVERSATION_PENDING: usize = 10_000;
/// Messages of one sender that wait until the recipient's standing is known; more are refused with `TryLater`.
pub const CONVERSATION_HELD: usize = 1000;
/// A recipient's standing is waited for so long; then what waits for it is refused with `TryLater`.
pub const STANDING_WAIT: Duration = Duration::from_secs(10);
/// A standing that was learnt longer ago is still used, but asked for again with the next message.
pub const STANDING_FRESH: Duration = Duration::from_mins(1);
/// Invitations to a conference that can still be declined; the oldest is forgotten first.
pub const INVITATIONS: usize = 1000;
/// Bytes of a conference's description; longer ones are refused. Its name, language and password: [`NAME_BYTES`].
pub const DESCRIPTION_BYTES: usize = 4 * 1024;
/// A two-party session ends after this quiet time.
pub const SESSION_QUIET: Duration = Duration::from_mins(10);
/// What somebody's home told is asked for again so long after that home has moved: time for endpoints to attach there.
pub const REHOMED_GRACE: Duration = Duration::from_secs(5);
/// Messages that a session in a pool remembers to have passed on, so that a new home cannot make it do so again; the oldest
/// is forgotten first, and might come a second time, under the id that it had.
pub const PASSED_ON: usize = 1_024;
/// Confirmations wait this long for a message to be logged with.
pub const CONFIRMATION_DELAY: Duration = Duration::from_secs(1);
/// Messages in a page of history; a higher wish gets this many.
pub const HISTORY_PAGE: u32 = 250;
/// Bytes of messages in a page of history, which holds one message at least; what does not fit comes with the next.
pub const HISTORY_BYTES: usize = 1024 * 1024;
