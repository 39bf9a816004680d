//! The file of `--components`: which domains are served by components (XEP-0114), and the secret of each.
//!
//! ```toml
//! [[component]]
//! address = "irc.example.org"
//! secret = "…"
//! ```
//!
//! Invariant: what is wrong is said without a secret, also where the file is no TOML.

use domain::Address;
use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};
use toml::Value;
use xmpp::component::{Components, Secret};

/// Bytes of the file at most; a larger one is refused.
const FILE_BYTES: u64 = 64 * 1024;
/// Components at most; more are refused.
const COMPONENTS: usize = 64;
/// Characters of a secret at least: it is all that keeps others from speaking for the domain.
const SECRET_CHARS: usize = 16;

/// Reads the file.
pub(super) fn read(path: &str) -> Result<Components, String> {
    let path = Path::new(path);
    let about = fs::metadata(path).map_err(|error| error.to_string())?;
    if about.permissions().mode() & 0o077 != 0 {
        return Err(format!("it holds secrets and others may read it: chmod 600 {}", path.display()));
    }
    if about.len() > FILE_BYTES {
        return Err(format!("larger than {FILE_BYTES} bytes"));
    }
    parse(&fs::read_to_string(path).map_err(|error| error.to_string())?)
}

fn parse(text: &str) -> Result<Components, String> {
    // The parser's own words may quote the file.
    let table: toml::Table = text.parse().map_err(|_| "not TOML".to_owned())?;
    if let Some(key) = table.keys().find(|key| *key != "component") {
        return Err(format!("{key} is not known; [[component]] is expected"));
    }
    let listed = match table.get("component") {
        None => return Ok(Components::new()),
        Some(Value::Array(listed)) => listed,
        Some(_) => return Err("[[component]] is expected".to_owned()),
    };
    if listed.len() > COMPONENTS {
        return Err(format!("more than {COMPONENTS} components"));
    }
    let mut components = Components::new();
    for value in listed {
        let (address, secret) = component(value)?;
        if components.insert(address.clone(), secret).is_some() {
            return Err(format!("{address} stands there twice"));
        }
    }
    Ok(components)
}

fn component(value: &Value) -> Result<(Address, Secret), String> {
    let field =
        |name| value.get(name).and_then(Value::as_str).ok_or(format!("a component needs {name} = \"…\""));
    let address = super::parse::domain(field("address")?)?;
    let secret = field("secret").map_err(|error| format!("{address}: {error}"))?;
    if secret.chars().count() < SECRET_CHARS {
        return Err(format!("{address}: a secret has at least {SECRET_CHARS} characters"));
    }
    Ok((address, Secret(secret.into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[[component]]\naddress = 'irc.example.org'\nsecret = 'sixteen letters!'\n";

    #[test]
    fn components_are_read() {
        let components = parse(&format!("{GOOD}{}", GOOD.replace("irc", "sms"))).expect("good");
        let domains: Vec<&str> = components.keys().map(Address::as_str).collect();
        assert_eq!(domains, ["irc.example.org", "sms.example.org"]);
        assert!(parse("").expect("good").is_empty());
        assert!(!format!("{components:?}").contains("sixteen"));
    }

    #[test]
    fn what_is_wrong_is_said_without_the_secret() {
        for (wrong, expected) in [
            (GOOD.replace("letters!", "letters"), "at least 16"),
            (GOOD.replace("irc.", "irc@"), "without a user"),
            (format!("{GOOD}{GOOD}"), "twice"),
            (GOOD.replace("secret", "word"), "needs secret"),
            (GOOD.replace("[[component]]", "[[components]]"), "not known"),
            (GOOD.replace("letters!'", "letters!"), "not TOML"),
            (GOOD.repeat(COMPONENTS + 1), "more than 64"),
        ] {
            let said = parse(&wrong).expect_err(&wrong);
            assert!(said.contains(expected) && !said.contains("sixteen"), "{said}");
        }
    }

    #[test]
    fn a_file_that_others_may_read_or_that_is_large_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("components.toml");
        let text = path.to_str().expect("plain");
        let set = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("ours");
        fs::write(&path, GOOD).expect("written");
        set(0o640);
        assert!(read(text).expect_err("open").contains("chmod 600"));
        set(0o600);
        assert_eq!(read(text).expect("good").len(), 1);
        fs::write(&path, " ".repeat(64 * 1024 + 1)).expect("written");
        assert!(read(text).expect_err("large").contains("larger than"));
    }
}
