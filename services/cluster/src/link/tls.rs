//! TLS 1.3 between nodes, both sides with a certificate of the cluster's own authority. The files are read at each connection, so
//! that a renewed certificate is used from the next one on.

use crate::{limits, node::host_and_port, options::Tls};
use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::{
    TlsAcceptor, TlsConnector,
    rustls::{
        ClientConfig, RootCertStore, ServerConfig,
        crypto::{CryptoProvider, ring},
        pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject as _},
        server::WebPkiClientVerifier,
        version::TLS13,
    },
};

/// A stream of either kind.
pub(crate) enum Wire {
    /// In the clear.
    Clear(TcpStream),
    /// By TLS, as a client or as a server.
    Sealed(Box<tokio_rustls::TlsStream<TcpStream>>),
}

struct Credentials {
    roots: Arc<RootCertStore>,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let say = |error: io::Error| format!("{}: {error}", path.display());
    let mut bytes = Vec::new();
    File::open(path).and_then(|f| f.take(limits::PEM_BYTES).read_to_end(&mut bytes)).map_err(say)?;
    Ok(bytes)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let pem = read(path)?;
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match all {
        Ok(all) if !all.is_empty() => Ok(all),
        Ok(_) => Err(format!("{}: no certificate in it", path.display())),
        Err(error) => Err(format!("{}: {error}", path.display())),
    }
}

fn load(tls: &Tls) -> Result<Credentials, String> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(&tls.ca)? {
        roots.add(certificate).map_err(|error| format!("{}: {error}", tls.ca.display()))?;
    }
    let key = PrivateKeyDer::from_pem_slice(&read(&tls.key)?);
    let key = key.map_err(|error| format!("{}: {error}", tls.key.display()))?;
    Ok(Credentials { roots: Arc::new(roots), chain: certificates(&tls.certificate)?, key })
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn server(tls: &Tls) -> Result<ServerConfig, String> {
    let credentials = load(tls)?;
    let verifier = WebPkiClientVerifier::builder_with_provider(credentials.roots, provider()).build();
    let verifier = verifier.map_err(|error| format!("{}: {error}", tls.ca.display()))?;
    let builder = ServerConfig::builder_with_provider(provider()).with_protocol_versions(&[&TLS13]);
    let builder = builder.map_err(|error| error.to_string())?.with_client_cert_verifier(verifier);
    let config = builder.with_single_cert(credentials.chain, credentials.key);
    let mut config = config.map_err(|error| format!("{}: {error}", tls.certificate.display()))?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(config)
}

fn client(tls: &Tls) -> Result<ClientConfig, String> {
    let credentials = load(tls)?;
    let builder = ClientConfig::builder_with_provider(provider()).with_protocol_versions(&[&TLS13]);
    let builder = builder.map_err(|error| error.to_string())?.with_root_certificates(credentials.roots);
    let config = builder.with_client_auth_cert(credentials.chain, credentials.key);
    let mut config = config.map_err(|error| format!("{}: {error}", tls.certificate.display()))?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(config)
}

/// Whether the files can be used: said at the start, in a sentence.
pub(crate) fn check(tls: &Tls) -> Result<(), String> {
    server(tls)?;
    client(tls).map(drop)
}

/// Takes the other side's connection.
pub(crate) async fn accept(tls: Option<&Tls>, stream: TcpStream) -> io::Result<Wire> {
    let Some(tls) = tls else { return Ok(Wire::Clear(stream)) };
    let config = server(tls).map_err(io::Error::other)?;
    let stream = TlsAcceptor::from(Arc::new(config)).accept(stream).await?;
    Ok(Wire::Sealed(Box::new(stream.into())))
}

/// Connects to `HOST:PORT`; its certificate must be for the host.
pub(crate) async fn connect(tls: Option<&Tls>, address: &str) -> io::Result<Wire> {
    let (host, _) = host_and_port(address).ok_or(io::ErrorKind::InvalidInput)?;
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let Some(tls) = tls else { return Ok(Wire::Clear(stream)) };
    let config = client(tls).map_err(io::Error::other)?;
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    Ok(Wire::Sealed(Box::new(stream.into())))
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Clear(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Sealed(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Clear(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Sealed(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Clear(stream) => Pin::new(stream).poll_flush(cx),
            Self::Sealed(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Clear(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Sealed(stream) => {
                ready!(Pin::new(stream).poll_shutdown(cx))?;
                Poll::Ready(Ok(()))
            }
        }
    }
}
