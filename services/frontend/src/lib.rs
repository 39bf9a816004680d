//! The front end: it hosts the actors. Each signed-in user and each live conversation is one, on the thread of its
//! shard; sessions speak to them, they speak to each other through the [`Router`], and nothing of theirs leaves before
//! it is durable.

pub mod admin;
pub mod clock;
mod directory;
mod doors;
mod entity;
mod front;
pub mod limits;
pub mod meters;
pub mod passwords;
pub mod peer;
mod pool;
mod process;
pub mod rooms;
mod router;
pub mod session;
mod shard;
mod state;
#[cfg(test)]
mod tests;
pub mod upload;
pub mod web;

/// Runs `future` on a runtime that actors and connections can run on, with this thread as its first.
pub fn block_on<F: Future>(future: F) -> F::Output {
    actix::System::new().block_on(future)
}

pub use directory::Unlisted;
pub use doors::{Doors, open};
pub use front::{FrontEnd, Settings, StartError};
pub use pool::Pool;
pub use router::{Busy, Router};
