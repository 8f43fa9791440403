//! Values that are not secret, whatever they are called.

use super::{
    bytes::{at, before, cut, find, is_word, run},
    names::Weight,
    pseudonym::pseudonym_at,
};

/// How far the end of a placeholder is looked for.
const MAX_PLACEHOLDER: usize = 512;
/// Longer values are no settings and no names.
pub(super) const MAX_SETTING: usize = 260;
/// Digits of an amount; longer numbers may be secret.
const MAX_AMOUNT: usize = 7;

/// Words that stand where there is no value.
const NOTHING: &[&str] = &[
    "null",
    "nil",
    "none",
    "true",
    "false",
    "yes",
    "no",
    "undefined",
    "unset",
    "redacted",
    "hidden",
    "masked",
    "(nil)",
    "(none)",
    "n/a",
    "todo",
    "tbd",
    "[]",
    "{}",
    "\"\"",
    "''",
    "[redacted]",
    "[filtered]",
    "[hidden]",
    "[masked]",
    "(hidden)",
    "(redacted)",
    "[secret]",
    "(sensitive",
    "-",
];

/// What a log line says about a secret, where its value could stand.
const PROSE: &[&str] = &[
    "invalid",
    "incorrect",
    "expired",
    "missing",
    "required",
    "empty",
    "not",
    "is",
    "was",
    "has",
    "and",
    "or",
    "the",
    "a",
    "an",
    "to",
    "for",
    "from",
    "in",
    "of",
    "on",
    "with",
    "changed",
    "ok",
    "enabled",
    "disabled",
    "unknown",
    "found",
    "rejected",
    "accepted",
    "denied",
    "failed",
    "failure",
    "error",
    "optional",
    "string",
    "wrong",
    "mismatch",
    "must",
    "cannot",
    "can",
    "could",
    "should",
    "will",
    "valid",
    "verified",
    "created",
    "updated",
    "deleted",
    "rotated",
    "refreshed",
    "unauthorized",
    "forbidden",
    "timeout",
    "context",
    "no",
    "exists",
    "already",
    "object",
    "illegal",
    "unexpected",
    "bad",
    "too",
    "secret",
    "success",
    "ready",
    "pending",
    "unavailable",
    "unable",
    "please",
    "opaque",
    "synced",
    "loaded",
    "present",
    "absent",
    "set",
    "unchanged",
    "configured",
    "default",
    "revoked",
];

/// Where files with secrets are mounted.
const ROOTS: &[&str] = &[
    "/var/",
    "/etc/",
    "/run/",
    "/opt/",
    "/home/",
    "/mnt/",
    "/tmp/",
    "/secrets/",
    "/secret/",
    "/app/",
    "/usr/",
    "/data/",
    "/vault/",
    "/srv/",
    "/root/",
    "/certs/",
    "/cert/",
    "/config/",
    "/credentials/",
    "/keys/",
    "/tls/",
    "/dev/",
    "/bootstrap/",
    "/keystore/",
    "/workspace/",
    "/token",
    "./",
    "../",
    "~/",
];

/// What code and references begin with.
const ELSEWHERE: &[&str] = &[
    "process.env",
    "os.environ",
    "os.getenv",
    "self.",
    "this.",
    "config.",
    "settings.",
    "env.",
    "env:",
    "env/",
    "var.",
    "local.",
    ".Values",
    "vault:",
    "ref+",
    "secretKeyRef",
    "file:",
    "valueFrom",
    "arn:aws:secretsmanager:",
    "arn:aws:ssm:",
    "secretsmanager:",
    "projects/",
    "op://",
    "awssm://",
    "gcpsm://",
    "sm://",
    "ssm:",
    "secret://",
    "k8s://",
    "kubernetes://",
    "azurekeyvault",
    "@Microsoft.KeyVault",
    "!vault",
    "AQICAH",
    "{cipher}",
    "ENC[",
    "await ",
    "new ",
    "request.",
    "req.",
    "args.",
    "opts.",
    "options.",
    "ctx.",
    "params.",
    "props.",
    "data.",
    "vars.",
];

