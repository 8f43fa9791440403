//! What no rebuilt vector may hold. Written by hand a second time, so that the grammar's own lists cannot hide a gap.

/// How no flag of a rebuilt vector may start.
const NEVER: &[&str] = &[
    "--add-dir-header",
    "--alsologtostderr",
    "--as",
    "--auth-provider",
    "--cache-dir",
    "--certificate-authority",
    "--client-",
    "--cluster",
    "--context",
    "--embed-certs",
    "--exec-",
    "--filename",
    "--insecure",
    "--kubeconfig",
    "--kuberc",
    "--kustomize",
    "--log-",
    "--logtostderr",
    "--one-output",
    "--output-directory",
    "--output=custom-columns-file",
    "--output=go-template-file",
    "--output=jsonpath-file",
    "--output=templatefile",
    "--password",
    "--profile",
    "--proxy-url",
    "--raw",
    "--server=",
    "--skip-",
    "--stderrthreshold",
    "--template",
    "--tls-",
    "--token",
    "--user",
    "--v=6",
    "--v=7",
    "--v=8",
    "--v=9",
    "--v=10",
    "--vmodule",
];

/// Flags that read files, but for the one verb whose flag of that name does not.
const ONLY_FOR: &[(&str, &str)] = &[("--recursive", "explain"), ("--client", "version")];

/// How the verbs start that a rebuilt vector may have.
const VERBS: &[&str] = &[
    "api-resources",
    "api-versions",
    "auth can-i",
    "auth whoami",
    "cluster-info",
    "describe",
    "events",
    "explain",
    "get",
    "logs",
    "rollout history",
    "rollout status",
    "top node",
    "top pod",
    "version",
];

/// The first word of a rebuilt vector that must not be there: anything but a word of the verb, an operand that cannot be
/// taken for a flag, or `--flag=value` with a known flag.
pub(crate) fn unsafe_word(argv: &[String]) -> Option<&str> {
    let Some((first, rest)) = argv.split_first() else { return Some("") };
    let second = rest.first().map(String::as_str).unwrap_or_default();
    let two = format!("{first} {second}");
    let verb_words = if VERBS.contains(&two.as_str()) { 2 } else { 1 };
    if verb_words == 1 && !VERBS.contains(&first.as_str()) {
        return Some(first);
    }
    argv.get(verb_words..)?.iter().find(|word| !is_safe(word, first)).map(String::as_str)
}

fn is_safe(word: &str, verb: &str) -> bool {
    if !word.starts_with('-') {
        return !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_graphic());
    }
    let Some((name, value)) = word.split_once('=') else { return false };
    let denied = NEVER.iter().any(|never| word.starts_with(never));
    let elsewhere = ONLY_FOR.iter().any(|(flag, only)| *flag == name && *only != verb);
    let known = name.starts_with("--") && is_known(name);
    let hides_a_flag = value.starts_with('-') && word != "--tail=-1";
    known && !denied && !elsewhere && !hides_a_flag
}

/// Whether `name` is one of the flags that kubectl 1.33 has and that are harmless.
fn is_known(name: &str) -> bool {
    KNOWN.split_ascii_whitespace().any(|known| known == name)
}

const KNOWN: &str = "
    --all-containers --all-namespaces --all-pods --allow-missing-template-keys --api-group --api-version --cached
    --categories --chunk-size --client --container --containers --disable-compression --field-selector --follow --for
    --ignore-errors --ignore-not-found --label-columns --limit-bytes --list --match-server-version --max-log-requests
    --namespace --namespaced --no-headers --output --output-watch-events --pod-running-timeout --prefix --previous --quiet
    --recursive --request-timeout --revision --selector --server-print --show-capacity --show-events --show-kind
    --show-labels --show-managed-fields --since --since-time --sort-by --subresource --sum --tail --timeout --timestamps
    --types --use-protocol-buffers --v --verbs --warnings-as-errors --watch --watch-only";
