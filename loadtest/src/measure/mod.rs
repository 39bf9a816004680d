//! What is measured and how: when events are due, how long they took, what was lost, what the server used.

pub(crate) mod latency;
pub(crate) mod pace;
pub(crate) mod payload;
pub(crate) mod server;
pub(crate) mod timetable;
pub(crate) mod tracker;
