//! The grammar and the policy together, as server and executor use them: what must never run, and what must.

mod attacks;
mod corpus;
mod docs;
mod fragments;
mod listener;
mod ordinary;
mod properties;
mod real;
mod safety;

use kubently_core::{
    kubectl::{self, Command},
    policy::{Context, Policy},
    refusal::{Refusal, Rule},
};

/// Reads and checks a vector as server and executor do.
fn decide(argv: &[String], streaming: bool) -> Result<Command, Refusal> {
    let command = kubectl::parse(argv)?;
    Policy::default().check(&command, Context { streaming, default_namespace: None })?;
    Ok(command)
}

/// The rule that refuses `words` on the plain (not streaming) path, if one does.
fn refused_by<S: AsRef<str>>(words: &[S]) -> Option<Rule> {
    let argv: Vec<String> = words.iter().map(|word| word.as_ref().to_owned()).collect();
    decide(&argv, false).err().map(|refusal| refusal.rule)
}
