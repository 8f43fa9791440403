//! How to authenticate, for clients that ask before they try.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

/// The ways to authenticate.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Discovery {
    authentication_methods: [&'static str; 1],
    api_key: ApiKeyMethod,
    oauth: OauthMethod,
}

/// How to send an API key.
#[derive(Debug, Serialize, ToSchema)]
struct ApiKeyMethod {
    header: &'static str,
    description: &'static str,
}

/// Whether users can log in.
#[derive(Debug, Serialize, ToSchema)]
struct OauthMethod {
    enabled: bool,
    message: &'static str,
}

/// Whether authentication works.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AuthHealth {
    status: &'static str,
    authentication_methods: [&'static str; 1],
    oauth_enabled: bool,
}

const METHODS: [&str; 1] = ["api_key"];

fn discovery() -> Json<Discovery> {
    let description = "Send the API key in the X-API-Key header, or as Authorization: Bearer";
    Json(Discovery {
        authentication_methods: METHODS,
        api_key: ApiKeyMethod { header: "X-API-Key", description },
        oauth: OauthMethod { enabled: false, message: "OAuth is not configured on this server" },
    })
}

/// Says how to authenticate.
#[utoipa::path(get, path = "/.well-known/kubently-auth", tag = "discovery", responses((status = 200, body = Discovery)))]
pub(super) async fn well_known() -> Json<Discovery> {
    discovery()
}

/// Says how to authenticate.
#[utoipa::path(get, path = "/auth/discovery", tag = "discovery", responses((status = 200, body = Discovery)))]
pub(super) async fn auth_discovery() -> Json<Discovery> {
    discovery()
}

/// Says whether authentication works.
#[utoipa::path(get, path = "/health/auth", tag = "discovery", responses((status = 200, body = AuthHealth)))]
pub(super) async fn auth_health() -> Json<AuthHealth> {
    Json(AuthHealth { status: "healthy", authentication_methods: METHODS, oauth_enabled: false })
}
