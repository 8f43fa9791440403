//! Numbers that a run may be held to. None of them is part of the promise; they show that a mechanism works whose
//! absence another one would make good, only later or at a cost.

use std::time::Duration;

use clap::Args;

use crate::checker::Numbers;

/// What a run may be held to.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Limits {
    /// More commands that ran more than once fail the run
    #[arg(long, value_name = "N")]
    most_reruns: Option<usize>,
    /// More refusals fail the run
    #[arg(long, value_name = "N")]
    most_refused: Option<usize>,
    /// A slower slowest of a hundred fails the run, in seconds
    #[arg(long, value_name = "SECONDS")]
    slowest: Option<u64>,
}

impl Limits {
    /// What is beyond the limits.
    pub(crate) fn exceeded(&self, numbers: &Numbers) -> Vec<String> {
        let mut found = Vec::new();
        if let Some(most) = self.most_reruns.filter(|most| numbers.rerun > *most) {
            found.push(format!("{} commands ran more than once, {most} may", numbers.rerun));
        }
        let refused: usize = numbers.refused.values().sum();
        if let Some(most) = self.most_refused.filter(|most| refused > *most) {
            found.push(format!("{refused} commands were refused, {most} may be"));
        }
        if let Some(slowest) = self.slowest.filter(|slowest| numbers.p99 > Duration::from_secs(*slowest)) {
            found.push(format!(
                "one of a hundred took longer than {:.1} s, {slowest} s is allowed",
                numbers.p99.as_secs_f64()
            ));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_beyond_a_given_limit_is_told() {
        let numbers = Numbers {
            rerun: 3,
            refused: [("X".to_owned(), 2), ("Y".to_owned(), 2)].into(),
            p99: Duration::from_secs(9),
            ..Numbers::default()
        };
        let told =
            |most_reruns, most_refused, slowest| Limits { most_reruns, most_refused, slowest }.exceeded(&numbers).len();
        assert_eq!(told(None, None, None), 0);
        assert_eq!(told(Some(3), Some(4), Some(9)), 0);
        assert_eq!(told(Some(2), Some(3), Some(8)), 3);
    }
}
