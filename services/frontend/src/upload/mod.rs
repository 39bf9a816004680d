//! Files that users share by HTTP (XEP-0363): a slot is granted to a signed-in user, filled once by PUT, read by GET
//! by anyone who knows its address (128 random bits), and removed after some days.
//!
//! On disk: `DIR/<slot id>/<owner's hash>` is an empty mark that says whose it is, `DIR/<slot id>/content` the bytes,
//! `DIR/<slot id>/name` the name and media type that were asked for. A slot without `content` is being filled, or never
//! will be.

mod files;
mod filling;
mod slots;

pub use files::{Files, Found};
pub use filling::Filling;
pub use slots::{Denied, Slot, Slots, Terms};
