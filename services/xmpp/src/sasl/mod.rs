//! Who is there: SASL on the server's side (RFC 4422 as profiled by RFC 6120 §6 and XEP-0388).
//!
//! [`Scram`] for passwords (RFC 5802, RFC 7677), [`plain`] for clients that can do no better inside TLS, [`ht`] for
//! the tokens of XEP-0484. Whether a user exists cannot be told from any answer or from its time.

pub mod ht;
pub mod plain;
mod scram;
#[cfg(test)]
mod tests;
mod verifier;

pub use scram::{Scram, ScramFirst};
pub use verifier::{Proof, check_plain, fake_verifier, make_verifiers, prepare_password};

pub(crate) use verifier::hmac_sha256;

use domain::account::ScramHash;

/// A mechanism that may be offered.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Mechanism {
    /// SCRAM, with the hash, and bound to the TLS channel (`-PLUS`) or not.
    Scram(ScramHash, bool),
    /// RFC 4616.
    Plain,
    /// A token of XEP-0484 with SHA-256.
    Ht(HtBinding),
}

/// What a token's proof is bound to (draft-schmaus-kitten-sasl-ht §2).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum HtBinding {
    /// Nothing.
    None,
    /// `tls-exporter`.
    Exporter,
    /// `tls-server-end-point`.
    EndPoint,
}

impl Mechanism {
    /// Those for passwords, strongest first.
    pub const PASSWORD: [Self; 5] = [
        Self::Scram(ScramHash::Sha256, true),
        Self::Scram(ScramHash::Sha1, true),
        Self::Scram(ScramHash::Sha256, false),
        Self::Scram(ScramHash::Sha1, false),
        Self::Plain,
    ];
    /// Those for tokens, strongest first.
    pub const TOKEN: [Self; 3] =
        [Self::Ht(HtBinding::Exporter), Self::Ht(HtBinding::EndPoint), Self::Ht(HtBinding::None)];

    /// The registered name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scram(ScramHash::Sha256, true) => "SCRAM-SHA-256-PLUS",
            Self::Scram(ScramHash::Sha256, false) => "SCRAM-SHA-256",
            Self::Scram(ScramHash::Sha1, true) => "SCRAM-SHA-1-PLUS",
            Self::Scram(ScramHash::Sha1, false) => "SCRAM-SHA-1",
            Self::Plain => "PLAIN",
            Self::Ht(HtBinding::None) => "HT-SHA-256-NONE",
            Self::Ht(HtBinding::Exporter) => "HT-SHA-256-EXPR",
            Self::Ht(HtBinding::EndPoint) => "HT-SHA-256-ENDP",
        }
    }

    /// The mechanism of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::PASSWORD.into_iter().chain(Self::TOKEN).find(|mechanism| mechanism.name() == name)
    }

    /// Whether it can be offered on such a channel.
    pub fn fits(self, channel: &Channel) -> bool {
        match self {
            Self::Scram(_, true) => channel.exporter.is_some() || channel.end_point.is_some(),
            Self::Scram(_, false) | Self::Plain | Self::Ht(HtBinding::None) => true,
            Self::Ht(HtBinding::Exporter) => channel.exporter.is_some(),
            Self::Ht(HtBinding::EndPoint) => channel.end_point.is_some(),
        }
    }
}

/// What is known of the TLS channel under a stream; empty where TLS ends elsewhere.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Channel {
    /// The 32 bytes of `tls-exporter` (RFC 9266), where TLS 1.3 or the extended master secret makes them unique.
    pub exporter: Option<[u8; 32]>,
    /// The certificate's hash, `tls-server-end-point` (RFC 5929 §4).
    pub end_point: Option<Box<[u8]>>,
}

impl Channel {
    /// The binding data of a registered type.
    pub fn binding(&self, kind: &str) -> Option<&[u8]> {
        match kind {
            "tls-exporter" => self.exporter.as_ref().map(<[u8; 32]>::as_slice),
            "tls-server-end-point" => self.end_point.as_deref(),
            _ => None,
        }
    }

    /// The types that are at hand, for XEP-0440.
    pub fn types(&self) -> impl Iterator<Item = &'static str> {
        ["tls-exporter", "tls-server-end-point"].into_iter().filter(|kind| self.binding(kind).is_some())
    }
}

/// Why a sign-in failed: the conditions of RFC 6120 §6.5.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[error("sign-in failed: {}", self.name())]
pub enum SaslError {
    /// The client gave up.
    Aborted,
    /// The credentials are right, the account is disabled.
    AccountDisabled,
    /// The token has run out.
    CredentialsExpired,
    /// Only inside TLS.
    EncryptionRequired,
    /// No base64.
    IncorrectEncoding,
    /// To act as another user.
    InvalidAuthzid,
    /// Not offered.
    InvalidMechanism,
    /// Not what the mechanism says must come.
    MalformedRequest,
    /// Wrong, or no such user.
    NotAuthorized,
    /// It cannot be checked now.
    TemporaryAuthFailure,
}

impl SaslError {
    /// The condition's element name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Aborted => "aborted",
            Self::AccountDisabled => "account-disabled",
            Self::CredentialsExpired => "credentials-expired",
            Self::EncryptionRequired => "encryption-required",
            Self::IncorrectEncoding => "incorrect-encoding",
            Self::InvalidAuthzid => "invalid-authzid",
            Self::InvalidMechanism => "invalid-mechanism",
            Self::MalformedRequest => "malformed-request",
            Self::NotAuthorized => "not-authorized",
            Self::TemporaryAuthFailure => "temporary-auth-failure",
        }
    }
}

#[cfg(test)]
pub(crate) fn client_proof(password: &str, verifier: &domain::account::Verifier, said: &[u8]) -> Vec<u8> {
    verifier::client_proof(verifier.hash, password, verifier, said)
}
