//! The errors of endpoints, as the OpenAPI document describes them. They are made in
//! [`super::error`]; nothing here is ever built.
#![allow(dead_code, reason = "describes only")]

use utoipa::IntoResponses;

use super::error::ProblemDetails;

/// The errors that any endpoint may answer with.
#[derive(IntoResponses)]
pub(super) enum Errors {
    /// The credential is missing or wrong.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthenticated(ProblemDetails),
    /// A field breaks a rule, or the command is refused.
    #[response(status = 422, content_type = "application/problem+json")]
    Invalid(ProblemDetails),
    /// A limit is reached; `Retry-After` says when to try again.
    #[response(status = 429, content_type = "application/problem+json")]
    Exhausted(ProblemDetails),
    /// The store is away or the server is stopping; `Retry-After` says when to try again.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(ProblemDetails),
}

/// The error of endpoints that look for one thing.
#[derive(IntoResponses)]
pub(super) enum NotFound {
    /// No such thing, as far as the caller may know.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(ProblemDetails),
}

/// The error of credentials that do not reach this far.
#[derive(IntoResponses)]
pub(super) enum Refused {
    /// A good credential, but not for this.
    #[response(status = 403, content_type = "application/problem+json")]
    Refused(ProblemDetails),
}

/// The error of making what is there already.
#[derive(IntoResponses)]
pub(super) enum Taken {
    /// It is there already.
    #[response(status = 409, content_type = "application/problem+json")]
    Taken(ProblemDetails),
}

/// The error of a time that cannot be read.
#[derive(IntoResponses)]
pub(super) enum BadTime {
    /// Not ISO 8601.
    #[response(status = 400, content_type = "application/problem+json")]
    BadTime(ProblemDetails),
}

/// The errors of a command that did not run to its end, for callers that want them.
#[derive(IntoResponses)]
pub(super) enum Unfinished {
    /// The session is for another cluster.
    #[response(status = 400, content_type = "application/problem+json")]
    Precondition(ProblemDetails),
    /// Its time was over (only with `Prefer: handling=strict`).
    #[response(status = 408, content_type = "application/problem+json")]
    Timeout(ProblemDetails),
    /// The idempotency key belongs to another request.
    #[response(status = 409, content_type = "application/problem+json")]
    Conflict(ProblemDetails),
}
