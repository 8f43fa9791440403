//! The kubectl argument vector that a request's fields mean.

use kubently_core::{
    Error,
    kubectl::{self, NamespaceScope},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::Problem;

/// The namespace of a command that names none.
pub(super) const DEFAULT_NAMESPACE: &str = "default";

/// What to do. Which arguments go with it is the kubectl grammar's business.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "kubectl's verbs")]
pub(super) enum CommandType {
    Get,
    Describe,
    Logs,
    Top,
    Events,
    Version,
    ApiResources,
    ApiVersions,
    Explain,
    Rollout,
    Auth,
    ClusterInfo,
}

impl CommandType {
    const fn verb(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Describe => "describe",
            Self::Logs => "logs",
            Self::Top => "top",
            Self::Events => "events",
            Self::Version => "version",
            Self::ApiResources => "api-resources",
            Self::ApiVersions => "api-versions",
            Self::Explain => "explain",
            Self::Rollout => "rollout",
            Self::Auth => "auth",
            Self::ClusterInfo => "cluster-info",
        }
    }

    /// Whether a namespace means anything to it.
    const fn is_namespaced(self) -> bool {
        !matches!(self, Self::Version | Self::ApiResources | Self::ApiVersions | Self::Explain | Self::ClusterInfo)
    }
}

/// Where the arguments of a vector came from, to blame the right field.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    args: usize,
    namespace: usize,
}

impl Layout {
    /// An error about the vector as one about the body.
    pub(super) fn blame(self, mut error: Error) -> Problem {
        for violation in &mut error.fields {
            if let Some(rest) = violation.field.strip_prefix("spec.argv") {
                let index = rest.trim_matches(['[', ']']).parse().ok();
                violation.field = index.map_or_else(|| "body.args".to_owned(), |index| self.field(index));
            }
        }
        error.into()
    }

    fn field(self, index: usize) -> String {
        let Some(arg) = index.checked_sub(1) else { return "body.command_type".into() };
        if arg < self.args {
            return format!("body.args[{arg}]");
        }
        match arg.checked_sub(self.args + self.namespace) {
            Some(extra) => format!("body.extra_args[{extra}]"),
            None => "body.namespace".into(),
        }
    }
}

/// `[command_type] + args + -n namespace + extra`, the namespace only where it belongs.
pub(super) fn build(
    command_type: CommandType,
    mut args: Vec<String>,
    namespace: Option<String>,
    extra: Vec<String>,
) -> (Vec<String>, Layout) {
    args.insert(0, command_type.verb().to_owned());
    let namespace = namespace.filter(|name| !name.is_empty() && command_type.is_namespaced());
    let namespace = namespace.filter(|name| is_wanted(name, &args, &extra));
    let layout = Layout { args: args.len() - 1, namespace: if namespace.is_some() { 2 } else { 0 } };
    args.extend(namespace.into_iter().flat_map(|name| ["-n".to_owned(), name]));
    args.extend(extra);
    (args, layout)
}

/// Whether the body's namespace should be added. Where the arguments look at all namespaces it
/// would be wrong, and the default one must not override a namespace that they name.
fn is_wanted(namespace: &str, args: &[String], extra: &[String]) -> bool {
    let without: Vec<String> = args.iter().chain(extra).cloned().collect();
    match kubectl::parse(&without).as_ref().map(kubectl::Command::namespace) {
        Ok(NamespaceScope::All) => false,
        Ok(NamespaceScope::Named(_)) => namespace != DEFAULT_NAMESPACE,
        // A command that is refused without it is refused with it.
        Ok(NamespaceScope::Default) | Err(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(kind: CommandType, args: &[&str], namespace: Option<&str>, extra: &[&str]) -> (String, Layout) {
        let owned = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
        let (argv, layout) = build(kind, owned(args), namespace.map(str::to_owned), owned(extra));
        (argv.join(" "), layout)
    }

    fn argv(kind: CommandType, args: &[&str], namespace: Option<&str>, extra: &[&str]) -> String {
        built(kind, args, namespace, extra).0
    }

    #[test]
    fn the_vector_is_verb_args_namespace_extra() {
        let get = |namespace| argv(CommandType::Get, &["pods"], namespace, &["-o", "json"]);
        assert_eq!(get(Some("web")), "get pods -n web -o json");
        assert_eq!(get(Some("default")), "get pods -n default -o json");
        assert_eq!((get(None), get(Some(""))), ("get pods -o json".into(), "get pods -o json".into()));
    }

    #[test]
    fn a_namespace_is_not_added_where_it_would_be_wrong() {
        for (kind, args, expected) in [
            (CommandType::Version, &[][..], "version"),
            (CommandType::ApiResources, &["--namespaced=true"], "api-resources --namespaced=true"),
            (CommandType::ApiVersions, &[], "api-versions"),
            (CommandType::Explain, &["pods"], "explain pods"),
            (CommandType::ClusterInfo, &[], "cluster-info"),
            (CommandType::Get, &["pods", "-A"], "get pods -A"),
            (CommandType::Get, &["pods", "--all-namespaces"], "get pods --all-namespaces"),
            (CommandType::Get, &["pods", "-n", "web"], "get pods -n web"),
            (CommandType::Get, &["pods", "-nweb"], "get pods -nweb"),
        ] {
            assert_eq!(argv(kind, args, Some(DEFAULT_NAMESPACE), &[]), expected);
        }
        assert_eq!(argv(CommandType::Get, &["pods"], Some("web"), &["-A"]), "get pods -A");
    }

    #[test]
    fn a_namespace_of_the_body_wins_over_one_in_the_arguments() {
        assert_eq!(argv(CommandType::Get, &["pods", "-n", "a"], Some("b"), &[]), "get pods -n a -n b");
    }

    #[test]
    fn an_error_is_blamed_on_the_field_it_came_from() {
        let (_, layout) = built(CommandType::Get, &["pods", "x"], Some("web"), &["-o", "json"]);
        let fields: Vec<String> = (0..7).map(|index| layout.field(index)).collect();
        let expected = [
            "body.command_type",
            "body.args[0]",
            "body.args[1]",
            "body.namespace",
            "body.namespace",
            "body.extra_args[0]",
            "body.extra_args[1]",
        ];
        assert_eq!(fields, expected);
    }
}
