//! What can go wrong in a run, each with what to change.

use std::io;

/// The reason a run could not be made or finished. A run that was made but lost messages is a verdict, not this.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    #[error("cannot connect to {target}: {source}; is the server running there? change --target")]
    Connect { target: std::net::SocketAddr, source: io::Error },
    #[error("TLS with the server failed: {0}")]
    Tls(io::Error),
    #[error("connection failed: {0}")]
    Io(#[from] io::Error),
    #[error("the server closed the stream {0}")]
    Closed(&'static str),
    #[error("the server sent what cannot be read: {0}")]
    Scan(#[from] crate::wire::scanner::ScanError),
    #[error("the server does not offer {0}")]
    NotOffered(String),
    #[error("SCRAM failed: {0}; change --password or --mechanism")]
    Scram(#[from] crate::wire::scram::ScramError),
    #[error("the server refused {what}: {condition}")]
    Refused { what: &'static str, condition: String },
    #[error("sign-in of user {user} failed: {source}")]
    SignIn { user: usize, source: Box<Trouble> },
    #[error("no answer within {seconds} s while {what}; change {flag}")]
    Slow { what: &'static str, seconds: u64, flag: &'static str },
    #[error("the server stopped reading: {} bytes wait to be written; lower --rate", crate::limits::OUTBOX)]
    OutboxFull,
    #[error("{0}")]
    Flag(String),
    #[error("{0} sessions ended while they were needed; first reason: {1}")]
    Dropped(usize, String),
    #[error(
        "user {user} has {has} contacts of {wanted}; run `loadtest provision contacts` with the same flags"
    )]
    Contacts { user: usize, has: usize, wanted: usize },
    #[error("process {pid} cannot be observed: {source}; change --server-pid")]
    Process { pid: u32, source: io::Error },
    #[error("command `{command}` failed: {reason}")]
    Command { command: String, reason: String },
    #[error("file {path}: {reason}")]
    File { path: String, reason: String },
}
