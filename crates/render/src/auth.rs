//! `auth`: tables about who one is and what one may do.

use serde_json::Value;

use crate::{
    columns::Tabs,
    events::typed::{self, METADATA, Shape},
    fields::Fields,
    rbac::compact,
    yaml,
};

/// The answer to one question, from the status of an access review.
#[must_use]
pub fn answer(status: &Value) -> String {
    if status.is("allowed") {
        return "yes\n".to_owned();
    }
    let why = ["reason", "evaluationError"].map(|field| status.text(field));
    let why: String = why.iter().filter(|text| !text.is_empty()).map(|text| format!(" - {text}")).collect();
    format!("no{why}\n")
}

/// Everything that is allowed, from the status of a rules review.
#[must_use]
pub fn rules(status: &Value, no_headers: bool) -> String {
    let mut out = String::new();
    if !no_headers {
        out += "Resources\tNon-Resource URLs\tResource Names\tVerbs\n";
    }
    let all: Vec<_> = status.list("resourceRules").iter().chain(status.list("nonResourceRules")).cloned().collect();
    for rule in compact(&all) {
        out += &rule.cells().join("\t");
        out.push('\n');
    }
    Tabs::default().align(&out)
}

/// How an identity is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Table,
    /// `-o json`
    Json,
    /// `-o yaml`
    Yaml,
    /// `-o name`; a review has no name.
    Name,
}

static REVIEW: Shape =
    Shape { fields: &[("kind", None), ("apiVersion", None), ("metadata", Some(&METADATA)), ("status", Some(&STATUS))] };
static STATUS: Shape = Shape { fields: &[("userInfo", Some(&USER))] };
static USER: Shape = Shape { fields: &[("username", None), ("uid", None), ("groups", None), ("extra", None)] };

/// Who one is, from a self subject review.
#[must_use]
pub fn whoami(review: &Value, format: Format) -> String {
    match format {
        Format::Table => table(review.at("status.userInfo")),
        Format::Json => typed::print(review, &REVIEW),
        Format::Yaml => yaml::print(review),
        Format::Name => "selfsubjectreview.authentication.k8s.io/<unknown>\n".to_owned(),
    }
}

fn table(user: &Value) -> String {
    let mut out = "ATTRIBUTE\tVALUE\n".to_owned();
    for (title, value) in [("Username", user.text("username")), ("UID", user.text("uid"))] {
        if !value.is_empty() {
            out += &format!("{title}\t{value}\n");
        }
    }
    if !user.list("groups").is_empty() {
        out += &format!("Groups\t{}\n", texts(user.at("groups")));
    }
    for (name, values) in user.map("extra") {
        out += &format!("Extra: {name}\t{}\n", texts(values));
    }
    Tabs::default().align(&out)
}

fn texts(list: &Value) -> String {
    let texts: Vec<_> = list.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    format!("[{}]", texts.join(" "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_no_says_why() {
        assert_eq!(answer(&json!({"allowed": true, "reason": "x"})), "yes\n");
        assert_eq!(answer(&json!({"allowed": false})), "no\n");
        assert_eq!(answer(&json!({"reason": "a", "evaluationError": "b"})), "no - a - b\n");
    }

    #[test]
    fn what_a_user_has_is_listed() {
        let status = json!({"userInfo": {"username": "u", "uid": "1", "groups": ["a", "b"], "extra": {"k": ["v"]}}});
        let expected = "ATTRIBUTE   VALUE\nUsername    u\nUID         1\nGroups      [a b]\nExtra: k    [v]\n";
        let review = json!({"status": status, "kind": "SelfSubjectReview"});
        assert_eq!(whoami(&review, Format::Table), expected);
        let json = whoami(&review, Format::Json);
        assert!(json.starts_with("{\n    \"kind\": ") && json.find("username") < json.find("uid"), "{json}");
        assert_eq!(whoami(&review, Format::Name), "selfsubjectreview.authentication.k8s.io/<unknown>\n");
    }
}
