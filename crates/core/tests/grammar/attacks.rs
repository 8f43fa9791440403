//! What must never run: nothing of the corpus gets past the grammar and the default policy, and each vector is refused by
//! the rule that is meant for it.

use std::collections::{BTreeMap, BTreeSet};

use kubently_core::refusal::Rule;

use super::{corpus::attacks, refused_by};

/// Fewest vectors that say something.
const FEWEST: usize = 150;

#[test]
fn no_attack_is_accepted() {
    let attacks = attacks();
    let refused = |argv: &[String]| refused_by(argv).map_or("accepted", Rule::as_str);
    let accepted: Vec<_> = attacks.iter().filter(|attack| refused(&attack.argv) == "accepted").collect();
    let mut classes: BTreeMap<&str, usize> = BTreeMap::new();
    attacks.iter().for_each(|attack| *classes.entry(&attack.class).or_default() += 1);
    for (class, count) in &classes {
        println!("{count:>5} {class}");
    }
    println!("{:>5} attacks in {} classes, {} accepted", attacks.len(), classes.len(), accepted.len());
    assert!(attacks.len() >= FEWEST);
    assert!(accepted.is_empty(), "{:?}", accepted.iter().map(|attack| &attack.argv).collect::<Vec<_>>());
}

#[test]
fn each_is_refused_by_the_rule_that_is_meant_for_it() {
    let expected = |argv: &[String]| refused_by(argv).map_or("accepted", Rule::as_str);
    let other: Vec<_> = attacks().into_iter().filter(|attack| expected(&attack.argv) != attack.rule).collect();
    for attack in &other {
        println!("{}: {:?} is refused by {}, not {}", attack.class, attack.argv, expected(&attack.argv), attack.rule);
    }
    assert!(other.is_empty(), "{} vectors", other.len());
}

#[test]
fn no_vector_is_counted_twice() {
    let vectors: BTreeSet<_> = attacks().into_iter().map(|attack| attack.argv).collect();
    assert_eq!(vectors.len(), attacks().len());
}

#[test]
fn vectors_without_measure() {
    assert_eq!(refused_by(&vec!["get"; 65]), Some(Rule::TooLong));
    assert_eq!(refused_by(&vec!["-A"; 100_000]), Some(Rule::TooLong));
    assert_eq!(refused_by(&["get", &"a".repeat(9_000)]), Some(Rule::TooLong));
    assert_eq!(refused_by(&["get", "pods", "-o", &format!("jsonpath={}", "{.a}".repeat(2_100))]), Some(Rule::TooLong));
    assert_eq!(refused_by(&vec!["x".repeat(1_000); 17]), Some(Rule::TooLong));
    assert_eq!(refused_by(&["get", &"a".repeat(254)]), Some(Rule::InvalidResource));
    assert_eq!(refused_by(&["get", &vec!["a"; 200].join(".")]), Some(Rule::InvalidResource));
    assert_eq!(refused_by(&["get", "pods", &"a".repeat(254)]), Some(Rule::InvalidName));
    assert_eq!(refused_by(&["get", "pods", "-n", &"a".repeat(64)]), Some(Rule::InvalidNamespace));
    assert_eq!(refused_by(&["explain", &vec!["a"; 1_000].join(".")]), Some(Rule::InvalidResource));
    assert_eq!(refused_by(&["auth", "can-i", "get", &format!("/{}", "a".repeat(300))]), Some(Rule::InvalidName));
}
