//! Compiles the contracts in `proto/` into `OUT_DIR`, without `protoc`: messages, the gRPC services' clients and
//! servers, and the descriptor set that reflection serves.

use prost::Message as _;
use std::{env, error::Error, fs, path::PathBuf};

/// Every contract; what they import is found by itself.
const CONTRACTS: [&str; 6] = [
    "proto/linnet/entity/v1/entity.proto",
    "proto/linnet/log/v1/log.proto",
    "proto/linnet/state/v1/state.proto",
    "proto/linnet/admin/v1/admin.proto",
    "proto/linnet/cluster/v1/message.proto",
    "proto/linnet/cluster/v1/link.proto",
];

/// Large parts of messages between nodes: in a place of their own, so that reading the small ones moves less about.
const BOXED: [&str; 5] = [
    ".linnet.cluster.v1.Deliver.said",
    ".linnet.cluster.v1.Delivery.said",
    ".linnet.cluster.v1.Sent.said",
    ".linnet.cluster.v1.ConferenceTells.event",
    ".linnet.cluster.v1.ConferenceTold.event",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let descriptors = protox::compile(CONTRACTS, ["proto"])?;
    fs::write(out.join("linnet.bin"), descriptors.encode_to_vec())?;
    let generate = tonic_prost_build::configure().bytes(".");
    BOXED.into_iter().fold(generate, tonic_prost_build::Builder::boxed).compile_fds(descriptors)?;
    Ok(())
}
