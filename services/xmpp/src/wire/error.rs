//! Stream errors (RFC 6120 §4.9): why a stream ends. Each condition is unrecoverable: it is written, then the
//! stream is closed.

use crate::{ns, wire::escape_text};

/// A defined condition of RFC 6120 §4.9.3.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[error("stream error: {}", self.name())]
pub enum StreamError {
    /// §4.9.3.1: well-formed, but nothing that can stand there.
    BadFormat,
    /// §4.9.3.2: a prefix that is needed is missing, or one is used that is not declared.
    BadNamespacePrefix,
    /// §4.9.3.3: another stream has taken this one's place.
    Conflict,
    /// §4.9.3.4: nothing came for too long.
    ConnectionTimeout,
    /// §4.9.3.6: the domain of the header is not served here.
    HostUnknown,
    /// §4.9.3.7: an address is missing or malformed.
    ImproperAddressing,
    /// §4.9.3.8: something is broken on this side.
    InternalServerError,
    /// §4.9.3.9: `from` is not the sender.
    InvalidFrom,
    /// §4.9.3.10: the stream's or the content's namespace is wrong.
    InvalidNamespace,
    /// §4.9.3.12: not before sign-in.
    NotAuthorized,
    /// §4.9.3.13: not XML.
    NotWellFormed,
    /// §4.9.3.14: a limit or a rule of this server.
    PolicyViolation,
    /// §4.9.3.16: the account is gone or changed, start again.
    Reset,
    /// §4.9.3.17: a resource of this server is used up.
    ResourceConstraint,
    /// §4.9.3.18: XML that RFC 6120 §11.1 forbids.
    RestrictedXml,
    /// §4.9.3.20: the server is going down.
    SystemShutdown,
    /// §4.9.3.21: something else; the application's condition says more.
    UndefinedCondition,
    /// §4.9.3.22: not UTF-8 by its own word.
    UnsupportedEncoding,
    /// §4.9.3.23: a feature that is not offered.
    UnsupportedFeature,
    /// §4.9.3.24: a top-level element of an unknown kind.
    UnsupportedStanzaType,
    /// §4.9.3.25: not XMPP 1.0.
    UnsupportedVersion,
}

impl StreamError {
    /// The condition's element name.
    pub fn name(self) -> &'static str {
        match self {
            Self::BadFormat => "bad-format",
            Self::BadNamespacePrefix => "bad-namespace-prefix",
            Self::Conflict => "conflict",
            Self::ConnectionTimeout => "connection-timeout",
            Self::HostUnknown => "host-unknown",
            Self::ImproperAddressing => "improper-addressing",
            Self::InternalServerError => "internal-server-error",
            Self::InvalidFrom => "invalid-from",
            Self::InvalidNamespace => "invalid-namespace",
            Self::NotAuthorized => "not-authorized",
            Self::NotWellFormed => "not-well-formed",
            Self::PolicyViolation => "policy-violation",
            Self::Reset => "reset",
            Self::ResourceConstraint => "resource-constraint",
            Self::RestrictedXml => "restricted-xml",
            Self::SystemShutdown => "system-shutdown",
            Self::UndefinedCondition => "undefined-condition",
            Self::UnsupportedEncoding => "unsupported-encoding",
            Self::UnsupportedFeature => "unsupported-feature",
            Self::UnsupportedStanzaType => "unsupported-stanza-type",
            Self::UnsupportedVersion => "unsupported-version",
        }
    }

    /// Appends the `<stream:error/>` element; `framed` (RFC 7395) declares the prefix on the element itself. `detail`
    /// is an element that says more, for programs (§4.9.4), or empty.
    pub fn write(self, text: Option<&str>, detail: &[u8], framed: bool, out: &mut Vec<u8>) {
        out.extend_from_slice(b"<stream:error");
        if framed {
            write_all(out, &[" xmlns:stream='", ns::STREAMS, "'"]);
        }
        write_all(out, &["><", self.name(), " xmlns='", ns::STREAM_ERRORS, "'/>"]);
        if let Some(text) = text {
            write_all(out, &["<text xmlns='", ns::STREAM_ERRORS, "' xml:lang='en'>"]);
            escape_text(text, out);
            out.extend_from_slice(b"</text>");
        }
        out.extend_from_slice(detail);
        out.extend_from_slice(b"</stream:error>");
    }
}

fn write_all(out: &mut Vec<u8>, parts: &[&str]) {
    for part in parts {
        out.extend_from_slice(part.as_bytes());
    }
}
