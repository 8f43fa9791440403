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
    /// More results that the store forgot fail the run, also where it may forget
    #[arg(long, value_name = "N")]
    most_forgotten: Option<usize>,
    /// More commands that ended otherwise than by themselves fail the run
    #[arg(long, value_name = "N")]
    most_unfinished: Option<usize>,
    /// A command that took longer fails the run, in seconds
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
        if let Some(most) = self.most_forgotten.filter(|most| numbers.forgotten > *most) {
            found.push(format!("{} results were forgotten, {most} may be", numbers.forgotten));
        }
        let unfinished: usize = numbers.others.values().sum();
        if let Some(most) = self.most_unfinished.filter(|most| unfinished > *most) {
            found.push(format!("{unfinished} commands ended otherwise than by themselves, {most} may"));
        }
        if let Some(slowest) = self.slowest.filter(|slowest| numbers.slowest > Duration::from_secs(*slowest)) {
            found.push(format!("one command took {:.1} s, {slowest} s is allowed", numbers.slowest.as_secs_f64()));
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
            forgotten: 3,
            others: [("lost", 4)].into(),
            slowest: Duration::from_secs(9),
            ..Numbers::default()
        };
        let told = |most_reruns, most_refused, slowest| {
            let (most_forgotten, most_unfinished) = (most_reruns, most_refused);
            Limits { most_reruns, most_refused, most_forgotten, most_unfinished, slowest }.exceeded(&numbers).len()
        };
        assert_eq!(told(None, None, None), 0);
        assert_eq!(told(Some(3), Some(4), Some(9)), 0);
        assert_eq!(told(Some(2), Some(3), Some(8)), 5);
    }
}
