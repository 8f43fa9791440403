//! The stand-in for kubectl: notes that it ran, and does what its marker says.

use std::{
    fs::OpenOptions,
    io::{self, Write as _},
    path::Path,
    process::ExitCode,
};

use crate::{
    executions::{Execution, Phase, now},
    marker::Marker,
};

/// The name under which the harness's own executable is this program.
pub const NAME: &str = "kubectl";
/// The log's name; it lies beside the directories of the executors, each of which holds one [`NAME`].
pub const LOG: &str = "executions.log";

/// Runs as kubectl when it was started under that name: `<dir>/<executor>/kubectl`.
#[must_use]
pub fn main_if_called() -> Option<ExitCode> {
    let program = std::env::current_exe().ok()?;
    if program.file_name()? != NAME {
        return None;
    }
    Some(run(&program).unwrap_or_else(|error| {
        let _ = writeln!(io::stderr(), "stand-in for kubectl: {error}");
        ExitCode::from(70)
    }))
}

fn run(program: &Path) -> io::Result<ExitCode> {
    let Some(marker) = std::env::args().find_map(|argument| marker_in(&argument)) else {
        return Err(io::Error::other("no marker among the arguments"));
    };
    let home = program.parent().ok_or_else(|| io::Error::other("no directory"))?;
    let executor = home.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let log = home.with_file_name(LOG);
    note(&log, &Execution { at: now(), phase: Phase::Began, executor: executor.clone(), marker })?;
    pause(marker);
    let expected = marker.expected();
    io::stdout().write_all(expected.stdout.as_bytes())?;
    io::stderr().write_all(expected.stderr.as_bytes())?;
    note(&log, &Execution { at: now(), phase: Phase::Ended, executor, marker })?;
    Ok(ExitCode::from(u8::try_from(expected.exit_code).unwrap_or(u8::MAX)))
}

#[allow(clippy::disallowed_methods, reason = "a process of its own, without a runtime to block")]
fn pause(marker: Marker) {
    std::thread::sleep(marker.pause());
}

/// `--namespace=m-…`, or the marker alone.
fn marker_in(argument: &str) -> Option<Marker> {
    argument.rsplit('=').next()?.parse().ok()
}

/// One write to a file opened for appending: lines of many processes do not mix.
fn note(log: &Path, line: &Execution) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).create(true).open(log)?;
    file.write_all(format!("{line}\n").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_marker_is_found_in_either_spelling() {
        assert!(marker_in("--namespace=m-000001-plain").is_some());
        assert!(marker_in("m-000001-plain").is_some());
        assert!(marker_in("pods").is_none());
    }
}
