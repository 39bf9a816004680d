//! Every bound of the XMPP door, and what happens at it.

use std::time::Duration;

/// Bytes of a stream header, with the XML declaration and white space before it; a longer one ends the stream with
/// `policy-violation`.
pub const HEADER_BYTES: usize = 4 * 1024;
/// Bytes of one element before sign-in; a longer one ends the stream with `policy-violation`.
pub const STANZA_BYTES_BEFORE_SIGN_IN: usize = 10 * 1024;
/// Bytes of one element after sign-in, unless configured otherwise; a longer one ends the stream with
/// `policy-violation`.
pub const STANZA_BYTES: usize = 256 * 1024;
/// Elements open inside each other within one stanza; deeper ones end the stream with `policy-violation`.
pub const DEPTH: usize = 64;
/// Attributes of one element, namespace declarations included; more end the stream with `policy-violation`.
pub const ATTRIBUTES: usize = 64;
/// Namespace declarations of the elements that are open inside each other; more end the stream with `policy-violation`:
/// every element below them looks through them.
pub const DECLARATIONS: usize = 128;
/// Namespace prefixes that a stream header may declare; more end the stream with `policy-violation`.
pub const HEADER_PREFIXES: usize = 16;

// ── the stream ──

/// From the connection to bound; a slower client's stream ends with `connection-timeout`.
pub const SIGN_IN_TIME: Duration = Duration::from_secs(30);
/// Sign-ins that may fail on one stream; the last ends it with `policy-violation`.
pub const FAILED_SIGN_INS: u32 = 5;
/// WebSocket messages that wait for an answer of the host; one more ends the stream with `policy-violation`.
pub const WAITING_MESSAGES: usize = 64;
/// Stanzas of a client that are in work at once; nothing more is read until some are done.
pub const IN_FLIGHT: usize = 256;
/// Stanzas sent and not acknowledged by the client; one more ends the stream with `resource-constraint`.
pub const UNACKED_STANZAS: usize = 4_000;
/// Bytes sent and not acknowledged by the client (one stanza may go over); then as for [`UNACKED_STANZAS`].
pub const UNACKED_BYTES: usize = 4 * 1024 * 1024;
/// Stanzas after which the client is asked for an acknowledgement (XEP-0198) at once.
pub const ACK_STANZAS: u32 = 8;
/// Bytes after which the client is asked for an acknowledgement at once.
pub const ACK_BYTES: usize = 16 * 1024;
/// A stanza waits this long until an acknowledgement is asked for.
pub const ACK_DELAY: Duration = Duration::from_secs(1);
/// A client that has not acknowledged after this long is taken for lost.
pub const ACK_TIME: Duration = Duration::from_secs(90);
/// How long a lost stream may be resumed; then its session ends.
pub const RESUME_TIME: Duration = Duration::from_mins(5);
/// A resumption waits this long for stanzas still in work; then they count as not handled, and come again.
pub const RESUME_REPLY_TIME: Duration = Duration::from_secs(10);
/// How long a sign-in token (XEP-0484) is valid; it is replaced when half of it is over.
pub const TOKEN_LIFE: Duration = Duration::from_hours(14 * 24);
/// Bytes of a client's stable id (XEP-0388 `user-agent`); a longer one is taken as none: no token for it.
pub const CLIENT_ID_BYTES: usize = 128;

// ── components (component/) ──

/// Stanzas that wait to be written to a component; from then on presence is dropped and requests are refused, and one
/// more message ends the connection with `resource-constraint` (it is kept, and comes again).
pub const PEER_WAITING: usize = 10_000;
/// Bytes that wait to be written to a component; then as for [`PEER_WAITING`].
pub const PEER_WAITING_BYTES: usize = 16 * 1024 * 1024;
/// Messages that were accepted for a component and are held until it is back; further ones stay in the log, and come
/// again when their conversation is woken.
pub const PEER_KEPT: usize = 10_000;
/// Stanzas of a component that wait for an answer of a home; nothing more is read until some are answered. Of what was
/// read already, everything beyond eight times as many is refused with `resource-constraint`.
pub const PEER_OPEN: usize = 1_024;
/// Requests of users that a component has not answered; one more is refused with `resource-constraint`.
pub const PEER_REQUESTS: usize = 4_096;
/// A component that has not answered a request after this is answered for, with `remote-server-timeout`.
pub const PEER_ANSWER_TIME: Duration = Duration::from_mins(1);
/// Live conversations that are told when a component comes or goes; others ask again after a while.
pub const PEER_CONVERSATIONS: usize = 10_000;
/// Bytes that are handed to the connection of a component at once.
pub const PEER_BATCH: usize = 64 * 1024;

// ── BOSH (bosh/) ──

