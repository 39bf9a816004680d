//! Addresses: `alice@example.org` for a user or a conference, `example.org` for a domain, and the endpoints of a
//! user. Normalised once, at the door, by PRECIS (RFC 7622 §3, RFC 8265) and IDNA (RFC 5891), so that equal
//! addresses are equal strings everywhere after it.

use crate::limits::ADDRESS_PART_BYTES;
use precis_profiles::{OpaqueString, UsernameCaseMapped, precis_core::profile::PrecisFastInvocation as _};
use std::{fmt, sync::Arc};

/// A bare address, `local@domain` or `domain`, normalised. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(Arc<str>);

/// The name of one endpoint of a user (XMPP: the resource), normalised. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EndpointName(Arc<str>);

/// One endpoint: `alice@example.org/phone`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EndpointId {
    /// Whose it is.
    pub user: Address,
    /// Which of that user's.
    pub name: EndpointName,
}

/// The text is no address; the sentence says what is wrong with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not an address: {0}")]
pub struct AddressError(&'static str);

impl Address {
    /// Parses and normalises a bare address; one with an endpoint name is refused.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        if is_plain(text) {
            return Ok(Self(text.into()));
        }
        match text.split_once('@') {
            Some((local, domain)) => Self::from_parts(local, domain),
            None => Ok(Self(stable(domain_part, text)?.into())),
        }
    }

    /// One that was normalised before and then kept: only its structure is looked at, so that what was once accepted can be
    /// read whatever Unicode tables this program has.
    pub fn kept(text: &str) -> Result<Self, AddressError> {
        // In one walk: every message of the log and between nodes has several.
        let mut at = None;
        for (place, byte) in text.bytes().enumerate() {
            match byte {
                b'@' if at.is_none() => at = Some(place),
                b'@' | b'/' => return Err(AddressError("a part of it has a forbidden character")),
                _ => {}
            }
        }
        let domain = at.map_or(text, |at| &text[at + 1..]);
        at.map_or(Ok(()), |at| within_limit(&text[..at]))?;
        within_limit(domain)?;
        Ok(Self(text.into()))
    }

    /// Puts an address together from its parts, normalising both.
    pub fn from_parts(local: &str, domain: &str) -> Result<Self, AddressError> {
        let (local, domain) = (stable(local_part, local)?, stable(domain_part, domain)?);
        Ok(Self(format!("{local}@{domain}").into()))
    }

    /// The whole address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the `@`; `None` for a domain.
    pub fn local(&self) -> Option<&str> {
        self.0.split_once('@').map(|(local, _)| local)
    }

    /// The part after the `@`, or the whole of a domain.
    pub fn domain(&self) -> &str {
        self.0.split_once('@').map_or(&self.0, |(_, domain)| domain)
    }
}

impl EndpointName {
    /// Parses and normalises an endpoint name (RFC 7622 §3.4).
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        if !text.is_empty() && text.len() < ADDRESS_PART_BYTES && text.bytes().all(|b| b.is_ascii_graphic()) {
            return Ok(Self(text.into()));
        }
        Ok(Self(stable(name_part, text)?.into()))
    }

    /// One that was normalised before and then kept; see [`Address::kept`].
    pub fn kept(text: &str) -> Result<Self, AddressError> {
        within_limit(text)?;
        Ok(Self(text.into()))
    }

    /// What stands for the address itself, where somebody of a peer domain speaks without an endpoint: no user of this
    /// deployment has one of that name.
    #[must_use]
    pub fn nameless() -> Self {
        Self("".into())
    }

    /// Whether it is [`Self::nameless`].
    pub fn is_nameless(&self) -> bool {
        self.0.is_empty()
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl EndpointId {
    /// The endpoint of that name.
    pub fn new(user: Address, name: EndpointName) -> Self {
        Self { user, name }
    }
}

/// Splits `local@domain/name` into its bare address and its endpoint name, if it has one.
pub fn parse_full(text: &str) -> Result<(Address, Option<EndpointName>), AddressError> {
    match text.split_once('/') {
        Some((bare, name)) => Ok((Address::parse(bare)?, Some(EndpointName::parse(name)?))),
        None => Ok((Address::parse(text)?, None)),
    }
}

/// Already normalised and harmless, which nearly all addresses are: nothing to do but copy.
fn is_plain(text: &str) -> bool {
    let plain = |part: &str, extra: &[u8]| {
        !part.is_empty()
            && part.len() <= 63
            && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || extra.contains(&b))
    };
    let (local, domain) = text.split_once('@').map_or((None, text), |(local, domain)| (Some(local), domain));
    let local_is_plain = local.is_none_or(|local| plain(local, b".-_+"));
    local_is_plain
        && domain.len() <= 255
        && domain.split('.').all(|label| {
            plain(label, b"-")
                && !label.starts_with("xn--")
                && !label.starts_with('-')
                && !label.ends_with('-')
        })
}

/// Normalises, and refuses what would become something else, or nothing valid, if it were normalised again. PRECIS need not be idempotent (RFC 8264 §7), but two addresses are equal only if their texts are.
fn stable(normalise: fn(&str) -> Result<String, AddressError>, text: &str) -> Result<String, AddressError> {
    let once = normalise(text)?;
    if normalise(&once)? == once { Ok(once) } else { Err(AddressError("a part of it has no stable form")) }
}

