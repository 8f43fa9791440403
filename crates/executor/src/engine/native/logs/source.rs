//! Which containers of a pod have the logs that were asked for.

use kubently_core::kubectl::{LogsCommand, LogsTarget};

use super::super::{
    api::{Path, encode},
    pods::{Container, Pod},
};
use crate::runner::Output;

/// The annotation that names the container to show first.
const DEFAULT_CONTAINER: &str = "kubectl.kubernetes.io/default-container";
/// Lines of each pod when pods are chosen by labels and nothing else was said, as in kubectl.
const SELECTED_TAIL: i64 = 10;

/// One container's log.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) namespace: String,
    pub(super) pod: String,
    pub(super) container: String,
}

impl Source {
    /// What stands before each line with `--prefix`, which `--all-pods` sets.
    pub(super) fn prefix(&self) -> String {
        format!("[pod/{}/{}] ", self.pod, self.container)
    }

    /// Where to get it.
    pub(super) fn path(&self, logs: &LogsCommand) -> String {
        let mut path = format!("/api/v1/namespaces/{}/pods/", self.namespace);
        encode(&mut path, &self.pod);
        path.push_str("/log");
        let flag = |on: bool| on.then_some("true");
        let positive = |number: Option<i64>| number.filter(|number| *number > 0).map(|number| number.to_string());
        let selected = matches!(logs.target, LogsTarget::Selector(_));
        let tail = logs.tail.or_else(|| selected.then_some(SELECTED_TAIL)).filter(|lines| *lines >= 0);
        let since = logs.since.filter(|since| !since.is_zero()).map(|since| since.as_secs_f64().round().to_string());
        Path::new(path)
            .query("container", &self.container)
            .maybe("follow", flag(logs.follow))
            .maybe("limitBytes", positive(logs.limit_bytes))
            .maybe("previous", flag(logs.previous))
            .maybe("sinceSeconds", since)
            .maybe("sinceTime", logs.since_time.as_ref())
            .maybe("tailLines", tail.map(|lines| lines.to_string()))
            .maybe("timestamps", flag(logs.timestamps))
            .build()
    }
}

/// The containers of `pod` that `logs` asks for; says which one it chose when nobody did.
pub(super) fn sources(logs: &LogsCommand, pod: &Pod, output: &Output) -> Result<Vec<Source>, String> {
    let source = |name: &str| Source {
        namespace: pod.metadata.namespace.clone(),
        pod: pod.metadata.name.clone(),
        container: name.to_owned(),
    };
    if logs.all_containers {
        return Ok(all_of(pod).map(|container| source(&container.name)).collect());
    }
    let chosen = match &logs.container {
        Some(name) => name.clone(),
        None => default_container(logs, pod, output)?,
    };
    if !all_of(pod).any(|container| container.name == chosen) {
        return Err(format!("container {chosen} is not valid for pod {}", pod.metadata.name));
    }
    Ok(vec![source(&chosen)])
}

/// Every container, in the order of their logs.
fn all_of(pod: &Pod) -> impl Iterator<Item = &Container> {
    let spec = &pod.spec;
    spec.init_containers.iter().chain(&spec.containers).chain(&spec.ephemeral_containers)
}

fn default_container(logs: &LogsCommand, pod: &Pod, output: &Output) -> Result<String, String> {
    let spec = &pod.spec;
    if let Some(named) = pod.metadata.annotations.get(DEFAULT_CONTAINER).filter(|name| !name.is_empty()) {
        if all_of(pod).any(|container| container.name == *named) {
            return Ok(named.clone());
        }
        output.err(&format!("Default container name \"{named}\" not found in pod {}\n", pod.metadata.name));
    }
    let first = spec.containers.first().ok_or_else(|| format!("pod {} has no containers", pod.metadata.name))?;
    if !logs.all_pods && all_of(pod).count() > 1 {
        output.err(&format!("Defaulted container \"{}\" out of: {}\n", first.name, all_names(pod)));
    }
    Ok(first.name.clone())
}

fn all_names(pod: &Pod) -> String {
    let names = |containers: &[Container], mark: &str| -> Vec<String> {
        containers.iter().map(|container| format!("{}{mark}", container.name)).collect()
    };
    let mut all = names(&pod.spec.containers, "");
    all.extend(names(&pod.spec.ephemeral_containers, " (ephem)"));
    all.extend(names(&pod.spec.init_containers, " (init)"));
    all.join(", ")
}

#[cfg(test)]
mod tests {
    use kubently_core::kubectl::{Command, parse};

    use super::*;

    fn logs(line: &str) -> LogsCommand {
        let argv: Vec<_> = line.split(' ').map(str::to_owned).collect();
        match parse(&argv).unwrap() {
            Command::Logs(logs) => logs,
            other => panic!("{other:?}"),
        }
    }

    fn pod() -> Pod {
        serde_json::from_str(
            r#"{"metadata": {"name": "p", "namespace": "shop"}, "spec": {
                "containers": [{"name": "app"}, {"name": "side"}], "initContainers": [{"name": "setup"}]}}"#,
        )
        .unwrap()
    }

    fn chosen(line: &str) -> Result<Vec<String>, String> {
        let found = sources(&logs(line), &pod(), &Output::new(1_000, None))?;
        Ok(found.into_iter().map(|source| source.container).collect())
    }

    #[test]
    fn containers_are_chosen_like_kubectl_does() {
        assert_eq!(chosen("logs p").unwrap(), ["app"]);
        assert_eq!(chosen("logs p -c setup").unwrap(), ["setup"]);
        assert_eq!(chosen("logs p --all-containers").unwrap(), ["setup", "app", "side"]);
        assert_eq!(chosen("logs p -c nope").unwrap_err(), "container nope is not valid for pod p");
        let mut pod = pod();
        pod.metadata.annotations.insert(DEFAULT_CONTAINER.to_owned(), "debug".to_owned());
        pod.spec.ephemeral_containers.push(Container { name: "debug".to_owned() });
        let found = sources(&logs("logs p"), &pod, &Output::new(1_000, None)).unwrap();
        assert_eq!(found.first().map(|source| source.container.as_str()), Some("debug"));
    }

    #[test]
    fn flags_become_query_parameters() {
        let source = Source { namespace: "shop".into(), pod: "p".into(), container: "app".into() };
        let path = source.path(&logs("logs p --tail=5 --since=90s -p --timestamps --limit-bytes=100"));
        let expected = "/api/v1/namespaces/shop/pods/p/log?container=app&limitBytes=100&previous=true\
            &sinceSeconds=90&tailLines=5&timestamps=true";
        assert_eq!(path, expected);
        assert!(source.path(&logs("logs -l app=web")).ends_with("tailLines=10"));
        assert!(!source.path(&logs("logs -l app=web --tail=-1")).contains("tailLines"));
    }
}
