//! Whole systems in one process over real sockets, real Redis, and real foreign clients.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, missing_docs)]

/// Each test on a server in memory, and on two servers over Redis.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod memory { $(#[tokio::test(flavor = "multi_thread")] async fn $name() {
            super::$name(crate::sandbox::Sandbox::start(crate::sandbox::Kind::Memory).await).await;
        })* }
        mod redis { $(#[tokio::test(flavor = "multi_thread")] async fn $name() {
            super::$name(crate::sandbox::Sandbox::start(crate::sandbox::Kind::Redis).await).await;
        })* }
    };
}

mod cli;
mod commands;
mod faces;
mod faults;
mod foreign;
mod policy;
mod refusals;
mod rest;
mod sandbox;
mod servers;
mod streams;
mod tidy;
