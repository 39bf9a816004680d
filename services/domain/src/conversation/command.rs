//! What is asked of a conversation.

use super::{Affiliation, Departure, Role};
use crate::{
    Address, EndpointId, EndpointName, Message, Ticket, Timestamp, presentity::State, user::Standing,
};
use bytes::Bytes;
use std::{sync::Arc, time::Duration};

/// Asked of a conversation's home by the home of a user.
#[derive(Clone, Debug)]
pub enum Command {
    /// Two-party: say this to the other.
    Send {
        /// Who speaks.
        from: EndpointId,
        /// The other: the conversation is `between(from.user, to)`.
        to: Address,
        /// To one endpoint of the other in particular.
        endpoint: Option<EndpointName>,
        /// The speaker's ticket.
        ticket: Ticket,
        /// What.
        message: Arc<Message>,
    },
    /// The answer to [`super::Effect::AskStanding`], and each later change of it while the conversation is live.
    Standing {
        /// Of whom.
        of: Address,
        /// Towards whom: a block is between two.
        towards: Address,
        /// How they can be reached.
        standing: Standing,
    },
    /// An endpoint of this user has the messages of these numbers, or its home has kept them.
    Confirm {
        /// Whose.
        by: Address,
        /// Ascending.
        numbers: Vec<u64>,
    },
    /// Something asked of a conference.
    Conference {
        /// By whom.
        from: EndpointId,
        /// The asker's ticket.
        ticket: Ticket,
        /// What.
        command: ConferenceCommand,
    },
    /// An endpoint is no longer there for anybody: it leaves every conference it is in.
    EndpointGone {
        /// Which.
        endpoint: EndpointId,
        /// By its own wish, or without a word since its session ended.
        how: Departure,
    },
    /// Administrator's: end a conference.
    End,
}

/// Asked of a conference by an endpoint.
#[derive(Clone, Debug)]
pub enum ConferenceCommand {
    /// Come in. Makes the conference if it is new, with the asker as its owner; nobody else gets in before
    /// [`ConferenceCommand::Configure`], which a door may send at once. Asked by one who is in already, it tells
    /// everything again: the asker has lost track.
    Join {
        /// Under which name.
        nick: EndpointName,
        /// The asker's presence, shown to the others.
        state: Arc<State>,
        /// If the conference wants one.
        password: Option<Arc<str>>,
        /// How much of what was said before.
        history: HistoryWish,
    },
    /// Another state or another nick, when in already.
    Show {
        /// The name; a new one is a change of nick.
        nick: EndpointName,
        /// The asker's presence.
        state: Arc<State>,
    },
    /// Go out.
    Leave {
        /// A parting note.
        note: Option<Arc<str>>,
    },
    /// Say something to all (kind `Conference`).
    Say {
        /// What.
        message: Arc<Message>,
    },
    /// Say something to one occupant only.
    Whisper {
        /// To whom.
        nick: EndpointName,
        /// What.
        message: Arc<Message>,
    },
    /// Change the topic.
    SetTopic {
        /// Empty: none.
        topic: Arc<str>,
        /// The message that says so and nothing else: its subject is the topic.
        message: Arc<Message>,
    },
    /// Change an occupant's role: grant or take voice, make moderator, kick (`Role::None`).
    SetRole {
        /// Whose.
        nick: EndpointName,
        /// To what.
        role: Role,
        /// Why.
        reason: Option<Arc<str>>,
    },
    /// Change people's affiliations: member, admin, owner, banned, none. All or nothing.
    SetAffiliations {
        /// Whose, to what, why.
        changes: Vec<(Address, Affiliation, Option<Arc<str>>)>,
    },
    /// Who has this affiliation.
    ListAffiliation {
        /// Which one.
        affiliation: Affiliation,
    },
    /// Who is in and has this role.
    ListRole {
        /// Which one.
        role: Role,
    },
    /// The configuration, to change it.
    GetConfiguration,
    /// Change the configuration; also opens a new conference for others.
    Configure {
        /// To what.
        configuration: Box<Configuration>,
    },
    /// The owner of a new conference gave up configuring it: it is removed.
    CancelConfiguration,
    /// End the conference for good.
    Destroy {
        /// Where people should go instead.
        alternate: Option<Address>,
        /// Why.
        reason: Option<Arc<str>>,
    },
    /// Invite somebody through the conference (mediated); makes them a member where only members may enter.
    Invite {
        /// Whom.
        who: Address,
        /// Why.
        reason: Option<Arc<str>>,
        /// The invitation continues a two-party conversation with this thread (XEP-0045 §7.8.2 `continue`).
        continues: Option<Arc<str>>,
    },
    /// Say no to an invitation.
    Decline {
        /// Who had invited.
        to: Address,
        /// Why.
        reason: Option<Arc<str>>,
    },
    /// A new occupant asks for voice in a moderated conference.
    RequestVoice,
    /// The nick that the asker has reserved, if any.
    ReservedNick,
    /// Am I still in, under this nick? (XEP-0410)
    SelfPing {
        /// The nick.
        nick: EndpointName,
    },
    /// Reserve a nick in this conference (XEP-0045 §7.10), or give it up: for those with an affiliation.
    ReserveNick {
        /// Which; `None` gives it up.
        nick: Option<EndpointName>,
    },
    /// Turn a two-party conversation into this conference, in one step: make it (for members, ad hoc, showing nothing
    /// that was said before), come in, and invite the other and the newcomers with `continues`.
    Escalate {
        /// The other of the two-party conversation.
        with: Address,
        /// The newcomers.
        invite: Vec<Address>,
        /// The asker's name in the conference.
        nick: EndpointName,
        /// The asker's presence.
        state: Arc<State>,
        /// The thread of the two-party conversation.
        thread: Option<Arc<str>>,
    },
    /// Carry an opaque request or answer to an occupant.
    Relay {
        /// To whom.
        nick: EndpointName,
        /// In the sender's protocol.
        payload: Bytes,
    },
    /// What anyone may know: name, features, number of occupants.
    Describe,
    /// The nicks of the occupants, if the conference shows them.
    Occupants,
    /// May I read the history (XMPP: XEP-0313)?
    ReadHistory,
}

