use serde_json::{Value, json};

use super::*;

fn document() -> Value {
    let gvk = json!({"group": "db.io", "kind": "Db", "version": "v1"});
    let thing = "#/components/schemas/a.b.Thing";
    json!({
        "paths": {
            "/apis/db.io/v1/dbs": {"get": {"x-kubernetes-group-version-kind": gvk}},
            "/apis/db.io/v1/strays": {"get": {"x-kubernetes-group-version-kind": {"group": "", "kind": "S", "version": "v2"}}},
            "/apis/db.io/v1/silents": {"get": {"x-kubernetes-group-version-kind": gvk}},
            "/apis/db.io/v1/namespaces/{namespace}/silents": {"get": {"description": "no kind"}},
        },
        "components": {"schemas": {
            "Db": {
                "description": "top", "type": "object", "x-kubernetes-group-version-kind": [gvk],
                "required": ["spec", "ref"],
                "properties": {
                    "spec": {"type": "object", "properties": {"empty": {}, "x": {"type": "string"}}},
                    "good": {"enum": [1, 2.5, null, "", true, "a", 1_000_000, {"b": 1}], "type": "integer"},
                    "many": {"enum": ["a", "b", "c", "d", "e"], "type": "string"},
                    "four": {"enum": ["a", "b", "c", "d"], "type": "string"},
                    "lol": {"items": {"items": {"type": "object", "properties": {"deep": {"type": "string"}}}}},
                    "any": {"additionalProperties": true, "type": "object"},
                    "map": {"additionalProperties": {
                        "type": "object", "description": "inner", "required": ["v"],
                        "properties": {"v": {"type": "integer", "description": "<b> & \"q\""}},
                    }, "description": "outer"},
                    "ref": {"$ref": thing},
                    "all2": {"allOf": [{"$ref": thing}, {"$ref": "#/components/schemas/Prim"}], "description": "both"},
                    "prim": {"$ref": "#/components/schemas/Prim"},
                    "missing": {"$ref": "#/components/schemas/Nope"},
                    "weird": {"$ref": "other.json#/x"},
                    "int": {"x-kubernetes-int-or-string": true},
                    "cyc": {"$ref": "#/components/schemas/Cyc"},
                    "wrapped": {"allOf": [{"properties": {"bad": {"properties": {"e": {}}}}}]},
                },
            },
            "Prim": {"type": "string", "description": "a primitive"},
            "a.b.Thing": {"type": "object", "description": "thing", "properties": {
                "f": {"type": "string"}, "me": {"allOf": [{"$ref": thing}], "description": "itself"},
            }},
            "Cyc": {"type": "array", "items": {"$ref": "#/components/schemas/Cyc2"}},
            "Cyc2": {"type": "object", "properties": {"c": {"$ref": "#/components/schemas/Cyc"}}},
        }},
    })
}

fn ask(document: &Value, plural: &str, path: &str, recursive: bool) -> Explained {
    let document = Document::read(document.to_string().as_bytes()).unwrap();
    let path: Vec<_> = path.split('.').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    explain(&document, &Question { group: "db.io", version: "v1", plural, path: &path, recursive })
}

const HEAD: &str = "GROUP:      db.io\nKIND:       Db\nVERSION:    v1\n\n";

