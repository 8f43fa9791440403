//! `docs/grammar.md` says what the grammar does: its tables come from the grammar. `UPDATE_DOCS=1` writes them.

use std::{fmt::Write, path::Path};

use kubently_core::{
    kubectl::{FlagUse, MAX_ARGUMENT_BYTES, MAX_ARGUMENTS, MAX_COMMAND_BYTES, Verb, flag_uses},
    refusal::Rule,
};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/grammar.md");
const START: &str = "<!-- generated: UPDATE_DOCS=1 cargo test -p kubently-core --test grammar docs -->\n";
const END: &str = "<!-- end of what is generated -->\n";

#[test]
fn the_document_says_what_the_grammar_does() {
    let document = std::fs::read_to_string(FILE).unwrap();
    let (before, rest) = document.split_once(START).expect("the start of the generated part");
    let (_, after) = rest.split_once(END).expect("the end of the generated part");
    let expected = format!("{before}{START}\n{}\n{END}{after}", generated());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(Path::new(FILE), &expected).unwrap();
    } else {
        assert!(
            document == expected,
            "docs/grammar.md is old; UPDATE_DOCS=1 cargo test -p kubently-core --test grammar docs"
        );
    }
}

fn generated() -> String {
    let mut text = String::from("| verb | flags |\n|---|---|\n");
    let verbs = Verb::ALL.map(|verb| (format!("`{}`", verb.as_str()), flag_uses(Some(verb))));
    for (verb, flags) in verbs.into_iter().chain([("all verbs".to_owned(), flag_uses(None))]) {
        let _ = writeln!(text, "| {verb} | {} |", cell(&flags));
    }
    let _ = writeln!(
        text,
        "\nAt most {MAX_ARGUMENTS} arguments, {MAX_ARGUMENT_BYTES} bytes in one and {MAX_COMMAND_BYTES} in all.\n"
    );
    text.push_str("| rule | refuses |\n|---|---|\n");
    for rule in Rule::ALL {
        let _ = writeln!(text, "| `{}` | {} |", rule.as_str(), meaning(*rule));
    }
    text
}

fn cell(flags: &[FlagUse]) -> String {
    let flags: Vec<_> = flags.iter().map(describe).collect();
    if flags.is_empty() { "none of its own".to_owned() } else { flags.join(", ") }
}

fn describe(flag: &FlagUse) -> String {
    let short = flag.short.map(|short| format!("-{short}, ")).unwrap_or_default();
    let value = flag.value.map(|value| format!("={}", value.to_uppercase().replace(' ', "-"))).unwrap_or_default();
    let dots = if flag.adds_up { "…" } else { "" };
    format!("`{short}--{}{value}{dots}`", flag.long)
}

/// What a rule is about, for people; closed, so that a new rule is described.
const fn meaning(rule: Rule) -> &'static str {
    match rule {
        Rule::EmptyCommand => "no verb",
        Rule::TooLong => "more arguments or bytes than are read",
        Rule::ControlCharacter => "NUL, control characters, characters that are invisible or reorder text",
        Rule::UnknownVerb => "no verb of kubectl; kubectl would look for a plugin",
        Rule::VerbNotAllowed => "a verb or subcommand that changes something, or that this policy leaves out",
        Rule::BadFlagSyntax => "`---x`, `--=x`, `--` in front of the verb",
        Rule::UnknownFlag => "a flag that the verb does not have",
        Rule::DeniedFlag => {
            "a flag that changes who asks, which server is asked, what files are read or written, or what is logged"
        }
        Rule::MissingValue => "a flag without its value",
        Rule::FlagLikeValue => "a value that starts with a dash: a flag hidden as a value",
        Rule::InvalidValue => "a value that the flag does not take",
        Rule::FileOutput => "`-o` with a template from a file",
        Rule::InvalidNamespace => "a namespace that is no DNS label",
        Rule::InvalidResource => "what cannot be a resource type",
        Rule::InvalidName => "what cannot be an object's name",
        Rule::MissingArgument => "an argument is missing",
        Rule::UnexpectedArgument => "an argument too many",
        Rule::ConflictingArguments => "arguments that exclude each other",
        Rule::StreamingNotRequested => "`-f` and `-w` outside of a streaming request (policy)",
        Rule::RestrictedResource => "a resource whose content is not shown (policy)",
        Rule::ResourceNotAllowed => "a resource that is not among those allowed (policy)",
        Rule::NamespaceNotAllowed => "a namespace that is not among those allowed (policy)",
        Rule::ClusterScopeNotAllowed => "a resource without a namespace where namespaces are limited (policy)",
        Rule::FlagNotAllowed => "a flag that this policy leaves out",
    }
}
