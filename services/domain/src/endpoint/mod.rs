//! Endpoints: the signed-in devices of a user; what each may ask ([`Command`]) and what it is told ([`Event`]).
//!
//! These two types are the whole of what a door needs to know: it turns its protocol into commands and events
//! into its protocol.

mod command;
mod event;
pub mod recall;
mod rendered;
mod state;

pub use command::{CategoryCommand, Command, Directed, RosterCommand};
pub use event::{Answer, Delivery, Ending, Event, How, Said};
pub use rendered::Rendered;
pub(crate) use state::Endpoint;
