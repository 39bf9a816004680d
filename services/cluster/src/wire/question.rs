//! Questions to a user's home that are answered once, and are no commands of its machine: by sessions that sign
//! somebody in, and by administrators.

#[cfg(doc)]
use super::Listing;
use super::{
    ListedConference,
    part::{choice, needed, record, wrapped},
};
use domain::{
    Address, EndpointName, Refusal, Timestamp,
    account::{Token, Verifier},
    user::{Command, LastActivity},
};

/// Asked of a user's home.
#[derive(Clone, Debug)]
pub enum Question {
    /// What a sign-in is checked against.
    Credentials,
    /// When the user was last there.
    LastSeen {
        /// Who wants to know.
        asker: Address,
    },
    /// What an administrator sees of the account.
    Describe,
    /// An administrator's command: one of the last four of [`Command`].
    Admin(Command),
    /// Sign out the session of this endpoint; `None`: all of them.
    EndSessions(Option<EndpointName>),
}

/// Its answer. To [`Question::EndSessions`]: `Admin`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// To `Credentials`.
    Credentials(Credentials),
    /// To `LastSeen`; `None`: that is not for the asker.
    LastSeen(Option<LastActivity>),
    /// To `Describe`; `None`: there is no such account.
    Describe(Option<Account>),
    /// To `Admin`: carried out, or not.
    Admin(Result<(), Refusal>),
    /// To [`Listing::Users`].
    Users {
        /// In order.
        addresses: Vec<Address>,
        /// There may be more behind the last.
        more: bool,
    },
    /// To [`Listing::Conferences`].
    Conferences {
        /// In the order of their addresses.
        conferences: Vec<ListedConference>,
        /// There may be more behind the last.
        more: bool,
    },
    /// To [`Listing::CountUsers`].
    Count(u64),
    /// To any [`Listing`]: not all these shards are owned here, or there is no answer now.
    NotOwner,
}

/// What a sign-in is checked against. Empty for an unknown user.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Credentials {
    /// Of the password.
    pub verifiers: Vec<Verifier>,
    /// Of clients that signed in before.
    pub tokens: Vec<Token>,
    /// May sign in.
    pub enabled: bool,
    /// Which they are: what is proven by them holds while the account has this number ([`domain::user::User::credentials`]).
    pub number: u64,
}

/// What an administrator sees of an account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Account {
    /// Whose.
    pub address: Address,
    /// May sign in.
    pub enabled: bool,
    /// When it was made.
    pub created: Timestamp,
    /// When the last endpoint signed out.
    pub last_seen: Option<Timestamp>,
    /// Names of the endpoints that are signed in.
    pub endpoints: Vec<EndpointName>,
}

choice!(
    Question,
    proto::cluster::question::Question,
    fields { LastSeen: LastSeen { asker } }
    lone {}
    one { Admin, EndSessions }
    nothing { Credentials, Describe }
);
wrapped!(Option<EndpointName>, EndSessions.endpoint);

choice!(
    Answer,
    proto::cluster::reply::Answer,
    fields { Users: UserList { addresses, more }, Conferences: ConferenceList { conferences, more } }
    lone {}
    one { Credentials, LastSeen, Describe, Admin, Count }
    nothing { NotOwner }
);
record!(Credentials, Credentials { verifiers, tokens, enabled, number });
wrapped!(Option<LastActivity>, LastSeenAnswer.last);
wrapped!(Option<Account>, DescribeAnswer.account);
record!(Account, Account { address, enabled, created, last_seen, endpoints });

choice!(
    LastActivity,
    proto::cluster::last_activity::When,
    fields {}
    lone {}
    one { At }
    nothing { Now, Never }
);
wrapped!(LastActivity, LastActivity.when);
needed!(LastActivity, proto::cluster::LastActivity);