/// Whether what begins at the start of `value` points at a value instead of being one: `${DB_PASSWORD}`, `$(PASS)`,
/// `{{ .password }}`, `<set to the key …>`, a call, a file.
pub(super) fn is_placeholder(value: &[u8], weight: Weight) -> bool {
    let closed = |close: &[u8]| find(cut(value, 0, MAX_PLACEHOLDER), close, 1).is_some();
    match at(value, 0) {
        b'$' => is_expansion(value, &closed),
        b'{' => at(value, 1) == b'{' && closed(b"}}") || starts(value, ELSEWHERE),
        b'<' => pseudonym_at(value, 0) || (closed(b">") && is_label(value)),
        b'%' => {
            at(value, 1) == b'('
                || at(value, 1) == b'{'
                || (matches!(at(value, 1), b's' | b'v' | b'q') && !is_word(at(value, 2)))
        }
        b'*' | b'x' | b'X' | b'.' if is_mask(value) => true,
        b'/' | b'.' | b'~' => starts(value, ROOTS),
        _ => starts(value, ELSEWHERE) || is_call(value) || (weight != Weight::Strong && is_address(value)),
    }
}

fn is_expansion(value: &[u8], closed: &impl Fn(&[u8]) -> bool) -> bool {
    match at(value, 1) {
        b'{' => closed(b"}"),
        b'(' => closed(b")"),
        b'A'..=b'Z' | b'_' => {
            let end = run(cut(value, 0, MAX_PLACEHOLDER), 1, |byte| {
                byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_'
            });
            end >= 3 && !at(value, end).is_ascii_alphanumeric()
        }
        b'a'..=b'z' => is_path(value),
        _ => false,
    }
}

/// `$dex.github.clientSecret`, `$argocd-secret:oidc.clientSecret`.
fn is_path(value: &[u8]) -> bool {
    let part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let end = run(cut(value, 0, MAX_PLACEHOLDER), 1, part);
    let next = matches!(at(value, end), b'.' | b':') && at(value, end + 1).is_ascii_lowercase();
    let rest = run(cut(value, 0, MAX_PLACEHOLDER), end, |byte| part(byte) || matches!(byte, b'.' | b':'));
    next && matches!(at(value, rest), 0 | b' ' | b'\n' | b'\r' | b'"' | b'\'')
}

/// `<password>`, `<your token here>`, `<set to the key 'a' in secret 'b'>`: words only.
fn is_label(value: &[u8]) -> bool {
    let end = run(cut(value, 0, MAX_PLACEHOLDER), 1, |byte| {
        byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'_' | b'-' | b'\'' | b'.' | b'/' | b':' | b'"' | b'\\')
    });
    at(value, end) == b'>' && at(value, 1).is_ascii_alphabetic()
}

/// `******`, `xxxxx`, `...`.
fn is_mask(value: &[u8]) -> bool {
    let first = at(value, 0);
    let end = run(cut(value, 0, MAX_SETTING), 0, |byte| byte == first);
    end >= 3 && !at(value, end).is_ascii_alphanumeric()
}

/// `getenv("X")`, `config["x"]`.
fn is_call(value: &[u8]) -> bool {
    let end = run(cut(value, 0, 64), 0, |byte| is_word(byte) || byte == b'.');
    let open = at(value, end);
    let inner = at(value, end + 1);
    end > 2
        && (open == b'(' || open == b'[')
        && at(value, 0).is_ascii_alphabetic()
        && (matches!(inner, b'"' | b'\'' | b')' | b'\\')
            || find(cut(value, 0, 128), if open == b'(' { b")" } else { b"]" }, end).is_some())
}

/// A web address without a password in it; the rule for URLs sees it anyway.
fn is_address(value: &[u8]) -> bool {
    ["http://", "https://", "tcp://", "s3://", "gs://", "sha256:", "ssh-"]
        .iter()
        .any(|scheme| value.starts_with(scheme.as_bytes()))
}

fn starts(value: &[u8], list: &[&str]) -> bool {
    list.iter().any(|start| value.starts_with(start.as_bytes()))
}

/// Whether `value`, as a whole, is a setting or the name of an object rather than a secret.
pub(super) fn is_setting(value: &[u8], weight: Weight) -> bool {
    if value.is_empty() || value.len() > MAX_SETTING {
        return value.is_empty();
    }
    let inner = value.iter().position(|byte| !matches!(byte, b'[' | b'(' | b'<' | b'*')).unwrap_or(0);
    is_one_of(value, NOTHING)
        || is_one_of(value.get(inner..).unwrap_or_default(), NOTHING)
        || match weight {
            Weight::Strong => false,
            Weight::Usual => {
                is_amount(value) || !value.iter().any(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii())
            }
            Weight::Reference => is_amount(value) || is_object_name(value),
        }
}

