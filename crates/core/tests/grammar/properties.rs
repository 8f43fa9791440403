//! What holds for every vector.

use kubently_core::kubectl;
use proptest::{prelude::*, sample::select, strategy::ValueTree};

use super::safety::unsafe_word;

const HEADS: &[&str] = &[
    "get",
    "describe",
    "logs",
    "top pod",
    "top node",
    "explain",
    "events",
    "api-resources",
    "api-versions",
    "version",
    "cluster-info",
    "auth can-i",
    "auth whoami",
    "rollout status",
    "rollout history",
    "rollout restart",
    "delete",
];

const ARGUMENTS: &[&str] = &[
    "pods",
    "po",
    "deploy/web",
    "pods,svc",
    "secrets",
    "web",
    "web-1",
    "all",
    "x/y/z",
    "*",
    "list",
    "/logs",
    "-n",
    "shop",
    "-nshop",
    "-A",
    "-o",
    "json",
    "-owide",
    "-o=name",
    "jsonpath={.a}",
    "-o=jsonpath={.x}\n",
    "--",
    "-l",
    "app=web",
    "-w",
    "--tail",
    "-1",
    "--tail=5",
    "--since=1h30m",
    "--since",
    "90ms",
    "-c",
    "app",
    "-f",
    "-p",
    "--as",
    "--as=x",
    "-s",
    "-sx",
    "--sort-by",
    "--sort-by=.a",
    "--show-labels",
    "--show-labels=false",
    "-L",
    "a,b",
    "--raw=/",
    "--v=3",
    "-v",
    "9",
    "--request-timeout=5",
    "--field-selector=a=b",
    "--chunk-size=1",
    "--types=Warning",
    "--for",
    "pod/x",
    "--list",
    "--subresource=status",
    "--recursive",
    "--client",
    "--timeout=10s",
    "--revision=2",
    "--watch=false",
    "--namespaced",
    "--api-group=",
    "--verbs=get,list",
    "--allow-missing-template-keys=false",
    "-Aw",
    "-Af",
    "--template=x",
    "-k",
    "-R",
];

fn words_of(head: &str) -> Vec<String> {
    head.split(' ').map(str::to_owned).collect()
}

/// A vector that has a chance to be accepted.
fn plausible() -> impl Strategy<Value = Vec<String>> {
    (select(HEADS), prop::collection::vec(select(ARGUMENTS), 0..8)).prop_map(|(head, arguments)| {
        let mut argv = words_of(head);
        argv.extend(arguments.into_iter().map(str::to_owned));
        argv
    })
}

/// A vector around arbitrary text, in the places where values stand.
fn wild() -> impl Strategy<Value = Vec<String>> {
    let argument =
        prop_oneof![any::<String>(), "-[a-zA-Z=]{0,4}", "--[a-z_=-]{0,12}", select(ARGUMENTS).prop_map(str::to_owned)];
    (select(HEADS), prop::collection::vec(argument, 0..6)).prop_map(|(head, arguments)| {
        let mut argv = words_of(head);
        argv.extend(arguments);
        argv
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn rebuilding_keeps_the_meaning(argv in plausible()) {
        if let Ok(command) = kubectl::parse(&argv) {
            let rebuilt = command.argv();
            prop_assert!(unsafe_word(&rebuilt).is_none(), "{:?}", rebuilt);
            let again = kubectl::parse(&rebuilt);
            prop_assert_eq!(again.as_ref(), Ok(&command));
            prop_assert_eq!(command.argv(), rebuilt);
        }
    }

    #[test]
    fn nothing_panics_and_nothing_wild_gets_through(argv in wild()) {
        match kubectl::parse(&argv) {
            Ok(command) => {
                prop_assert!(unsafe_word(&command.argv()).is_none());
                let again = kubectl::parse(&command.argv());
                prop_assert_eq!(again.as_ref(), Ok(&command));
            }
            Err(refusal) => prop_assert!(refusal.to_string().starts_with(refusal.rule.as_str())),
        }
    }

    #[test]
    fn output_templates_come_through_unchanged(template in "[ -~\n\t]{0,60}") {
        let argv = ["get", "pods", "-o", &format!("jsonpath={template}")].map(str::to_owned);
        let command = kubectl::parse(&argv);
        prop_assert!(command.is_ok(), "{:?}", command);
        let expected = format!("--output=jsonpath={template}");
        prop_assert_eq!(command.ok().and_then(|command| command.argv().pop()), Some(expected));
    }
}

#[test]
fn the_generator_reaches_what_it_tests() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let accepted = (0..2_000)
        .filter_map(|_| plausible().new_tree(&mut runner).ok())
        .filter(|tree| kubectl::parse(&tree.current()).is_ok())
        .count();
    assert!(accepted > 100, "{accepted}");
}
