//! One state of the server's certificate: the configurations made of it and its `tls-server-end-point` hash
//! (RFC 5929 §4.1). Never changed; a reload makes another.

use super::{ALPN_XMPP, TlsError};
use crate::limits::PEM_FILE;
use rustls::{
    ServerConfig,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{NoServerSessionStorage, ResolvesServerCert},
    sign::{CertifiedKey, SingleCertAndKey},
};
use sha2::{Digest, Sha256, Sha384, Sha512};
use std::{fs, path::Path, sync::Arc};
use x509_parser::{
    oid_registry::{
        OID_HASH_SHA1, OID_NIST_HASH_SHA256, OID_NIST_HASH_SHA384, OID_NIST_HASH_SHA512,
        OID_PKCS1_MD5WITHRSAENC, OID_PKCS1_RSASSAPSS, OID_PKCS1_SHA1WITHRSA, OID_PKCS1_SHA256WITHRSA,
        OID_PKCS1_SHA384WITHRSA, OID_PKCS1_SHA512WITHRSA, OID_SIG_ECDSA_WITH_SHA256,
        OID_SIG_ECDSA_WITH_SHA384, OID_SIG_ECDSA_WITH_SHA512,
    },
    prelude::{AlgorithmIdentifier, FromDer, X509Certificate},
    signature_algorithm::SignatureAlgorithm,
};

pub(crate) struct Identity {
    certified: Arc<CertifiedKey>,
    key: Vec<u8>,
    endpoint_hash: Option<Arc<[u8]>>,
    after_start_tls: Arc<ServerConfig>,
    direct: Arc<ServerConfig>,
}

impl Identity {
    pub(super) fn read(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let chain = read_chain(certificate)?;
        let key_der = PrivateKeyDer::from_pem_slice(&read(key)?)
            .map_err(|error| TlsError::content(key, format!("no private key in PEM: {error}")))?;
        let secret = key_der.secret_der().to_vec();
        let endpoint_hash = endpoint_hash(&chain[0]);
        let certified = CertifiedKey::from_der(chain, key_der, &provider()).map_err(|error| {
            TlsError::content(key, format!("this key does not go with {}: {error}", certificate.display()))
        })?;
        let certified = Arc::new(certified);
        let resolver: Arc<dyn ResolvesServerCert> = Arc::new(SingleCertAndKey::from(Arc::clone(&certified)));
        let config = |resolver, alpn| {
            config(resolver, alpn).map_err(|problem| TlsError::content(certificate, problem))
        };
        let after_start_tls = config(Arc::clone(&resolver), &[])?;
        let mut direct = config(resolver, &[ALPN_XMPP])?;
        direct.ticketer = Arc::clone(&after_start_tls.ticketer);
        Ok(Self {
            certified,
            key: secret,
            endpoint_hash,
            after_start_tls: Arc::new(after_start_tls),
            direct: Arc::new(direct),
        })
    }

    pub(super) fn same_as(&self, other: &Self) -> bool {
        self.certified.cert == other.certified.cert && self.key == other.key
    }

    pub(super) fn certified(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.certified)
    }

    pub(crate) fn endpoint_hash(&self) -> Option<Arc<[u8]>> {
        self.endpoint_hash.clone()
    }

    /// For a connection that begins with TLS, or one that comes to it by STARTTLS.
    pub(crate) fn config(&self, direct: bool) -> Arc<ServerConfig> {
        Arc::clone(if direct { &self.direct } else { &self.after_start_tls })
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// The server configuration that all listeners share but for ALPN. No early data: it could be replayed.
pub(super) fn config(resolver: Arc<dyn ResolvesServerCert>, alpn: &[&[u8]]) -> Result<ServerConfig, String> {
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(|error| error.to_string())?
        .with_no_client_auth()
        .with_cert_resolver(resolver);
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    config.require_ems = true;
    config.ticketer = ring::Ticketer::new().map_err(|error| error.to_string())?;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 1;
    Ok(config)
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    let size = fs::metadata(path).map_err(|error| TlsError::file(path, error))?.len();
    if size > PEM_FILE {
        return Err(TlsError::content(path, format!("{size} bytes are too many for a PEM file")));
    }
    fs::read(path).map_err(|error| TlsError::file(path, error))
}

fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let pem = read(path)?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let chain = chain.map_err(|error| TlsError::content(path, format!("bad PEM: {error}")))?;
    if chain.is_empty() {
        return Err(TlsError::content(path, "no certificate in it (expected PEM, the server's own first)"));
    }
    Ok(chain)
}

