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

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let descriptors = protox::compile(CONTRACTS, ["proto"])?;
    fs::write(out.join("linnet.bin"), descriptors.encode_to_vec())?;
    tonic_prost_build::configure().bytes(".").compile_fds(descriptors)?;
    Ok(())
}
