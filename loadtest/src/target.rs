//! The server under load: where it is, how users sign in, and the TLS that is spoken with it.
//!
//! Invariant: the address is a loopback address; no other machine can be put under load. Because of that the
//! certificate is not checked (RFC 6125 is the concern of the client tests), and each handshake is a full one.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};

use crate::cli::ServerArgs;
use crate::trouble::Trouble;
use crate::wire::scram::KeyCache;

/// The server and what all its users share.
pub(crate) struct Target {
    /// Where XMPP clients connect, with STARTTLS.
    pub(crate) address: SocketAddr,
    /// The number of the first user's account.
    pub(crate) first: usize,
    /// The domain of the users' addresses.
    pub(crate) domain: String,
    /// The password of all users.
    pub(crate) password: String,
    /// The SCRAM keys seen so far.
    pub(crate) keys: KeyCache,
    /// The client's side of TLS.
    pub(crate) tls: TlsConnector,
    /// The domain as TLS names it.
    pub(crate) server_name: ServerName<'static>,
}

impl Target {
    /// Checks the flags and makes the target.
    pub(crate) fn new(args: &ServerArgs) -> Result<Self, Trouble> {
        let server_name = ServerName::try_from(args.domain.clone())
            .map_err(|_| Trouble::Flag(format!("`{}` is not a domain; change --domain", args.domain)))?;
        if args.password.contains(['<', '>', '&', '\'', '"']) {
            return Err(Trouble::Flag(
                "the password must not hold < > & or quotes; change --password".into(),
            ));
        }
        Ok(Self {
            address: args.target,
            first: args.first,
            domain: args.domain.clone(),
            password: args.password.clone(),
            keys: KeyCache::new(args.mechanism, args.password.clone()),
            tls: TlsConnector::from(Arc::new(client_config()?)),
            server_name,
        })
    }

    /// The account of the run's user of that index.
    pub(crate) fn name_of(&self, user: usize) -> String {
        format!("u{}", self.first + user)
    }

    /// The bare address of the run's user of that index.
    pub(crate) fn address_of(&self, user: usize) -> String {
        format!("{}@{}", self.name_of(user), self.domain)
    }
}

/// The account's number in `u{number}@…`, if the address is of one of ours.
pub(crate) fn account_number(address: &str) -> Option<usize> {
    address.strip_prefix('u')?.split_once('@')?.0.parse().ok()
}

fn client_config() -> Result<ClientConfig, Trouble> {
    let provider = Arc::new(ring::default_provider());
    let checks = Arc::new(Unchecked(provider.clone()));
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Trouble::Flag(format!("TLS cannot be set up: {error}")))?
        .dangerous()
        .with_custom_certificate_verifier(checks)
        .with_no_client_auth();
    config.resumption = Resumption::disabled();
    Ok(config)
}

/// Takes any certificate: the peer is this machine.
#[derive(Debug)]
struct Unchecked(Arc<CryptoProvider>);

impl ServerCertVerifier for Unchecked {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_users_have_numbers() {
        assert_eq!(account_number("u17@localhost/load"), Some(17));
        assert_eq!(account_number("u17"), None);
        assert_eq!(account_number("alice@localhost"), None);
        assert_eq!(account_number("ux@localhost"), None);
    }
}
