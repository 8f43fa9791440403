use super::*;

/// With a type that is named like another one's short name, and one whose singular is not its kind.
fn catalog() -> Catalog {
    let po = Resource::sample("x.io", "v1", "po", "Po", "p");
    let mice = Resource { singular: "rodent".into(), ..Resource::sample("x.io", "v1", "mice", "Mouse", "mi") };
    let mut catalog = Catalog::sample();
    catalog.resources.extend([po, mice]);
    catalog
}

#[test]
fn names_mean_what_they_mean_in_kubectl() {
    let cases = [
        ("pods", "v1/pods"),
        ("Pod", "v1/pods"),
        ("PODS", "v1/pods"),
        ("pods.", "v1/pods"),
        ("pods.v1", "none"),
        ("pods.v1.", "v1/pods"),
        ("pods.v1beta1.", "metrics.k8s.io/v1beta1/pods"),
        ("pods.metrics", "metrics.k8s.io/v1beta1/pods"),
        ("pods.v1beta1.metrics", "none"),
        ("deploy", "apps/v1/deployments"),
        ("deploy.ap", "apps/v1/deployments"),
        ("deployments.v1beta1.apps", "apps/v1beta1/deployments"),
        // A short name stands for every version.
        ("deploy.v1beta1.apps", "apps/v1/deployments"),
        ("deployments.v1.", "apps/v1/deployments"),
        ("deployments.v2.apps", "none"),
        ("events", "v1/events"),
        ("events.events", "events.k8s.io/v1/events"),
        ("ev.events.k8s.io", "events.k8s.io/v1/events"),
        ("events.v1beta1.events.k8s.io", "events.k8s.io/v1beta1/events"),
        // Upper case is for full names and kinds.
        ("EV", "none"),
        ("Deployment.v1.apps", "apps/v1/deployments"),
        // A full name wins over an earlier group's short name.
        ("po", "x.io/v1/po"),
        ("mice", "x.io/v1/mice"),
        ("rodent", "x.io/v1/mice"),
        ("Mouse.x.io", "x.io/v1/mice"),
        ("mouse.v1.x.io", "x.io/v1/mice"),
        // A kind without its group is one of the core group.
        ("Mouse", "none"),
        ("pods.apps", "none"),
        ("foos", "none"),
    ];
    let catalog = catalog();
    for (asked, expected) in cases {
        let found = catalog.find(asked, |_| {});
        let found = found.map(|found| format!("{}/{}", found.api_version(), found.plural));
        assert_eq!(found.as_deref().unwrap_or("none"), expected, "{asked}");
    }
}

#[test]
fn what_a_short_name_could_also_mean_is_said() {
    let catalog = catalog();
    let warnings = |asked: &str| {
        let mut warnings = Vec::new();
        catalog.find(asked, |warning| warnings.push(warning));
        warnings
    };
    let other = ["short name \"ev\" could also match lower priority resource events.events.k8s.io"];
    for asked in ["ev", "ev.", "ev.v1."] {
        assert_eq!(warnings(asked), other, "{asked}");
    }
    for asked in ["events", "ev.events.k8s.io", "ev.events", "ev.v1.events.k8s.io", "deploy", "po", "EV"] {
        assert!(warnings(asked).is_empty(), "{asked}");
    }
    assert_eq!(catalog.expand_name("ev", |_| {}), ("events", ""));
    assert_eq!(catalog.expand_name("deploy", |_| {}), ("deployments", "apps"));
    assert_eq!(catalog.expand_name("Pods", |_| {}), ("Pods", ""));
}
