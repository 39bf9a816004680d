//! What homes ask of a user's home, and the presence and categories that they tell of.

use super::part::{choice, named, needed, record, wrapped};
use domain::{
    category::{CategoryNotice, Change},
    presentity::{Aggregate, Notice},
    roster::Handshake,
    user::{Command, Standing},
};

choice!(
    Command,
    proto::cluster::user_command::Command,
    fields {
        Deliver: Deliver { endpoint, said, late },
        Notice: Notify { endpoint, notice },
        Sent: Sent { ticket, said, again },
        Answer: AnswerTo { endpoint, ticket, answer },
        Conference: ConferenceTells { endpoint, conference, event },
        AskStanding: AskStanding { conversation, towards },
        Probe: Probe { from },
        Directed: DirectedTo { from, endpoint, state, note },
        Handshake: HandshakeFrom { from, step, carried },
        Category: CategoryTells { endpoint, notice },
        CategoryAsked: CategoryAsked { from, ticket, command },
        Relay: RelayTo { from, endpoint, ticket, payload },
        ForgetConversation: ForgetConversation { conversation },
        PushAnswered: PushAnswered { from, ticket, push, refused },
        CreateAccount: CreateAccount { verifiers, at },
        SetPassword: SetPassword { verifiers },
    }
    lone { SetToken { token }, RemoveToken { client } }
    one { SetEnabled }
    nothing { RemoveAccount }
    never { Attach, AttachAgain, Detach, Parked, Endpoint }
);
wrapped!(Command, UserCommand.command);
needed!(Command, proto::cluster::UserCommand);

named!(Handshake, Handshake { Subscribe, Subscribed, Unsubscribe, Unsubscribed });
named!(Standing, StandingTowards { Reachable, Offline, Blocked, Unknown });

record!(Notice, Notice { presentity, endpoint, state, parting, aggregate });
record!(Aggregate, Aggregate { availability, activity, note, last_seen });

record!(CategoryNotice, CategoryNotice { owner, category, change });
choice!(
    Change,
    proto::cluster::change::Change,
    fields {}
    lone {}
    one { Published, Retracted }
    nothing { Purged, Deleted }
);
wrapped!(Change, Change.change);
needed!(Change, proto::cluster::Change);
