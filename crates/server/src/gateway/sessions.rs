//! `/debug/session`: a user's time-bounded debugging context.

use std::time::Duration;

use axum::{Json, extract::State};
use http::HeaderMap;
use kubently_core::{
    Error, ErrorKind,
    ids::{ClusterId, SessionId},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Shared,
    caller::Caller,
    command::correlation,
    error::Problem,
    extract::{Body, Segment, header},
    responses::{Errors, NotFound},
    status::{Created, NoContent},
    time::iso,
};
use crate::sessions::{NewSession, Session};

/// Longest service identity, in characters.
const MAX_IDENTITY: usize = 128;

/// The body of `POST /debug/session`.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct CreateSessionRequest {
    /// The cluster it is for.
    #[schema(pattern = "^[a-z0-9][a-z0-9-]*[a-z0-9]$|^[a-z0-9]$", max_length = 100)]
    cluster_id: String,
    /// The caller's own mark; the header `X-Correlation-ID` wins.
    #[serde(default)]
    correlation_id: Option<String>,
    /// Its lifetime without use; the server's setting when absent.
    #[serde(default)]
    #[schema(minimum = 60, maximum = 3600)]
    ttl_seconds: Option<u64>,
}

/// A session.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SessionResponse {
    /// Its id.
    session_id: String,
    /// The cluster it is for.
    cluster_id: String,
    /// Always `active`: a session that ended is not found.
    status: &'static str,
    /// When it was opened.
    created_at: String,
    /// When it ends unless it is used again.
    expires_at: String,
    /// Its lifetime without use.
    ttl_seconds: u64,
    /// The caller's own mark.
    correlation_id: Option<String>,
    /// The service it is for.
    service_identity: Option<String>,
}

impl From<Session> for SessionResponse {
    fn from(session: Session) -> Self {
        Self {
            session_id: session.id.to_string(),
            cluster_id: session.cluster.to_string(),
            status: "active",
            created_at: iso(session.created_at),
            expires_at: iso(session.expires_at),
            ttl_seconds: session.ttl.as_secs(),
            correlation_id: session.correlation.map(|mark| mark.to_string()),
            service_identity: session.service,
        }
    }
}

/// Opens a session on a cluster.
#[utoipa::path(
    post, path = "/debug/session", tag = "sessions", security(("api_key" = []), ("bearer" = [])),
    params(
        ("X-Correlation-ID" = Option<String>, Header, description = "The caller's own mark"),
        ("X-Service-Identity" = Option<String>, Header, description = "The service to note instead of the key's own"),
    ),
    request_body = CreateSessionRequest,
    responses((status = 201, body = SessionResponse), Errors, NotFound),
)]
pub(super) async fn create_session(
    State(gateway): State<Shared>,
    caller: Result<Caller, Problem>,
    headers: HeaderMap,
    Body(body): Body<CreateSessionRequest>,
) -> Result<Created<SessionResponse>, Problem> {
    let Caller(caller) = caller.map_err(|problem| problem.saying("Authentication failed: Invalid credentials"))?;
    let new = NewSession {
        cluster: ClusterId::new(&body.cluster_id)?,
        ttl: body.ttl_seconds.map(ttl).transpose()?,
        correlation: correlation(&headers, body.correlation_id.as_deref())?,
        service: identity(&headers)?,
    };
    Ok(Created(gateway.services.create_session(&caller, new).await?.into()))
}

/// Shows a session of the caller's.
#[utoipa::path(
    get, path = "/debug/session/{session_id}", tag = "sessions", security(("api_key" = []), ("bearer" = [])),
    params(("session_id" = String, Path)),
    responses((status = 200, body = SessionResponse), Errors, NotFound),
)]
pub(super) async fn get_session(
    State(gateway): State<Shared>,
    Caller(caller): Caller,
    Segment(id): Segment,
) -> Result<Json<SessionResponse>, Problem> {
    let session = gateway.services.sessions.get(&caller, &session_id(&id)?).await?;
    Ok(Json(session.into()))
}

/// Ends a session of the caller's.
#[utoipa::path(
    delete, path = "/debug/session/{session_id}", tag = "sessions", security(("api_key" = []), ("bearer" = [])),
    params(("session_id" = String, Path)),
    responses((status = 204), Errors, NotFound),
)]
pub(super) async fn end_session(
    State(gateway): State<Shared>,
    Caller(caller): Caller,
    Segment(id): Segment,
) -> Result<NoContent, Problem> {
    gateway.services.sessions.end(&caller, &session_id(&id)?).await?;
    Ok(NoContent)
}

/// A session's id. What cannot be one is answered like one that nobody has.
pub(super) fn session_id(text: &str) -> Result<SessionId, Problem> {
    SessionId::new(text).map_err(|_| Error::new(ErrorKind::SessionNotFound, "Session not found").into())
}

fn ttl(seconds: u64) -> Result<Duration, Problem> {
    match seconds {
        60..=3600 => Ok(Duration::from_secs(seconds)),
        _ => Err(Error::invalid("ttl_seconds", &seconds.to_string(), "must be 60 to 3600").into()),
    }
}

fn identity(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let given = header(headers, "x-service-identity").filter(|text| !text.is_empty());
    if given.is_some_and(|text| text.len() > MAX_IDENTITY) {
        let rule = "may have at most 128 characters";
        return Err(Problem::at("header", Error::invalid("X-Service-Identity", "", rule)));
    }
    Ok(given.map(str::to_owned))
}
