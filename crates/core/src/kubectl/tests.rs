use std::time::Duration;

use super::{
    flags::{Flag, Kind},
    *,
};

fn parse_line(line: &str) -> Result<Command, Refusal> {
    parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
}

fn rebuilt(line: &str) -> String {
    parse_line(line).unwrap().argv().join(" ")
}

fn rule(line: &str) -> Rule {
    parse_line(line).unwrap_err().rule
}

#[test]
fn every_spelling_of_a_flag_means_the_same() {
    for line in [
        "get pods -n shop",
        "kubectl get pods -nshop",
        "get pods -n=shop",
        "get pods --namespace shop",
        "get --namespace=shop pods",
        "-n shop get pods",
        "get -n other pods -n shop",
        "get -n shop -- pods",
    ] {
        assert_eq!(rebuilt(line), "get pods --namespace=shop", "{line}");
    }
}

#[test]
fn booleans_group_and_take_values_only_with_an_equals_sign() {
    assert_eq!(rebuilt("get pods -Aw"), "get pods --watch=true --all-namespaces=true");
    assert_eq!(rebuilt("get pods -Aojson"), "get pods --output=json --all-namespaces=true");
    assert_eq!(rebuilt("get pods -A=false"), "get pods");
    assert_eq!(rebuilt("get pods --show-labels false"), "get pods false --show-labels=true");
    assert_eq!(rebuilt("get pods --show_labels"), "get pods --show-labels=true");
    assert_eq!(rule("get pods -A="), Rule::UnknownFlag);
    assert_eq!(rule("get pods -Af"), Rule::DeniedFlag);
    assert_eq!(rule("get pods -n"), Rule::MissingValue);
}

#[test]
fn flags_in_front_of_the_verb_are_read_as_cobra_does() {
    for (line, same) in [
        ("-owide get pods", "get pods --output=wide"),
        ("-Aw get pods", "get pods --watch=true --all-namespaces=true"),
        ("--watch=true get pods -w=false", "get pods"),
        ("-Anfoo -n bar get pods -A=0", "get pods --namespace=bar"),
        (
            "--disable-compression --match_server_version get pods",
            "get pods --disable-compression=true --match-server-version=true",
        ),
        ("rollout --watch=false status deploy/x", "rollout status deploy/x --watch=false"),
        ("-n=shop -l=app=x logs", "logs --selector=app=x --namespace=shop"),
    ] {
        assert_eq!(rebuilt(line), same, "{line}");
    }
    assert_eq!(rule("-An get shop pods"), Rule::MissingValue);
    assert_eq!(rule("-w get pods"), Rule::UnknownFlag);
    assert_eq!(rule("--watch get pods"), Rule::UnknownFlag);
    assert_eq!(rule("--as=x get pods"), Rule::DeniedFlag);
    assert_eq!(rule("-As=x get pods"), Rule::DeniedFlag);
    assert_eq!(rule("-shttps://x get pods"), Rule::DeniedFlag);
    assert_eq!(rule("--=x get pods"), Rule::BadFlagSyntax);
    assert_eq!(rule("--tail=1 get pods"), Rule::UnknownFlag);
}

#[test]
fn a_near_flag_is_named() {
    let message = |line| parse_line(line).unwrap_err().message;
    assert!(message("get pods --namespac=x").ends_with("did you mean --namespace?"));
    assert!(message("get pods --all-namespace").ends_with("did you mean --all-namespaces?"));
    assert!(!message("get pods --token=x").contains("did you mean"));
    assert!(!message("get pods --zzz").contains("did you mean"));
}

#[test]
fn words_that_look_like_flags_are_refused() {
    assert_eq!(rule("get pods ---x"), Rule::BadFlagSyntax);
    assert_eq!(rule("get pods --=x"), Rule::BadFlagSyntax);
    assert_eq!(rule("-- get pods"), Rule::BadFlagSyntax);
    assert_eq!(rule("get pods -- -w"), Rule::InvalidName);
    assert_eq!(rule("get pods -"), Rule::InvalidName);
    assert_eq!(rule("get -"), Rule::InvalidResource);
    assert_eq!(rule("get pods --help"), Rule::UnknownFlag);
    assert_eq!(rule("-A get pods"), Rule::UnknownFlag);
    assert_eq!(rule(""), Rule::EmptyCommand);
    assert_eq!(rule("kubectl"), Rule::EmptyCommand);
}

