//! `auth can-i` and `auth whoami`: questions that the API answers without storing anything.

use kubently_core::kubectl::{
    AccessCheck, AccessTarget, AuthCanICommand, AuthWhoamiCommand, NamespaceScope, OutputFormat, ResourceType,
};
use kubently_render::{
    auth::{Format, answer, rules, whoami as identity},
    fields::Fields,
};
use serde_json::{Value, json};

use super::{
    Native,
    api::Api,
    catalog::Resource,
    fault::Fault,
    picked::{Picked, no_such_format},
};
use crate::{engine::Exit, runner::Output};

const REVIEWS: &str = "/apis/authorization.k8s.io/v1";
/// Verbs that resources are known to have.
const VERBS: [&str; 16] = [
    "get",
    "list",
    "watch",
    "create",
    "update",
    "patch",
    "delete",
    "deletecollection",
    "use",
    "bind",
    "impersonate",
    "*",
    "approve",
    "sign",
    "escalate",
    "attest",
];
/// The same for paths that are no resources.
const URL_VERBS: [&str; 8] = ["get", "put", "post", "head", "options", "delete", "patch", "*"];
/// What can be asked about although no server lists it.
const UNLISTED: [&str; 2] = ["users", "groups"];
/// The formats of `whoami`, as kubectl lists them.
const FORMATS: &str = "go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,name,template,\
    templatefile,yaml";
const NOT_ALLOWED: &str =
    "the selfsubjectreviews API is not enabled in the cluster or you do not have permission to call it";
const NOT_ENABLED: &str = "the selfsubjectreviews API is not enabled in the cluster\n\
    enable APISelfSubjectReview feature gate and authentication.k8s.io/v1alpha1 or authentication.k8s.io/v1beta1 API";

/// Asks, and prints the answer. A no is no failure of the command, but it has its exit code.
pub(super) async fn can_i(
    native: &Native,
    api: &Api<'_>,
    command: &AuthCanICommand,
    output: &Output,
) -> Result<Exit, Vec<Fault>> {
    let namespace = native.namespace(&command.common.namespace).unwrap_or_default();
    let AccessCheck::May { verb, target } = &command.check else {
        return list(api, command, namespace, output).await;
    };
    if command.no_headers {
        return Err(vec![Fault::Plain("--no-headers cannot be set without --list specified".to_owned())]);
    }
    let question = match target {
        AccessTarget::Url(path) => {
            if command.subresource.is_some() {
                return Err(vec![Fault::Plain("--subresource can not be used with NonResourceURL".to_owned())]);
            }
            warn_of_verb(verb, &URL_VERBS, output);
            json!({"nonResourceAttributes": {"verb": verb, "path": path}})
        }
        target => resource_question(native, api, command, (verb, target), output).await?,
    };
    let review = review("SelfSubjectAccessReview", &question);
    let status = api.ask(&format!("{REVIEWS}/selfsubjectaccessreviews"), &review).await?["status"].take();
    if !command.quiet {
        output.out(&answer(&status));
    }
    Ok(if status.is("allowed") { Exit::SUCCESS } else { Exit::FAILURE })
}

fn review(kind: &str, spec: &Value) -> Value {
    json!({"apiVersion": "authorization.k8s.io/v1", "kind": kind, "metadata": {"creationTimestamp": null}, "spec": spec})
}

async fn list(api: &Api<'_>, command: &AuthCanICommand, namespace: &str, output: &Output) -> Result<Exit, Vec<Fault>> {
    if command.quiet || command.subresource.is_some() || command.common.namespace == NamespaceScope::All {
        let message = "list option can't be specified with neither quiet, all-namespaces nor subresource options";
        return Err(vec![Fault::Plain(message.to_owned())]);
    }
    let review = review("SelfSubjectRulesReview", &json!({"namespace": namespace}));
    let answer = api.ask(&format!("{REVIEWS}/selfsubjectrulesreviews"), &review).await?;
    if answer.is("status.incomplete") {
        output.err(&format!("Warning: the list may be incomplete: {}\n", answer.text("status.evaluationError")));
    }
    output.out(&rules(&answer["status"], command.no_headers));
    Ok(Exit::SUCCESS)
}

