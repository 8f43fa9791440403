//! A small Kubernetes API in this process, over plain HTTP, serving a broken shop.
//!
//! For `kubently dev --demo`, `kubently executor --demo`, tests and measurements; nothing else may use it. It answers what `kubectl`
//! and kube-rs ask to *read*: discovery, list and get with selectors and chunks, server-side Tables, watches, logs,
//! metrics and access reviews. It never changes: every write is refused with 405. The only schema it publishes under
//! `/openapi/v3` is an empty one, so `kubectl explain` does not work against it.
//!
//! The scene is written in `src/story.rs`; what is wrong in it, and where, is listed there. Every age in it counts back
//! from [`Config::now`], so its output looks alive: healthy pods go on writing their logs as time passes, and a fixed
//! `now` gives the same names, ids and times at every start.
//!
//! For tests there is more: [`Config::latency`] holds answers back; the namespace `lab` has `demo-firehose`, whose log
//! is exactly 8 MiB (65,536 lines of 128 bytes, the same each time), and `demo-slow`, whose log comes a line per 200 ms,
//! 300 lines in all, or without end when it is followed.

mod api;
mod catalog;
mod clock;
mod cluster;
mod config;
mod scene;
mod select;
mod story;
mod table;

pub use cluster::{Bound, bind};
pub use config::{Config, Error};