#[test]
fn subcommands_are_found_as_cobra_finds_them() {
    assert_eq!(rule("rollout -n history restart deploy/x"), Rule::VerbNotAllowed);
    assert_eq!(rule("rollout -n status"), Rule::MissingArgument);
    assert_eq!(rebuilt("rollout -n prod history deploy/x"), "rollout history deploy/x --namespace=prod");
    assert_eq!(rebuilt("top po"), "top pod");
    assert_eq!(rule("cluster-info dump"), Rule::VerbNotAllowed);
}

#[test]
fn resources_keep_their_shape() {
    assert_eq!(rebuilt("get deploy,svc web api"), "get deploy/web deploy/api svc/web svc/api");
    assert_eq!(rebuilt("get deployments.v1.apps web"), "get deployments.v1.apps web");
    assert_eq!(rebuilt("get pods,svc"), "get pods,svc");
    assert_eq!(rebuilt("get pods,svc,pods"), "get pods,svc");
    assert_eq!(rebuilt("get pods,pods web"), "get pods web");
    for line in ["get pods,", "get ,", "get a..b", "get pods;svc", "get ../x", "get p_d"] {
        assert_eq!(rule(line), Rule::InvalidResource, "{line}");
    }
    assert_eq!(rule(&format!("get {}", ["abcdefg"; 32].join("."))), Rule::InvalidResource);
    assert_eq!(rule("get pods/a/b"), Rule::InvalidName);
    assert_eq!(rule("get pods secrets/foo"), Rule::InvalidResource);
    assert_eq!(rule("get"), Rule::MissingArgument);
}

#[test]
fn what_was_typed_shorter_than_it_is_rebuilt_is_bounded_too() {
    let many = |count: usize, prefix: &str| (0..count).map(|at| format!("{prefix}{at}")).collect::<Vec<_>>();
    assert_eq!(rule(&format!("get {}", many(65, "a").join(","))), Rule::TooLong);
    assert_eq!(rule(&format!("get {} {}", many(33, "a").join(","), many(2, "x").join(" "))), Rule::TooLong);
    assert_eq!(rebuilt(&format!("get {} {}", many(31, "a").join(","), many(2, "x").join(" "))).split(' ').count(), 63);
    assert_eq!(rule(&format!("get pods {} -Aw", many(61, "x").join(" "))), Rule::TooLong);
    let refusal = parse_line(&format!("get pods -ojsonpath={}", "x".repeat(MAX_ARGUMENT_BYTES - 11))).unwrap_err();
    assert_eq!((refusal.rule, refusal.index), (Rule::TooLong, None));
}