/// How much history a newcomer wants (XEP-0045 §7.2.13); the conference gives at most what its policy allows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct HistoryWish {
    /// At most so many messages.
    pub messages: Option<u32>,
    /// At most so many bytes of messages.
    pub bytes: Option<u32>,
    /// Said within this time before now.
    pub within: Option<Duration>,
    /// Said since then.
    pub since: Option<Timestamp>,
}

/// Who may invite others.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum WhoMayInvite {
    /// Everyone who is in.
    #[default]
    Everyone,
    /// Moderators only.
    Moderators,
}

/// How a conference behaves (XEP-0045 §15.5.3 `muc#roomconfig`).
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "independent switches of the standard's form")]
pub struct Configuration {
    /// A name for people.
    pub name: Arc<str>,
    /// A sentence about it.
    pub description: Arc<str>,
    /// Its language (BCP 47), or empty.
    pub language: Arc<str>,
    /// Stays when the last occupant leaves.
    pub persistent: bool,
    /// Shown in the service's list.
    pub public: bool,
    /// Only members may enter.
    pub members_only: bool,
    /// Newcomers without affiliation cannot speak.
    pub moderated: bool,
    /// Addresses of occupants are shown to everyone, not to moderators only.
    pub whois_everyone: bool,
    /// No one new may enter (Lync: lock).
    pub locked: bool,
    /// A password to enter; stored as given, since it is shared among people and shown in the form.
    pub password: Option<Arc<str>>,
    /// Occupants at most; at most [`crate::limits::CONFERENCE_PARTICIPANTS`] or the policy's number.
    pub max_occupants: u32,
    /// Occupants, not only moderators, may change the topic.
    pub anyone_sets_topic: bool,
    /// Who may invite.
    pub invite: WhoMayInvite,
    /// Messages shown to a newcomer; 0: the newcomer does not see what was said before.
    pub history: u32,
    /// Private messages between occupants are allowed.
    pub whispers: bool,
    /// What is said is in the history (XEP-0313). What is said while this is off never is; it is in the log alone.
    pub archived: bool,
}
