//! What holds for every vector.

use kubently_core::{kubectl, refusal::Rule};
use proptest::{
    prelude::*,
    sample::{Index, select},
    strategy::ValueTree,
};

use super::{
    corpus::ordinary,
    decide,
    fragments::{denied_flag, plausible, vector},
    safety::unsafe_word,
};

/// What must hold for `argv`, whatever it is; says what does not.
fn check(argv: &[String]) -> Result<(), TestCaseError> {
    let command = match kubectl::parse(argv) {
        Ok(command) => command,
        Err(refusal) => {
            prop_assert!(refusal.to_string().starts_with(refusal.rule.as_str()));
            prop_assert!(refusal.index.is_none_or(|index| index < argv.len()));
            return Ok(());
        }
    };
    let rebuilt = command.argv();
    prop_assert_eq!(unsafe_word(&rebuilt), None, "{:?}", rebuilt);
    let again = kubectl::parse(&rebuilt);
    prop_assert_eq!(again.as_ref(), Ok(&command));
    prop_assert_eq!(&command.argv(), &rebuilt);
    for streaming in [false, true] {
        prop_assert_eq!(decide(argv, streaming), decide(&rebuilt, streaming));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { max_global_rejects: 1_000_000, ..ProptestConfig::with_cases(8_000) })]

    #[test]
    fn rebuilding_keeps_the_meaning(argv in plausible()) {
        check(&argv)?;
    }

    #[test]
    fn nothing_panics_and_nothing_wild_gets_through(argv in vector()) {
        check(&argv)?;
    }

    #[test]
    fn a_denied_flag_anywhere_is_refused(mut argv in select(ordinary_vectors()), place in any::<Index>(), denied in denied_flag()) {
        let follows = denied.first().is_some_and(|flag| flag.starts_with("-f") || flag.starts_with("-Af"));
        prop_assume!(!(follows && argv.iter().any(|word| word == "logs")));
        let place = place.index(argv.len() + 1);
        argv.splice(place..place, denied);
        let refused = decide(&argv, true).err().map(|refusal| refusal.rule);
        prop_assert!(refused.is_some(), "{:?}", argv);
        prop_assert!(refused != Some(Rule::StreamingNotRequested));
    }

    #[test]
    fn output_templates_come_through_unchanged(template in "[ -~\n\täöü✓]{0,60}") {
        let argv = ["get", "pods", "-o", &format!("jsonpath={template}")].map(str::to_owned);
        let command = kubectl::parse(&argv);
        prop_assert!(command.is_ok(), "{:?}", command);
        let expected = format!("--output=jsonpath={template}");
        prop_assert_eq!(command.ok().and_then(|command| command.argv().pop()), Some(expected));
    }

    #[test]
    fn selectors_come_through_unchanged(key in "[a-z./]{1,20}", value in "[a-z0-9(), !=]{0,30}", flag in select(&["-l", "--selector", "--field-selector"])) {
        let selector = format!("{key}={value}");
        let argv = ["get", "pods", flag, &selector].map(str::to_owned);
        let rebuilt = kubectl::parse(&argv).map(|command| command.argv());
        let long = if flag == "-l" { "--selector" } else { flag };
        prop_assert_eq!(rebuilt.ok().and_then(|mut argv| argv.pop()), Some(format!("{long}={selector}")));
    }
}

fn ordinary_vectors() -> Vec<Vec<String>> {
    ordinary().into_iter().map(|ordinary| ordinary.argv).collect()
}

/// How many of `count` generated vectors are accepted.
fn accepted(strategy: impl Strategy<Value = Vec<String>>, count: usize) -> usize {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let trees = (0..count).filter_map(|_| strategy.new_tree(&mut runner).ok());
    trees.filter(|tree| kubectl::parse(&tree.current()).is_ok()).count()
}

#[test]
fn the_generators_reach_what_they_test() {
    let (plausible, wild) = (accepted(plausible(), 1_000), accepted(vector(), 4_000));
    println!("accepted: {plausible} of 1000 plausible vectors, {wild} of 4000 others");
    assert!(plausible > 300 && wild > 100, "{plausible} {wild}");
}
