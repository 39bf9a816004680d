//! What the deployment lets conversations be: a plain value that the host hands in with each of them.

use super::{Configuration, WhoMayInvite};
use crate::{Address, limits};
use std::{sync::Arc, time::Duration};

/// The bounds and defaults of conversations.
#[derive(Clone, Debug)]
pub struct Policy {
    /// A two-party session ends after this quiet time.
    pub quiet: Duration,
    /// Messages handed out and not confirmed; more are refused with `TryLater`.
    pub pending: usize,
    /// Occupants of a conference, and what its own configuration may allow at most.
    pub participants: u32,
    /// Messages that a new conference shows to newcomers; at most [`limits::CONFERENCE_RECENT`].
    pub history: u32,
    /// Who may make a conference.
    pub creators: Creators,
    /// A random number of the host's, new in every process: occupant ids (XEP-0421) are made with it. With the
    /// default, 0, they can be guessed back to addresses by trying.
    pub seed: u64,
}

/// Who may make a conference.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Creators {
    /// Everyone who can write to it.
    #[default]
    Everyone,
    /// The users of this domain.
    Domain(Arc<str>),
    /// Nobody.
    Nobody,
}

/// What became of the endpoints of a conference while its home was down, as far as the host knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Survivors {
    /// All are gone with their sessions, as in one process that was restarted.
    None,
    /// Some may be there still, on other nodes: they are told again that they are in, and the home of a user who
    /// has no such endpoint says so with [`super::Command::EndpointGone`].
    Ask,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            quiet: limits::SESSION_QUIET,
            pending: limits::CONVERSATION_PENDING,
            participants: u32::try_from(limits::CONFERENCE_PARTICIPANTS).unwrap_or(u32::MAX),
            history: 20,
            creators: Creators::Everyone,
            seed: 0,
        }
    }
}

impl Policy {
    /// How a conference is until its owner configures it.
    pub fn configuration(&self) -> Configuration {
        let none: Arc<str> = "".into();
        Configuration {
            name: none.clone(),
            description: none.clone(),
            language: none,
            persistent: false,
            public: true,
            members_only: false,
            moderated: false,
            whois_everyone: false,
            locked: false,
            password: None,
            max_occupants: self.participants,
            anyone_sets_topic: false,
            invite: WhoMayInvite::Everyone,
            history: self.history.min(u32::try_from(limits::CONFERENCE_RECENT).unwrap_or(u32::MAX)),
            whispers: true,
            archived: true,
        }
    }

    pub(super) fn may_create(&self, who: &Address) -> bool {
        match &self.creators {
            Creators::Everyone => true,
            Creators::Domain(domain) => who.domain() == &**domain,
            Creators::Nobody => false,
        }
    }
}
