//! The Kubently API server.
//!
//! [`bind`] a [`Config`], then [`Bound::serve`]. Inside: `grpc` and `gateway` are the two faces;
//! they call `dispatch`, `sessions`, `tokens`, `clusters`, `audit` and `auth`, never each other,
//! and never `bus`, `store` or `journal`, which know nothing of faces.

mod audit;
mod auth;
mod bind;
mod bus;
mod clusters;
mod config;
mod dispatch;
mod gateway;
mod grpc;
mod ids;
mod journal;
mod metrics;
mod redis;
mod services;
mod sessions;
mod store;
#[cfg(test)]
#[allow(dead_code, reason = "the system tests use the rest of it")]
#[path = "../../../tests/it/sandbox/redis.rs"]
mod test_redis;
mod tokens;

pub use bind::{Bound, bind};
pub use config::{Backend, Config, RedisSettings};
