//! What a path names.

use std::sync::Arc;

use axum::{
    http::{HeaderValue, header},
    response::Response,
};

use super::{Api, Failure, Form, Query, json_answer, list, logs, metrics, watch};
use crate::catalog::{self, METRICS_GROUP, ResourceType};

/// A path below `/api` or `/apis`.
#[derive(Debug)]
pub(super) enum Target<'a> {
    /// A group, whose versions are asked for.
    Group(&'a str),
    /// A version, whose resources are asked for.
    Version { group: &'a str, version: &'a str },
    /// Objects.
    Resource(ResourcePath<'a>),
}

/// A resource's objects, or one of them, or a part of that one.
#[derive(Clone, Copy, Debug)]
pub(super) struct ResourcePath<'a> {
    pub(super) kind: &'static ResourceType,
    /// Empty for all namespaces, and for what has none.
    pub(super) namespace: &'a str,
    /// Empty for a list.
    pub(super) name: &'a str,
    pub(super) subresource: &'a str,
}

impl<'a> Target<'a> {
    pub(super) fn parse(path: &'a str) -> Result<Self, Failure> {
        let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
        match segments.as_slice() {
            ["api", "v1"] => Ok(Self::Version { group: "", version: "v1" }),
            ["api", "v1", rest @ ..] => ResourcePath::parse("", "v1", rest).map(Self::Resource),
            ["apis", group] => Ok(Self::Group(group)),
            ["apis", group, version] => Ok(Self::Version { group, version }),
            ["apis", group, version, rest @ ..] => ResourcePath::parse(group, version, rest).map(Self::Resource),
            _ => Err(Failure::no_path()),
        }
    }
}

impl<'a> ResourcePath<'a> {
    fn parse(group: &str, version: &str, rest: &[&'a str]) -> Result<Self, Failure> {
        let (namespace, rest) = match rest {
            // `namespaces/x/status` is a part of the namespace itself.
            ["namespaces", namespace, rest @ ..] if !rest.is_empty() && rest[0] != "status" => (*namespace, rest),
            _ => ("", rest),
        };
        let (plural, name, subresource) = match rest {
            [plural] => (*plural, "", ""),
            [plural, name] => (*plural, *name, ""),
            [plural, name, subresource] => (*plural, *name, *subresource),
            _ => return Err(Failure::no_path()),
        };
        let kind = catalog::find(group, version, plural).ok_or_else(Failure::no_path)?;
        let fits = if kind.namespaced { !namespace.is_empty() || name.is_empty() } else { namespace.is_empty() };
        let known = subresource.is_empty() || kind.subresources.contains(&subresource);
        if fits && known { Ok(Self { kind, namespace, name, subresource }) } else { Err(Failure::no_path()) }
    }

    /// Answers a read.
    pub(super) async fn read(self, api: &Arc<Api>, query: &Query, form: Form) -> Result<Response, Failure> {
        let resource = self.kind;
        if !resource.allows("get") {
            return Err(Failure::method_not_allowed());
        }
        if self.subresource == "log" {
            api.delay("pods/log").await;
            return logs::answer(api, self, query);
        }
        api.delay(resource.plural).await;
        if resource.group == METRICS_GROUP {
            return metrics::answer(api, self, query);
        }
        let mut response = if self.name.is_empty() && query.flag("watch") {
            watch::answer(api, self, query, form)?
        } else if self.name.is_empty() {
            json_answer(&list::answer(api, self, query, form)?)
        } else {
            json_answer(&list::one(api, self, query, form)?)
        };
        if resource.kind == "Endpoints" {
            response.headers_mut().insert(header::WARNING, HeaderValue::from_static(ENDPOINTS_DEPRECATED));
        }
        Ok(response)
    }
}

const ENDPOINTS_DEPRECATED: &str =
    "299 - \"v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice\"";
