use super::*;
use crate::cluster::{MAX_REPORTED, MAX_REPORTED_FLAGS};

fn check(policy: &Policy, line: &str, streaming: bool) -> Result<(), Rule> {
    let argv: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    let command = kubectl::parse(&argv).unwrap();
    let context = Context { streaming, default_namespace: Some("default") };
    policy.check(&command, context).map_err(|refusal| refusal.rule)
}

fn restricting(types: &[&str]) -> Policy {
    let types = types.iter().map(|text| ResourceType::parse(text).unwrap()).collect();
    Policy::default().with_restricted_resources(types)
}

#[test]
fn secrets_are_restricted_in_every_spelling() {
    for line in [
        "get secrets",
        "get secret",
        "get SECRETS",
        "get Secret x",
        "get secrets.v1.",
        "get secret.v1. x",
        "get secrets.",
        "get secrets.v1",
        "get all,secrets",
        "get pods,secret",
        "get secret/x",
        "get pods/a secrets/x",
        "get pods,secrets x",
        "get -o yaml secrets",
        "get -A secrets",
        "get -o name secrets",
        "describe secret x",
        "describe pod/a secret/x",
        "rollout history secret/x",
        "logs secret/x",
    ] {
        for mode in Mode::ALL {
            assert_eq!(check(&Policy::new(mode), line, false), Err(Rule::RestrictedResource), "{line}");
        }
    }
}

#[test]
fn talking_about_secrets_is_fine() {
    for line in [
        "explain secret.data",
        "auth can-i get secrets",
        "events --for secret/x",
        "get all",
        "get sealedsecrets",
        "get externalsecrets.external-secrets.io",
        "get pod secrets",
        "describe sa default",
    ] {
        assert_eq!(check(&Policy::default(), line, false), Ok(()), "{line}");
    }
}

#[test]
fn streaming_needs_a_streaming_request() {
    for line in ["logs x -f", "logs x --follow=true", "get pods -w", "get pods --watch-only", "events -w"] {
        assert_eq!(check(&Policy::default(), line, false), Err(Rule::StreamingNotRequested), "{line}");
        assert_eq!(check(&Policy::default(), line, true), Ok(()), "{line}");
    }
    for line in ["get pods -w=false", "rollout status deploy/x -w", "logs x -f -f=false"] {
        assert_eq!(check(&Policy::default(), line, false), Ok(()), "{line}");
    }
}

#[test]
fn verbs_can_be_taken_away() {
    let policy = Policy::default().with_allowed_verbs(vec![Verb::Get]);
    assert_eq!(check(&policy, "get pods", false), Ok(()));
    assert_eq!(check(&policy, "describe pods", false), Err(Rule::VerbNotAllowed));
    assert!(!policy.allowed_flags().contains(&"--tail".to_owned()));
}

#[test]
fn all_is_restricted_with_what_it_holds() {
    assert_eq!(check(&restricting(&["po"]), "get all", false), Err(Rule::RestrictedResource));
    assert_eq!(check(&restricting(&["widgets.example.com"]), "get all", false), Err(Rule::RestrictedResource));
    assert_eq!(check(&restricting(&["configmaps", "secrets"]), "get all", false), Ok(()));
}

#[test]
fn implied_resources_count() {
    let policy = restricting(&["pods", "nodes", "events"]);
    for line in ["logs x", "logs deploy/x", "top pods", "top no", "events"] {
        assert_eq!(check(&policy, line, false), Err(Rule::RestrictedResource), "{line}");
    }
}

#[test]
fn groups_tell_namesakes_apart() {
    let policy = restricting(&["databases.db.example.com"]);
    assert_eq!(check(&policy, "get databases.v1.db.example.com", false), Err(Rule::RestrictedResource));
    assert_eq!(check(&policy, "get databases.db", false), Err(Rule::RestrictedResource));
    assert_eq!(check(&policy, "get databases", false), Err(Rule::RestrictedResource));
    assert_eq!(check(&policy, "get databases.other.example.com", false), Ok(()));
}

#[test]
fn a_report_fits() {
    let policy = Policy::default();
    assert!(policy.allowed_verbs().len() <= MAX_REPORTED);
    assert!(policy.restricted_resources().len() <= MAX_REPORTED);
    let flags = policy.allowed_flags();
    assert!(flags.len() <= MAX_REPORTED_FLAGS);
    assert!(flags.is_sorted() && flags.contains(&"--namespace".to_owned()));
}

mod rules;
