//! The one error table: what can go wrong, and what each face calls it.
//!
//! A command that ran and failed is a result ([`crate::command::Outcome`]), not an error.

use std::{fmt, time::Duration};

/// Longest piece of a caller's own input that an error repeats, in characters.
const MAX_QUOTED: usize = 80;

/// A row of the table: what each face says for one [`ErrorKind`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Stable machine-readable reason (`google.rpc.ErrorInfo.reason`).
    pub reason: &'static str,
    /// gRPC status code number, see <https://grpc.io/docs/guides/status-codes/>.
    pub grpc: i32,
    /// HTTP status.
    pub http: u16,
    /// Exit code of the command line, after BSD's sysexits.h where one fits.
    pub exit: u8,
    /// Whether the same request may succeed later.
    pub retryable: bool,
}

macro_rules! error_table {
    ($($(#[$doc:meta])* $kind:ident => $reason:literal, $grpc:literal, $http:literal, $exit:literal, $retry:literal;)*) => {
        /// What went wrong, closed: each face maps every kind.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ErrorKind { $($(#[$doc])* $kind),* }

        impl ErrorKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$kind),*];

            /// What each face says for this kind.
            #[must_use]
            pub const fn row(self) -> Row {
                match self {
                    $(Self::$kind => Row { reason: $reason, grpc: $grpc, http: $http, exit: $exit, retryable: $retry }),*
                }
            }
        }
    };
}

error_table! {
    /// A field of the request breaks a rule; [`Error::fields`] names it.
    InvalidArgument => "INVALID_ARGUMENT", 3, 422, 64, false;
    /// The kubectl grammar or the policy refuses the command. Nothing ran.
    CommandDenied => "COMMAND_DENIED", 7, 422, 77, false;
    /// No credential, or one that proves nothing.
    Unauthenticated => "UNAUTHENTICATED", 16, 401, 77, false;
    /// A good credential that does not reach this far.
    PermissionDenied => "PERMISSION_DENIED", 7, 403, 77, false;
    /// No such cluster, as far as the caller may know.
    ClusterNotFound => "CLUSTER_NOT_FOUND", 5, 404, 66, false;
    /// No such session, as far as the caller may know.
    SessionNotFound => "SESSION_NOT_FOUND", 5, 404, 66, false;
    /// No such command, as far as the caller may know.
    CommandNotFound => "COMMAND_NOT_FOUND", 5, 404, 66, false;
    /// The thing to make is there already.
    AlreadyExists => "ALREADY_EXISTS", 6, 409, 73, false;
    /// The idempotency key was used for another request.
    IdempotencyConflict => "IDEMPOTENCY_CONFLICT", 10, 409, 65, false;
    /// The request cannot work in the present state; waiting does not change that.
    FailedPrecondition => "FAILED_PRECONDITION", 9, 400, 65, false;
    /// No executor of the cluster is attached. Nothing was accepted.
    ClusterOffline => "CLUSTER_OFFLINE", 14, 503, 69, true;
    /// A limit is reached; later there may be room.
    ResourceExhausted => "RESOURCE_EXHAUSTED", 8, 429, 75, true;
    /// The store or the bus does not answer.
    StoreUnavailable => "STORE_UNAVAILABLE", 14, 503, 69, true;
    /// This server is stopping; another one will take the request.
    Draining => "DRAINING", 14, 503, 69, true;
    /// The caller's time was over before there was an answer.
    DeadlineExceeded => "DEADLINE_EXCEEDED", 4, 408, 124, true;
    /// The caller took the request back.
    Cancelled => "CANCELLED", 1, 499, 130, false;
    /// No such method or path.
    NotFound => "NOT_FOUND", 5, 404, 66, false;
    /// Known, but not built or not switched on here.
    Unimplemented => "UNIMPLEMENTED", 12, 501, 69, false;
    /// A defect of ours; the log has the cause under the request id.
    Internal => "INTERNAL", 13, 500, 70, false;
}

/// One field of a request that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldViolation {
    /// The field, as the contract spells it.
    pub field: String,
    /// What it held, shortened; empty where repeating it would leak or tell nothing.
    pub input: String,
    /// The rule, and what would be right.
    pub rule: String,
}

/// An error as every face may show it: nothing internal is in here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// What went wrong.
    pub kind: ErrorKind,
    /// One sentence for people.
    pub message: String,
    /// The fields at fault; empty unless the caller can mend a field.
    pub fields: Vec<FieldViolation>,
    /// When trying again makes sense.
    pub retry_after: Option<Duration>,
}

impl Error {
    /// An error of `kind` with a sentence for people.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        let retry_after = kind.row().retryable.then_some(Duration::from_secs(1));
        Self { kind, message: message.into(), fields: Vec::new(), retry_after }
    }

    /// A field that breaks a rule; `input` is shortened before it is repeated.
    pub fn invalid(field: &str, input: &str, rule: &str) -> Self {
        let input: String = input.chars().take(MAX_QUOTED).collect();
        let message = format!("{field}: {rule}");
        let violation = FieldViolation { field: field.to_owned(), input, rule: rule.to_owned() };
        Self { fields: vec![violation], ..Self::new(ErrorKind::InvalidArgument, message) }
    }

    /// A required field that is missing.
    pub fn missing(field: &str) -> Self {
        Self::invalid(field, "", "is required")
    }

    /// A defect of ours. The cause is for the log, where it is met; it must not be passed in.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(ErrorKind::Internal, "internal error; the server's log has the cause")
    }

    /// The store or bus does not answer.
    #[must_use]
    pub fn store_unavailable() -> Self {
        Self::new(ErrorKind::StoreUnavailable, "the command store is not reachable; try again")
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn reasons_are_distinct_and_in_screaming_snake_case() {
        let reasons: HashSet<_> = ErrorKind::ALL.iter().map(|kind| kind.row().reason).collect();
        assert_eq!(reasons.len(), ErrorKind::ALL.len());
        assert!(reasons.iter().all(|r| r.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')));
    }

    #[test]
    fn every_row_is_an_error_on_every_face() {
        for kind in ErrorKind::ALL {
            let row = kind.row();
            assert!((1..=16).contains(&row.grpc), "{kind:?}");
            assert!((400..600).contains(&row.http), "{kind:?}");
            assert_ne!(row.exit, 0, "{kind:?}");
        }
    }

    #[test]
    fn retryable_errors_say_when() {
        assert!(Error::new(ErrorKind::ClusterOffline, "x").retry_after.is_some());
        assert!(Error::new(ErrorKind::CommandDenied, "x").retry_after.is_none());
    }

    #[test]
    fn long_input_is_shortened() {
        let error = Error::invalid("f", &"x".repeat(5_000), "rule");
        assert_eq!(error.fields[0].input.len(), MAX_QUOTED);
    }
}