#[test]
fn pages_are_kubectls() {
    let cases = [
        ("spec.x", "FIELD: x <string>\n\n\nDESCRIPTION:\n    <empty>\n\n"),
        (
            "good",
            "FIELD: good <integer>\nENUM:\n    1\n    2.5\n    <no value>\n    \"\"\n    true\n    a\n    1e+06\n    map[b:1]\n\n\
             DESCRIPTION:\n    <empty>\n\n",
        ),
        (
            "map",
            "FIELD: map <map[string]Object>\n\n\nDESCRIPTION:\n    outer\n    inner\n    \nFIELDS:\n  \
             v\t<integer> -required-\n    <b> & \"q\"\n\n\n",
        ),
        ("map.v", "FIELD: v <integer>\n\n\nDESCRIPTION:\n    <b> & \"q\"\n    \n\n"),
        ("lol.deep", "FIELD: deep <string>\n\n\nDESCRIPTION:\n    <empty>\n\n"),
        ("ref.f", "FIELD: f <string>\n\n\nDESCRIPTION:\n    <empty>\n\n"),
        (
            "all2",
            "FIELD: all2 <Object>\n\n\nDESCRIPTION:\n    both\n    thing\n    a primitive\n    \nFIELDS:\n  \
             f\t<string>\n    <no description>\n\n  me\t<Thing>\n    itself\n\n\n",
        ),
        ("all2.f", "FIELD: f <string>\n\n\nDESCRIPTION:\n    <empty>\n\n"),
        (
            "cyc.c.c.c",
            "FIELD: c <array>\n\n\nDESCRIPTION:\n    <empty>\nFIELDS:\n  c\t<array>\n    <no description>\n\n\n",
        ),
        ("missing", "FIELD: missing <Nope>\n\n\nDESCRIPTION:\n    <empty>\n\n"),
        ("weird", "FIELD: weird <x>\n\n\nDESCRIPTION:\n    <empty>\n\n"),
        ("prim", "FIELD: prim <string>\n\n\nDESCRIPTION:\n    a primitive\n    \n\n"),
    ];
    let document = document();
    for (path, expected) in cases {
        let explained = ask(&document, "dbs", path, false);
        assert_eq!((explained.text, explained.error), (format!("{HEAD}{expected}"), None), "{path}");
    }
}

#[test]
fn lists_show_types_and_values() {
    let page = ask(&document(), "dbs", "", false).text;
    let lines = [
        "  all2\t<Object>\n    both\n\n",
        "  any\t<Object>\n    <no description>\n\n",
        "  cyc\t<array>\n",
        "  four\t<string>\n  enum: a, b, c, d\n    <no description>\n",
        "  good\t<integer>\n  enum: 1, 2.5, <no value>, \"\", ....\n",
        "  int\t<Object>\n",
        "  lol\t<[][]Object>\n",
        "  many\t<string>\n  enum: a, b, c, d, ....\n",
        "  ref\t<Thing> -required-\n",
    ];
    for line in lines {
        assert!(page.contains(line), "{line:?} is not in {page}");
    }
}

#[test]
fn trees_end_where_they_turn_back() {
    let cases =
        [("ref", "  f\t<string>\n  me\t<Thing>\n    f\t<string>\n    me\t<Thing>\n\n"), ("cyc", "  c\t<array>\n\n")];
    for (path, expected) in cases {
        let page = ask(&document(), "dbs", path, true).text;
        assert_eq!(page.split_once("FIELDS:\n").unwrap().1, expected, "{path}");
    }
}

#[test]
fn what_is_not_there_is_said_in_kubectls_words() {
    let gvr = |plural: &str| format!("GVR (db.io/v1, Resource={plural}) not found in OpenAPI schema");
    let field = |name: &str| format!("field \"{name}\" does not exist");
    let cases = [
        ("nopes", "", String::new(), gvr("nopes")),
        // The last path decides, and it says nothing.
        ("silents", "", String::new(), gvr("silents")),
        (
            "strays",
            "",
            "KIND:       S\nVERSION:    v2\n\n".to_owned(),
            "GVK map[group: kind:S version:v2] not found in OpenAPI schema".to_owned(),
        ),
        ("dbs", "no.such", HEAD.to_owned(), field("such")),
        ("dbs", "spec.empty", HEAD.to_owned(), field("empty")),
        ("dbs", "any.x", HEAD.to_owned(), field("x")),
        ("dbs", "cyc.x", HEAD.to_owned(), field("x")),
    ];
    for (plural, path, text, error) in cases {
        let expected = Explained { text, error: Some(error) };
        assert_eq!(ask(&document(), plural, path, false), expected, "{plural} {path}");
    }
}