fn name_part(text: &str) -> Result<String, AddressError> {
    let name = OpaqueString::enforce(text)
        .map_err(|_| AddressError("the endpoint name has a forbidden character"))?;
    within_limit(&name)?;
    Ok(name.into_owned())
}

fn local_part(text: &str) -> Result<String, AddressError> {
    let local = UsernameCaseMapped::enforce(text)
        .map_err(|_| AddressError("the part before the @ is empty or has a forbidden character"))?;
    // RFC 7622 §3.3.1: PRECIS allows these, an address does not.
    if local.contains(['"', '&', '\'', '/', ':', '<', '>', '@']) {
        return Err(AddressError("the part before the @ has a forbidden character"));
    }
    within_limit(&local)?;
    Ok(local.into_owned())
}

fn domain_part(text: &str) -> Result<String, AddressError> {
    let text = text.strip_suffix('.').unwrap_or(text);
    if text.starts_with('[') && text.ends_with(']') {
        let literal = text[1..text.len() - 1].parse::<std::net::Ipv6Addr>();
        return literal
            .map(|ip| format!("[{ip}]"))
            .map_err(|_| AddressError("the domain is no IPv6 literal"));
    }
    let (domain, outcome) = idna::domain_to_unicode(text);
    let allowed = |c: char| c.is_alphanumeric() || c == '.' || c == '-' || !c.is_ascii();
    if outcome.is_err()
        || domain.is_empty()
        || !domain.chars().all(allowed)
        || domain.split('.').any(str::is_empty)
    {
        return Err(AddressError("the domain is not a valid name"));
    }
    within_limit(&domain)?;
    Ok(domain)
}

fn within_limit(part: &str) -> Result<(), AddressError> {
    match part.len() {
        0 => Err(AddressError("a part of it is empty")),
        n if n > ADDRESS_PART_BYTES => Err(AddressError("a part of it is longer than 1023 bytes")),
        _ => Ok(()),
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for EndpointName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for EndpointName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for EndpointId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name.is_nameless() {
            return fmt::Display::fmt(&self.user, f);
        }
        write!(f, "{}/{}", self.user, self.name)
    }
}

impl fmt::Debug for EndpointId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn equal_addresses_become_equal_strings() {
        for (given, normal) in [
            ("alice@example.org", "alice@example.org"),
            ("Alice@Example.ORG", "alice@example.org"),
            ("\u{c5}ngstr\u{f6}m@example.org", "\u{e5}ngstr\u{f6}m@example.org"),
            ("b\u{fc}ro@xn--mnchen-3ya.example", "b\u{fc}ro@m\u{fc}nchen.example"),
            ("example.org.", "example.org"),
        ] {
            assert_eq!(
                Address::parse(given).map(|a| a.as_str().to_owned()),
                Ok(normal.to_owned()),
                "{given}"
            );
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for given in [
            "",
            "@example.org",
            "alice@",
            "a b@example.org",
            "a&b@example.org",
            "alice@exa mple",
            "a@b@c",
            "alice@.org",
        ] {
            assert!(Address::parse(given).is_err(), "{given}");
        }
    }

    #[test]
    fn every_part_has_at_most_so_many_bytes() {
        let part = "a".repeat(ADDRESS_PART_BYTES);
        assert!(Address::parse(&format!("{part}@example.org")).is_ok());
        assert!(Address::parse(&format!("{part}a@example.org")).is_err());
        assert!(EndpointName::parse(&part).is_ok());
        assert!(EndpointName::parse(&format!("{part}a")).is_err());
        // Of a domain, DNS lets through less than that.
        assert!(Address::parse(&format!("alice@{part}a")).is_err());
    }

    #[test]
    fn what_has_no_stable_form_is_refused() {
        // Cherokee: its small letters are younger than the tables of PRECIS.
        assert!(Address::parse("\u{13a0}\u{13a1}@example.org").is_err());
    }

    proptest! {
        #[test]
        fn what_is_normal_stays_so(text in any_text()) {
            if let Ok((bare, name)) = parse_full(&text) {
                prop_assert_eq!(Address::parse(bare.as_str()), Ok(bare.clone()));
                prop_assert_eq!(Address::kept(bare.as_str()), Ok(bare));
                if let Some(name) = name {
                    prop_assert_eq!(EndpointName::parse(name.as_str()), Ok(name.clone()));
                    prop_assert_eq!(EndpointName::kept(name.as_str()), Ok(name));
                }
            }
        }
    }

    /// Of letters of every script for the most part, so that many are valid.
    fn any_text() -> impl Strategy<Value = String> {
        let part = || prop_oneof![3 => "\\p{L}{1,4}", 1 => "\\PC{1,4}", 1 => "[a-zA-Z0-9-]{1,8}"];
        (part(), part(), part()).prop_map(|(local, domain, name)| format!("{local}@{domain}.org/{name}"))
    }

    #[test]
    fn an_address_may_speak_for_itself() {
        let irc = Address::parse("irc.example.org").expect("valid");
        assert_eq!(EndpointId::new(irc, EndpointName::nameless()).to_string(), "irc.example.org");
        assert!(EndpointName::parse("").is_err(), "nobody can take that name");
    }

    #[test]
    fn a_full_address_splits_at_the_first_slash() {
        let (bare, name) = parse_full("alice@example.org/desk/2 left").expect("valid");
        assert_eq!((bare.as_str(), name.expect("has one").as_str()), ("alice@example.org", "desk/2 left"));
    }
}
