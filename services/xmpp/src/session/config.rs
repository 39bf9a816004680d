//! What a deployment says about itself to every session: its addresses, its people, its limits.

use crate::xep::caps;
use domain::Address;
use std::sync::Arc;

/// Shared by all sessions of a domain.
#[derive(Clone, Debug)]
pub struct Config {
    /// The domain that is served.
    pub domain: Address,
    /// The address of the conference service (XEP-0045); conferences are `name@` it.
    pub conferences: Address,
    /// The address of the upload service (XEP-0363); `None` where files cannot be uploaded.
    pub uploads: Option<Address>,
    /// Domains of others that are reached (XEP-0114): of any address there, only its home knows what it is.
    pub peers: Vec<Address>,
    /// Bytes of one uploaded file at most.
    pub upload_bytes: u64,
    /// Whether messages are kept for users who are not there (policy; announced by XEP-0160).
    pub offline_messages: bool,
    /// Who may use the administrators' commands (XEP-0133).
    pub administrators: Vec<Address>,
    /// How to reach the people behind the server (XEP-0157): URIs.
    pub contacts: Vec<String>,
    /// The version that the server tells (XEP-0092).
    pub version: &'static str,
    /// What clients of each software can do; shared by all sessions of the process (XEP-0115).
    pub caps: Arc<caps::Cache>,
}

impl Config {
    /// The usual one of a domain: `conference.` and `upload.` below it, and no administrators.
    ///
    /// Errors: none of the two names is an address if the domain is too long.
    pub fn new(domain: Address) -> Result<Self, domain::address::AddressError> {
        let below = |name: &str| Address::parse(&format!("{name}.{domain}"));
        Ok(Self {
            conferences: below("conference")?,
            uploads: Some(below("upload")?),
            peers: Vec::new(),
            upload_bytes: 100 * 1024 * 1024,
            offline_messages: true,
            administrators: Vec::new(),
            contacts: Vec::new(),
            version: env!("CARGO_PKG_VERSION"),
            caps: Arc::default(),
            domain,
        })
    }
}
