//! Who is alive: SWIM gossip, by `foca`, over UDP. Monotonic time only.
//!
//! A node is gone when it did not answer anybody and did not object, or when its port is closed and it answers nothing:
//! the latter is what a killed process looks like, known in a fraction of a second. Packets carry an HMAC-SHA256 (RFC 2104) of
//! the pool's secret; others are dropped and counted. Invariant: of two processes of one name one stays, the younger.

mod book;
pub(crate) mod host;
mod identity;
mod pace;
mod packet;
pub(crate) use packet::Seal;
mod swim;
#[cfg(test)]
mod tests;
