//! Whole systems in one process over real sockets, real Redis, and real foreign clients.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, missing_docs)]

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
mod tidy;
