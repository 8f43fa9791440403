use super::*;

fn refused(text: &str) -> String {
    read(text).err().map_or_else(|| panic!("taken: {text}"), |invalid| invalid.to_string())
}

#[test]
fn every_field_becomes_its_setting() {
    let policy = read(
        "mode: extendedReadOnly\nverbs: [get, top pod]\nresources: {allow: [po, deployments.apps], deny: [cm]}\n\
         namespaces: {allow: [shop, team-*], deny: [team-x], allNamespaces: true, clusterScoped: true, \
         namespacedTypes: [widgets.example.com]}\nflags: {deny: [follow, --watch]}\nsecrets: redact\n\
         redaction: {envNamePatterns: ['*DSN*']}\n",
    );
    let types = |texts: &[&str]| texts.iter().map(|text| ResourceType::parse(text).unwrap()).collect();
    let patterns = |texts: &[&str]| texts.iter().map(|text| NamespacePattern::parse(text).unwrap()).collect();
    let expected = Policy::new(Mode::ExtendedReadOnly)
        .with_allowed_verbs(vec![Verb::Get, Verb::TopPod])
        .with_allowed_resources(types(&["po", "deployments.apps"]))
        .with_denied_resources(types(&["cm"]))
        .with_namespaces(NamespaceRules {
            allowed: Some(patterns(&["shop", "team-*"])),
            denied: patterns(&["team-x"]),
            all_namespaces: true,
            cluster_scoped: true,
            namespaced_types: types(&["widgets.example.com"]),
        })
        .with_denied_flags(vec![FlagName::parse("follow").unwrap(), FlagName::parse("watch").unwrap()])
        .with_secrets(Secrets::Redact)
        .with_redaction(Redaction { enabled: true, env_name_patterns: vec!["*DSN*".to_owned()] });
    assert_eq!(policy, Ok(expected));
}

#[test]
fn what_is_not_said_is_the_built_in_policy() {
    for mode in Mode::ALL {
        assert_eq!(read(&format!("mode: {}", mode.as_str())), Ok(Policy::new(mode)));
    }
    assert_eq!(read("redaction: {enabled: false}").unwrap().redaction().env_name_patterns.len(), 9);
    assert_eq!(read("flags: {deny: []}\nresources: {deny: []}\nnamespaces: {deny: []}"), Ok(Policy::default()));
}

#[test]
fn what_is_wrong_is_said_with_its_place_and_its_rule() {
    for (text, said) in [
        ("mode: readonly", "mode (line 1): must be one of readOnly, extendedReadOnly, fullAccess; \"readonly\" is not"),
        ("verbs:\n- get\n- delete", "verbs[1] (line 3): must be one of get, describe,"),
        ("verbs: [top]", "verbs[0] (line 1): must be one of"),
        ("verbs: []", "verbs: must have 1 to 1000 entries; leave the field out to allow all"),
        ("namespaces:\n  allow:\n  - shop\n  - Shop", "namespaces.allow[1] (line 4): must be the name of a namespace"),
        ("namespaces: {allow: ['*']}", "namespaces.allow[0] (line 1): must be"),
        ("namespaces: {allow: []}", "namespaces.allow: must have 1"),
        ("resources: {allow: []}", "resources.allow: must have 1"),
        ("resources: {deny: [a b]}", "resources.deny[0] (line 1): must be a resource type"),
        ("flags: {deny: [f]}", "flags.deny[0] (line 1): must be the long name of a flag"),
        ("flags: {deny: [kubeconfig]}", "flags.deny[0] (line 1): must be the long name of a flag"),
        ("secrets: show", "secrets (line 1): must be one of deny, redact; \"show\" is not"),
        ("secrets: redact\nredaction: {enabled: false}", "secrets (line 1): \"redact\" needs redaction.enabled"),
        ("redaction: {envNamePatterns: ['']}", "redaction.envNamePatterns[0] (line 1): must be 1 to 128"),
        ("namespaces: {allNamespaces: false}", "namespaces.allNamespaces (line 1): counts only where"),
        ("namespaces: {clusterScoped: true, deny: []}", "namespaces.clusterScoped (line 1): counts only where"),
        ("namespaces: {namespacedTypes: [all]}", "namespaces.namespacedTypes (line 1): counts only where"),
    ] {
        let seen = refused(text);
        assert!(seen.starts_with(said), "{text}: {seen}");
    }
}

#[test]
fn names_and_shapes_are_strict() {
    for (text, said) in [
        ("mode: readOnly\nbogus: 1", "bogus (line 2): unknown field `bogus`, expected one of mode, verbs,"),
        ("namespaces:\n  alow: [x]", "namespaces.alow (line 2): unknown field `alow`, expected one of allow, deny"),
        ("Mode: readOnly", "Mode (line 1): unknown field"),
        ("mode: 1", "mode (line 1): The string value [1] must be quoted"),
        ("mode: [readOnly]", "mode (line 1): must be one value, not a list or a map"),
        ("mode:", "mode (line 1): must have a value, or be left out"),
        ("verbs:", "verbs (line 1): must be a list"),
        ("verbs: get", "verbs (line 1): must be a list"),
        ("verbs: [get, 1]", "verbs[1] (line 1): The string value [1] must be quoted"),
        ("verbs: [get, null]", "verbs[1] (line 1): must have a value"),
        ("namespaces: [a]", "namespaces (line 1): must be a map of fields"),
        ("namespaces:", "namespaces (line 1): must be a map of fields"),
        ("namespaces: {}", "namespaces: must have at least one field"),
        ("namespaces: {deny: [a], allNamespaces: yes}", "namespaces.allNamespaces (line 1): must be true or false"),
        ("namespaces: {deny: [a], allNamespaces: 'true'}", "namespaces.allNamespaces (line 1): must be true or false"),
        ("redaction: {enabled: [true]}", "redaction.enabled (line 1): must be true or false"),
        ("redaction: {enabled: }", "redaction.enabled (line 1): must be true or false"),
        ("mode: readOnly\nmode: readOnly", "the policy (line 2): duplicate mapping key: mode"),
        ("mode: readOnly\n---\nmode: readOnly", "the policy (line 3): must be one YAML document"),
        ("<<: {mode: readOnly}", "the policy (line 1): merge keys"),
        ("mode: !include /etc/passwd", "the policy (line 1): unsupported tag"),
        ("", "the policy: says nothing; \"mode: readOnly\" is the built-in policy"),
        ("# nothing", "the policy: says nothing"),
        ("{}", "the policy: says nothing"),
        ("- mode", "the policy (line 1): must be a map of fields"),
        ("\u{0}", "the policy (line 1): unexpected character"),
    ] {
        let seen = refused(text);
        assert!(seen.starts_with(said), "{text:?}: {seen}");
    }
}

#[test]
fn a_hostile_file_is_refused_in_few_words() {
    let bomb = format!("a: &a [{}]\nb: &b [{}]\nverbs: [{}]", "x,".repeat(500), "*a,".repeat(500), "*b,".repeat(500));
    let deep = format!("verbs: {}", "[".repeat(100_000));
    let long = format!("mode: \"{}\u{7}\"", "x".repeat(100_000));
    let many = format!("verbs: [{}]", "get,".repeat(1_001));
    for text in [bomb, deep, long, many] {
        let seen = refused(&text);
        assert!(seen.len() < 1_200 && !seen.contains(char::is_control), "{seen}");
    }
}
