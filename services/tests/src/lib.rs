//! Tests of the whole: the house rules (`tidy.rs`), dialogues over real sockets (`scenarios/`), loss of power
//! (`crash/`), pools in simulation (`simulation/`), the log on a real Kafka (`kafka/`), real clients (`interop/`), the deployment's files (`deploy/`). This
//! library is what they share: the started server, an XMPP client, and the runner of dialogues.

pub mod binary;
pub mod client;
pub mod component;
pub mod kafka;
pub mod limits;
pub mod play;
pub mod server;
pub mod wire;

pub use client::Client;
pub use component::Component;
pub use kafka::Kafka;
pub use play::Stage;
pub use server::{House, Ports, Server};
