//! A command's result, for people: its output, a word on what went wrong, and the exit code.

use kubently_proto::v1::{Command, CommandResult, CommandState, Outcome};

use crate::{
    exit,
    output::{Output, Table, table::age},
};

/// Prints a result's output, and what is to say about it.
pub(super) fn print(result: &CommandResult, output: &mut Output) -> anyhow::Result<u8> {
    output.data(&result.stdout)?;
    output.remote_error(&result.stderr)?;
    Ok(conclude(result, !result.stderr.is_empty(), output))
}

/// Says what is to say about a result whose output was printed.
pub(super) fn conclude(result: &CommandResult, explained: bool, output: &mut Output) -> u8 {
    if result.truncated {
        let total = result.bytes_total;
        output.note(format_args!("note: output was cut off; there were at least {total} bytes (see --max-output)"));
    }
    match result.outcome() {
        Outcome::Succeeded => {}
        // The command's own words are better than ours.
        Outcome::Failed if explained => {}
        outcome => output.note(format_args!("error: {}", sentence(result, outcome))),
    }
    exit::of_result(result)
}

fn sentence(result: &CommandResult, outcome: Outcome) -> String {
    if result.message.is_empty() { format!("the command's outcome: {}", word(outcome)) } else { result.message.clone() }
}

/// The word for an outcome.
fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Unspecified => "unknown to this client",
        Outcome::Succeeded => "succeeded",
        Outcome::Failed => "failed",
        Outcome::Denied => "denied",
        Outcome::TimedOut => "timed_out",
        Outcome::Cancelled => "cancelled",
        Outcome::Expired => "expired",
        Outcome::Lost => "lost",
    }
}

/// Commands as a table.
pub(super) fn table<'a>(commands: impl IntoIterator<Item = &'a Command>) -> Table {
    Table::of(["ID", "CLUSTER", "STATE", "OUTCOME", "EXIT", "AGE", "COMMAND"], commands.into_iter().map(row))
}

fn row(command: &Command) -> [String; 7] {
    let result = command.result.as_ref();
    [
        command.id.clone(),
        command.cluster_id.clone(),
        state(command.state()).to_owned(),
        result.map(|result| word(result.outcome()).to_owned()).unwrap_or_default(),
        result.and_then(|result| result.exit_code).map(|code| code.to_string()).unwrap_or_default(),
        age(command.accept_time.as_ref()),
        command.argv.join(" "),
    ]
}

fn state(state: CommandState) -> &'static str {
    match state {
        CommandState::Unspecified => "",
        CommandState::Accepted => "accepted",
        CommandState::Leased => "leased",
        CommandState::Running => "running",
        CommandState::Done => "done",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::tests::kept;

    fn result(outcome: Outcome) -> CommandResult {
        CommandResult { outcome: outcome.into(), ..CommandResult::default() }
    }

    #[test]
    fn output_and_errors_go_where_they_came_from() {
        let (mut output, data, messages) = kept();
        let result = CommandResult {
            exit_code: Some(1),
            stdout: "out\n".into(),
            stderr: "Error from server\n".into(),
            message: "exit code 1".into(),
            ..result(Outcome::Failed)
        };
        assert_eq!(print(&result, &mut output).unwrap(), 1);
        assert_eq!((data.text().as_str(), messages.text().as_str()), ("out\n", "Error from server\n"));
    }

    #[test]
    fn a_command_that_gave_no_reason_gets_ours() {
        for (outcome, message, said) in [
            (Outcome::Denied, "verb not allowed", "error: verb not allowed\n"),
            (Outcome::Lost, "", "error: the command's outcome: lost\n"),
            (Outcome::Failed, "exit code 1", "error: exit code 1\n"),
        ] {
            let (mut output, _, messages) = kept();
            print(&CommandResult { message: message.into(), ..result(outcome) }, &mut output).unwrap();
            assert_eq!(messages.text(), said);
        }
    }

    #[test]
    fn cut_off_output_is_said() {
        let (mut output, data, messages) = kept();
        let result =
            CommandResult { truncated: true, bytes_total: 5_000_000, stdout: "x".into(), ..result(Outcome::Succeeded) };
        assert_eq!(print(&result, &mut output).unwrap(), 0);
        assert_eq!(data.text(), "x");
        assert!(messages.text().contains("5000000 bytes"), "{}", messages.text());
    }

    #[test]
    fn a_command_is_a_row() {
        let command = Command {
            id: "id-1".into(),
            argv: vec!["get".into(), "pods".into()],
            state: CommandState::Done.into(),
            result: Some(CommandResult { exit_code: Some(0), ..result(Outcome::Succeeded) }),
            ..Command::default()
        };
        let row =
            table([&command]).to_string().lines().nth(1).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(row, "id-1 <none> done succeeded 0 <none> get pods");
    }
}
