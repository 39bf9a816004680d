//! The contracts between processes and with the disk, compiled from `proto/linnet/*/v1/*.proto` at build time.
//!
//! The `.proto` files are the documentation. Generated types stay inside the crates that speak to the outside
//! (`event-log`, `store`, `cluster`, the services' gRPC files); everyone else uses the types of `domain`.

/// The packages as the contracts name them: generated code finds its neighbours by these paths.
#[allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    reason = "generated; documented in the .proto files"
)]
mod linnet {
    pub mod entity {
        pub mod v1 {
            include!(concat!(env!("OUT_DIR"), "/linnet.entity.v1.rs"));
        }
    }
    pub mod log {
        pub mod v1 {
            include!(concat!(env!("OUT_DIR"), "/linnet.log.v1.rs"));
        }
    }
    pub mod state {
        pub mod v1 {
            include!(concat!(env!("OUT_DIR"), "/linnet.state.v1.rs"));
        }
    }
    pub mod admin {
        pub mod v1 {
            include!(concat!(env!("OUT_DIR"), "/linnet.admin.v1.rs"));
        }
    }
    pub mod cluster {
        pub mod v1 {
            include!(concat!(env!("OUT_DIR"), "/linnet.cluster.v1.rs"));
        }
    }
}

/// `linnet.admin.v1`: the administrator's gRPC service.
pub use linnet::admin::v1 as admin;
/// `linnet.cluster.v1`: what the nodes of a pool say to each other.
pub use linnet::cluster::v1 as cluster;
/// `linnet.entity.v1`: what every contract speaks of.
pub use linnet::entity::v1 as entity;
/// `linnet.log.v1`: the records of the log.
pub use linnet::log::v1 as log;
/// `linnet.state.v1`: the rows of the state.
pub use linnet::state::v1 as state;

/// All contracts as an encoded `google.protobuf.FileDescriptorSet`, for gRPC reflection.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/linnet.bin"));

#[cfg(test)]
mod tests {
    use prost::Message as _;

    #[test]
    fn the_descriptor_set_names_every_contract() {
        for name in
            ["linnet.admin.v1", "linnet.cluster.v1", "linnet.entity.v1", "linnet.log.v1", "linnet.state.v1"]
        {
            assert!(super::DESCRIPTORS.windows(name.len()).any(|w| w == name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn a_record_survives_bytes() {
        let record = super::log::Record { version: 1, epoch: 7, writer: 9, body: None };
        assert_eq!(super::log::Record::decode(record.encode_to_vec().as_slice()), Ok(record));
    }
}
