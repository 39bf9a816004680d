//! What homes and sessions say to each other between nodes: [`Message`] to and from `linnet.cluster.v1`. Generated types
//! stop here.
//!
//! Invariant: what was encoded decodes to the same, and bytes that do not are refused, never guessed at.

mod conference;
mod conversation;
mod endpoint;
mod error;
mod event;
mod listing;
mod message;
mod part;
mod question;
mod refusal;
mod session;
#[cfg(test)]
mod tests;
mod user;

pub use error::DecodeError;
pub use listing::{ListedConference, Listing};
pub use message::{Message, Origin};
pub use question::{Account, Answer, Credentials, Question};
pub use session::{Again, Found, ResumptionId, SessionId};
