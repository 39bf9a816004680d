//! What a client trusts: the CA that the server has made for itself, and nothing else.

use rustls::{
    ClientConfig, ClientConnection, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use std::{io, path::Path, sync::Arc};

/// A certificate authority.
#[derive(Clone)]
pub struct Trust(Arc<RootCertStore>);

impl Trust {
    /// Of a file in PEM.
    pub fn of(path: &Path) -> Self {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(path).expect("readable") {
            roots.add(certificate.expect("PEM")).expect("a certificate");
        }
        Self(Arc::new(roots))
    }

    /// A connection to the server's domain.
    pub(super) fn client(&self, protocol: &[u8]) -> io::Result<ClientConnection> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_root_certificates(Arc::clone(&self.0));
        let mut config = config.with_no_client_auth();
        config.alpn_protocols = vec![protocol.to_vec()];
        let name = ServerName::try_from(crate::server::DOMAIN).map_err(io::Error::other)?;
        ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)
    }
}
