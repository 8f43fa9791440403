//! What an older validator let through, and what is like it (wire contract, "what its validator lets through").

use kubently_core::refusal::Rule;

use super::{refused_by, words};

fn assert_refused(table: &[(Rule, &[&str])]) {
    for (rule, lines) in table {
        for line in *lines {
            assert_eq!(refused_by(&words(line)), Some(*rule), "{line}");
        }
    }
}

const IDENTITY_AND_TARGET: &[&str] = &[
    "get pods -s https://x",
    "get pods -s=https://x",
    "get pods -s=",
    "get pods -shttps://x",
    "get pods -As https://x",
    "-s https://x get pods",
    "get pods --server https://x",
    "get pods --server=https://x",
    "get pods --as system:admin",
    "get pods --as=system:admin",
    "get pods --as-group=system:masters",
    "get pods --as-uid=0",
    "get pods --as_group=system:masters",
    "get pods --as-user-extra=a=b",
    "get pods --token=x",
    "get pods --token x",
    "get pods --context=prod",
    "get pods --cluster prod",
    "get pods --user=admin",
    "get pods --username=a --password=b",
    "get pods --kubeconfig=/tmp/x",
    "get pods --client-key=/tmp/x",
    "get pods --client-certificate /tmp/x",
    "get pods --certificate-authority=/tmp/x",
    "get pods --insecure-skip-tls-verify",
    "logs x --insecure-skip-tls-verify-backend=true",
    "get pods --tls-server-name=x",
    "version --client-key=/tmp/x",
    "logs x -s https://x",
    "auth can-i list pods --as=system:admin",
];

const FILES_AND_RAW: &[&str] = &[
    "get --raw /api",
    "get --raw=/api/v1/secrets",
    "get --raw /api/v1/namespaces/kube-system/secrets",
    "get pods --template={{.}}",
    "get pods -o go-template --template=/etc/passwd",
    "get -f /etc/passwd",
    "get -f/etc/passwd",
    "get -fhttps://x",
    "get -Af /etc/passwd",
    "get -f=/x",
    "get --filename=http://169.254.169.254/latest/meta-data",
    "get -k /tmp",
    "get --kustomize=/tmp",
    "get -R pods",
    "get pods --recursive",
    "describe -f /x",
    "rollout status -f /x",
    "rollout history --filename=/x",
    "get pods --cache-dir=/tmp",
    "get pods --profile=cpu",
    "get pods --profile-output=/tmp/x",
    "get pods --log-file=/tmp/x",
    "get pods --log_file=/tmp/x",
    "get pods --log-dir=/tmp",
    "get pods --vmodule=a=9",
    "get pods --v=9",
    "get pods -v 9",
    "get pods -v=6",
    "get pods -v8",
    "get pods --kuberc=/tmp/x",
];

const FILE_OUTPUTS: &[&str] = &[
    "get pods -o go-template-file=/proc/self/environ",
    "get pods -ogo-template-file=/proc/self/environ",
    "get pods --output=jsonpath-file=/etc/passwd",
    "get pods -o custom-columns-file=/x",
    "get pods -o=templatefile=/x",
    "get pods -o go-template-file",
    "events -o go-template-file=/x",
    "auth whoami -o jsonpath-file=/x",
    "rollout history deploy/x -o go-template-file=/x",
];

const SECRETS: &[&str] = &[
    "get secrets",
    "get SECRETS",
    "get secrets.v1.",
    "get secret.v1.",
    "get all,secrets",
    "get secret s1 -o yaml",
    "get secret/x",
    "get pods,secret",
    "get -o yaml secrets",
    "get -A secrets",
    "get pods/a secrets/foo",
    "get pods,secrets foo",
    "describe secret x",
    "describe Secrets",
    "get -- secrets",
    "get -n shop --show-labels secrets",
];

const VERBS: &[&str] = &[
    "rollout restart X",
    "rollout -n history restart deploy/x",
    "rollout --namespace history undo deploy/x",
    "rollout --namespace=history undo deploy/x",
    "-n history rollout pause deploy/x",
    "rollout --request-timeout 5s resume deploy/x",
    "delete pod x",
    "exec -it x -- sh",
    "cp x:/etc/passwd .",
    "proxy",
    "port-forward x 80",
    "apply -f x",
    "edit deploy x",
    "config view",
    "debug node/x",
    "auth reconcile",
    "cluster-info dump",
    "top secrets",
    "wait pod/x",
    "diff",
    "kubectl delete pod x",
];

#[test]
fn identity_and_target_flags() {
    assert_refused(&[(Rule::DeniedFlag, IDENTITY_AND_TARGET)]);
}

#[test]
fn files_raw_paths_and_logging() {
    assert_refused(&[(Rule::DeniedFlag, FILES_AND_RAW), (Rule::FileOutput, FILE_OUTPUTS)]);
}

