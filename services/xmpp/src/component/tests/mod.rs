//! A component's connection from its header to its end, and what stands for its domain while it is there and while not.

mod link;
mod peer;

use domain::{Address, Timestamp};

const NOW: Timestamp = Timestamp(1_000_000);

fn address(text: &str) -> Address {
    Address::parse(text).expect("an address")
}
