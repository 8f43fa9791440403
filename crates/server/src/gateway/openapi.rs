//! The OpenAPI 3.1 document, made from the handlers.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::header;
use utoipa::openapi::{
    ComponentsBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder,
    security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
};

use super::{Shared, error::ProblemDetails};

/// The document before its paths.
pub(super) fn base() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Kubently")
        .description(Some("Read-only troubleshooting of many Kubernetes clusters through one API."))
        .version(env!("CARGO_PKG_VERSION"))
        .license(Some(LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build()))
        .build();
    OpenApiBuilder::new().info(info).components(Some(components().build())).build()
}

fn components() -> ComponentsBuilder {
    let key = ApiKeyValue::with_description("X-API-Key", "A client's API key");
    let bearer = |description| {
        SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(description)).build())
    };
    ComponentsBuilder::new()
        // The errors' descriptions refer to it, and only bodies are collected by themselves.
        .schema_from::<ProblemDetails>()
        .security_scheme("api_key", SecurityScheme::ApiKey(ApiKey::Header(key)))
        .security_scheme("bearer", bearer("A client's API key"))
        .security_scheme("executor", bearer("An executor's token; the header X-Cluster-ID names its cluster"))
}

/// The document's bytes.
pub(super) fn print(document: &OpenApi) -> Bytes {
    serde_json::to_vec(document).map_or_else(
        |cause| {
            tracing::error!(error = %cause, "the OpenAPI document does not serialise");
            Bytes::new()
        },
        Bytes::from,
    )
}

/// This document.
#[utoipa::path(get, path = "/openapi.json", tag = "discovery", responses((status = 200, body = Object)))]
pub(super) async fn document(State(gateway): State<Shared>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], gateway.document.clone()).into_response()
}
