//! Every field of every kind in the recorded documents can be explained.

use std::{
    fs::File,
    io::{BufRead, BufReader},
};

use flate2::read::GzDecoder;
use kubently_core::kubectl::{Command, parse};
use kubently_render::explain::{Document, Explained, Question, explain};
use serde_json::Value;

use super::{covers, target};

const ANSWERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/kube-lab/responses.jsonl.gz");

/// The recorded documents: path of the group version, and text.
fn documents() -> Vec<(String, String)> {
    let lines = BufReader::new(GzDecoder::new(File::open(ANSWERS).unwrap())).lines();
    let answers = lines.map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
    let document = |answer: Value| {
        let path = answer["path"].as_str().unwrap().split('?').next().unwrap().strip_prefix("/openapi/v3/")?.to_owned();
        Some((path, answer["body"].as_str().unwrap().to_owned()))
    };
    answers.filter_map(document).collect()
}

struct Walk<'a> {
    document: &'a Document,
    raw: &'a Value,
    group: &'a str,
    version: &'a str,
    plural: &'a str,
    explained: usize,
}

impl Walk<'_> {
    fn ask(&self, path: &[String], recursive: bool) -> Explained {
        let Self { group, version, plural, .. } = self;
        explain(self.document, &Question { group, version, plural, path, recursive })
    }

    /// Explains every field below `schema`, each reference once on a way.
    fn fields(&mut self, schema: &Value, path: &mut Vec<String>, seen: &mut Vec<String>) {
        if let Some(reference) = schema["$ref"].as_str() {
            if seen.iter().any(|seen| seen == reference) || path.len() > 6 {
                return;
            }
            seen.push(reference.to_owned());
            self.fields(&self.raw.pointer(&reference[1..]).unwrap().clone(), path, seen);
            seen.pop();
            return;
        }
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            path.push(name.clone());
            let page = self.ask(path, false);
            assert_eq!(page.error, None, "{} {path:?}", self.plural);
            assert!(page.text.contains(&format!("FIELD: {name} <")), "{} {path:?}", self.plural);
            assert!(page.text.lines().all(|line| line.chars().count() <= 80 || is_fixed(line)), "{}", page.text);
            self.explained += 1;
            self.fields(field, path, seen);
            path.pop();
        }
        let parts = schema["allOf"].as_array().into_iter().flatten().chain([&schema["items"]]);
        let parts = parts.chain([&schema["additionalProperties"]]);
        parts.filter(|part| part.is_object()).for_each(|part| self.fields(part, path, seen));
    }
}

/// Whether a line is no description, or has a word that is too long for one.
fn is_fixed(line: &str) -> bool {
    !line.starts_with("    ") || line.split_whitespace().any(|word| word.len() > 60)
}

#[test]
fn every_recorded_field_can_be_explained() {
    let mut explained = 0;
    for (path, text) in documents().into_iter().filter(|(path, _)| path.contains('/')) {
        let raw: Value = serde_json::from_str(&text).unwrap();
        let document = Document::read(text.as_bytes()).unwrap();
        let (group, version) = path.strip_prefix("apis/").map_or(("", "v1"), |rest| rest.split_once('/').unwrap());
        let mut plurals: Vec<_> =
            raw["paths"].as_object().unwrap().keys().filter_map(|path| path.split('/').next_back()).collect();
        plurals.retain(|plural| plural.bytes().all(|byte| byte.is_ascii_lowercase()));
        plurals.sort_unstable();
        plurals.dedup();
        for plural in plurals {
            let mut walk = Walk { document: &document, raw: &raw, group, version, plural, explained: 0 };
            let whole = walk.ask(&[], true);
            let Some(kind) = whole.text.lines().find_map(|line| line.strip_prefix("KIND:       ")) else { continue };
            if whole.error.is_some() {
                continue;
            }
            let schemas = raw["components"]["schemas"].as_object().unwrap().values();
            let is_kind = |schema: &&Value| {
                schema["x-kubernetes-group-version-kind"]
                    .as_array()
                    .is_some_and(|kinds| kinds.iter().any(|gvk| gvk["kind"] == kind && gvk["group"] == group))
            };
            let schema = schemas.into_iter().find(is_kind).unwrap();
            walk.fields(schema, &mut Vec::new(), &mut Vec::new());
            explained += walk.explained;
        }
    }
    assert!(explained > 5_000, "{explained}");
}

#[test]
fn only_the_older_documents_are_not_covered() {
    let cases = [
        ("explain pod", true),
        ("explain pod --output=plaintext", true),
        ("explain pod.spec --recursive --api-version=v1", true),
        ("explain pod --output=plaintext-openapiv2", false),
        // An error, and the same one as kubectl's.
        ("explain pod --output=json", true),
    ];
    for (line, expected) in cases {
        let argv: Vec<_> = line.split(' ').map(str::to_owned).collect();
        let Ok(Command::Explain(command)) = parse(&argv) else { panic!("{line}") };
        assert_eq!(covers(&command), expected, "{line}");
    }
    assert!(target::find(&super::super::catalog::Catalog::default(), "pod", false, |_| {}).is_err());
}
