//! Addresses on the bus. The names are documented and may be looked at from outside.

/// An address on the bus.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Topic {
    /// One channel.
    Channel(String),
    /// Every channel that begins with `head` and ends with `tail`.
    Family {
        /// The beginning.
        head: String,
        /// The end.
        tail: String,
    },
}

impl Topic {
    /// Where servers that hold an executor of `cluster` listen.
    pub(crate) fn commands(cluster: &str) -> Self {
        Self::Channel(format!("executor-commands:{cluster}"))
    }

    /// Where those who wait for one command listen.
    pub(crate) fn results(command: &str) -> Self {
        Self::Channel(format!("executor-results:{command}"))
    }

    /// Where the server listens whose `tag` ends the ids of the commands that it accepted: one
    /// subscription for all of them, so that a command costs none.
    pub(crate) fn results_of(tag: &str) -> Self {
        Self::Family { head: "executor-results:".into(), tail: format!("-{tag}") }
    }

    /// Whether a message on `channel` belongs here.
    pub(crate) fn matches(&self, channel: &str) -> bool {
        match self {
            Self::Channel(name) => name == channel,
            Self::Family { head, tail } => {
                channel.len() >= head.len() + tail.len() && channel.starts_with(head) && channel.ends_with(tail)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_takes_its_own_and_no_other() {
        let family = Topic::results_of("0123456789ab");
        assert!(family.matches("executor-results:0199c1a0-7c3e-7b1a-8a2b-0123456789ab"));
        assert!(!family.matches("executor-results:0199c1a0-7c3e-7b1a-8a2b-ffffffffffff"));
        assert!(!family.matches("executor-commands:x-0123456789ab"));
    }
}
