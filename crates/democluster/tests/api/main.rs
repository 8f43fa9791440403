//! The demo cluster over a real socket.

// clippy.toml allows these in test functions; what they are built from is test code, too.
#![allow(clippy::unwrap_used, clippy::panic)]

mod client;
mod logs;
mod reads;
mod watches;