#[test]
fn a_field_of_no_type_ends_it() {
    let error = ask(&document(), "dbs", "spec", false).error.unwrap();
    assert!(error.starts_with("template: plaintext:39:13: executing \"plaintext\" at <include \"schema\""), "{error}");
    assert!(error.contains("101:17: executing \"output\" at <include \"fieldList\""), "{error}");
    let fail = "expected schema argument to subtemplate 'typeguess'";
    assert!(error.ends_with(&format!("at <fail \"{fail}\">: error calling fail: {fail}")), "{error}");
    let error = ask(&document(), "dbs", "wrapped.bad", false).error.unwrap();
    assert_eq!(error.matches("128:21: executing \"output\"").count(), 1, "{error}");
}

#[test]
fn hostile_documents_end() {
    let gvk = json!({"group": "db.io", "kind": "Db", "version": "v1"});
    // Every schema mentions every other one.
    let names: Vec<_> = (0..40).map(|at| format!("S{at}")).collect();
    let properties: serde_json::Map<_, _> =
        names.iter().map(|name| (name.clone(), json!({"$ref": format!("#/components/schemas/{name}")}))).collect();
    let mut schemas: serde_json::Map<_, _> =
        names.iter().map(|name| (name.clone(), json!({"properties": properties}))).collect();
    schemas.insert("Db".into(), json!({"x-kubernetes-group-version-kind": [gvk], "properties": properties}));
    let paths = json!({"/apis/db.io/v1/dbs": {"get": {"x-kubernetes-group-version-kind": gvk}}});
    let document = json!({"paths": paths, "components": {"schemas": schemas}});
    assert_eq!(ask(&document, "dbs", "", true).error.as_deref(), Some("the schema is too large to be explained"));

    // A schema's list holds itself.
    let schema = json!({
        "x-kubernetes-group-version-kind": [gvk], "description": "d", "items": {"$ref": "#/components/schemas/Db"},
    });
    let document = json!({"paths": paths, "components": {"schemas": {"Db": schema}}});
    assert!(ask(&document, "dbs", "", false).error.is_some());
    assert!(ask(&document, "dbs", "a.b", false).error.is_some());
}

#[test]
fn deep_documents_end() {
    let gvk = json!({"group": "db.io", "kind": "Db", "version": "v1"});
    let paths = json!({"/apis/db.io/v1/dbs": {"get": {"x-kubernetes-group-version-kind": gvk}}});
    // A chain of schemas that is longer than anybody follows.
    let link = |at: usize| json!({"properties": {"next": {"$ref": format!("#/components/schemas/S{}", at + 1)}}});
    let mut schemas: serde_json::Map<_, _> = (0..1_000).map(|at| (format!("S{at}"), link(at))).collect();
    let mut first = link(0);
    first["x-kubernetes-group-version-kind"] = json!([gvk]);
    schemas.insert("Db".into(), first);
    let document = json!({"paths": paths, "components": {"schemas": schemas}});
    assert!(ask(&document, "dbs", "", true).error.is_some());
    assert!(ask(&document, "dbs", &"next.".repeat(500), false).error.is_some());
    assert_eq!(ask(&document, "dbs", &"next.".repeat(50), false).error, None);

    // Lists in lists, and too many of them.
    let schema = |depth: usize| {
        let inner = r#"{"items":"#.repeat(depth) + "{}" + &"}".repeat(depth);
        format!(r#"{{"components":{{"schemas":{{"A":{inner}}}}}}}"#)
    };
    Document::read(schema(100).as_bytes()).unwrap();
    assert!(Document::read(schema(10_000).as_bytes()).is_err());
}

#[test]
fn documents_of_other_forms_read_as_empty() {
    for text in ["{}", r#"{"components": {"schemas": {"A": 3, "B": [], "C": null, "D": "x"}}}"#] {
        Document::read(text.as_bytes()).unwrap();
    }
    let odd = json!({"components": {"schemas": {"A": {
        "properties": 3, "items": true, "allOf": {"a": 1}, "enum": "x", "type": ["a"], "description": {},
        "required": [1, {}, "x"], "additionalProperties": [1], "x-kubernetes-group-version-kind": [1, {"kind": "A"}], "$ref": 1.5,
    }}}});
    Document::read(odd.to_string().as_bytes()).unwrap();
    assert!(Document::read(b"[").is_err());
}
