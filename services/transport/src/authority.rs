//! The server's own certificate authority, for those who bring no certificate: `ca.pem` for clients to trust,
//! `ca.key`, `server.pem` and `server.key` in one directory (X.509 by RFC 5280). The nodes of a pool have one too, with
//! a certificate for each.
//!
//! Invariant: it replaces only certificates that it signed itself; a file that it did not make is never touched.

use crate::{limits::PEM_FILE, tls::TlsError};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
};
use std::{
    collections::BTreeSet,
    fs,
    io::{ErrorKind, Write as _},
    net::IpAddr,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};
use x509_parser::{
    certificate::X509Certificate, extensions::GeneralName, pem::parse_x509_pem, prelude::FromDer as _,
    x509::SubjectPublicKeyInfo,
};

const DAY: Duration = Duration::from_hours(24);
/// How long a server certificate is valid; clients refuse those of more than 398 days.
const SERVER_VALID: Duration = Duration::from_hours(397 * 24);
/// How long the authority is valid.
const CA_VALID: Duration = Duration::from_hours(3650 * 24);
/// A certificate with less than this left is made anew.
const RENEW_BEFORE: Duration = Duration::from_hours(30 * 24);
/// By this name of its issuer a certificate is known as ours.
const ORGANISATION: &str = "Linnet";

/// The files of the authority in one directory.
#[derive(Clone, Debug)]
pub struct Authority {
    dir: PathBuf,
    /// Of the files of the certificate that it signs.
    name: String,
    usages: &'static [ExtendedKeyUsagePurpose],
}

/// What [`Authority::ensure`] did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ensured {
    /// All was there and good for a while.
    Kept,
    /// A certificate was made, the first or a new one, by the authority that clients may know already.
    Renewed,
    /// The authority itself is new: clients need `ca.pem`.
    Founded,
}

impl Authority {
    /// The authority whose files are, or will be, in `dir`.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into(), name: "server".to_owned(), usages: &[ExtendedKeyUsagePurpose::ServerAuth] }
    }

    /// The authority of a pool in `dir`, about the certificate of one of its nodes: `NAME.pem` and `NAME.key`, good for
    /// both sides of mutual TLS.
    pub fn of_node(dir: impl Into<PathBuf>, name: impl Into<String>) -> Self {
        let usages = &[ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        Self { dir: dir.into(), name: name.into(), usages }
    }

    /// The authority's certificate, for clients to trust.
    pub fn ca(&self) -> PathBuf {
        self.dir.join("ca.pem")
    }

    /// The certificate chain of the server, or of the node.
    pub fn certificate(&self) -> PathBuf {
        self.dir.join(format!("{}.pem", self.name))
    }

    /// Its key.
    pub fn key(&self) -> PathBuf {
        self.dir.join(format!("{}.key", self.name))
    }

    /// Sees to it that there is a certificate for `names` (DNS names and IP addresses), valid at `now` and for 30
    /// days more. Files of somebody else are left as they are, whatever they hold.
    pub fn ensure(&self, names: &[String], now: SystemTime) -> Result<Ensured, TlsError> {
        fs::create_dir_all(&self.dir).map_err(|error| TlsError::file(&self.dir, error))?;
        let server = self.certificate();
        let present = read_pem(&server)?;
        if let Some(pem) = &present
            && !is_ours(&server, pem)?
        {
            return Ok(Ensured::Kept);
        }
        if present.is_none() {
            refuse_stray(&self.key(), &server)?;
        }
        let (ca_pem, ca_key, founded) = self.ensure_ca(now)?;
        if let Some(pem) = &present
            && !founded
            && go_together(&server, pem, &self.key())?
            && still_good(&server, pem, &ca_pem, names, now)?
        {
            return Ok(Ensured::Kept);
        }
        let issuer = Issuer::from_ca_cert_pem(&ca_pem, ca_key).map_err(|error| bad(&self.ca(), &error))?;
        let ends = not_after(&self.ca(), &ca_pem)?.min(now + SERVER_VALID);
        self.issue(&issuer, names, now, ends)?;
        Ok(if founded { Ensured::Founded } else { Ensured::Renewed })
    }

    fn ensure_ca(&self, now: SystemTime) -> Result<(String, KeyPair, bool), TlsError> {
        let (certificate, key) = (self.ca(), self.dir.join("ca.key"));
        if let Some(pem) = read_pem(&certificate)? {
            let good = go_together(&certificate, &pem, &key)?;
            if good && not_after(&certificate, &pem)? > now + RENEW_BEFORE {
                let pair = KeyPair::from_pem(&read_pem(&key)?.unwrap_or_default());
                return Ok((pem, pair.map_err(|error| bad(&key, &error))?, false));
            }
            if !is_ours(&certificate, &pem)? {
                let problem = "not made here, and its key is missing or it ends soon; not replaced";
                return Err(TlsError::content(&certificate, problem));
            }
        } else {
            refuse_stray(&key, &certificate)?;
        }
        let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(|error| bad(&key, &error))?;
        let made = ca_params(now).self_signed(&pair).map_err(|error| bad(&certificate, &error))?;
        write_pair(&certificate, &made.pem(), &key, &pair)?;
        Ok((made.pem(), pair, true))
    }

    fn issue(
        &self,
        issuer: &Issuer<'_, KeyPair>,
        names: &[String],
        from: SystemTime,
        to: SystemTime,
    ) -> Result<(), TlsError> {
        let (certificate, key) = (self.certificate(), self.key());
        let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(|error| bad(&key, &error))?;
        let mut params = CertificateParams::new(names.to_vec()).map_err(|error| bad(&certificate, &error))?;
        params.distinguished_name = subject(names.first().map_or("localhost", String::as_str));
        (params.not_before, params.not_after) = ((from - DAY).into(), to.into());
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = self.usages.to_vec();
        params.use_authority_key_identifier_extension = true;
        let made = params.signed_by(&pair, issuer).map_err(|error| bad(&certificate, &error))?;
        write_pair(&certificate, &made.pem(), &key, &pair)
    }
}

