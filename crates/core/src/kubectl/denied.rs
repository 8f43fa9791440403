//! Flags that are never allowed, with the reason. They are refused as unknown flags would be;
//! the list exists so that the refusal says why, and so that rebuilt vectors can be checked against it.

/// Long names (kubectl 1.33 `options`, the verbs' own flags, klog, newer and older kubectl) and what they would do.
const LONG: &[(&str, &str)] = &[
    ("as", IDENTITY),
    ("cache-dir", FILES),
    ("certificate-authority", TARGET),
    ("client", IDENTITY),
    ("cluster", TARGET),
    ("context", TARGET),
    ("embed-certs", FILES),
    ("exec-command", IDENTITY),
    ("filename", FILES),
    ("kubeconfig", TARGET),
    ("kuberc", FILES),
    ("kustomize", FILES),
    ("output-directory", FILES),
    ("password", IDENTITY),
    ("proxy-url", TARGET),
    ("raw", "asks the API for any path"),
    ("recursive", FILES),
    ("server", TARGET),
    ("template", FILES),
    ("tls-server-name", TARGET),
    ("token", IDENTITY),
    ("token-file", IDENTITY),
    ("user", IDENTITY),
    ("username", IDENTITY),
    ("vmodule", LOGGING),
    ("add-dir-header", LOGGING),
    ("alsologtostderr", LOGGING),
    ("logtostderr", LOGGING),
    ("one-output", LOGGING),
    ("skip-headers", LOGGING),
    ("skip-log-headers", LOGGING),
    ("stderrthreshold", LOGGING),
];

/// Families of long names.
const PREFIXES: &[(&str, &str)] = &[
    ("as-", IDENTITY),
    ("auth-provider", IDENTITY),
    ("client-", IDENTITY),
    ("exec-", IDENTITY),
    ("insecure", TARGET),
    ("log-", LOGGING),
    ("profile", "writes a profile to a file"),
];

/// Short names.
const SHORT: &[(char, &str)] = &[('f', FILES), ('k', FILES), ('R', FILES), ('s', TARGET)];

const IDENTITY: &str = "changes who asks";
const TARGET: &str = "changes which server is asked, or how far it is trusted";
const FILES: &str = "reads or writes files of the executor";
const LOGGING: &str = "changes what kubectl logs, and where";

/// Why the long flag `name` (without dashes) is denied, if it is.
pub(crate) fn long(name: &str) -> Option<&'static str> {
    let exact = LONG.iter().find(|(denied, _)| *denied == name);
    exact.or_else(|| PREFIXES.iter().find(|(prefix, _)| name.starts_with(prefix))).map(|(_, why)| *why)
}

/// Why the short flag `name` is denied, if it is.
pub(crate) fn short(name: char) -> Option<&'static str> {
    SHORT.iter().find(|(denied, _)| *denied == name).map(|(_, why)| *why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubectl::flags::Flag;

    #[test]
    fn knows_families() {
        for name in ["as", "as-uid", "client-key", "insecure-skip-tls-verify-backend", "profile-output", "log-file"] {
            assert!(long(name).is_some(), "{name}");
        }
        assert!(long("assume").is_none());
        assert!(short('n').is_none());
    }

    #[test]
    fn only_flags_with_a_harmless_namesake_are_on_both_lists() {
        // `explain --recursive` and `version --client` read no file and no credential; `logs -f` is follow.
        let both: Vec<_> = Flag::ALL.iter().filter(|flag| long(flag.long()).is_some()).collect();
        assert_eq!(both, [&Flag::Client, &Flag::Recursive]);
        let both: Vec<_> = Flag::ALL.iter().filter(|flag| flag.short().and_then(short).is_some()).collect();
        assert_eq!(both, [&Flag::Follow]);
    }
}
