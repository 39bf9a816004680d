//! PLAIN (RFC 4616): the password itself, inside TLS only.

use super::SaslError;

/// What a client said. `Debug` shows no secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Plain {
    /// Whom it wants to act as.
    pub authzid: Option<String>,
    /// Who signs in.
    pub user: String,
    /// With what.
    pub password: String,
}

impl Plain {
    /// Reads the one message of the mechanism.
    pub fn parse(message: &[u8]) -> Result<Self, SaslError> {
        let text = std::str::from_utf8(message).map_err(|_| SaslError::MalformedRequest)?;
        let mut parts = text.split('\0');
        let all = (parts.next(), parts.next(), parts.next(), parts.next());
        let (Some(authzid), Some(user), Some(password), None) = all else {
            return Err(SaslError::MalformedRequest);
        };
        if user.is_empty() || password.is_empty() {
            return Err(SaslError::MalformedRequest);
        }
        let authzid = (!authzid.is_empty()).then(|| authzid.to_owned());
        Ok(Self { authzid, user: user.to_owned(), password: password.to_owned() })
    }
}

impl std::fmt::Debug for Plain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plain").finish_non_exhaustive()
    }
}
