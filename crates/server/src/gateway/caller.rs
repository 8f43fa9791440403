//! Who calls: clients by API key, executors by their cluster's token.

use axum::extract::FromRequestParts;
use http::{HeaderMap, header, request::Parts};
use kubently_core::{Error, ErrorKind, ids::ClusterId};

use super::{
    Shared,
    error::Problem,
    extract::{header, missing_headers},
};
use crate::auth::Principal;

const X_API_KEY: &str = "x-api-key";
const X_CLUSTER_ID: &str = "x-cluster-id";

/// A client.
pub(super) struct Caller(pub(super) Principal);

/// An executor that proved to speak for this cluster.
pub(super) struct ExecutorOf(pub(super) ClusterId);

impl FromRequestParts<Shared> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, gateway: &Shared) -> Result<Self, Problem> {
        let key = header(&parts.headers, X_API_KEY).or_else(|| bearer(&parts.headers));
        Ok(Self(gateway.services.keys.verify(key)?.clone()))
    }
}

impl FromRequestParts<Shared> for ExecutorOf {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, gateway: &Shared) -> Result<Self, Problem> {
        let (cluster, token) = executor_credentials(&parts.headers)?;
        // What cannot be a cluster's id has no token either.
        let cluster = ClusterId::new(cluster).map_err(|_| Problem::executor_credentials())?;
        gateway.services.tokens.verify(&cluster, token).await.map_err(refused)?;
        Ok(Self(cluster))
    }
}

fn executor_credentials(headers: &HeaderMap) -> Result<(&str, &str), Problem> {
    let authorization = header::AUTHORIZATION.as_str();
    match (header(headers, X_CLUSTER_ID), header(headers, authorization)) {
        (Some(cluster), Some(text)) => Ok((cluster, bearer(headers).unwrap_or(text))),
        (Some(_), None) => Err(missing_headers(&[authorization])),
        (None, Some(_)) => Err(missing_headers(&[X_CLUSTER_ID])),
        (None, None) => Err(missing_headers(&[authorization, X_CLUSTER_ID])),
    }
}

fn refused(error: Error) -> Problem {
    match error.kind {
        ErrorKind::Unauthenticated => Problem::executor_credentials(),
        _ => error.into(),
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, credential) = header(headers, header::AUTHORIZATION.as_str())?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(credential.trim())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn an_executors_token_comes_with_or_without_bearer() {
        for given in ["Bearer secret", "bearer  secret", "secret"] {
            let headers = headers(&[("authorization", given), ("x-cluster-id", "c")]);
            assert_eq!(executor_credentials(&headers).unwrap(), ("c", "secret"), "{given}");
        }
    }

    #[test]
    fn every_missing_header_is_named() {
        let problem = executor_credentials(&headers(&[])).unwrap_err();
        let fields: Vec<_> = problem.error().fields.iter().map(|violation| violation.field.as_str()).collect();
        assert_eq!(fields, ["header.authorization", "header.x-cluster-id"]);
    }
}