#[test]
fn types_know_their_version_and_group() {
    let split = |text: &str| {
        let resource = ResourceType::parse(text).unwrap();
        (resource.canonical(), resource.version(), resource.group())
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(split("Deploy"), ("deployments".to_owned(), None, None));
    assert_eq!(split("deployments.v1.apps"), ("deployments".to_owned(), some("v1"), some("apps")));
    assert_eq!(split("databases.db.example.com"), ("databases".to_owned(), None, some("db.example.com")));
    assert_eq!(split("secret.v1."), ("secrets".to_owned(), some("v1"), some("")));
}

#[test]
fn logs_are_typed() {
    let Ok(Command::Logs(logs)) = parse_line("logs deploy/web app --since 1h --tail -1 -p") else { panic!() };
    assert_eq!(logs.target.resource().map(ResourceType::as_str), Some("deploy"));
    assert_eq!(logs.container.as_deref(), Some("app"));
    assert_eq!((logs.since, logs.tail, logs.previous), (Some(Duration::from_secs(3600)), Some(-1), true));
    assert_eq!(rule("logs"), Rule::MissingArgument);
    assert_eq!(rule("logs x -l a=b"), Rule::ConflictingArguments);
    assert_eq!(rule("logs x a -c b"), Rule::ConflictingArguments);
    assert_eq!(rule("logs x a b"), Rule::UnexpectedArgument);
}

#[test]
fn only_harmless_subresources_are_read() {
    assert_eq!(rebuilt("get deploy web --subresource scale"), "get deploy web --subresource=scale");
    assert_eq!(rule("get nodes/a --subresource=proxy"), Rule::InvalidValue);
}

#[test]
fn lists_add_up_and_the_rest_is_replaced() {
    assert_eq!(rebuilt("get pods -L a,b -L c -o wide -o json"), "get pods --output=json --label-columns=a,b,c");
    // A value that a later one replaces is checked all the same.
    assert_eq!(rule("get pods -o jsonpath-file=/x -o json"), Rule::FileOutput);
}

#[test]
fn access_questions_are_data() {
    assert_eq!(rebuilt("auth can-i delete pods/web -q"), "auth can-i delete pods/web --quiet=true");
    assert_eq!(rebuilt("auth can-i * *"), "auth can-i * *");
    assert_eq!(rebuilt("auth can-i get /logs/"), "auth can-i get /logs/");
    assert_eq!(rebuilt("auth can-i use-proxy *.apps/web"), "auth can-i use-proxy *.apps/web");
    assert_eq!(rule("auth can-i get *."), Rule::InvalidResource);
    assert_eq!(rule("get *.apps"), Rule::InvalidResource);
    assert_eq!(rule("auth can-i get /../x"), Rule::InvalidName);
    assert_eq!(rule("auth can-i get"), Rule::MissingArgument);
    assert_eq!(rule("auth can-i --list pods"), Rule::UnexpectedArgument);
}

#[test]
fn a_refusal_points_at_the_argument_and_hides_values() {
    let refusal = parse_line("kubectl get pods --token=hunter2").unwrap_err();
    assert_eq!((refusal.rule, refusal.index), (Rule::DeniedFlag, Some(3)));
    assert_eq!(refusal.argument.as_deref(), Some("--token"));
    assert!(!refusal.to_string().contains("hunter2"));
    let refusal = parse_line("get pods --sort-by --token=hunter2").unwrap_err();
    assert!(!refusal.to_string().contains("hunter2"));
    let refusal = parse_line("rollout -n restart restart x").unwrap_err();
    assert_eq!(refusal.index, Some(3));
}

#[test]
fn flag_names_are_sorted_and_distinct() {
    let names = flag_names(&[Verb::Version, Verb::Get]);
    assert!(names.is_sorted_by(|a, b| a < b));
    assert!(names.contains(&"--client".to_owned()) && !names.contains(&"--tail".to_owned()));
}

/// A command of `verb` that is whole without flags.
fn whole(verb: Verb) -> &'static str {
    match verb {
        Verb::Get => "get pods",
        Verb::Describe => "describe pods",
        Verb::Logs => "logs web",
        Verb::Explain => "explain pods",
        Verb::AuthCanI => "auth can-i list pods",
        Verb::RolloutStatus => "rollout status deploy/web",
        Verb::RolloutHistory => "rollout history deploy/web",
        other => other.as_str(),
    }
}

/// A value of `flag` that is not its default, as it is rebuilt.
fn sample(flag: Flag, by_default: Option<bool>) -> String {
    match flag.kind() {
        Kind::Bool => (!by_default.unwrap_or(false)).to_string(),
        Kind::Int(..) | Kind::Verbosity => "3".to_owned(),
        Kind::Duration | Kind::Timeout => "7s".to_owned(),
        Kind::Namespace | Kind::Name => "shop".to_owned(),
        Kind::Object => "pod/web".to_owned(),
        Kind::Word if flag == Flag::Subresource => "status".to_owned(),
        Kind::Word | Kind::Text => "word".to_owned(),
        Kind::List => "a,b".to_owned(),
        Kind::Output => "json".to_owned(),
        Kind::Time => "2026-01-31T10:00:00Z".to_owned(),
    }
}

/// The booleans that are on when nobody says anything (kubectl 1.33 `--help`).
fn default_of(verb: Verb, flag: Flag) -> Option<bool> {
    let on = [Flag::AllowMissingTemplateKeys, Flag::ServerPrint, Flag::ShowEvents, Flag::UseProtocolBuffers];
    Some(on.contains(&flag) || (verb, flag) == (Verb::RolloutStatus, Flag::Watch))
}

#[test]
fn every_flag_of_every_verb_comes_through() {
    for verb in Verb::ALL {
        for flag in flags::of_verb(verb).iter().chain(flags::GLOBAL).copied() {
            let word = format!("--{}={}", flag.long(), sample(flag, default_of(verb, flag)));
            let base = match flag {
                Flag::List => "auth can-i",
                Flag::Selector if matches!(verb, Verb::Logs) => "logs",
                _ => whole(verb),
            };
            assert!(rebuilt(&format!("{base} {word}")).split(' ').any(|w| w == word), "{base} {word}");
            if let Some(on) = default_of(verb, flag).filter(|_| flag.kind() == Kind::Bool && flag != Flag::Namespaced) {
                let restated = format!("{base} --{}={on}", flag.long());
                let plain = if flag == Flag::List { continue } else { whole(verb) };
                assert_eq!(rebuilt(&restated), rebuilt(plain), "{restated}");
            }
        }
    }
}