/// Bytes of one request of XEP-0124; a longer one is answered with `policy-violation` before it is looked at.
pub const BODY_BYTES: usize = 512 * 1024;
/// Elements in one request of XEP-0124; a request with more is answered with `policy-violation`.
pub const BODY_ELEMENTS: usize = 256;
/// Requests that a client may have open at once; one beyond that window ends the session with `item-not-found`.
pub const BODY_REQUESTS: u64 = 2;
/// Requests that are held until there is something to say; one more is answered at once, whether or not there is.
pub const BODY_HOLD: usize = 1;
/// How long a request is held at most; then its answer is empty.
pub const BODY_WAIT: Duration = Duration::from_mins(1);
/// A client that has no request open for so long is gone.
pub const BODY_INACTIVITY: Duration = Duration::from_secs(30);
/// The same, for a client that has nothing held (XEP-0124 §12).
pub const BODY_POLLING_INACTIVITY: Duration = Duration::from_secs(90);
/// Requests that carry nothing may follow each other after this; sooner ends the session with `policy-violation`.
pub const BODY_POLLING: Duration = Duration::from_secs(5);
/// The longest pause that a client may ask for; a longer one ends the session with `policy-violation`.
pub const BODY_PAUSE: Duration = Duration::from_mins(2);
/// Bytes that wait for a client's next request; then no more is asked of its inbox until it comes.
pub const BODY_WAITING_BYTES: usize = 256 * 1024;

// ── the extensions' services (xep/) ──

/// Stanzas held for a client that is inactive (XEP-0352), the newest of each source; at this many all go out.
pub const HELD_STANZAS: usize = 250;
/// Bytes of stanzas held for a client that is inactive; at this many all go out.
pub const HELD_BYTES: usize = 64 * 1024;
/// Fields of a data form (XEP-0004) that a client sends; a form with more is refused with `bad-request`.
pub const FORM_FIELDS: usize = 64;
/// Values of one field of a data form; a form with more is refused with `bad-request`.
pub const FORM_VALUES: usize = 256;
/// Clients whose capabilities (XEP-0115) are known at once, for all sessions together; then the oldest is forgotten.
pub const KNOWN_CLIENTS: usize = 1024;
/// Endpoints whose capabilities one client is known to have (XEP-0115 §8.4); then all are told again.
pub const CAPS_TOLD: usize = 1024;
/// Features of a client that are looked at; a client that names more is taken as one without capabilities.
pub const CLIENT_FEATURES: usize = 256;
/// PEP notices that wait until the client's capabilities are known; the oldest is dropped.
pub const NOTICES_WAITING: usize = 64;
/// Items that one pubsub request may name; more are refused with `not-acceptable`.
pub const ITEMS_PER_REQUEST: usize = 100;
/// Ids that one history query may name (XEP-0313 `ids`); more are refused with `not-acceptable`.
pub const HISTORY_IDS: usize = 250;
/// PBKDF2 iterations of new verifiers (RFC 7677 §4 asks for 4096 at least).
pub const ITERATIONS: u32 = 10_000;
/// Accounts that one administrator's command may name (XEP-0133); more are refused with `not-acceptable`.
pub const ADMINISTERED: usize = 100;
/// Users that one administrator's list shows; the rest is left out.
pub const LISTED_USERS: u32 = 200;

// ── the session (session/) ──

/// Commands and questions of one session that wait for an answer; from then on no more is read from the client. Of what
/// was read already, everything beyond eight times as many is refused with `resource-constraint`.
pub const OPEN_COMMANDS: usize = 64;
/// Requests of the server to one client that wait for its answer; the oldest is given up.
pub const CLIENT_REQUESTS: usize = 8;
/// Bytes of the id, origin id, thread or language of a message; a longer one is refused with `policy-violation`.
pub const MESSAGE_ID_BYTES: usize = 256;
/// Bytes that a message carries beside its text; more are refused with `policy-violation`.
pub const CARRIED_BYTES: usize = 128 * 1024;
/// Bytes of the note of a presence; a longer one is refused with `bad-request`, a parting one is cut, and so is the
/// reason for which somebody is invited to a conference, put out of it or refused.
pub const NOTE_BYTES: usize = 4 * 1024;
/// Conferences that one session remembers that it is in; the oldest is forgotten.
pub const JOINED: usize = 250;
/// Invitations in one stanza (XEP-0045 §7.8.2); more are refused with `not-acceptable`.
pub const INVITATIONS: usize = 50;
/// Items of one change of roles or affiliations; more are refused with `not-acceptable`.
pub const ADMIN_ITEMS: usize = 250;
/// Items of one change of a block list; more are refused with `not-acceptable`.
pub const BLOCK_ITEMS: usize = 250;
/// People who may be brought into a two-party talk at once; more are refused with `not-acceptable`.
pub const NEWCOMERS: usize = 50;
/// Questions about the past of one session that the host has at once, its answers that the session has not taken
/// included; more of them wait in the session, and count as open meanwhile.
pub const HISTORY_QUESTIONS: usize = 2;
/// Bytes of the node and `ver` by which a client names its capabilities; longer ones are taken as none.
pub const CAPS_BYTES: usize = 1024;
/// Elements of one namespace in a user's private storage (XEP-0049), by name; the oldest goes first.
pub const PRIVATE_NAMES: u32 = 16;
