//! The avatar's hash in presence (XEP-0153 1.1), put in by the server for clients that know only PEP's avatars
//! (XEP-0398 1.0.1 §3). A client that says something about the photo itself is left alone.

use super::avatar::{METADATA, id_of};
use crate::{
    session::{Session, Turn},
    stanza::{Element, Stanza, Tag},
};
use domain::{
    category::{CategoryNotice, Change},
    endpoint::Command,
    presentity::State,
};
use std::sync::Arc;

/// The namespace of the hash.
const UPDATE: &str = "vcard-temp:x:update";

/// What a session knows of its user's avatar.
#[derive(Debug, Default)]
pub(crate) struct Photo {
    hash: Option<Box<str>>,
    /// The client's last presence said nothing about the photo.
    ours: bool,
}

impl Photo {
    /// The client shows this presence to all: the state as its contacts shall see it.
    pub(crate) fn completes(&mut self, presence: &Stanza, state: &Arc<State>) -> Arc<State> {
        self.ours = presence.child("x", UPDATE).is_none();
        self.with_hash(state)
    }

    fn with_hash(&self, state: &Arc<State>) -> Arc<State> {
        let Some(hash) = self.hash.as_deref().filter(|_| self.ours) else { return state.clone() };
        let mut carried = state.carried.to_vec();
        Tag::open_in(&mut carried, "x", UPDATE).content(|out| Tag::open(out, "photo").text(hash));
        Arc::new(State { carried: carried.into(), ..State::clone(state) })
    }

    /// Takes in a notice of the user's own avatar; whether the hash is another now.
    fn learns(&mut self, change: &Change) -> bool {
        let hash = match change {
            Change::Published(item) => {
                Element::parse(&item.content).ok().and_then(|metadata| id_of(&metadata))
            }
            Change::Retracted(_) | Change::Purged | Change::Deleted => None,
        };
        // A SHA-1 in hex: anything else would go out with every presence.
        let hash = hash.filter(|hash| hash.len() == 40 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let changed = self.hash.as_deref() != hash.as_deref();
        self.hash = hash.map(Into::into);
        changed
    }
}

impl Session {
    /// If the notice is of the user's own avatar and the client leaves the hash to the server, shows the client's
    /// presence again with the new one.
    pub(crate) fn learn_avatar(&mut self, turn: &mut Turn<'_>, notice: &CategoryNotice) {
        if &*notice.category != METADATA
            || notice.owner != self.me().user
            || !self.photo.learns(&notice.change)
        {
            return;
        }
        if let Some(shown) = self.shown.as_ref().filter(|_| self.photo.ours) {
            let state = self.photo.with_hash(shown);
            self.command_alone(turn.out, Command::Publish(state));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        session::{Config, Output},
        wire::Scope,
        xep::script::{address, me},
    };
    use domain::{Timestamp, category::Item, endpoint::Event};

    const HASH: &str = "a9993e364706816aba3e25717850c26c9cd0d89d";

    /// What the session publishes when the client sends this, or when this becomes the avatar.
    struct Play(Session);

    impl Play {
        fn new() -> Self {
            Self(Session::new(me(), Arc::new(Config::new(address("example.org")).expect("short"))))
        }

        fn presence(&mut self, content: &str) -> Vec<String> {
            let xml = format!("<presence>{content}</presence>").into_bytes();
            let stanza = Stanza::parse(xml.into(), &Scope::Usual).expect("well-formed");
            let mut out = Vec::new();
            self.0.stanza(Timestamp(0), 1, &stanza, &mut out);
            published(out)
        }

        fn avatar(&mut self, owner: &str, change: Change) -> Vec<String> {
            let notice = CategoryNotice { owner: address(owner), category: METADATA.into(), change };
            let mut out = Vec::new();
            self.0.event(Timestamp(0), Event::Category(Arc::new(notice)), &mut out);
            published(out)
        }
    }

    fn published(out: Vec<Output>) -> Vec<String> {
        let state = |output| match output {
            Output::Command(_, Command::Publish(state)) => {
                Some(String::from_utf8_lossy(&state.carried).into_owned())
            }
            _ => None,
        };
        out.into_iter().filter_map(state).collect()
    }

    fn set(id: &str) -> Change {
        let content = format!("<metadata xmlns='{METADATA}'><info id='{id}'/></metadata>").into();
        Change::Published(Arc::new(Item { id: id.into(), publisher: me(), content }))
    }

    fn photo() -> String {
        format!("<x xmlns='{UPDATE}'><photo>{HASH}</photo></x>")
    }

    #[test]
    fn the_hash_is_put_into_presence_and_renewed() {
        let mut play = Play::new();
        assert_eq!(play.presence(""), [""]);
        assert_eq!(play.avatar("alice@example.org", set(HASH)), [photo()]);
        assert_eq!(play.avatar("alice@example.org", set(HASH)), [""; 0]);
        assert_eq!(play.presence("<a xmlns='urn:n'/>"), [format!("<a xmlns='urn:n'/>{}", photo())]);
        assert_eq!(play.avatar("alice@example.org", Change::Purged), ["<a xmlns='urn:n'/>"]);
    }

    #[test]
    fn what_the_client_says_itself_stands() {
        let mut play = Play::new();
        let own = format!("<x xmlns='{UPDATE}'><photo/></x>");
        assert_eq!(play.presence(&own), std::slice::from_ref(&own));
        assert_eq!(play.avatar("alice@example.org", set(HASH)), [""; 0]);
        assert_eq!(play.presence(&own), [own]);
    }

    #[test]
    fn nobody_elses_avatar_and_no_strange_hash_is_shown() {
        let mut play = Play::new();
        play.presence("");
        assert_eq!(play.avatar("bob@example.org", set(HASH)), [""; 0]);
        assert_eq!(play.avatar("alice@example.org", set("strange")), [""; 0]);
    }
}