fn ca_params(now: SystemTime) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = subject("Linnet certificate authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    (params.not_before, params.not_after) = ((now - DAY).into(), (now + CA_VALID).into());
    params
}

fn subject(name: &str) -> DistinguishedName {
    let mut subject = DistinguishedName::new();
    subject.push(DnType::OrganizationName, ORGANISATION);
    // RFC 5280 appendix A.1: a common name has at most 64 characters. Nobody matches it; the names are in the SAN.
    subject.push(DnType::CommonName, name.chars().take(64).collect::<String>());
    subject
}

/// A key without its certificate is not ours to replace.
fn refuse_stray(key: &Path, certificate: &Path) -> Result<(), TlsError> {
    if key.exists() {
        let problem = format!("there is no {} to it; move it away to have both made", certificate.display());
        return Err(TlsError::content(key, problem));
    }
    Ok(())
}

/// Whether the key is there and is this certificate's.
fn go_together(path: &Path, pem: &str, key: &Path) -> Result<bool, TlsError> {
    let Some(pair) = read_pem(key)?.and_then(|pem| KeyPair::from_pem(&pem).ok()) else { return Ok(false) };
    with_certificate(path, pem, |certificate| {
        *certificate.public_key().subject_public_key.data == *pair.public_key_raw()
    })
}

/// Signed by the present authority, for exactly these names, and not about to end.
fn still_good(path: &Path, pem: &str, ca: &str, names: &[String], now: SystemTime) -> Result<bool, TlsError> {
    let issuer_key = with_certificate(path, ca, |ca| ca.public_key().raw.to_vec())?;
    let (signed, has) = with_certificate(path, pem, |server| {
        let signed = SubjectPublicKeyInfo::from_der(&issuer_key)
            .is_ok_and(|(_, key)| server.verify_signature(Some(&key)).is_ok());
        (signed, names_of(server))
    })?;
    let wanted: BTreeSet<String> = names.iter().map(|name| canonical(name)).collect();
    Ok(signed && has == wanted && not_after(path, pem)? > now + RENEW_BEFORE)
}

fn names_of(certificate: &X509Certificate<'_>) -> BTreeSet<String> {
    let Ok(Some(names)) = certificate.subject_alternative_name() else { return BTreeSet::new() };
    let name = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => Some(canonical(name)),
        GeneralName::IPAddress(octets) => {
            let ip = <[u8; 4]>::try_from(*octets).map(IpAddr::from);
            ip.or_else(|_| <[u8; 16]>::try_from(*octets).map(IpAddr::from)).ok().map(|ip| ip.to_string())
        }
        _ => None,
    };
    names.value.general_names.iter().filter_map(name).collect()
}

fn canonical(name: &str) -> String {
    name.parse::<IpAddr>().map_or_else(|_| name.to_ascii_lowercase(), |ip| ip.to_string())
}

fn is_ours(path: &Path, pem: &str) -> Result<bool, TlsError> {
    with_certificate(path, pem, |certificate| {
        certificate.issuer().iter_organization().any(|name| name.as_str() == Ok(ORGANISATION))
    })
}

fn not_after(path: &Path, pem: &str) -> Result<SystemTime, TlsError> {
    let seconds = with_certificate(path, pem, |certificate| certificate.validity().not_after.timestamp())?;
    Ok(SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

fn with_certificate<T>(
    path: &Path,
    pem: &str,
    ask: impl FnOnce(&X509Certificate<'_>) -> T,
) -> Result<T, TlsError> {
    let (_, pem) = parse_x509_pem(pem.as_bytes()).map_err(|error| bad(path, &error))?;
    let certificate = pem.parse_x509().map_err(|error| bad(path, &error))?;
    Ok(ask(&certificate))
}

fn bad(path: &Path, error: &dyn std::fmt::Display) -> TlsError {
    TlsError::content(path, format!("{error} (delete the file to have a new one made)"))
}

/// The file's text; `None` if there is no such file.
fn read_pem(path: &Path) -> Result<Option<String>, TlsError> {
    match fs::metadata(path) {
        Ok(found) if found.len() > PEM_FILE => Err(TlsError::content(path, "too large for a PEM file")),
        Ok(_) => fs::read_to_string(path).map(Some).map_err(|error| TlsError::file(path, error)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(TlsError::file(path, error)),
    }
}

/// The certificate first: after a crash in between, it is ours without its key, and both are made anew.
fn write_pair(certificate: &Path, pem: &str, key: &Path, pair: &KeyPair) -> Result<(), TlsError> {
    write(certificate, pem, 0o644)?;
    write(key, &pair.serialize_pem(), 0o600)
}

/// Written beside and renamed, so that a crash leaves the old file or the new one, and a key is never readable.
fn write(path: &Path, text: &str, mode: u32) -> Result<(), TlsError> {
    let beside = path.with_extension("new");
    let written = (|| {
        if beside.exists() {
            fs::remove_file(&beside)?;
        }
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(&beside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, path)
    })();
    written.map_err(|error| TlsError::file(path, error))
}

#[cfg(test)]
mod tests;