#[test]
fn secrets_in_every_spelling() {
    // kubectl itself refuses to mix the two forms, so this one ends earlier.
    assert_refused(&[(Rule::RestrictedResource, SECRETS), (Rule::InvalidResource, &["get pods secrets/foo"])]);
}

#[test]
fn verbs_that_change_something() {
    let plugins: &[&str] = &["my-plugin", "kubectl kubectl get pods", "Get pods", "gеt pods", "helm list"];
    assert_refused(&[(Rule::VerbNotAllowed, VERBS), (Rule::UnknownVerb, plugins)]);
}

#[test]
fn endless_commands_on_the_plain_path() {
    let lines: &[&str] = &[
        "logs x -f",
        "logs x --follow",
        "logs x --follow=1",
        "logs -pf x",
        "get pods -w",
        "get pods -Aw",
        "events -w",
    ];
    assert_refused(&[(Rule::StreamingNotRequested, lines)]);
}

#[test]
fn flags_hidden_as_values() {
    assert_refused(&[
        (
            Rule::FlagLikeValue,
            &[
                "get pods --sort-by --as=system:admin",
                "get pods --sort-by=--as=system:admin",
                "get pods -l -shttps://x",
                "get pods -l=--raw=/",
                "get pods -n -A",
                "get pods -o -f",
                "get pods --field-selector --server=https://x",
                "logs x -c --token=x",
                "events --for --as=x",
                "get pods -L --as=x",
            ],
        ),
        (Rule::InvalidValue, &["get pods -L a,--as=x", "logs x --tail --as=x", "logs x --since -s"]),
    ]);
}

#[test]
fn smuggling_by_position() {
    assert_refused(&[
        (Rule::InvalidName, &["get pods -- --as=x", "get pods x -- -w", "get pods/x/../../secrets"]),
        (Rule::InvalidName, &["get pods x%2f..%2fsecrets", "logs x/.. ", "logs ..", "logs pod/x/proxy"]),
        (
            Rule::InvalidResource,
            &["get -- --raw=/api", "get ../secrets", "get pods ../x", "get pods;delete", "get $(id)"],
        ),
        (Rule::InvalidValue, &["get node/x --subresource=proxy", "get svc x --subresource proxy"]),
        (Rule::InvalidNamespace, &["get pods -n ../x", "get pods -n kube-system/secrets", "get pods --namespace="]),
        (Rule::BadFlagSyntax, &["get pods ---as=x", "get --=x", "-- get pods", "rollout -- restart deploy/x"]),
        (Rule::UnknownFlag, &["get pods --dry-run", "get pods -x", "-A get pods", "auth --list can-i get pods"]),
    ]);
}

#[test]
fn look_alikes_and_invisible_characters() {
    let table: &[(Rule, &[&str])] = &[
        (Rule::UnknownFlag, &["get", "pods", "--\u{430}s=x"]),
        (Rule::InvalidName, &["get", "pods", "\u{2013}-as=x"]),
        (Rule::InvalidName, &["get", "pods", "\u{2212}s"]),
        (Rule::InvalidResource, &["get", "p\u{43e}ds"]),
        (Rule::InvalidResource, &["get", "\u{ff53}ecrets"]),
        (Rule::InvalidResource, &["get", "secret\u{17f}"]),
        (Rule::InvalidResource, &["get", ""]),
        (Rule::InvalidResource, &["get", " secrets"]),
        (Rule::InvalidResource, &["get", "secrets\n"]),
        (Rule::InvalidName, &["get", "pods", "a\nb"]),
        (Rule::InvalidName, &["get", "pods", ""]),
        (Rule::ControlCharacter, &["get", "pods", "-n", "a\nb"]),
        (Rule::ControlCharacter, &["get", "pods", "-n", "a\0b"]),
        (Rule::ControlCharacter, &["get", "pods", "-o", "jsonpath={.a}\u{1b}[2J"]),
        (Rule::ControlCharacter, &["get", "pods", "x\u{202e}y"]),
        (Rule::ControlCharacter, &["get", "pods", "-l", "a=b\n--as=x"]),
        (Rule::InvalidNamespace, &["get", "pods", "-n", "shop --as=x"]),
        (Rule::UnknownVerb, &["get pods"]),
        (Rule::UnknownVerb, &[""]),
        (Rule::EmptyCommand, &[]),
    ];
    for (rule, argv) in table {
        assert_eq!(refused_by(argv), Some(*rule), "{argv:?}");
    }
}

#[test]
fn vectors_without_measure() {
    assert_eq!(refused_by(&vec!["get"; 65]), Some(Rule::TooLong));
    assert_eq!(refused_by(&["get", &"a".repeat(9_000)]), Some(Rule::TooLong));
}
