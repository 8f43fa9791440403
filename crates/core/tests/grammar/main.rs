//! The grammar and the policy together, as server and executor use them: what must never run, and what must.

mod attacks;
mod harmless;
mod properties;

use kubently_core::{
    kubectl::{self, Command},
    policy::{Context, Policy},
    refusal::{Refusal, Rule},
};

/// Reads and checks a vector as the plain (not streaming) path does.
fn decide(argv: &[String]) -> Result<Command, Refusal> {
    let command = kubectl::parse(argv)?;
    Policy::default().check(&command, Context::default())?;
    Ok(command)
}

/// The rule that refuses `words`, if one does.
fn refused_by<S: AsRef<str>>(words: &[S]) -> Option<Rule> {
    let argv: Vec<String> = words.iter().map(|word| word.as_ref().to_owned()).collect();
    decide(&argv).err().map(|refusal| refusal.rule)
}

/// Splits a line at spaces; `'…'` keeps spaces, and there is no other quoting.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = line.trim();
    while !rest.is_empty() {
        let (word, tail) = match rest.strip_prefix('\'') {
            Some(quoted) => quoted.split_once('\'').unwrap_or((quoted, "")),
            None => rest.split_once(' ').unwrap_or((rest, "")),
        };
        words.push(word.to_owned());
        rest = tail.trim_start();
    }
    words
}
