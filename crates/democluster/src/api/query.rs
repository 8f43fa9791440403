//! The query string, with Kubernetes' rules for numbers and booleans.

use std::str::FromStr;

use axum::http::Uri;

use super::Failure;

/// A request's query parameters.
#[derive(Debug, Default)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub(super) fn of(uri: &Uri) -> Self {
        // A query that cannot be read is as good as none; the API server ignores it too.
        let pairs = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(uri);
        pairs.map(|pairs| Self(pairs.0)).unwrap_or_default()
    }

    /// A parameter's text; an empty one counts as not given.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        found.filter(|value| !value.is_empty())
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.text(name).is_some_and(|value| matches!(value, "true" | "1" | "True" | "TRUE" | "t" | "T"))
    }

    pub(super) fn number<T: FromStr>(&self, name: &str) -> Result<Option<T>, Failure> {
        let read = |value: &str| {
            let refusal = || Failure::bad_request(format!("strconv.ParseInt: parsing \"{value}\": invalid syntax"));
            value.parse().map_err(|_| refusal())
        };
        self.text(name).map(read).transpose()
    }
}
