//! Ordinary commands run, and mean what they say.

use std::collections::{BTreeMap, BTreeSet};

use kubently_core::{
    kubectl::{self, Verb},
    refusal::Rule,
};

use super::{
    corpus::{Ordinary, ordinary},
    decide, refused_by,
    safety::unsafe_word,
};

/// Fewest vectors that say something.
const FEWEST: usize = 300;

#[test]
fn no_ordinary_command_is_refused() {
    let mut verbs: BTreeMap<Verb, usize> = BTreeMap::new();
    let mut refused = Vec::new();
    for Ordinary { streaming, argv } in ordinary() {
        match decide(&argv, streaming) {
            Ok(command) => *verbs.entry(command.verb()).or_default() += 1,
            Err(refusal) => refused.push(format!("{argv:?}: {refusal}")),
        }
    }
    for (verb, count) in &verbs {
        println!("{count:>5} {}", verb.as_str());
    }
    println!("{:>5} ordinary commands, {} refused", ordinary().len(), refused.len());
    assert!(ordinary().len() >= FEWEST);
    assert!(refused.is_empty(), "{}", refused.join("\n"));
    assert_eq!(verbs.len(), Verb::ALL.len());
}

#[test]
fn rebuilding_keeps_what_they_say() {
    for Ordinary { argv, .. } in ordinary() {
        let command = kubectl::parse(&argv);
        let rebuilt = command.as_ref().map(kubectl::Command::argv).unwrap_or_default();
        assert_eq!(unsafe_word(&rebuilt), None, "{argv:?}");
        assert_eq!(kubectl::parse(&rebuilt), command, "{argv:?}");
    }
}

#[test]
fn only_streaming_ones_need_a_stream() {
    for Ordinary { streaming, argv } in ordinary() {
        let expected = streaming.then_some(Rule::StreamingNotRequested);
        assert_eq!(refused_by(&argv), expected, "{argv:?}");
    }
}

#[test]
fn no_vector_is_counted_twice() {
    let vectors: BTreeSet<_> = ordinary().into_iter().map(|ordinary| ordinary.argv).collect();
    assert_eq!(vectors.len(), ordinary().len());
}
