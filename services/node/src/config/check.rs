//! What can only be judged with several settings in view, or with a look at the disk.

use super::{Problem, Standard, parse};
use std::{
    collections::BTreeMap,
    fs::{self, File},
    net::SocketAddr,
    path::Path,
};

/// Before sign-in a stanza may have this many bytes (RFC 6120 §13.12 wants no less than 10,000), so less after it
/// makes no sense.
const LEAST_STANZA: u64 = 10 * 1024;
/// A larger stanza would take too much of a connection's memory, and its message of a record of the log.
const LARGEST_STANZA: u64 = 1 << 20;

pub(super) fn stanza(text: &str) -> Result<usize, String> {
    match parse::bytes(text).map(|bytes| (bytes, usize::try_from(bytes)))? {
        (LEAST_STANZA..=LARGEST_STANZA, Ok(bytes)) => Ok(bytes),
        _ => Err("10KiB to 1MiB are expected".to_owned()),
    }
}

/// What keeps the server from running with this.
pub(super) fn problems(standard: &Standard) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut add = |setting, text: String| problems.push(Problem::new(setting, text));
    let listeners = listeners(standard);
    if !listeners.iter().any(|(name, _)| !matches!(*name, "grpc" | "component")) {
        add("xmpp", "nobody could connect: --xmpp, --xmpp-tls and --http are all off".to_owned());
    }
    let mut taken = BTreeMap::new();
    for (name, address) in listeners.into_iter().filter(|(_, address)| address.port() != 0) {
        if let Some(other) = taken.insert(address, name) {
            add(name, format!("{address} is taken by --{other}"));
        }
    }
    for admin in &standard.admin {
        if admin.domain() != standard.domain.as_str() {
            add("admin", format!("{admin} is not in {}", standard.domain));
        }
    }
    if standard.component.is_some() && standard.components.is_empty() {
        add("components", "needed beside --component: nobody could connect there".to_owned());
    }
    for address in standard.components.keys() {
        let own = ["conference", "upload"].map(|name| format!("{name}.{}", standard.domain));
        if *address == standard.domain || own.iter().any(|own| own == address.as_str()) {
            add("components", format!("{address} is served here"));
        }
    }
    if standard.upload_quota < standard.upload_max {
        add("upload-quota", "less than --upload-max, so that the largest file would never fit".to_owned());
    }
    if let Some((certificate, key)) = &standard.certificate {
        for (name, path) in [("certificate", certificate), ("key", key)] {
            if let Err(error) = File::open(path) {
                add(name, format!("{}: {error}", path.display()));
            }
        }
    }
    if let Some(problem) = directory_problem(&standard.data) {
        add("data", problem);
    }
    problems
}

/// What works, but deserves a second thought.
pub(super) fn notes(standard: &Standard) -> Vec<Problem> {
    let mut notes = Vec::new();
    let is_open = |address: Option<SocketAddr>| address.is_some_and(|address| !address.ip().is_loopback());
    if is_open(standard.grpc) {
        let text = "not a loopback address: whoever reaches it is an administrator, and it is not encrypted";
        notes.push(Problem::new("grpc", text));
    }
    if is_open(standard.component) {
        let text = "not a loopback address: what components say is not encrypted";
        notes.push(Problem::new("component", text));
    }
    if standard.component.is_none() && !standard.components.is_empty() {
        notes.push(Problem::new("component", "off: the components of --components cannot connect"));
    }
    if !standard.http_tls && is_open(standard.http) {
        let text = "off on an address that others reach: put a proxy that speaks TLS before it";
        notes.push(Problem::new("http-tls", text));
    }
    if standard.xmpp_tls.is_none() && standard.xmpp.is_none() {
        notes.push(Problem::new("xmpp", "off, as is --xmpp-tls: only web clients can connect"));
    }
    notes
}

pub(super) fn listeners(standard: &Standard) -> Vec<(&'static str, SocketAddr)> {
    let all = [
        ("xmpp", standard.xmpp),
        ("xmpp-tls", standard.xmpp_tls),
        ("http", standard.http),
        ("component", standard.component),
        ("grpc", standard.grpc),
    ];
    all.into_iter().filter_map(|(name, address)| Some((name, address?))).collect()
}

/// The directory, or the nearest one above it that exists, must be a directory that can be written.
fn directory_problem(data: &Path) -> Option<String> {
    let existing = data.ancestors().find(|path| path.as_os_str().is_empty() || path.exists())?;
    let existing = if existing.as_os_str().is_empty() { Path::new(".") } else { existing };
    match fs::metadata(existing) {
        Ok(found) if !found.is_dir() => Some(format!("{} is not a directory", existing.display())),
        Ok(found) if found.permissions().readonly() => {
            Some(format!("{} cannot be written to", existing.display()))
        }
        Ok(_) => None,
        Err(error) => Some(format!("{}: {error}", existing.display())),
    }
}
