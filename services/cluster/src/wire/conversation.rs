//! What is asked of a conversation.

use super::{
    error::Fault,
    part::{Part, choice, needed, read, record, wrapped},
};
use domain::{
    Address,
    conversation::{Affiliation, Command, ConferenceCommand, HistoryWish},
};
use proto::cluster::{AffiliationChange, conference_command, conversation_command};
use std::sync::Arc;

choice!(
    Command,
    conversation_command::Command,
    fields {
        Send: SendFrom { from, to, endpoint, ticket, message },
        Confirm: Confirm { by, numbers },
        Conference: ConferenceAsked { from, ticket, command },
        Standing: StandingOf { of, towards, standing },
        EndpointGone: EndpointGone { endpoint, how },
    }
    lone {}
    one {}
    nothing { End }
);
wrapped!(Command, ConversationCommand.command);
needed!(Command, proto::cluster::ConversationCommand);

choice!(
    ConferenceCommand,
    conference_command::Command,
    fields {
        Say: Say { message },
        Join: Join { nick, state, password, history },
        Show: Show { nick, state },
        Leave: Leave { note },
        Whisper: Whisper { nick, message },
        SetTopic: SetTopic { topic, message },
        SetRole: SetRole { nick, role, reason },
        SetAffiliations: SetAffiliations { changes },
        Destroy: Destroy { alternate, reason },
        Invite: Invite { who, reason, continues },
        Decline: Decline { to, reason },
        ReserveNick: ReserveNick { nick },
        Escalate: Escalate { with, invite, nick, state, thread },
        Relay: RelayToNick { nick, payload },
    }
    lone {
        ListAffiliation { affiliation },
        ListRole { role },
        Configure { configuration },
        SelfPing { nick },
    }
    one {}
    nothing {
        GetConfiguration,
        CancelConfiguration,
        RequestVoice,
        ReservedNick,
        Describe,
        Occupants,
        ReadHistory,
    }
);
wrapped!(ConferenceCommand, ConferenceCommand.command);
needed!(ConferenceCommand, proto::cluster::ConferenceCommand);

record!(HistoryWish, HistoryWish { messages, bytes, within, since });

/// Whose, to what, why.
type Change = (Address, Affiliation, Option<Arc<str>>);

impl Part<AffiliationChange> for Change {
    fn out(&self) -> AffiliationChange {
        let (who, affiliation, reason) = self;
        AffiliationChange { who: who.out(), affiliation: affiliation.out(), reason: reason.out() }
    }

    fn back(proto: AffiliationChange) -> Result<Self, Fault> {
        Ok((
            read(proto.who, "AffiliationChange.who")?,
            read(proto.affiliation, "AffiliationChange.affiliation")?,
            read(proto.reason, "AffiliationChange.reason")?,
        ))
    }
}
