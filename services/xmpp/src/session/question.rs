//! What a session asks that no home answers: the history, the upload service, the directory of conferences, facts
//! about the server, and the administrators' business. The host answers each question exactly once.

use domain::{Address, EndpointId, Refusal, history, user::LastActivity};
use std::{sync::Arc, time::Duration};

/// The session's own number for a question, given back with its answer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct AskId(pub u64);

/// Asked of the host.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Question {
    /// A page of history (XEP-0313). That the asker may read a conference's, the conference has said.
    History(history::Owner, history::Query),
    /// The oldest and the newest message of a history (XEP-0313 §5).
    HistoryEnds(history::Owner),
    /// Room for a file (XEP-0363).
    UploadSlot {
        /// The file's name, as its owner calls it.
        name: String,
        /// Bytes.
        size: u64,
        /// Its media type, if the client named one.
        content_type: Option<String>,
    },
    /// The conferences that are shown to everyone.
    Conferences,
    /// About this server.
    Server,
    /// When this user was last there; refused to those who may not see the user's presence (XEP-0012 §4).
    LastActivity(Address),
    /// Administrators only; the session has checked that the asker is one.
    Admin(AdminCommand),
}

/// What an administrator may ask (XEP-0133).
#[derive(Clone, PartialEq, Eq)]
pub enum AdminCommand {
    /// Make an account.
    AddUser {
        /// Whose.
        address: Address,
        /// To be turned into verifiers at once.
        password: String,
    },
    /// Remove accounts.
    DeleteUsers(Vec<Address>),
    /// Stop these users from signing in.
    DisableUsers(Vec<Address>),
    /// Let them sign in again.
    EnableUsers(Vec<Address>),
    /// Give a user another password.
    SetPassword {
        /// Whose.
        address: Address,
        /// To be turned into verifiers at once.
        password: String,
    },
    /// Sign these users out: one endpoint, or all of a user.
    EndSessions(Vec<(Address, Option<domain::EndpointName>)>),
    /// How many of these there are.
    Count(Who),
    /// Which ones, in the order of their addresses.
    List {
        /// Of which.
        who: Who,
        /// At most so many.
        max: u32,
    },
}

/// A group of users.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Who {
    /// All that have an account.
    Registered,
    /// Those who may not sign in.
    Disabled,
    /// Those who are signed in.
    Online,
}

/// What the host answers.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Done; nothing more to say.
    Done,
    /// A page of history.
    History(history::Page),
    /// The ends of a history.
    HistoryEnds(history::Ends),
    /// Where the file goes and where it will be found.
    UploadSlot {
        /// PUT the file here …
        put: String,
        /// … with these headers; then
        headers: Vec<(String, String)>,
        /// GET it here.
        get: String,
    },
    /// The public conferences, in the order of their addresses.
    Conferences(Vec<Listed>),
    /// About this server.
    Server {
        /// How long it runs.
        uptime: Duration,
    },
    /// When a user was last there, as far as the asker may see it.
    LastActivity(LastActivity),
    /// A number.
    Count(u64),
    /// Users.
    Users(Vec<Address>),
    /// Endpoints that are signed in.
    Endpoints(Vec<EndpointId>),
    /// The polite no.
    Refused(Refusal),
}

/// A conference in the public list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listed {
    /// Its address.
    pub address: Address,
    /// Its name for people; empty if it has none.
    pub name: Arc<str>,
    /// How many are in.
    pub occupants: u32,
}

impl std::fmt::Debug for AdminCommand {
    /// Shows no password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::AddUser { address, .. } => write!(f, "AddUser({address})"),
            Self::DeleteUsers(users) => write!(f, "DeleteUsers({users:?})"),
            Self::DisableUsers(users) => write!(f, "DisableUsers({users:?})"),
            Self::EnableUsers(users) => write!(f, "EnableUsers({users:?})"),
            Self::SetPassword { address, .. } => write!(f, "SetPassword({address})"),
            Self::EndSessions(endpoints) => write!(f, "EndSessions({endpoints:?})"),
            Self::Count(who) => write!(f, "Count({who:?})"),
            Self::List { who, max } => write!(f, "List({who:?}, {max})"),
        }
    }
}
