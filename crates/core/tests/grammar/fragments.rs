//! Vectors made of fragments: flags of the tables and denied ones, in every shape that pflag knows, with good, bad and
//! wild values, around words of verbs.

use kubently_core::kubectl::{self, FlagUse, Verb};
use proptest::{
    prelude::*,
    sample::{Index, select},
};

/// Flags that are never allowed, with their short name.
pub(crate) const DENIED: &[(&str, Option<char>)] = &[
    ("alsologtostderr", None),
    ("as", None),
    ("as-group", None),
    ("as-uid", None),
    ("cache-dir", None),
    ("certificate-authority", None),
    ("client-certificate", None),
    ("client-key", None),
    ("cluster", None),
    ("context", None),
    ("filename", Some('f')),
    ("insecure-skip-tls-verify", None),
    ("insecure-skip-tls-verify-backend", None),
    ("kubeconfig", None),
    ("kuberc", None),
    ("kustomize", Some('k')),
    ("log-file", None),
    ("password", None),
    ("profile", None),
    ("profile-output", None),
    ("raw", None),
    ("server", Some('s')),
    ("template", None),
    ("tls-server-name", None),
    ("token", None),
    ("user", None),
    ("username", None),
    ("vmodule", None),
];

const HEADS: &[&str] =
    &["kubectl get", "kubectl", "rollout restart", "rollout", "auth reconcile", "delete", "exec", "cluster-info dump"];

const OPERANDS: &[&str] = &[
    "pods",
    "po",
    "pods,svc",
    "pods,",
    "deploy/web",
    "svc/web",
    "secrets",
    "secret/x",
    "Secret.v1.",
    "all",
    "web",
    "web-1",
    "deployments.v1.apps",
    "databases.db.example.com",
    "x/y/z",
    "..",
    "../x",
    "*",
    "*.apps",
    "list",
    "/logs",
    "/../x",
    "",
    "-",
    "--",
    "pod.spec.containers",
    "kubectl",
    "get",
    "status",
    "restart",
    "node",
    "système",
    "a\nb",
    "x\u{200b}",
];

const VALUES: &[&str] = &[
    "",
    "shop",
    "web",
    "pod/x",
    "secret/x",
    "a,b",
    "a=b",
    "app in (a,b),!c",
    "json",
    "wide",
    "name",
    "jsonpath={.a}",
    "jsonpath={.x}\n",
    "custom-columns=A:.b",
    "go-template={{.}}",
    "go-template-file=/x",
    "jsonpath-file",
    "plaintext",
    ".metadata.name",
    "{.a['b']}",
    "status",
    "proxy",
    "cpu",
    "true",
    "false",
    "T",
    "0",
    "1",
    "-1",
    "010",
    "0x1F",
    "9",
    "5s",
    "1h30m",
    "3\u{b5}s",
    "-5s",
    "2026-01-31T10:00:00Z",
    "apps/v1",
    "--as=x",
    "-s",
    "--",
    "x y",
    "größe",
    "a\r\nb",
    "\0",
    "--as=system:admin",
    "Warning",
];

/// How a flag may be written.
#[derive(Debug, Clone, Copy)]
enum Shape {
    LongWithValue,
    LongThenValue,
    LongBare,
    LongUnderscored,
    ShortAttached,
    ShortEquals,
    ShortThenValue,
    ShortBare,
    Grouped,
    GroupedThenValue,
}

const SHAPES: &[Shape] = &[
    Shape::LongWithValue,
    Shape::LongThenValue,
    Shape::LongBare,
    Shape::LongUnderscored,
    Shape::ShortAttached,
    Shape::ShortEquals,
    Shape::ShortThenValue,
    Shape::ShortBare,
    Shape::Grouped,
    Shape::GroupedThenValue,
];

impl Shape {
    fn write(self, long: &str, short: Option<char>, value: &str) -> Vec<String> {
        let Some(short) = short else { return self.write_long(long, value) };
        match self {
            Self::ShortAttached => vec![format!("-{short}{value}")],
            Self::ShortEquals => vec![format!("-{short}={value}")],
            Self::ShortThenValue => vec![format!("-{short}"), value.to_owned()],
            Self::ShortBare => vec![format!("-{short}")],
            Self::Grouped => vec![format!("-Aw{short}{value}")],
            Self::GroupedThenValue => vec![format!("-A{short}"), value.to_owned()],
            _ => self.write_long(long, value),
        }
    }

    fn write_long(self, long: &str, value: &str) -> Vec<String> {
        match self {
            Self::LongThenValue | Self::ShortThenValue | Self::GroupedThenValue => {
                vec![format!("--{long}"), value.to_owned()]
            }
            Self::LongBare | Self::ShortBare => vec![format!("--{long}")],
            Self::LongUnderscored => vec![format!("--{}={value}", long.replace('-', "_"))],
            _ => vec![format!("--{long}={value}")],
        }
    }
}

