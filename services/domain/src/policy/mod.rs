//! Policy: what an organisation decides for its users. Plain values that the host reads from its configuration and
//! hands to each machine; a machine never changes them.

use crate::{Address, limits, presentity::Container};

/// What a user may do, and how much of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UserPolicy {
    /// Whether messages for a user without an endpoint are kept until one confirms them.
    pub offline_im: bool,
    /// Messages kept at most; from then on senders are told that the user is offline.
    pub kept_messages: usize,
    /// Contacts at most; at most [`limits::CONTACTS`] makes sense.
    pub contacts: usize,
    /// Endpoints signed in at once at most.
    pub endpoints: usize,
    /// Bytes of all categories at most.
    pub category_bytes: usize,
}

impl Default for UserPolicy {
    fn default() -> Self {
        Self {
            offline_im: true,
            kept_messages: limits::KEPT_MESSAGES,
            contacts: limits::CONTACTS,
            endpoints: limits::ENDPOINTS,
            category_bytes: limits::CATEGORY_BYTES,
        }
    }
}

/// The audience that a watcher belongs to when the presentity has not chosen one: people of the same domain are
/// colleagues, everyone else is external (Lync's defaults).
#[must_use]
pub fn default_container(presentity: &Address, watcher: &Address) -> Container {
    if presentity.domain() == watcher.domain() { Container::Colleagues } else { Container::External }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_domain_makes_colleagues() {
        let address = |text| Address::parse(text).expect("an address");
        let alice = address("alice@example.org");
        assert_eq!(default_container(&alice, &address("bob@example.org")), Container::Colleagues);
        assert_eq!(default_container(&alice, &address("bob@example.net")), Container::External);
    }
}
