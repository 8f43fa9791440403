//! Each setting of a policy by itself, with the setting that decides.

use super::*;

fn types(texts: &[&str]) -> Vec<ResourceType> {
    texts.iter().map(|text| ResourceType::parse(text).unwrap()).collect()
}

fn patterns(texts: &[&str]) -> Vec<NamespacePattern> {
    texts.iter().map(|text| NamespacePattern::parse(text).unwrap()).collect()
}

fn showing(rules: NamespaceRules) -> Policy {
    Policy::default().with_namespaces(rules)
}

fn only(texts: &[&str]) -> NamespaceRules {
    NamespaceRules { allowed: Some(patterns(texts)), ..NamespaceRules::default() }
}

/// The setting that refuses `line` where commands without `-n` look at `default`.
fn refused_in(policy: &Policy, line: &str, default: Option<&str>) -> Option<(Setting, Rule)> {
    let argv: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    let command = kubectl::parse(&argv).unwrap();
    let context = Context { streaming: true, default_namespace: default };
    let decision = policy.explain(&command, context);
    assert_eq!(decision.is_allowed(), policy.check(&command, context).is_ok(), "{line}");
    match decision {
        Decision::Allowed => None,
        Decision::Refused { setting, refusal } => {
            assert!(refusal.argument.is_some() && !refusal.allowed.is_empty(), "{line}: {refusal}");
            Some((setting, refusal.rule))
        }
    }
}

fn refused(policy: &Policy, line: &str) -> Option<(Setting, Rule)> {
    refused_in(policy, line, Some("default"))
}

#[test]
fn only_allowed_namespaces_are_shown() {
    let policy = showing(only(&["shop", "team-*"]));
    for line in
        ["get pods -n shop", "logs x -n team-a", "describe deploy/x -n shop", "top pod -n shop", "events -n shop"]
    {
        assert_eq!(refused(&policy, line), None, "{line}");
    }
    let named = Some((Setting::AllowedNamespaces, Rule::NamespaceNotAllowed));
    for line in ["get pods -n kube-system", "get pods -nteam", "logs x", "get secret-less -n x", "cluster-info"] {
        let seen = refused(&showing(NamespaceRules { cluster_scoped: true, ..only(&["shop", "team-*"]) }), line);
        assert_eq!(seen, named, "{line}");
    }
    for line in ["get pods -A", "events -A", "top pods -A", "get pods -n shop -A"] {
        assert_eq!(refused(&policy, line), Some((Setting::AllNamespaces, Rule::NamespaceNotAllowed)), "{line}");
    }
    assert_eq!(refused(&showing(NamespaceRules { all_namespaces: true, ..only(&["shop"]) }), "get pods -A"), None);
}

#[test]
fn a_denied_namespace_is_not_shown_whatever_is_allowed() {
    let denied = NamespaceRules { denied: patterns(&["kube-*"]), ..NamespaceRules::default() };
    let expected = Some((Setting::DeniedNamespaces, Rule::NamespaceNotAllowed));
    assert_eq!(refused(&showing(denied.clone()), "get pods -n kube-system"), expected);
    assert_eq!(refused(&showing(denied.clone()), "cluster-info"), expected);
    assert_eq!(refused(&showing(denied.clone()), "get pods -n shop"), None);
    assert!(refused(&showing(denied.clone()), "get pods -A").is_some());
    assert!(refused(&showing(denied), "get nodes").is_some());
    let both = NamespaceRules { denied: patterns(&["team-x"]), ..only(&["team-*"]) };
    assert_eq!(refused(&showing(both.clone()), "get pods -n team-x"), expected);
    assert_eq!(refused(&showing(both), "get pods -n team-a"), None);
}

#[test]
fn a_command_without_a_namespace_looks_at_the_executors_own() {
    let policy = showing(only(&["shop"]));
    assert_eq!(refused_in(&policy, "get pods", Some("shop")), None);
    let expected = Some((Setting::AllowedNamespaces, Rule::NamespaceNotAllowed));
    assert_eq!(refused_in(&policy, "get pods", Some("default")), expected);
    assert_eq!(refused_in(&policy, "get pods", None), expected);
    assert_eq!(refused_in(&Policy::default(), "get pods", None), None);
}

#[test]
fn what_is_in_no_namespace_needs_a_word_of_its_own() {
    let policy = showing(only(&["shop"]));
    for line in [
        "get nodes",
        "get no -n shop",
        "get pods,nodes -n shop",
        "get ns shop",
        "describe pv x",
        "top node",
        // What is not known may be in no namespace.
        "get widgets -n shop",
        "get services.serving.knative.dev -n shop",
        "get all -n shop",
    ] {
        assert_eq!(refused(&policy, line), Some((Setting::ClusterScoped, Rule::ClusterScopeNotAllowed)), "{line}");
    }
    let open = showing(NamespaceRules { cluster_scoped: true, ..only(&["shop"]) });
    for line in ["get nodes", "get nodes -A", "describe pv x", "top node", "get widgets -n shop", "get ns"] {
        assert_eq!(refused(&open, line), None, "{line}");
    }
    // Where something is in namespaces, these count as before.
    for line in ["get pods,nodes", "get widgets", "get widgets -A"] {
        assert!(refused(&open, line).is_some(), "{line}");
    }
    let told = NamespaceRules { namespaced_types: types(&["widgets.example.com", "all"]), ..only(&["shop"]) };
    for line in ["get widgets.example.com -n shop", "get all -n shop"] {
        assert_eq!(refused(&showing(told.clone()), line), None, "{line}");
    }
    assert!(refused(&showing(told), "get widgets -n shop").is_some());
}

