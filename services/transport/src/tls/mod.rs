//! The server's TLS: one certificate for all listeners, read from PEM files and read again without a restart.
//!
//! TLS 1.2 (only with extended master secret, RFC 7627, so that the exporter of RFC 9266 binds in every connection)
//! and TLS 1.3. Resumption is by stateless tickets: nothing is kept for a client that is away. A changed
//! certificate also changes the ticket key, since a resumed session would bind to the certificate that was.

mod identity;
mod layer;

use identity::Identity;
pub(crate) use layer::{Fed, TlsLayer, failure_kind};
use rustls::{
    ServerConfig,
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use std::{
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

/// ALPN of an XMPP client that begins with TLS (XEP-0368 §4).
const ALPN_XMPP: &[u8] = b"xmpp-client";
/// ALPN of HTTP/1.1, which WebSocket (RFC 6455) needs.
const ALPN_HTTP: &[u8] = b"http/1.1";

/// A certificate or key cannot be used; the message names the file and what is wrong with it.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The file cannot be read or written.
    #[error("{path}: {source}", path = path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not what it should be.
    #[error("{path}: {problem}", path = path.display())]
    Content {
        /// Which file.
        path: PathBuf,
        /// What is wrong, and what to do.
        problem: String,
    },
}

impl TlsError {
    pub(crate) fn file(path: &Path, source: std::io::Error) -> Self {
        Self::File { path: path.to_owned(), source }
    }

    pub(crate) fn content(path: &Path, problem: impl Into<String>) -> Self {
        Self::Content { path: path.to_owned(), problem: problem.into() }
    }
}

/// The server's certificate as it is now; see the module.
pub struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    current: RwLock<Arc<Identity>>,
}

impl Tls {
    /// Reads the certificate chain and its key, both PEM.
    pub fn open(certificate: &Path, key: &Path) -> Result<Arc<Self>, TlsError> {
        let identity = Identity::read(certificate, key)?;
        Ok(Arc::new(Self {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
            current: RwLock::new(Arc::new(identity)),
        }))
    }

    /// Reads the files again. New connections get the new certificate; on an error all stays as it is. Says whether
    /// anything changed.
    pub fn reload(&self) -> Result<bool, TlsError> {
        let identity = Identity::read(&self.certificate, &self.key)?;
        if identity.same_as(&self.current()) {
            return Ok(false);
        }
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(identity);
        Ok(true)
    }

    /// The configuration for an HTTPS listener outside of this crate; it follows [`Tls::reload`] by itself.
    pub fn https(self: &Arc<Self>) -> Result<ServerConfig, TlsError> {
        let resolver: Arc<dyn ResolvesServerCert> = Arc::new(Follows(Arc::clone(self)));
        identity::config(resolver, &[ALPN_HTTP])
            .map_err(|problem| TlsError::content(&self.certificate, problem))
    }

    pub(crate) fn current(&self) -> Arc<Identity> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Answers each handshake with the certificate as it is at that moment.
struct Follows(Arc<Tls>);

impl ResolvesServerCert for Follows {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.current().certified())
    }
}

impl std::fmt::Debug for Follows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Follows").field(&self.0.certificate).finish()
    }
}
