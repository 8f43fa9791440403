//! Proves from outside that Kubently keeps its delivery promise: real processes, real faults, and a checker
//! that trusts neither side.
//!
//! A scenario starts servers, executors and Redis as processes, puts a TCP proxy into every link, sends
//! commands while it breaks things, and then lets [`checker::check`] judge what was seen.

pub mod checker;
pub mod cli;
pub mod executions;
pub mod fake;
pub mod history;
pub mod marker;

mod audit;
mod client;
mod cluster;
mod faults;
mod limits;
mod load;
mod measure;
mod operation;
mod ports;
mod process;
mod proxy;
mod recorder;
mod report;
mod scenario;
mod store;
mod system;
