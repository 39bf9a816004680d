//! What only a pool can do: front ends on a real Kafka, of which nodes, brokers and disks come and go while people talk.

mod moves;
mod state;
