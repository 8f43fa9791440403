//! `INFO commandstats`: how often Redis ran each command, calls inside scripts included.

use std::collections::BTreeMap;

/// What the bench itself asks while it measures.
const OWN: [&str; 4] = ["info", "config|resetstat", "client|list", "client"];

/// Calls by command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct CommandStats(BTreeMap<String, usize>);

impl CommandStats {
    /// Reads lines such as `cmdstat_set:calls=3,usec=5,…`; what the bench itself asked is left out.
    pub(super) fn parse(info: &str) -> Self {
        let calls = info.lines().filter_map(|line| {
            let (name, rest) = line.trim().strip_prefix("cmdstat_")?.split_once(':')?;
            let calls = rest.strip_prefix("calls=")?.split(',').next()?.parse().ok()?;
            Some((name.to_ascii_lowercase(), calls))
        });
        Self(calls.filter(|(name, _)| !OWN.contains(&name.as_str())).collect())
    }

    /// Calls of one command.
    pub(super) fn calls(&self, name: &str) -> usize {
        self.0.get(name).copied().unwrap_or_default()
    }

    /// All calls.
    pub(super) fn total(&self) -> usize {
        self.0.values().sum()
    }

    /// The names of every command in either.
    pub(super) fn names<'a>(&'a self, other: &'a Self) -> Vec<&'a str> {
        let mut names: Vec<&str> = self.0.keys().chain(other.0.keys()).map(String::as_str).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INFO: &str = "# Commandstats\r\n\
        cmdstat_evalsha:calls=12,usec=5,usec_per_call=1.00,rejected_calls=0,failed_calls=0\r\n\
        cmdstat_client|list:calls=2,usec=4\r\n\
        cmdstat_config|resetstat:calls=1,usec=4\r\n\
        cmdstat_info:calls=1,usec=4\r\n\
        cmdstat_SET:calls=30,usec=4\r\nnot a line\r\n";

    #[test]
    fn calls_are_read_and_our_own_left_out() {
        let stats = CommandStats::parse(INFO);
        assert_eq!((stats.calls("evalsha"), stats.calls("set"), stats.calls("info"), stats.total()), (12, 30, 0, 42));
    }

    #[test]
    fn names_are_those_of_both_once() {
        let (one, two) = (CommandStats::parse(INFO), CommandStats::parse("cmdstat_set:calls=1\ncmdstat_get:calls=1"));
        assert_eq!(one.names(&two), ["evalsha", "get", "set"]);
    }
}
