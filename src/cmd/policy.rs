//! `kubently policy`: what a policy file would let through, without a server or a cluster.

use std::path::PathBuf;

use anyhow::Context as _;
use kubently_core::policy::{Context, Policy};
use kubently_proto::{convert::judgement::judgement_to_wire, v1::CheckCommandResponse};

use crate::{
    args::{
        client::Format,
        policy::{JudgeArgs, JudgeVerb},
    },
    exit,
    output::{self, Output, Table},
};

/// 1 is an answer here, so whatever goes wrong is another number.
pub(super) async fn run(args: &JudgeArgs, output: &mut Output) -> anyhow::Result<u8> {
    match answer(args, output).await {
        Err(error) if !output::is_broken_pipe(&error) => {
            output.failure(&error);
            Ok(exit::NOT_JUDGED)
        }
        answer => answer,
    }
}

async fn answer(args: &JudgeArgs, output: &mut Output) -> anyhow::Result<u8> {
    let format = args.data.format;
    match &args.verb {
        JudgeVerb::Check { policy_file, namespace_default, argv } => {
            let policy = policy(policy_file.as_ref()).await?;
            check(&policy, namespace_default, argv, format, output)
        }
        JudgeVerb::Schema => schema(format, output),
    }
}

async fn policy(file: Option<&PathBuf>) -> anyhow::Result<Policy> {
    match file {
        Some(file) => Ok(kubently_policy::load(file).await?),
        None => Ok(Policy::default()),
    }
}

/// Judges as an executor would. What follows or watches counts as streamed, because `kubently exec` streams it.
fn check(policy: &Policy, namespace: &str, argv: &[String], format: Format, output: &mut Output) -> anyhow::Result<u8> {
    let judgement = policy.judge(argv, Context { streaming: true, default_namespace: Some(namespace) });
    output.show(format, &judgement_to_wire(&judgement), table)?;
    Ok(if judgement.is_allowed() { exit::OK } else { exit::REFUSED })
}

fn table(answer: &CheckCommandResponse) -> Table {
    let decision = if answer.allowed { "allowed" } else { "refused" };
    let rows = [
        ("decision", decision.to_owned()),
        ("rule", answer.rule.clone()),
        ("setting", answer.setting.clone()),
        ("argument", answer.argument.clone()),
        ("reason", answer.message.clone()),
        ("allowed is", answer.alternatives.clone()),
        ("command", answer.argv.join(" ")),
    ];
    let said = rows.into_iter().filter(|(_, value)| !value.is_empty());
    Table::of(["WHAT", "VALUE"], said.map(|(what, value)| [what.to_owned(), value]))
}

fn schema(format: Format, output: &mut Output) -> anyhow::Result<u8> {
    if format == Format::Yaml {
        let schema: serde_json::Value = serde_json::from_str(kubently_policy::SCHEMA).context("read the schema")?;
        output.document(format, &schema)?;
    } else {
        output.data(kubently_policy::SCHEMA.as_bytes())?;
    }
    Ok(exit::OK)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        args::{Command, tests::parsed},
        output::tests::kept,
    };

    async fn ran(line: &[&str]) -> (u8, String, String) {
        let Command::Policy(args) = parsed(&[&["policy"], line].concat()).unwrap().command else {
            panic!("not policy")
        };
        let (mut output, data, messages) = kept();
        let code = run(&args, &mut output).await.unwrap();
        (code, data.text(), messages.text())
    }

    #[tokio::test]
    async fn an_allowed_command_prints_its_vector() {
        let (code, data, _) = ran(&["check", "--", "logs", "x", "-fn", "shop"]).await;
        assert_eq!(code, 0);
        assert_eq!(data, "WHAT       VALUE\ndecision   allowed\ncommand    logs x --follow=true --namespace=shop\n");
    }

    #[tokio::test]
    async fn a_refused_command_prints_why_and_what_would_do() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("policy.yaml");
        std::fs::write(&file, "namespaces: {allow: [shop]}").unwrap();
        let file = file.to_str().unwrap();
        let (code, data, _) = ran(&["check", "--policy-file", file, "--", "get", "pods"]).await;
        assert_eq!(code, 1);
        for said in
            ["refused", "namespace-not-allowed", "namespaces.allow", "default", "-n with one of: shop", "get pods"]
        {
            assert!(data.contains(said), "{said} in {data}");
        }
        let shop = ["check", "--policy-file", file, "--namespace-default", "shop", "--", "get", "pods"];
        assert_eq!(ran(&shop).await.0, 0);
        let (code, data, _) = ran(&["check", "-o", "json", "--", "delete", "pod", "x"]).await;
        let answer: serde_json::Value = serde_json::from_str(&data).unwrap();
        assert_eq!((code, answer["rule"].as_str()), (1, Some("verb-not-allowed")));
        let (_, data, _) = ran(&["check", "-o", "yaml", "--", "get", "secrets"]).await;
        assert!(data.contains("rule: restricted-resource") && data.contains("setting: secrets"), "{data}");
    }

    #[tokio::test]
    async fn a_bad_file_is_no_refusal() {
        let (code, data, messages) = ran(&["check", "--policy-file", "/nonexistent", "--", "get", "pods"]).await;
        assert_eq!((code, data.as_str()), (2, ""));
        assert!(messages.starts_with("error: policy file /nonexistent: "), "{messages}");
    }

    #[tokio::test]
    async fn the_schema_is_printed() {
        let (code, data, _) = ran(&["schema"]).await;
        assert_eq!((code, data.as_str()), (0, kubently_policy::SCHEMA));
        assert!(ran(&["schema", "-o", "yaml"]).await.1.contains("title: Kubently policy"));
    }
}
