//! Rules about who may do what, as kubectl's tables show them: taken apart, and put together by resource.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::fields::Fields;

/// Most single rules that a role is taken apart into; a role that multiplies to more is cut.
const MAX_RULES: usize = 100_000;

/// A rule about one resource, or one URL, or as it came.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rule {
    verbs: Vec<String>,
    groups: Vec<String>,
    resources: Vec<String>,
    names: Vec<String>,
    urls: Vec<String>,
}

impl Rule {
    /// The cells of its line: resources, URLs, names, verbs.
    #[must_use]
    pub fn cells(&self) -> [String; 4] {
        [self.resource(), list(&self.urls), list(&self.names), list(&self.verbs)]
    }

    /// `deployments.apps/scale`
    fn resource(&self) -> String {
        let Some(resource) = self.resources.first() else { return String::new() };
        let (name, subresource) = resource.split_once('/').map_or((resource.as_str(), None), |(a, b)| (a, Some(b)));
        let group = self.groups.first().filter(|group| !group.is_empty());
        let group = group.map(|group| format!(".{group}")).unwrap_or_default();
        let subresource = subresource.map(|subresource| format!("/{subresource}")).unwrap_or_default();
        format!("{name}{group}{subresource}")
    }

    /// What kubectl sorts by: the text that Go prints of it.
    fn sort_key(&self) -> String {
        format!(
            "&PolicyRule{{Verbs:{},APIGroups:{},Resources:{},ResourceNames:{},NonResourceURLs:{},}}",
            list(&self.verbs),
            list(&self.groups),
            list(&self.resources),
            list(&self.names),
            list(&self.urls)
        )
    }

    /// Whether rules about the same thing can be joined with it.
    fn is_simple(&self) -> bool {
        self.groups.len() == 1 && self.resources.len() == 1 && self.names.len() <= 1 && self.urls.is_empty()
    }
}

/// As Go prints a list of strings.
fn list(texts: &[String]) -> String {
    format!("[{}]", texts.join(" "))
}

/// Rules of a role or a review, one per resource or URL, in kubectl's order.
#[must_use]
pub fn compact(rules: &[Value]) -> Vec<Rule> {
    let mut others = Vec::new();
    let mut simple: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for rule in rules.iter().flat_map(taken_apart).take(MAX_RULES) {
        if rule.is_simple() {
            simple.entry((rule.groups, rule.resources, rule.names)).or_default().extend(rule.verbs);
        } else {
            others.push(rule);
        }
    }
    let joined = |((groups, resources, names), verbs)| Rule { verbs, groups, resources, names, urls: Vec::new() };
    others.extend(simple.into_iter().map(joined));
    others.sort_by_cached_key(Rule::sort_key);
    others
}

fn texts(rule: &Value, path: &str) -> Vec<String> {
    rule.list(path).iter().filter_map(|text| text.as_str().map(str::to_owned)).collect()
}

/// A rule per group, resource, verb and name, and per URL and verb.
fn taken_apart(rule: &Value) -> Vec<Rule> {
    let (groups, resources) = (texts(rule, "apiGroups"), texts(rule, "resources"));
    let (verbs, names, urls) = (texts(rule, "verbs"), texts(rule, "resourceNames"), texts(rule, "nonResourceURLs"));
    let names: Vec<Vec<String>> = match names.is_empty() {
        true => vec![Vec::new()],
        false => names.into_iter().map(|name| vec![name]).collect(),
    };
    let mut found = Vec::new();
    for group in &groups {
        for resource in &resources {
            for verb in &verbs {
                found.extend(names.iter().take(MAX_RULES.saturating_sub(found.len())).map(|names| Rule {
                    verbs: vec![verb.clone()],
                    groups: vec![group.clone()],
                    resources: vec![resource.clone()],
                    names: names.clone(),
                    urls: Vec::new(),
                }));
            }
        }
    }
    for url in &urls {
        let of_url = |verb: &String| Rule { verbs: vec![verb.clone()], urls: vec![url.clone()], ..Rule::default() };
        found.extend(verbs.iter().take(MAX_RULES.saturating_sub(found.len())).map(of_url));
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn verbs_about_the_same_resource_are_joined() {
        let rules = [
            json!({"apiGroups": ["apps", ""], "resources": ["deployments/scale"], "verbs": ["get", "list"]}),
            json!({"apiGroups": ["apps"], "resources": ["deployments/scale"], "verbs": ["watch"]}),
            json!({"apiGroups": [""], "resources": ["pods"], "verbs": ["get"], "resourceNames": ["a", "b"]}),
            json!({"nonResourceURLs": ["/healthz"], "verbs": ["get"]}),
        ];
        let cells: Vec<_> = compact(&rules).iter().map(|rule| rule.cells().join("|")).collect();
        let expected = [
            "deployments.apps/scale|[]|[]|[get list watch]",
            "deployments/scale|[]|[]|[get list]",
            "|[/healthz]|[]|[get]",
            "pods|[]|[a]|[get]",
            "pods|[]|[b]|[get]",
        ];
        let mut sorted = cells.clone();
        sorted.sort_unstable();
        let mut wanted = expected.to_vec();
        wanted.sort_unstable();
        assert_eq!(sorted, wanted);
        // In the order of Go's text of the rules, which starts with the verbs.
        assert_eq!(cells[0], "deployments.apps/scale|[]|[]|[get list watch]");
        assert_eq!(cells[1], "deployments/scale|[]|[]|[get list]");
    }
}