async fn resource_question(
    native: &Native,
    api: &Api<'_>,
    command: &AuthCanICommand,
    (verb, target): (&str, &AccessTarget),
    output: &Output,
) -> Result<Value, Fault> {
    let namespace = native.namespace(&command.common.namespace).unwrap_or_default();
    let everywhere = command.common.namespace == NamespaceScope::All;
    let (group, plural, name) = match target {
        AccessTarget::Resource { resource, name } => {
            let known = known(native, api, resource, output).await?;
            if let Some(known) = known.as_ref().filter(|_| !everywhere) {
                warn_of_scope(known, output);
            }
            let asked = resource.as_str().to_owned();
            let (group, plural) = known.map_or((String::new(), asked), |known| (known.group, known.plural));
            (group, plural, name.clone())
        }
        _ => (String::new(), "*".to_owned(), None),
    };
    if !everywhere {
        warn_of_verb(verb, &VERBS, output);
    }
    let mut attributes = json!({"verb": verb, "resource": plural});
    let others = [
        ("namespace", namespace),
        ("group", group.as_str()),
        ("subresource", command.subresource.as_deref().unwrap_or_default()),
        ("name", name.as_deref().unwrap_or_default()),
    ];
    for (field, value) in others.into_iter().filter(|(_, value)| !value.is_empty()) {
        attributes[field] = value.into();
    }
    Ok(json!({"resourceAttributes": attributes}))
}

/// What a type is called here. One that nobody knows is asked about all the same: rights may name it.
async fn known(
    native: &Native,
    api: &Api<'_>,
    asked: &ResourceType,
    output: &Output,
) -> Result<Option<Resource>, Fault> {
    let catalog = native.discovery.catalog_with(api, std::slice::from_ref(asked)).await?;
    let lower = asked.as_str().to_ascii_lowercase();
    let found = catalog.find_named(&lower, |warning| api.warn(&warning)).cloned();
    if found.is_none() && !UNLISTED.contains(&lower.as_str()) {
        let (name, group) = lower.split_once('.').map_or((lower.as_str(), None), |(name, group)| (name, Some(group)));
        let group = group.map(|group| format!(" in group '{group}'")).unwrap_or_default();
        output.err(&format!("Warning: the server doesn't have a resource type '{name}'{group}\n\n"));
    }
    Ok(found)
}

/// The empty line is kubectl's.
fn warn_of_scope(resource: &Resource, output: &Output) {
    if resource.namespaced {
        return;
    }
    let group = if resource.group.is_empty() { String::new() } else { format!(" in group '{}'", resource.group) };
    output.err(&format!("Warning: resource '{}' is not namespace scoped{group}\n\n", resource.plural));
}

fn warn_of_verb(verb: &str, known: &[&str], output: &Output) {
    if !known.contains(&verb) {
        output.err(&format!("Warning: verb '{verb}' is not a known verb\n\n"));
    }
}

/// Prints who this executor is to the API server.
pub(super) async fn whoami(api: &Api<'_>, command: &AuthWhoamiCommand, output: &Output) -> Result<(), Vec<Fault>> {
    let form = form(command)?;
    let review = match ask_who(api).await {
        Err(Fault::Api(status)) if status.reason == "Forbidden" => return Err(vec![Fault::Plain(NOT_ALLOWED.into())]),
        Err(fault) if fault.is_not_found() => return Err(vec![Fault::Plain(NOT_ENABLED.into())]),
        asked => asked?,
    };
    let (text, fault) = match form {
        Form::Whole(format) => (identity(&review, format), None),
        Form::Picked(picked) => picked.print_typed(review),
    };
    output.out(&text);
    fault.map_or(Ok(()), |fault| Err(vec![fault]))
}

/// How an identity is printed.
enum Form {
    Whole(Format),
    Picked(Picked),
}

fn form(command: &AuthWhoamiCommand) -> Result<Form, Fault> {
    match &command.output {
        OutputFormat::Default => Ok(Form::Whole(Format::Table)),
        OutputFormat::Json => Ok(Form::Whole(Format::Json)),
        OutputFormat::Yaml => Ok(Form::Whole(Format::Yaml)),
        OutputFormat::Name => Ok(Form::Whole(Format::Name)),
        other => {
            let picked = Picked::new(other, command.allow_missing_template_keys)?;
            picked.map(Form::Picked).ok_or_else(|| no_such_format(other, FORMATS))
        }
    }
}

/// Asks with the newest version that the server has.
async fn ask_who(api: &Api<'_>) -> Result<Value, Fault> {
    let mut answer = ask_version(api, "v1").await;
    for older in ["v1beta1", "v1alpha1"] {
        match answer {
            Err(fault) if fault.is_not_found() => answer = ask_version(api, older).await,
            answer => return answer,
        }
    }
    answer
}

async fn ask_version(api: &Api<'_>, version: &str) -> Result<Value, Fault> {
    let group_version = format!("authentication.k8s.io/{version}");
    let review = json!({"apiVersion": group_version, "kind": "SelfSubjectReview",
        "metadata": {"creationTimestamp": null}, "status": {"userInfo": {}}});
    api.ask(&format!("/apis/{group_version}/selfsubjectreviews"), &review).await
}
