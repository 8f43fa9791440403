//! Kubently's wire contracts, generated from `proto/`, and their conversions to the domain types.
//!
//! Invariant: no decision is made here. A conversion checks what the contract says about a field
//! and nothing else; whoever receives the domain type need not look at the wire again.

pub mod convert;
pub mod status;

/// The public API, version 1.
#[allow(missing_docs, unused_qualifications, unreachable_pub, clippy::all, clippy::pedantic)]
#[allow(clippy::unwrap_used, clippy::too_many_lines, clippy::wildcard_imports)]
pub mod v1 {
    tonic::include_proto!("kubently.v1");
    include!(concat!(env!("OUT_DIR"), "/kubently.v1.serde.rs"));
}

/// What servers tell each other; internal.
pub mod bus {
    /// Version 1.
    #[allow(missing_docs, unused_qualifications, unreachable_pub, clippy::all, clippy::pedantic)]
    pub mod v1 {
        tonic::include_proto!("kubently.bus.v1");
    }
}

/// The compiled contracts, for gRPC reflection.
pub const DESCRIPTORS: &[u8] = tonic::include_file_descriptor_set!("kubently_descriptor");
