//! The namespaces of the stream itself; each extension's own stand in its file under `xep/`.

/// RFC 6120 §4.8.2: stanzas between a client and its server.
pub const CLIENT: &str = "jabber:client";
/// RFC 6120 §4.8.1: the stream header, features and errors.
pub const STREAMS: &str = "http://etherx.jabber.org/streams";
/// RFC 6120 §4.9.2: conditions of stream errors.
pub const STREAM_ERRORS: &str = "urn:ietf:params:xml:ns:xmpp-streams";
/// RFC 6120 §8.3.2: conditions of stanza errors.
pub const STANZA_ERRORS: &str = "urn:ietf:params:xml:ns:xmpp-stanzas";
/// RFC 6120 §5: STARTTLS.
pub const TLS: &str = "urn:ietf:params:xml:ns:xmpp-tls";
/// RFC 6120 §6: SASL.
pub const SASL: &str = "urn:ietf:params:xml:ns:xmpp-sasl";
/// XEP-0388: SASL2.
pub const SASL2: &str = "urn:xmpp:sasl:2";
/// RFC 6120 §7: resource binding.
pub const BIND: &str = "urn:ietf:params:xml:ns:xmpp-bind";
/// XEP-0386: Bind 2.
pub const BIND2: &str = "urn:xmpp:bind:0";
/// RFC 3921 §3: the session request that RFC 6121 §1.4 made a no-op.
pub const SESSION: &str = "urn:ietf:params:xml:ns:xmpp-session";
/// XEP-0484: FAST.
pub const FAST: &str = "urn:xmpp:fast:0";
/// XEP-0440: channel-binding types.
pub const CHANNEL_BINDING: &str = "urn:xmpp:sasl-cb:0";
/// XEP-0198: stream management.
pub const SM: &str = "urn:xmpp:sm:3";
/// XEP-0352: client state indication.
pub const CSI: &str = "urn:xmpp:csi:0";
/// XEP-0280: message carbons, which Bind 2 may switch on.
pub const CARBONS: &str = "urn:xmpp:carbons:2";
/// RFC 6121 §2.6.1: roster versioning.
pub const ROSTER_VERSIONING: &str = "urn:xmpp:features:rosterver";
/// RFC 6121 §3.4: pre-approved subscriptions.
pub const PRE_APPROVAL: &str = "urn:xmpp:features:pre-approval";
/// XEP-0115: entity capabilities.
pub const CAPS: &str = "http://jabber.org/protocol/caps";
/// Entity capabilities 2.0 (XEP-0390).
pub const CAPS2: &str = "urn:xmpp:caps";
/// Cryptographic hashes (XEP-0300).
pub const HASHES: &str = "urn:xmpp:hashes:2";
/// RFC 7395 §3.3.2: the stream header and end of a WebSocket.
pub const FRAMING: &str = "urn:ietf:params:xml:ns:xmpp-framing";
/// XEP-0114: stanzas between a component and its server.
pub const COMPONENT: &str = "jabber:component:accept";
/// XEP-0124: the wrapper of HTTP requests and their answers.
pub const BOSH: &str = "http://jabber.org/protocol/httpbind";
/// XEP-0206: what XMPP adds to that.
pub const XBOSH: &str = "urn:xmpp:xbosh";
/// The namespace of the prefix `xml`.
pub const XML: &str = "http://www.w3.org/XML/1998/namespace";
