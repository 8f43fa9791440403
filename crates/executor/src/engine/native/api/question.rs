//! One request, and what it is about.

use bytes::Bytes;
use http::{
    Method, Request,
    header::{ACCEPT, CONTENT_TYPE},
};
use kube::client::Body;

use super::JSON;

/// A request that can be sent again.
pub(super) struct Question<'a> {
    method: Method,
    pub(super) path: &'a str,
    accept: &'a str,
    body: Option<Bytes>,
    /// Nothing for addresses that kubectl asks without a thought of what is there.
    about: Option<Subject<'a>>,
}

impl<'a> Question<'a> {
    /// Reads what is at `path`.
    pub(super) fn get(path: &'a str, accept: &'a str) -> Self {
        Self { method: Method::GET, path, accept, body: None, about: Subject::at(path) }
    }

    /// Asks about an object that is not stored.
    pub(super) fn post(path: &'a str, body: Bytes) -> Self {
        Self { method: Method::POST, path, accept: JSON, body: Some(body), about: Subject::at(path) }
    }

    /// About nothing that an error should name.
    pub(super) fn about_nothing(self) -> Self {
        Self { about: None, ..self }
    }

    pub(super) fn request(&self) -> Result<Request<Body>, http::Error> {
        let request = Request::builder().method(self.method.clone()).uri(self.path).header(ACCEPT, self.accept);
        match &self.body {
            None => request.body(Body::empty()),
            Some(body) => request.header(CONTENT_TYPE, JSON).body(Body::from(body.clone())),
        }
    }

    /// What was asked for: ` (get pods web)`, ` (get deployments.apps)`; empty where nothing is to be named.
    pub(super) fn words(&self) -> String {
        let Some(Subject { group, plural, name }) = self.about else { return String::new() };
        let dot = if group.is_empty() { "" } else { "." };
        let space = if name.is_empty() { "" } else { " " };
        format!(" ({} {plural}{dot}{group}{space}{name})", self.method.as_str().to_lowercase())
    }
}

/// A type, and maybe one object of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Subject<'a> {
    /// Empty for the core group.
    group: &'a str,
    plural: &'a str,
    /// Empty for all objects.
    name: &'a str,
}

impl<'a> Subject<'a> {
    /// What an address is about; nothing for those of discovery.
    fn at(path: &'a str) -> Option<Self> {
        let path = path.split('?').next().unwrap_or_default();
        let mut parts = path.strip_prefix('/')?.split('/');
        let group = match parts.next()? {
            "api" => "",
            "apis" => parts.next()?,
            _ => return None,
        };
        let _version = parts.next()?;
        let rest: Vec<_> = parts.collect();
        match rest[..] {
            ["namespaces", _, plural] => Some(Self { group, plural, name: "" }),
            ["namespaces", _, plural, name, ..] => Some(Self { group, plural, name }),
            [plural] => Some(Self { group, plural, name: "" }),
            [plural, name, ..] => Some(Self { group, plural, name }),
            [] => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_named_as_kubectl_names_it() {
        let cases = [
            ("/api/v1/namespaces/shop/pods?limit=500", " (get pods)"),
            ("/api/v1/namespaces/shop/pods/web", " (get pods web)"),
            ("/api/v1/namespaces/shop/pods/web/log?container=a", " (get pods web)"),
            ("/api/v1/pods", " (get pods)"),
            ("/api/v1/namespaces", " (get namespaces)"),
            ("/api/v1/namespaces/shop", " (get namespaces shop)"),
            ("/api/v1/nodes/n", " (get nodes n)"),
            ("/apis/apps/v1/namespaces/shop/deployments/web", " (get deployments.apps web)"),
            ("/apis/metrics.k8s.io/v1beta1/nodes", " (get nodes.metrics.k8s.io)"),
            ("/api", ""),
            ("/api/v1", ""),
            ("/apis/apps/v1", ""),
            ("/version", ""),
            ("/openapi/v3/api/v1", ""),
        ];
        for (path, words) in cases {
            assert_eq!(Question::get(path, JSON).words(), words, "{path}");
        }
        let post = Question::post("/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", Bytes::new());
        assert_eq!(post.words(), " (post selfsubjectrulesreviews.authorization.k8s.io)");
        assert_eq!(Question::get("/api/v1/namespaces/shop", JSON).about_nothing().words(), "");
    }
}