#[test]
fn what_shows_no_object_has_no_namespace() {
    let policy = showing(only(&["shop"]));
    for line in ["explain nodes", "api-resources", "api-versions", "version", "auth whoami", "auth can-i --list -A"] {
        assert_eq!(refused_in(&policy, line, None), None, "{line}");
    }
}

#[test]
fn only_allowed_resources_are_shown() {
    let policy = Policy::default().with_allowed_resources(types(&["pods", "deploy", "secrets"]));
    for line in ["get po", "get deployments.apps/x", "logs deploy/x", "top pod", "explain nodes"] {
        assert_eq!(refused(&policy, line), None, "{line}");
    }
    for line in ["get svc", "get pods,svc", "events", "get all", "get widgets", "cluster-info", "logs job/x"] {
        assert_eq!(refused(&policy, line), Some((Setting::AllowedResources, Rule::ResourceNotAllowed)), "{line}");
    }
    // To be on the list is not enough for secrets.
    assert_eq!(refused(&policy, "get secrets"), Some((Setting::Secrets, Rule::RestrictedResource)));
    let all = Policy::default().with_allowed_resources(types(&["all"]));
    assert_eq!(refused(&all, "get all"), None);
    assert!(all.check_resource(&types(&["deployments.apps"])[0]).is_ok());
    assert!(all.check_resource(&types(&["widgets.example.com"])[0]).is_err());
}

#[test]
fn denied_resources_win_over_allowed_ones() {
    let policy =
        Policy::default().with_denied_resources(types(&["configmaps"])).with_allowed_resources(types(&["cm", "pods"]));
    assert_eq!(refused(&policy, "get cm"), Some((Setting::DeniedResources, Rule::RestrictedResource)));
    assert_eq!(refused(&policy, "get pods"), None);
    assert_eq!(policy.restricted_resources(), types(&["secrets", "configmaps"]));
    // The older word says all that is restricted.
    assert_eq!(restricting(&["configmaps"]).restricted_resources(), types(&["configmaps"]));
    assert_eq!(refused(&restricting(&[]), "get secrets"), None);
}

#[test]
fn denied_flags_are_refused_in_every_spelling() {
    let flags = ["follow", "all-namespaces", "container", "output"].map(|name| FlagName::parse(name).unwrap());
    let policy = Policy::default().with_denied_flags(flags.to_vec());
    for line in [
        "logs x -f",
        "logs x --follow",
        "logs x -pf",
        "logs x --follow=true",
        "get pods -A",
        "logs x -c y",
        "logs x y",
        "get pods -oyaml",
    ] {
        assert_eq!(refused(&policy, line), Some((Setting::DeniedFlags, Rule::FlagNotAllowed)), "{line}");
    }
    for line in ["logs x", "logs x --follow=false", "get pods -n shop", "get pods --output-watch-events -w"] {
        assert_eq!(refused(&policy, line), None, "{line}");
    }
    let allowed = policy.allowed_flags();
    assert!(!allowed.contains(&"--follow".to_owned()) && allowed.contains(&"--output-watch-events".to_owned()));
}

#[test]
fn secrets_pass_only_where_values_are_hidden() {
    let redacting = Policy::default().with_secrets(Secrets::Redact);
    for line in ["get secrets", "describe secret x", "get secret x -o yaml"] {
        assert_eq!(refused(&redacting, line), None, "{line}");
    }
    assert!(redacting.shows_secrets() && redacting.restricted_resources().is_empty());
    let off = redacting.with_redaction(Redaction { enabled: false, ..Redaction::default() });
    assert_eq!(refused(&off, "get secrets"), Some((Setting::Secrets, Rule::RestrictedResource)));
    assert_eq!(off.restricted_resources(), types(&["secrets"]));
}

#[test]
fn a_judgement_has_the_rebuilt_vector_where_there_is_one() {
    let judge = |line: &str| {
        let argv: Vec<String> = line.split(' ').map(str::to_owned).collect();
        Policy::default().judge(&argv, Context::default())
    };
    let allowed = judge("get po -nshop");
    assert!(allowed.is_allowed() && allowed.setting.is_none());
    assert_eq!(allowed.argv, ["get", "po", "--namespace=shop"]);
    let by_policy = judge("get secrets");
    assert_eq!((by_policy.setting, by_policy.argv.len()), (Some(Setting::Secrets), 2));
    let by_grammar = judge("get pods --token=x");
    assert_eq!((by_grammar.setting, by_grammar.argv), (None, vec![]));
    assert_eq!(by_grammar.refusal.unwrap().rule, Rule::DeniedFlag);
}
