//! Workloads: Pod and what makes pods.

use serde_json::Value;

use super::{Described, View};
use crate::engine::native::catalog::Resource;

/// Describes kinds of this family.
pub(super) async fn describe(_view: &View<'_>, _resource: &Resource, _object: &Value) -> Described {
    None
}
