//! What is wrong with bytes that are no message, or not one that this release reads. Never holds content.

use crate::limits::MESSAGE_BYTES;
use event_log::codec::CodecError;

/// The bytes are no message.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DecodeError {
    /// Not even looked at.
    #[error("a message of {bytes} bytes; at most {MESSAGE_BYTES} are read")]
    TooLarge {
        /// So many.
        bytes: usize,
    },
    /// Not protobuf.
    #[error("malformed: {0}")]
    Malformed(#[from] prost::DecodeError),
    /// A part is missing, or its value cannot be.
    #[error("{field}: {why}")]
    Field {
        /// Which, as the contract names it.
        field: &'static str,
        /// What is wrong with it.
        why: CodecError,
    },
}

/// Why a part of a message cannot be read.
#[derive(Debug)]
pub(super) enum Fault {
    /// It is of a kind that a newer release has.
    UnknownKind,
    /// It is wrong.
    Wrong {
        /// Which field, once that is known.
        field: Option<&'static str>,
        /// What is wrong with it.
        why: CodecError,
    },
}

impl Fault {
    /// It must be there, and is not.
    pub(super) fn missing() -> Self {
        CodecError::Missing("value").into()
    }

    /// It is in this field; the innermost one is named.
    pub(super) fn within(self, outer: &'static str) -> Self {
        match self {
            Self::Wrong { field: None, why } => Self::Wrong { field: Some(outer), why },
            known => known,
        }
    }
}

impl From<CodecError> for Fault {
    fn from(why: CodecError) -> Self {
        Self::Wrong { field: None, why }
    }
}
