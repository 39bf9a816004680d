//! The same dialogues as in `scenarios/`, on a pool: two front ends on a real Kafka, and each client that signs in is at
//! another of them than the one before; and lists of everybody, whichever node is asked.

#[path = "../scenarios/blocking.rs"]
mod blocking;
#[path = "../scenarios/conference.rs"]
mod conference;
mod everybody;
#[path = "../scenarios/history.rs"]
mod history;
#[path = "../scenarios/im.rs"]
mod im;
#[path = "../scenarios/management.rs"]
mod management;
#[path = "../scenarios/pep.rs"]
mod pep;
#[path = "../scenarios/presence.rs"]
mod presence;
#[path = "../scenarios/roster.rs"]
mod roster;
#[path = "../scenarios/sign_in.rs"]
mod sign_in;