/// RFC 5929 §4.1: by the hash of the certificate's own signature; MD5 and SHA-1 are replaced by SHA-256.
fn endpoint_hash(certificate: &CertificateDer<'_>) -> Option<Arc<[u8]>> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    let der = certificate.as_ref();
    Some(match signature_hash(&parsed.signature_algorithm)? {
        Hash::Sha256 => Sha256::digest(der).as_slice().into(),
        Hash::Sha384 => Sha384::digest(der).as_slice().into(),
        Hash::Sha512 => Sha512::digest(der).as_slice().into(),
    })
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

fn signature_hash(algorithm: &AlgorithmIdentifier<'_>) -> Option<Hash> {
    let oid = if algorithm.algorithm == OID_PKCS1_RSASSAPSS {
        let SignatureAlgorithm::RSASSA_PSS(parameters) = SignatureAlgorithm::try_from(algorithm).ok()? else {
            return None;
        };
        parameters.hash_algorithm_oid().to_owned()
    } else {
        algorithm.algorithm.to_owned()
    };
    let is_one_of = |oids: &[x509_parser::der_parser::Oid<'_>]| oids.contains(&oid);
    if is_one_of(&[OID_PKCS1_SHA384WITHRSA, OID_SIG_ECDSA_WITH_SHA384, OID_NIST_HASH_SHA384]) {
        Some(Hash::Sha384)
    } else if is_one_of(&[OID_PKCS1_SHA512WITHRSA, OID_SIG_ECDSA_WITH_SHA512, OID_NIST_HASH_SHA512]) {
        Some(Hash::Sha512)
    } else if is_one_of(&[
        OID_PKCS1_SHA256WITHRSA,
        OID_SIG_ECDSA_WITH_SHA256,
        OID_NIST_HASH_SHA256,
        OID_PKCS1_MD5WITHRSAENC,
        OID_PKCS1_SHA1WITHRSA,
        OID_HASH_SHA1,
    ]) {
        Some(Hash::Sha256)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_endpoint_hash_follows_the_signature() {
        for (algorithm, expected) in [
            (&rcgen::PKCS_ECDSA_P256_SHA256, Some(32)),
            (&rcgen::PKCS_ECDSA_P384_SHA384, Some(48)),
            (&rcgen::PKCS_ED25519, None),
        ] {
            let key = rcgen::KeyPair::generate_for(algorithm).expect("a key");
            let certificate = rcgen::CertificateParams::new(vec!["example.org".to_owned()])
                .and_then(|params| params.self_signed(&key))
                .expect("a certificate");
            assert_eq!(endpoint_hash(certificate.der()).map(|hash| hash.len()), expected);
        }
    }

    #[test]
    fn files_that_are_too_large_or_empty_are_refused_by_name() {
        let dir = tempfile::tempdir().expect("a directory");
        let large = dir.path().join("large.pem");
        let size = usize::try_from(PEM_FILE).expect("fits") + 1;
        fs::write(&large, vec![b'x'; size]).expect("written");
        let error = read_chain(&large).expect_err("too large").to_string();
        assert!(error.contains("large.pem") && error.contains("too many"), "{error}");
        let empty = dir.path().join("empty.pem");
        fs::write(&empty, "").expect("written");
        assert!(read_chain(&empty).expect_err("empty").to_string().contains("no certificate"));
    }
}
