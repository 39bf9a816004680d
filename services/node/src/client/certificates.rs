//! `linnet node certificates`: what the nodes of a pool need to trust each other, and a certificate for clients.
//!
//! Two authorities: what is signed for clients to trust never lets anybody into the pool.

use super::Failure;
use crate::{roles::certificate_names, ui};
use clap::Args;
use domain::Address;
use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    time::SystemTime,
};
use transport::authority::{Authority, Ensured};

/// What to make, and for whom.
#[derive(Args)]
pub(crate) struct Certificates {
    /// Folder for everything that is made; what is there already is kept, and renewed a month before it ends
    dir: PathBuf,
    /// Each node by the name that others reach it by (NAME of --advertise), with further names after `=`, by comma
    #[arg(required = true, value_name = "NAME[=OTHER,…]")]
    names: Vec<String>,
    /// Make a certificate for clients too, for this domain
    #[arg(long, value_name = "NAME")]
    domain: Option<String>,
}

/// Makes what is not there.
pub(super) fn make(wanted: &Certificates) -> Result<(), Failure> {
    let fault = |error: &dyn std::fmt::Display| Failure::Input(error.to_string());
    let now = SystemTime::now();
    let cluster = wanted.dir.join("cluster");
    for name in &wanted.names {
        let (node, names) = names(name)?;
        let authority = Authority::of_node(&cluster, node);
        let done = authority.ensure(&names, now).map_err(|error| fault(&error))?;
        say(&authority.certificate(), done);
    }
    let path = cluster.join("secret");
    let made = secret(&path).map_err(|error| fault(&format!("{}: {error}", path.display())))?;
    say(&path, if made { Ensured::Renewed } else { Ensured::Kept });
    if let Some(domain) = &wanted.domain {
        let domain = Address::parse(domain).map_err(|error| fault(&format!("--domain {domain}: {error}")))?;
        let authority = Authority::new(wanted.dir.join("clients"));
        let done = authority.ensure(&certificate_names(&domain), now).map_err(|error| fault(&error))?;
        say(&authority.certificate(), done);
        println!("{}", ui::green(&format!("Clients are to trust {}.", authority.ca().display())));
    }
    Ok(())
}

/// A node's name, and all names that its certificate is for.
fn names(text: &str) -> Result<(&str, Vec<String>), Failure> {
    let (node, others) = text.split_once('=').unwrap_or((text, ""));
    let all: Vec<_> = [node].into_iter().chain(others.split(',').filter(|name| !name.is_empty())).collect();
    // The first becomes the name of a file.
    let good = |name: &&str| !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\0']);
    match all.iter().find(|name| !good(name) || **name == "ca") {
        Some(name) => Err(Failure::Input(format!("{name:?} is no name of a node"))),
        None => Ok((node, all.into_iter().map(str::to_owned).collect())),
    }
}

/// 32 random bytes in hexadecimal, unless there is one.
fn secret(path: &Path) -> io::Result<bool> {
    if fs::exists(path)? {
        return Ok(false);
    }
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all())?;
    Ok(true)
}

fn say(path: &Path, done: Ensured) {
    let done = match done {
        Ensured::Kept => "kept",
        Ensured::Renewed | Ensured::Founded => "made",
    };
    println!("{done} {}", path.display());
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn wanted(dir: &Path, names: &[&str]) -> Certificates {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        Certificates { dir: dir.to_owned(), names, domain: Some("example.org".to_owned()) }
    }

    #[test]
    fn everything_is_made_once_and_closed() {
        let folder = tempfile::tempdir().expect("a folder");
        make(&wanted(folder.path(), &["n1", "n2=n2.example.org,10.0.0.2"])).expect("made");
        let files =
            ["cluster/ca.pem", "cluster/n1.pem", "cluster/n2.key", "cluster/secret", "clients/server.pem"];
        let read = |file: &str| fs::read(folder.path().join(file)).expect(file);
        let before = files.map(read);
        assert_ne!(
            read("cluster/ca.pem"),
            read("clients/ca.pem"),
            "clients' authority lets nobody into the pool"
        );
        for file in ["cluster/ca.key", "cluster/n1.key", "cluster/secret", "clients/server.key"] {
            let mode = fs::metadata(folder.path().join(file)).expect(file).permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{file}");
        }
        make(&wanted(folder.path(), &["n1", "n2=n2.example.org,10.0.0.2", "n3"])).expect("made");
        assert_eq!(files.map(read), before, "a further node changes nothing for the others");
        assert!(folder.path().join("cluster/n3.pem").exists());
    }

    #[test]
    fn a_name_that_is_a_path_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["../n1", "", ".hidden", "a/b", "n1=a/b", "ca"] {
            assert!(make(&wanted(folder.path(), &[name])).is_err(), "{name}");
        }
    }
}
