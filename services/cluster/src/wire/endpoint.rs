//! What an endpoint asks of its user's home.

use super::part::{choice, named, needed, record, wrapped};
use domain::{
    Address,
    endpoint::{CategoryCommand, Command, Directed, RosterCommand},
    presentity::{Source, State},
};
use proto::cluster::{category_command, endpoint_command, roster_command};
use std::sync::Arc;

choice!(
    Command,
    endpoint_command::Command,
    fields {
        Send: Send { to, endpoint, message },
        Unpublish: Unpublish { note },
        SetSource: SetSource { source, state, until },
        DisablePush: DisablePush { address, node },
        Category: AskCategory { owner, command },
        Relay: Relay { to, payload },
        Conference: AskConference { conference, command },
    }
    lone { Confirm { serial }, Probe { to } }
    one { Publish, Direct, SetManual, EnablePush, Roster }
    nothing {}
);
wrapped!(Command, EndpointCommand.command);
needed!(Command, proto::cluster::EndpointCommand);

wrapped!(Option<Arc<State>>, SetManual.state);
named!(Source, Source { Calendar, Call });

record!(Directed, Direct { to, endpoint, state, note });

choice!(
    RosterCommand,
    roster_command::Command,
    fields {
        Get: GetRoster { version },
        Set: SetContact { address, name, groups },
        Place: PlaceContact { address, container },
        Handshake: HandshakeWith { with, step, carried },
    }
    lone { Remove { address } }
    one { Block, Unblock }
    nothing { Blocked }
);
wrapped!(RosterCommand, RosterCommand.command);

wrapped!(Vec<Address>, Addresses.addresses);

choice!(
    CategoryCommand,
    category_command::Command,
    fields {
        Read: ReadCategory { category, ids, max },
        Publish: PublishItem { category, id, content, settings },
        Retract: RetractItem { category, id, notify },
        Create: CreateCategory { category, settings },
        Configure: ConfigureCategory { category, settings },
    }
    lone { Purge { category }, Delete { category }, Settings { category } }
    one {}
    nothing { List }
);
wrapped!(CategoryCommand, CategoryCommand.command);
needed!(CategoryCommand, proto::cluster::CategoryCommand);
