//! `logs`: which containers, and their lines.

mod source;
mod tail;

use futures::future::join_all;
use kubently_core::kubectl::{LogsCommand, LogsTarget, ObjectRef};
use kubently_render::fields::Fields;
use serde_json::Value;

use super::{
    Ended, Native,
    api::{Api, JSON, encode},
    fault::Fault,
    pods::{self, Pod},
    resources::known_to_kubectl,
    targets,
};
use crate::runner::Output;
use source::{Source, sources};

/// Logs followed at once unless `--max-log-requests` says otherwise, as in kubectl.
const MAX_FOLLOWED: i64 = 5;

/// What a command's target turned out to be.
enum Found {
    /// These pods' logs, in order.
    Pods(Vec<Pod>),
    /// Nothing matched; that is no failure.
    Nothing,
}

/// Prints logs.
pub(super) async fn run(native: &Native, api: &Api<'_>, logs: &LogsCommand, output: &Output) -> Ended {
    check(logs)?;
    let pods = match find(native, api, logs, output).await? {
        Found::Pods(pods) => pods,
        Found::Nothing => {
            match native.namespace(&logs.common.namespace) {
                Some(namespace) => output.err(&format!("No resources found in {namespace} namespace.\n")),
                None => output.err("No resources found\n"),
            };
            return Ok(());
        }
    };
    let mut all = Vec::new();
    for pod in &pods {
        all.extend(sources(logs, pod, output).map_err(Fault::Plain)?);
    }
    if logs.follow && all.len() > 1 {
        return follow(api, logs, &all, output).await;
    }
    for source in &all {
        match tail::copy(api, logs, source, output).await {
            Err(fault) if logs.ignore_errors => {
                output.out(&format!("error: {}\n", fault.words()));
            }
            ended => ended?,
        }
    }
    Ok(())
}

/// What cannot be asked for at once.
fn check(logs: &LogsCommand) -> Result<(), Fault> {
    if logs.since_time.is_some() && logs.since.is_some_and(|since| !since.is_zero()) {
        return Err(Fault::Plain("at most one of `sinceTime` or `sinceSeconds` may be specified".to_owned()));
    }
    match &logs.container {
        Some(name) if logs.all_containers => {
            Err(Fault::Plain(format!("--all-containers=true should not be specified with container name {name}")))
        }
        _ => Ok(()),
    }
}

/// All logs at once; each line whole.
async fn follow(api: &Api<'_>, logs: &LogsCommand, all: &[Source], output: &Output) -> Ended {
    let most = logs.max_log_requests.unwrap_or(MAX_FOLLOWED);
    if i64::try_from(all.len()).unwrap_or(i64::MAX) > most {
        let count = all.len();
        return Err(vec![Fault::Plain(format!(
            "you are attempting to follow {count} log streams, but maximum allowed concurrency is {most}, \
             use --max-log-requests to increase the limit"
        ))]);
    }
    let ended = join_all(all.iter().map(|source| tail::copy(api, logs, source, output))).await;
    let faults: Vec<_> = ended.into_iter().filter_map(Result::err).collect();
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

async fn find(native: &Native, api: &Api<'_>, logs: &LogsCommand, output: &Output) -> Result<Found, Fault> {
    let namespace = native.namespace(&logs.common.namespace);
    let one = namespace.unwrap_or(&native.default_namespace);
    match &logs.target {
        LogsTarget::Pod(name) => Ok(Found::Pods(vec![named(api, one, pods::by_name(api, one, name).await).await?])),
        LogsTarget::Selector(selector) => {
            let pods = pods::by_selector(api, namespace, selector).await;
            let pods = pods.map_err(|fault| match fault.of_list(PODS, selector, "") {
                fault if fault.is_not_found() => not_found(&fault.words(), one),
                fault => fault,
            })?;
            Ok(if pods.is_empty() { Found::Nothing } else { Found::Pods(pods) })
        }
        LogsTarget::Object(object) => of_object(native, api, logs, one, object, output).await,
    }
}

/// How errors name what logs are looked for in.
const PODS: &str = "/v1, Resource=pods";

/// The pods of an object: all of them where `--all-pods` asks for that, else the most telling one.
async fn of_object(
    native: &Native,
    api: &Api<'_>,
    logs: &LogsCommand,
    namespace: &str,
    object: &ObjectRef,
    output: &Output,
) -> Result<Found, Fault> {
    let asked = std::slice::from_ref(&object.resource);
    let catalog = native.discovery.catalog_with(api, asked).await?;
    let resource = targets::find(api, &catalog, &object.resource)?;
    if resource.kind == "Pod" && resource.group.is_empty() {
        let pod = pods::by_name(api, namespace, &object.name).await;
        return Ok(Found::Pods(vec![named(api, namespace, pod).await?]));
    }
    let mut path = resource.path(Some(namespace)) + "/";
    encode(&mut path, &object.name);
    let owner: Value = named(api, namespace, api.read(&path, JSON).await).await?;
    known_to_kubectl(resource, false)?;
    let selector = pods::selector_of(&owner).map_err(|why| without_logs(&owner, &why))?;
    let mut found = pods::by_selector(api, Some(namespace), &selector).await?;
    found.sort_by(pods::most_telling_first);
    if found.is_empty() {
        return Err(Fault::Plain("timed out waiting for the condition".to_owned()));
    }
    if !logs.all_pods {
        if found.len() > 1 {
            output.err(&format!("Found {} pods, using pod/{}\n", found.len(), found[0].metadata.name));
        }
        found.truncate(1);
    }
    Ok(Found::Pods(found))
}

/// Why there are no logs of such an object. kubectl names the type as its own code does.
fn without_logs(owner: &Value, why: &str) -> Fault {
    let (version, kind) = (owner.text("apiVersion"), owner.text("kind"));
    let version = version.rsplit('/').next().unwrap_or_default();
    let own = format!("selector for *{version}.{kind} not implemented");
    let why = if why.starts_with("invalid ") { why } else { &own };
    Fault::Plain(format!("cannot get the logs from *{version}.{kind}: {why}"))
}

/// An object that must be there; `logs` has words of its own for one that is not, and for one whose namespace is not.
async fn named<T>(api: &Api<'_>, namespace: &str, found: Result<T, Fault>) -> Result<T, Fault> {
    let missing = match found {
        Err(Fault::Api(status)) if status.reason == "NotFound" => status,
        found => return found,
    };
    let message = match api.missing_namespace(namespace, JSON).await {
        Some(fault) => fault.words(),
        None => missing.message,
    };
    Err(not_found(&message, namespace))
}

fn not_found(message: &str, namespace: &str) -> Fault {
    Fault::Plain(format!("error from server (NotFound): {message} in namespace \"{namespace}\""))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn types_without_logs_are_named_as_kubectl_does() {
        let quota = json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler"});
        let expected = "error: cannot get the logs from *v2.HorizontalPodAutoscaler: \
            selector for *v2.HorizontalPodAutoscaler not implemented";
        assert_eq!(without_logs(&quota, "whatever").to_string(), expected);
        let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {}});
        let why = pods::selector_of(&service).unwrap_err();
        let expected = "error: cannot get the logs from *v1.Service: \
            invalid service 's': Service is defined without a selector";
        assert_eq!(without_logs(&service, &why).to_string(), expected);
    }
}
