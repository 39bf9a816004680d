//! Who a stanza is for (RFC 6120 §10.3): worked out once, before anything looks into it.

use super::Config;
use domain::{Address, EndpointId, EndpointName, address};

/// Whom a stanza of a client is for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Addressee {
    /// The client's own account: no `to`, or its bare address.
    Own,
    /// The server itself.
    Server,
    /// Another user of this server.
    User(Address),
    /// One endpoint of a user: of another, or of the client's own. An address of a peer domain without one is its own
    /// endpoint.
    Endpoint(EndpointId),
    /// The conference service.
    Conferences,
    /// A conference.
    Conference(Address),
    /// Somebody in a conference, by nick.
    Occupant(Address, EndpointName),
    /// The upload service.
    Uploads,
    /// A domain that is not served here.
    Elsewhere,
    /// The `to` is no address.
    Malformed,
}

impl Addressee {
    pub(crate) fn of(to: Option<&str>, own: &Address, config: &Config) -> Self {
        let Some(to) = to else { return Self::Own };
        match address::parse_full(to) {
            Ok((bare, name)) => Self::at(bare, name, own, config),
            Err(_) => Self::Malformed,
        }
    }

    fn at(bare: Address, name: Option<EndpointName>, own: &Address, config: &Config) -> Self {
        let domain = bare.domain();
        if domain == config.domain.as_str() {
            return match (bare.local(), name) {
                (None, _) => Self::Server,
                (Some(_), Some(name)) => Self::Endpoint(EndpointId::new(bare, name)),
                (Some(_), None) if bare == *own => Self::Own,
                (Some(_), None) => Self::User(bare),
            };
        }
        if domain == config.conferences.as_str() {
            return match (bare.local(), name) {
                (None, _) => Self::Conferences,
                (Some(_), Some(nick)) => Self::Occupant(bare, nick),
                (Some(_), None) => Self::Conference(bare),
            };
        }
        if config.peers.iter().any(|peer| peer.as_str() == domain) {
            return Self::Endpoint(EndpointId::new(bare, name.unwrap_or_else(EndpointName::nameless)));
        }
        match &config.uploads {
            Some(uploads) if *uploads == bare => Self::Uploads,
            _ => Self::Elsewhere,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_has_its_place() {
        let address = |text: &str| Address::parse(text).expect("an address");
        let mut config = Config::new(address("example.org")).expect("short");
        let irc = address("irc.example.org");
        config.peers.push(irc.clone());
        let desk = EndpointName::parse("desk").expect("a name");
        let bob = address("bob@example.org");
        let tea = address("tea@conference.example.org");
        for (to, expected) in [
            (None, Addressee::Own),
            (Some("Alice@example.org"), Addressee::Own),
            (Some("example.org"), Addressee::Server),
            (Some("bob@example.org"), Addressee::User(bob.clone())),
            (Some("bob@example.org/desk"), Addressee::Endpoint(EndpointId::new(bob, desk.clone()))),
            (Some("conference.example.org"), Addressee::Conferences),
            (Some("tea@conference.example.org"), Addressee::Conference(tea.clone())),
            (Some("tea@conference.example.org/desk"), Addressee::Occupant(tea, desk.clone())),
            (Some("upload.example.org"), Addressee::Uploads),
            (Some("irc.example.org"), Addressee::Endpoint(EndpointId::new(irc, EndpointName::nameless()))),
            (
                Some("bob@irc.example.org/desk"),
                Addressee::Endpoint(EndpointId::new(address("bob@irc.example.org"), desk)),
            ),
            (Some("bob@example.com"), Addressee::Elsewhere),
            (Some("a b@example.org"), Addressee::Malformed),
            (Some(""), Addressee::Malformed),
        ] {
            assert_eq!(Addressee::of(to, &address("alice@example.org"), &config), expected, "{to:?}");
        }
    }
}
