//! The log on a real Kafka: order, what several writers do to each other, brokers that die, stall and come back, topics
//! that are wrong, and the rows beside the log.

mod ear;
mod order;
mod outage;
mod owners;
mod refused;
mod rows;
mod trimmed;
