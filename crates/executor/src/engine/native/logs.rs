//! `logs`: which containers, and their lines.

mod source;
mod tail;

use futures::future::join_all;
use kubently_core::kubectl::{LogsCommand, LogsTarget, ObjectRef};
use serde_json::Value;

use super::{
    Ended, Native,
    api::{Api, JSON, encode},
    fault::Fault,
    pods::{self, Pod},
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
                output.err(&format!("{fault}\n"));
            }
            ended => ended?,
        }
    }
    Ok(())
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
        LogsTarget::Pod(name) => Ok(Found::Pods(vec![named(one, pods::by_name(api, one, name).await)?])),
        LogsTarget::Selector(selector) => {
            let pods = pods::by_selector(api, namespace, selector).await?;
            Ok(if pods.is_empty() { Found::Nothing } else { Found::Pods(pods) })
        }
        LogsTarget::Object(object) => of_object(native, api, logs, one, object, output).await,
    }
}

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
    let unknown = || Fault::Plain(format!("the server doesn't have a resource type \"{}\"", object.resource));
    let resource = catalog.find(&object.resource).ok_or_else(unknown)?;
    if resource.kind == "Pod" && resource.group.is_empty() {
        return Ok(Found::Pods(vec![named(namespace, pods::by_name(api, namespace, &object.name).await)?]));
    }
    let mut path = resource.path(Some(namespace)) + "/";
    encode(&mut path, &object.name);
    let owner: Value = named(namespace, api.read(&path, JSON).await)?;
    let selector = pods::selector_of(&owner).map_err(Fault::Plain)?;
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

/// An object that must be there; `logs` has words of its own for one that is not.
fn named<T>(namespace: &str, found: Result<T, Fault>) -> Result<T, Fault> {
    found.map_err(|fault| match fault {
        Fault::Api(status) if status.reason == "NotFound" => {
            Fault::Plain(format!("error from server (NotFound): {} in namespace \"{namespace}\"", status.message))
        }
        other => other,
    })
}
