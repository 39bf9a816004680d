//! Caps optimization (XEP-0115 1.6.0 §8.4): a client names its capabilities once, and the server adds them to what it
//! shows later; a watcher's client is told them once, and again when they are others or their owner comes back.
//!
//! Invariant: what is left out, the client was told before by a stanza that nothing replaced on its way.

use crate::{limits::CAPS_TOLD, ns::CAPS};
use bytes::Bytes;
use domain::{Address, EndpointName, presentity::State};
use std::{
    collections::HashMap,
    hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher},
};

/// What one session's client has said and has been told of capabilities.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// The `<c/>` of the client itself, as it was last shown to all.
    own: Bytes,
    /// By a hash of the endpoint: a hash of the `<c/>` that the client has of it.
    known: HashMap<u64, u64>,
}

impl Told {
    /// The client shows this to all: with the capabilities that it named before, if it names none now.
    pub(crate) fn complete(&mut self, state: &mut State) {
        let named = element_len(&state.carried);
        if named > 0 {
            self.own = Bytes::copy_from_slice(&state.carried[..named]);
        } else if !self.own.is_empty() {
            state.carried = [&*self.own, &*state.carried].concat().into();
        }
    }

    /// The client is no longer there: when it comes back it names its capabilities anew, and is told those of others.
    pub(crate) fn forget(&mut self) {
        self.own = Bytes::new();
        self.known.clear();
    }

    /// How many bytes at the beginning of what this state carries the client need not be told again; notes that it is
    /// told the rest. Where `replaceable`, a later stanza may take the place of this one, so nothing is left out.
    pub(crate) fn known(
        &mut self,
        (from, endpoint): (&Address, Option<&EndpointName>),
        state: &State,
        replaceable: bool,
    ) -> usize {
        let named = element_len(&state.carried);
        if named == 0 {
            self.gone((from, endpoint));
            return 0;
        }
        if self.known.len() >= CAPS_TOLD {
            self.known.clear();
        }
        let caps = hash(&state.carried[..named]);
        let before = self.known.insert(hash(&(from, endpoint)), caps);
        if before == Some(caps) && !replaceable { named } else { 0 }
    }

    /// This endpoint is gone.
    pub(crate) fn gone(&mut self, endpoint: (&Address, Option<&EndpointName>)) {
        self.known.remove(&hash(&endpoint));
    }
}

fn hash(of: &(impl std::hash::Hash + ?Sized)) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(of)
}

/// Bytes of the empty `<c/>` that `carried` begins with; 0 if it begins with something else. What is carried is
/// well-formed, so that a `>` outside of quotes ends the tag.
fn element_len(carried: &[u8]) -> usize {
    if !carried.starts_with(b"<c ") {
        return 0;
    }
    let mut quote = None;
    for (at, byte) in carried.iter().enumerate() {
        match (quote, byte) {
            (None, b'\'' | b'"') => quote = Some(*byte),
            (Some(open), byte) if open == *byte => quote = None,
            (None, b'>') => {
                let tag = &carried[..=at];
                let named = |quote: char| format!(" xmlns={quote}{CAPS}{quote}");
                let is_named = |quote| memchr::memmem::find(tag, named(quote).as_bytes()).is_some();
                let is_caps = tag.ends_with(b"/>") && (is_named('\'') || is_named('"'));
                return if is_caps { tag.len() } else { 0 };
            }
            _ => {}
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{session::presence::read_state, stanza::Stanza, wire::Scope};

    fn caps(ver: &str) -> String {
        format!("<c xmlns='{CAPS}' hash='sha-1' node='urn:a/>b' ver=\"{ver}\"/>")
    }

    fn state(content: &str) -> State {
        let xml = format!("<presence>{content}</presence>");
        read_state(&Stanza::parse(xml.into_bytes().into(), &Scope::Usual).expect("well-formed"))
            .expect("a state")
    }

    fn bob() -> Address {
        Address::parse("bob@example.org").expect("an address")
    }

    #[test]
    fn what_a_client_named_once_is_shown_until_it_names_another_or_goes() {
        let mut told = Told::default();
        let shows = |told: &mut Told, content: &str| {
            let mut state = state(content);
            told.complete(&mut state);
            String::from_utf8(state.carried.to_vec()).expect("UTF-8")
        };
        assert_eq!(shows(&mut told, "<a xmlns='urn:n'/>"), "<a xmlns='urn:n'/>");
        // Wherever it stands, it comes first.
        let first = format!("<a xmlns='urn:n'/>{}", caps("one"));
        assert_eq!(shows(&mut told, &first), format!("{}<a xmlns='urn:n'/>", caps("one")));
        assert_eq!(shows(&mut told, "<show>away</show>"), caps("one"));
        assert_eq!(shows(&mut told, &caps("two")), caps("two"));
        assert_eq!(shows(&mut told, "<a xmlns='urn:n'/>"), format!("{}<a xmlns='urn:n'/>", caps("two")));
        told.forget();
        assert_eq!(shows(&mut told, ""), "");
    }

    #[test]
    fn a_watcher_is_told_once_until_they_change_or_their_owner_comes_back() {
        let mut told = Told::default();
        let (bob, desk) = (bob(), EndpointName::parse("desk").expect("a name"));
        let (one, two) = (state(&caps("one")), state(&caps("two")));
        let desk = (&bob, Some(&desk));
        assert_eq!(told.known(desk, &one, false), 0);
        assert_eq!(told.known(desk, &one, false), one.carried.len());
        assert_eq!(told.known((&bob, None), &one, false), 0, "another endpoint");
        assert_eq!(told.known(desk, &one, true), 0, "it may be replaced on its way");
        assert_eq!(told.known(desk, &two, false), 0);
        assert_eq!(told.known(desk, &two, false), two.carried.len());
        told.gone(desk);
        assert_eq!(told.known(desk, &two, false), 0);
        assert_eq!(told.known(desk, &state("<a xmlns='urn:n'/>"), false), 0);
        assert_eq!(told.known(desk, &two, false), 0, "it had none in between");
    }

    #[test]
    fn what_is_not_one_empty_element_of_that_name_is_left_alone() {
        for other in ["<c xmlns='urn:xmpp:caps'><hash/></c>", "<c xmlns='urn:other'/>", "<cc/>", "<c ", ""] {
            assert_eq!(element_len(other.as_bytes()), 0, "{other}");
        }
        let rest = format!("{}<b/>", caps("x>y/>"));
        assert_eq!(element_len(rest.as_bytes()), rest.len() - "<b/>".len());
    }

    #[test]
    fn at_the_limit_all_is_told_again() {
        let mut told = Told::default();
        let (bob, one) = (bob(), state(&caps("one")));
        let names: Vec<_> =
            (0..=CAPS_TOLD).map(|n| EndpointName::parse(&n.to_string()).expect("a name")).collect();
        for name in &names {
            assert_eq!(told.known((&bob, Some(name)), &one, false), 0);
        }
        assert!(told.known.len() <= CAPS_TOLD);
        assert_eq!(told.known((&bob, Some(&names[0])), &one, false), 0);
    }
}
