//! Kubently's domain: what a command is, what it may say, how it ends, and what can go wrong.
//!
//! No I/O and no transport here: this crate can be read, tested and trusted on its own.

pub mod cluster;
pub mod command;
pub mod error;
pub mod ids;
pub mod kubectl;
pub mod policy;
pub mod refusal;
pub mod sanitize;

pub use error::{Error, ErrorKind};
