//! What clap's environment variables lack: older names, and empty values that count as unset.

use std::ffi::OsStr;

use clap::{Arg, Command, builder::Resettable};

/// Older names of a variable, in the order in which they are tried after today's name.
const OLDER: &[(&str, &[&str])] = &[
    ("KUBENTLY_API_KEYS", &["API_KEYS"]),
    ("KUBENTLY_REDIS_URL", &["REDIS_URL"]),
    ("KUBENTLY_CLUSTER_ID", &["CLUSTER_ID"]),
    ("KUBENTLY_CA_FILE", &["KUBENTLY_CA_CERT"]),
    ("KUBENTLY_LOG", &["RUST_LOG"]),
    // Clients and executors name the server's address differently for historical reasons; each
    // takes the other's name too.
    ("KUBENTLY_SERVER", &["KUBENTLY_API_URL"]),
    ("KUBENTLY_API_URL", &["KUBENTLY_SERVER"]),
];

/// Settles, for every argument, from which variable it is read.
pub(super) fn settle(command: Command) -> Command {
    settle_from(command, OLDER, &is_set)
}

fn settle_from(command: Command, older: &[(&str, &[&'static str])], set: &dyn Fn(&OsStr) -> bool) -> Command {
    command
        .mut_args(|arg| settle_arg(arg, older, set))
        .mut_subcommands(|subcommand| settle_from(subcommand, older, set))
}

fn settle_arg(arg: Arg, older: &[(&str, &[&'static str])], set: &dyn Fn(&OsStr) -> bool) -> Arg {
    let Some(name) = arg.get_env() else { return arg };
    if set(name) {
        return arg;
    }
    let names = older.iter().find(|(today, _)| name == OsStr::new(today)).map_or(&[][..], |(_, names)| names);
    match names.iter().find(|older| set(OsStr::new(older))) {
        Some(older) => arg.env(*older),
        None if std::env::var_os(name).is_some() => arg.env(Resettable::Reset),
        None => arg,
    }
}

/// An empty value is how many deployment tools say "not set".
fn is_set(name: &OsStr) -> bool {
    std::env::var_os(name).is_some_and(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Set by cargo for every test run, so no test has to change the environment.
    const ALWAYS_SET: &str = "CARGO_PKG_NAME";

    fn read(env: &'static str, older: &[(&str, &[&'static str])], set: &dyn Fn(&OsStr) -> bool) -> Option<String> {
        let inner = Command::new("inner").arg(Arg::new("setting").long("setting").env(env));
        let command = settle_from(Command::new("outer").subcommand(inner), older, set);
        let matches = command.get_matches_from(["outer", "inner"]);
        matches.subcommand_matches("inner").unwrap().get_one::<String>("setting").cloned()
    }

    #[test]
    fn an_older_name_counts_when_the_name_of_today_is_not_set() {
        let older: &[(&str, &[&str])] = &[("KUBENTLY_NO_SUCH", &["NO_SUCH_EITHER", ALWAYS_SET])];
        assert_eq!(read("KUBENTLY_NO_SUCH", older, &is_set).as_deref(), Some("kubently"));
    }

    #[test]
    fn the_name_of_today_wins() {
        let older: &[(&str, &[&str])] = &[(ALWAYS_SET, &["PATH"])];
        assert_eq!(read(ALWAYS_SET, older, &is_set).as_deref(), Some("kubently"));
    }

    #[test]
    fn an_empty_value_is_no_value() {
        assert_eq!(read(ALWAYS_SET, &[], &|_name| false), None);
    }
}
