//! Exit codes: the remote command's own, or one that says why there is none.

use kubently_core::{Error, ErrorKind};
use kubently_proto::v1::{CommandResult, Outcome};

/// Everything went well.
pub(crate) const OK: u8 = 0;
/// Something failed that the error table does not name: a file, an address, a setting.
pub(crate) const FAILURE: u8 = 1;
/// The command line was not understood (`EX_USAGE`).
pub(crate) const USAGE: u8 = ErrorKind::InvalidArgument.row().exit;
/// `kubently policy check`: the command would be refused.
pub(crate) const REFUSED: u8 = 1;
/// `kubently policy`: nothing could be judged, because the command line or the policy file is wrong.
pub(crate) const NOT_JUDGED: u8 = 2;
/// Somebody took the request back: 128 + SIGINT, as shells do.
pub(crate) const INTERRUPTED: u8 = ErrorKind::Cancelled.row().exit;
/// The time was over before there was a result.
pub(crate) const TIMED_OUT: u8 = ErrorKind::DeadlineExceeded.row().exit;

/// The exit code for a command's result.
pub(crate) fn of_result(result: &CommandResult) -> u8 {
    match result.outcome() {
        Outcome::Succeeded => OK,
        Outcome::Failed => of_failure(result.exit_code),
        Outcome::Denied => ErrorKind::CommandDenied.row().exit,
        Outcome::TimedOut => TIMED_OUT,
        Outcome::Cancelled => INTERRUPTED,
        // Nobody in the cluster answered, whether or not something ran.
        Outcome::Expired | Outcome::Lost => ErrorKind::ClusterOffline.row().exit,
        Outcome::Unspecified => ErrorKind::Internal.row().exit,
    }
}

/// A failed command never exits with 0, whatever its code is.
fn of_failure(code: Option<i32>) -> u8 {
    code.and_then(|code| u8::try_from(code).ok()).filter(|code| *code != OK).unwrap_or(FAILURE)
}

/// The exit code for an error of this program.
pub(crate) fn of_error(error: &anyhow::Error) -> u8 {
    known(error).map_or(FAILURE, |error| error.kind.row().exit)
}

/// The error of the error table in a chain of causes.
pub(crate) fn known(error: &anyhow::Error) -> Option<&Error> {
    error.chain().find_map(|cause| cause.downcast_ref::<Error>())
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    fn result(outcome: Outcome, exit_code: Option<i32>) -> CommandResult {
        CommandResult { outcome: outcome.into(), exit_code, ..CommandResult::default() }
    }

    #[test]
    fn outcomes_have_the_documented_codes() {
        let documented = [
            (Outcome::Succeeded, 0),
            (Outcome::Denied, 77),
            (Outcome::TimedOut, 124),
            (Outcome::Cancelled, 130),
            (Outcome::Expired, 69),
            (Outcome::Lost, 69),
        ];
        for (outcome, code) in documented {
            assert_eq!(of_result(&result(outcome, None)), code, "{outcome:?}");
        }
    }

    #[test]
    fn the_remote_exit_code_is_passed_on_and_a_failure_is_never_0() {
        for (remote, ours) in [(Some(1), 1), (Some(3), 3), (Some(0), 1), (None, 1), (Some(-9), 1), (Some(256), 1)] {
            assert_eq!(of_result(&result(Outcome::Failed, remote)), ours, "{remote:?}");
        }
    }

    #[test]
    fn errors_exit_as_the_error_table_says() {
        for kind in ErrorKind::ALL {
            let error = Err::<(), _>(Error::new(*kind, "x")).context("outer").unwrap_err();
            assert_eq!(of_error(&error), kind.row().exit, "{kind:?}");
        }
        assert_eq!(of_error(&anyhow::anyhow!("other")), FAILURE);
    }
}
