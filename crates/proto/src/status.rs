//! The error table's gRPC face: [`Error`] to `google.rpc.Status` and back.

use std::time::Duration;

use kubently_core::error::{Error, ErrorKind, FieldViolation};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

/// The `domain` of every `google.rpc.ErrorInfo` we send.
pub const ERROR_DOMAIN: &str = "kubently";

/// Says an error in gRPC's words: code, `ErrorInfo`, and where they apply `BadRequest` and `RetryInfo`.
#[must_use]
pub fn to_status(error: &Error) -> Status {
    let row = error.kind.row();
    let mut details = ErrorDetails::new();
    details.set_error_info(row.reason, ERROR_DOMAIN, std::collections::HashMap::new());
    for violation in &error.fields {
        details.add_bad_request_violation(&violation.field, &violation.rule);
    }
    if let Some(delay) = error.retry_after {
        details.set_retry_info(Some(delay));
    }
    Status::with_error_details(Code::from_i32(row.grpc), &error.message, details)
}

/// Reads an error back from a status. A status that is not ours is judged by its code alone.
#[must_use]
pub fn from_status(status: &Status) -> Error {
    let details = status.get_error_details();
    let kind = details
        .error_info()
        .filter(|info| info.domain == ERROR_DOMAIN)
        .and_then(|info| kind_of_reason(&info.reason))
        .unwrap_or_else(|| kind_of_code(status.code()));
    let fields = details.bad_request().map(|bad| bad.field_violations.iter().map(violation).collect());
    let retry_after: Option<Duration> = details.retry_info().and_then(|info| info.retry_delay);
    Error { fields: fields.unwrap_or_default(), retry_after, ..Error::new(kind, status.message()) }
}

fn violation(wire: &tonic_types::FieldViolation) -> FieldViolation {
    FieldViolation { field: wire.field.clone(), input: String::new(), rule: wire.description.clone() }
}

fn kind_of_reason(reason: &str) -> Option<ErrorKind> {
    ErrorKind::ALL.iter().copied().find(|kind| kind.row().reason == reason)
}

fn kind_of_code(code: Code) -> ErrorKind {
    match code {
        Code::InvalidArgument | Code::OutOfRange => ErrorKind::InvalidArgument,
        Code::Unauthenticated => ErrorKind::Unauthenticated,
        Code::PermissionDenied => ErrorKind::PermissionDenied,
        Code::NotFound => ErrorKind::NotFound,
        Code::AlreadyExists => ErrorKind::AlreadyExists,
        Code::FailedPrecondition | Code::Aborted => ErrorKind::FailedPrecondition,
        Code::ResourceExhausted => ErrorKind::ResourceExhausted,
        Code::Unavailable => ErrorKind::StoreUnavailable,
        Code::DeadlineExceeded => ErrorKind::DeadlineExceeded,
        Code::Cancelled => ErrorKind::Cancelled,
        Code::Unimplemented => ErrorKind::Unimplemented,
        Code::Ok | Code::Unknown | Code::Internal | Code::DataLoss => ErrorKind::Internal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_survives_the_wire() {
        for kind in ErrorKind::ALL {
            let error = Error::new(*kind, "sentence");
            assert_eq!(from_status(&to_status(&error)), error);
        }
    }

    #[test]
    fn field_violations_reach_the_caller() {
        let error = Error::invalid("spec.argv", "", "is required");
        let back = from_status(&to_status(&error));
        assert_eq!(back.fields[0].field, "spec.argv");
        assert_eq!(back.fields[0].rule, "is required");
    }

    #[test]
    fn a_foreign_status_is_judged_by_its_code() {
        let back = from_status(&Status::unavailable("connection refused"));
        assert!(back.kind.row().retryable);
    }
}