/// Whether `value` is a word that a sentence goes on with.
pub(super) fn is_prose(value: &[u8]) -> bool {
    let word = value.strip_suffix(b",").or_else(|| value.strip_suffix(b".")).unwrap_or(value);
    let word = word.strip_suffix(b":").or_else(|| word.strip_suffix(b";")).unwrap_or(word);
    is_one_of(word, PROSE)
}

/// Whether `value` is an ordinary word: letters of one case, perhaps with a capital.
pub(super) fn is_plain_word(value: &[u8]) -> bool {
    let rest = value.get(1..).unwrap_or_default();
    at(value, 0).is_ascii_alphabetic() && rest.iter().all(u8::is_ascii_lowercase)
}

fn is_one_of(value: &[u8], list: &[&str]) -> bool {
    list.iter().any(|word| value.eq_ignore_ascii_case(word.as_bytes()))
}

/// `3600`, `24h`, `10Mi`, `0.5`.
fn is_amount(value: &[u8]) -> bool {
    let digits = run(value, 0, |byte| byte.is_ascii_digit() || byte == b'.' || byte == b'_');
    let unit = run(value, digits, |byte| byte.is_ascii_alphabetic());
    (1..=MAX_AMOUNT).contains(&digits) && at(value, 0).is_ascii_digit() && unit == value.len() && unit - digits <= 2
}

/// A name that an object in the cluster can have, perhaps behind its namespace or kind, and that somebody chose:
/// letters only, or words with dashes between them.
fn is_object_name(value: &[u8]) -> bool {
    let fits =
        |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.' | b'/' | b',');
    let edges = at(value, 0).is_ascii_alphanumeric() && before(value, value.len()).is_ascii_alphanumeric();
    let parted = value.iter().any(|byte| matches!(byte, b'-' | b'/'));
    let lettered = value.iter().all(u8::is_ascii_lowercase);
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    let uuid = value.len() == 36 && digits >= 8 && value.split(|&byte| byte == b'-').count() == 5;
    edges && !uuid && value.iter().all(fits) && (parted || lettered)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders() {
        for value in [
            "${DB_PASSWORD}",
            "$(PASS)",
            "$DB_PASS",
            "{{ .Values.password }}",
            "<password>",
            "<redacted:012abc>",
            "<set to the key 'a' in secret 'b'>  Optional: false",
            "****",
            "xxxxx",
            "%s",
            "%(password)s",
            "/var/run/secrets/token",
            "os.environ[\"X\"]",
            "getenv('PASS')",
            "vault:secret/data/a#b",
            "process.env.TOKEN",
        ] {
            assert!(is_placeholder(value.as_bytes(), Weight::Strong), "{value}");
        }
        for value in ["hunter2", "$2b$10$abc", "$ecret", "/9j4Kx", "<3kittens", "xyz", "{abc", "pa(ss", "x", "%a"] {
            assert!(!is_placeholder(value.as_bytes(), Weight::Strong), "{value}");
        }
        assert!(is_placeholder(b"https://x/y", Weight::Usual) && !is_placeholder(b"https://x/y", Weight::Strong));
    }

    #[test]
    fn settings() {
        for (value, weight) in [
            ("null", Weight::Strong),
            ("", Weight::Strong),
            ("3600", Weight::Usual),
            ("24h", Weight::Usual),
            ("web-tls", Weight::Reference),
            ("shop/web-tls", Weight::Reference),
            ("regcred", Weight::Reference),
        ] {
            assert!(is_setting(value.as_bytes(), weight), "{value}");
        }
        for (value, weight) in [
            ("3600", Weight::Strong),
            ("web-tls", Weight::Usual),
            ("hunter2", Weight::Reference),
            ("Web-tls", Weight::Reference),
            ("12345678", Weight::Usual),
            ("s3cr3t", Weight::Usual),
        ] {
            assert!(!is_setting(value.as_bytes(), weight), "{value}");
        }
        assert!(is_prose(b"expired,") && is_prose(b"Invalid") && !is_prose(b"hunter2"));
        assert!(is_plain_word(b"Unable") && !is_plain_word(b"aB") && !is_plain_word(b"a1"));
    }
}
