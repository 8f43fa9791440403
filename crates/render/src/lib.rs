//! What kubectl prints, as pure functions: the API's answers in, text out, byte for byte as kubectl 1.33 has it.
//!
//! No I/O and no clock: whoever calls fetches first, and says what time it is. So everything here can be tested with
//! recorded answers, and fuzzed.

pub mod auth;
pub mod columns;
pub mod describe;
pub mod events;
pub mod explain;
pub mod fields;
pub mod json;
pub mod jsonpath;
pub mod labels;
pub mod object;
pub mod pdq;
pub mod quantity;
pub mod rbac;
pub mod redact;
pub mod rollout;
pub mod tab;
pub mod table;
pub mod template;
pub mod time;
pub mod top;
pub mod yaml;