/// Values that a flag takes, so that generated vectors have a chance.
fn fitting(flag: &FlagUse) -> &'static [&'static str] {
    match flag.value {
        None => &["true", "false", "T", "0"],
        Some("number") => &["0", "3", "0x10", "1_000"],
        Some("duration" | "duration or seconds") => &["0", "5s", "1h30m", "1.5m"],
        Some("namespace" | "name") => &["shop", "web-1"],
        Some("type/name") => &["pod/x", "deployments.apps/web"],
        Some("time") => &["2026-01-31T10:00:00Z"],
        Some("format") => &["json", "wide", "jsonpath={.a};{.b}", "go-template={{.}} größe", "custom-columns=A:.b"],
        Some("words") => &["a", "a,b"],
        Some("0 to 5") => &["0", "5"],
        Some(_) => &["a", "a=b", "status", "app in (a,b)", ""],
    }
}

fn pick(index: Index, values: &'static [&'static str]) -> &'static str {
    index.get::<&'static str>(values)
}

fn known_flag() -> impl Strategy<Value = Vec<String>> {
    let flags: Vec<FlagUse> = Verb::ALL.map(Some).into_iter().chain([None]).flat_map(kubectl::flag_uses).collect();
    (select(flags), select(SHAPES), any::<Index>(), prop::bool::weighted(0.8), select(VALUES)).prop_map(
        |(flag, shape, index, fits, other)| {
            let value = if fits { pick(index, fitting(&flag)) } else { other };
            shape.write(flag.long, flag.short, value)
        },
    )
}

/// A denied flag in some shape.
pub(crate) fn denied_flag() -> impl Strategy<Value = Vec<String>> {
    (select(DENIED), select(SHAPES), select(VALUES))
        .prop_map(|((long, short), shape, value)| shape.write(long, short, value))
}

fn operand() -> impl Strategy<Value = Vec<String>> {
    prop_oneof![
        8 => select(OPERANDS).prop_map(|operand| vec![operand.to_owned()]),
        1 => any::<String>().prop_map(|operand| vec![operand]),
        1 => "-[a-zA-Z=]{0,4}".prop_map(|operand| vec![operand]),
        1 => "--[a-z_=-]{0,12}".prop_map(|operand| vec![operand]),
    ]
}

fn head() -> impl Strategy<Value = String> {
    let verbs = select(Verb::ALL.map(|verb| verb.as_str().to_owned()).to_vec());
    prop_oneof![9 => verbs, 1 => select(HEADS).prop_map(str::to_owned)]
}

/// A vector: fragments, the words of a verb with a fragment between them, fragments.
pub(crate) fn vector() -> impl Strategy<Value = Vec<String>> {
    let fragment = || prop_oneof![10 => known_flag().boxed(), 1 => denied_flag().boxed(), 4 => operand().boxed()];
    let early = prop::collection::vec(fragment(), 0..2);
    let between = prop::option::weighted(0.1, fragment());
    (early, head(), between, prop::collection::vec(fragment(), 0..5)).prop_map(|(early, head, between, late)| {
        let mut argv: Vec<String> = early.into_iter().flatten().collect();
        let (first, second) =
            head.split_once(' ').map_or((head.as_str(), None), |(first, second)| (first, Some(second)));
        argv.push(first.to_owned());
        argv.extend(between.into_iter().flatten());
        argv.extend(second.map(str::to_owned));
        argv.extend(late.into_iter().flatten());
        argv
    })
}

/// A vector of a verb with operands and flags that it takes, most of which is accepted.
pub(crate) fn plausible() -> impl Strategy<Value = Vec<String>> {
    (select(Verb::ALL.to_vec()), any::<bool>()).prop_flat_map(|(verb, operands)| {
        let flags: Vec<FlagUse> = [Some(verb), None].into_iter().flat_map(kubectl::flag_uses).collect();
        let flag = (select(flags), select(SHAPES), any::<Index>())
            .prop_map(|(flag, shape, index)| shape.write(flag.long, flag.short, pick(index, fitting(&flag))));
        prop::collection::vec(flag, 0..5).prop_map(move |flags| {
            let words =
                verb.as_str().split(' ').chain(if operands { usual_operands(verb) } else { &[] }.iter().copied());
            words.map(str::to_owned).chain(flags.into_iter().flatten()).collect()
        })
    })
}

const fn usual_operands(verb: Verb) -> &'static [&'static str] {
    match verb {
        Verb::Get | Verb::Describe | Verb::RolloutStatus | Verb::RolloutHistory => &["deploy,deploy", "web"],
        Verb::Logs => &["deploy/web"],
        Verb::TopPod | Verb::TopNode => &["web"],
        Verb::Explain => &["pods.spec"],
        Verb::AuthCanI => &["list", "pods/web"],
        _ => &[],
    }
}
