//! The policy file: YAML that becomes a [`Policy`](kubently_core::policy::Policy), strictly, and is read again when it
//! changes.
//!
//! [`read`] is the reader, [`SCHEMA`] describes what it takes, and [`Source`] keeps a policy up to date with its file.
//! Server, executor and the command line all read it here, so that they mean the same by it.

mod document;
mod error;
mod reader;
mod source;

pub use error::{Error, Invalid};
pub use reader::read;
pub use source::{Live, PERIOD, Source, Standing, load};

/// The JSON Schema of a policy file.
pub const SCHEMA: &str = include_str!("../policy.schema.json");

/// Largest policy file, in bytes.
pub const MAX_BYTES: u64 = 256 << 10;

/// Most entries of any list in it.
pub const MAX_ENTRIES: usize = 1_000;

/// Longest pattern for the names of environment variables, in bytes.
pub const MAX_PATTERN: usize = 128;
