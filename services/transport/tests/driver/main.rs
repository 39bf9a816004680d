//! The driver over real loopback sockets, with a toy session on one side and plain or TLS clients on the other.

mod flow;
mod gate;
mod limits;
mod scene;
mod secure;
