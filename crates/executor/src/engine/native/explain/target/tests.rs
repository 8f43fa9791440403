use super::*;

fn shown(target: &Target) -> String {
    format!("{}/{} {} {}", target.group, target.version, target.plural, target.fields.join("|"))
}

#[test]
fn paths_mean_what_they_mean_in_kubectl() {
    let cases = [
        ("pod", "/v1 pods "),
        ("pods.", "/v1 pods "),
        ("PODS", "/v1 pods "),
        ("po.spec.containers", "/v1 pods spec|containers"),
        ("pods.spec", "/v1 pods spec"),
        ("deploy", "apps/v1 deployments "),
        ("deployments.apps", "apps/v1 deployments "),
        ("deployments.apps.spec", "apps/v1 deployments spec"),
        ("deployments.app.spec", "apps/v1 deployments app|spec"),
        // Only the full name has its group behind it.
        ("deploy.apps.spec", "apps/v1 deployments apps|spec"),
        ("deployment.apps.spec", "apps/v1 deployments apps|spec"),
        ("deployments.appsx.spec", "apps/v1 deployments spec"),
        // The core group's name is a part of every other one's.
        ("events.events.k8s.io.note", "/v1 events events|k8s|io|note"),
        ("podlist", "/v1 podlists "),
        ("list", "/v1 lists "),
        ("pods.1a", "/v1 pods 1a"),
        ("pod.-a", "/v1 pods -a"),
    ];
    for (path, expected) in cases {
        let found = find(&Catalog::sample(), path, false, |_| {}).unwrap_or_else(|error| panic!("{path}: {error:?}"));
        assert_eq!(shown(&found), expected, "{path}");
    }
    let found = find(&Catalog::sample(), "deployments.apps.spec", true, |_| {}).unwrap();
    assert_eq!(shown(&found), "apps/v1 deployments apps|spec");
}

#[test]
fn what_is_wrong_is_said_in_kubectls_words() {
    let field = |message: &str| NotFound::Field(message.to_owned());
    let cases = [
        ("foo.bar", NotFound::Resource("the server doesn't have a resource type \"foo\"".to_owned())),
        ("PO", NotFound::Resource("the server doesn't have a resource type \"PO\"".to_owned())),
        ("foo.$bar", NotFound::Resource("the server doesn't have a resource type \"foo\"".to_owned())),
        ("pods.$x", field(INVALID_FIRST)),
        ("pods.-a", field("cannot parse number -")),
        ("pods.-1", field(INVALID_FIRST)),
    ];
    for (path, expected) in cases {
        assert_eq!(find(&Catalog::sample(), path, false, |_| {}), Err(expected), "{path}");
    }
    assert_eq!(find(&Catalog::sample(), "pods.$x", true, |_| {}), Err(field(INVALID_ANY)));
}

#[test]
fn a_short_name_of_several_types_is_warned_of() {
    let mut warnings = Vec::new();
    let found = find(&Catalog::sample(), "ev", false, |warning| warnings.push(warning)).unwrap();
    assert_eq!(shown(&found), "/v1 events ");
    assert_eq!(warnings, ["short name \"ev\" could also match lower priority resource events.events.k8s.io"]);
    find(&Catalog::sample(), "deploy", false, |warning| panic!("{warning}")).unwrap();
}

#[test]
fn versions_are_set() {
    let mut target = find(&Catalog::sample(), "pod", true, |_| {}).unwrap();
    target.set_version("apps/v7").unwrap();
    assert_eq!(shown(&target), "apps/v7 pods ");
    target.set_version("v2").unwrap();
    assert_eq!(shown(&target), "/v2 pods ");
    assert_eq!(target.set_version("a/b/c"), Err("unexpected GroupVersion string: a/b/c".to_owned()));
}
