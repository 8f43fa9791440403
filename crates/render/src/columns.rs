//! `-o custom-columns`: a table of fields that the caller chose.

pub(crate) mod tabs;

pub use self::tabs::Tabs;

use serde_json::Value;

use crate::jsonpath::{Budget, Error, Found, Template, check, relaxed};

/// A table's columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    headers: Vec<String>,
    paths: Vec<String>,
}

impl Columns {
    /// Reads `HEADER:PATH,…`.
    ///
    /// # Errors
    /// When there is no column, or one that is not a header and a path.
    pub fn parse(spec: &str) -> Result<Self, Error> {
        if spec.is_empty() {
            return Err(Error::new("custom-columns format specified but no custom columns given"));
        }
        let mut columns = Self { headers: Vec::new(), paths: Vec::new() };
        for part in spec.split(',') {
            let malformed =
                || Error::new(format!("unexpected custom-columns spec: {part}, expected <header>:<json-path-expr>"));
            let (header, path) = part.split_once(':').ok_or_else(malformed)?;
            columns.headers.push(header.to_owned());
            columns.paths.push(relaxed(path)?);
        }
        Ok(columns)
    }

    /// Appends the table of `objects` to `out`: a field that is missing is `<none>`, several values are joined by commas.
    ///
    /// # Errors
    /// When a path is malformed, or does not fit an object. The lines before it are printed all the same.
    pub fn print(&self, out: &mut String, objects: &[&Value], no_headers: bool) -> Result<(), Error> {
        let mut text = String::new();
        if !no_headers {
            text.push_str(&self.headers.join("\t"));
            text.push('\n');
        }
        let printed = self.lines(&mut text, objects);
        out.push_str(&tabs::align(&text));
        printed
    }

    fn lines(&self, text: &mut String, objects: &[&Value]) -> Result<(), Error> {
        let template = |path: &String| Ok(Template::parse(path)?.allow_missing(true));
        let templates = self.paths.iter().map(template).collect::<Result<Vec<_>, Error>>()?;
        let mut budget = Budget::new(objects);
        for object in objects {
            let before = text.len();
            if let Err(error) = line(text, &templates, object, &mut budget) {
                text.truncate(before);
                return Err(error);
            }
        }
        Ok(())
    }
}

fn line(text: &mut String, templates: &[Template], object: &Value, budget: &mut Budget<'_>) -> Result<(), Error> {
    for (at, template) in templates.iter().enumerate() {
        if at > 0 {
            text.push('\t');
        }
        cell(text, template.find(object, budget)?)?;
    }
    text.push('\n');
    Ok(())
}

fn cell(text: &mut String, lists: Vec<Vec<Found<'_>>>) -> Result<(), Error> {
    let none = lists.first().is_none_or(Vec::is_empty);
    if none {
        text.push_str("<none>");
    }
    for (at, found) in lists.into_iter().flatten().enumerate() {
        if none || at > 0 {
            text.push(',');
        }
        text.push_str(&escape(&found.plain()));
        check(text)?;
    }
    Ok(())
}

/// What kubectl does to values before it shows them in a table.
pub(crate) fn escape(text: &str) -> String {
    text.replace('\u{1b}', "^[").replace('\r', "\\r")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn print(spec: &str, objects: &[Value], no_headers: bool) -> String {
        let mut out = String::new();
        let objects: Vec<_> = objects.iter().collect();
        if let Err(error) = Columns::parse(spec).and_then(|columns| columns.print(&mut out, &objects, no_headers)) {
            out += &format!("error: {error}");
        }
        out
    }

    #[test]
    fn fields_are_printed_as_go_prints_them() {
        let objects = [
            json!({"metadata": {"name": "web", "labels": {"b": "2", "a": "1"}}, "n": null, "l": [{"x": 1}, {"x": "y"}]}),
            json!({"metadata": {"name": "a-long-name"}, "f": 1e6, "l": [], "e": "\u{1b}[1m\r"}),
        ];
        let spec = "NAME:.metadata.name,L:metadata.labels,N:{.n},X:{l[*].x},F:.f,E:.e";
        let expected = "\
NAME          L              N        X        F        E
web           map[a:1 b:2]   <nil>    1,y      <none>   <none>
a-long-name   <none>         <none>   <none>   1e+06    ^[[1m\\r
";
        assert_eq!(print(spec, &objects, false), expected);
        assert_eq!(print("A:.metadata.name,B:.n", &objects[..1], true), "web   <nil>\n");
        assert_eq!(print("A:.x,B:", &[], false), "A     B\n");
    }

    #[test]
    fn malformed_columns_are_refused_in_words_of_kubectl() {
        let path = "unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or \
                    '{.name1.name2}'";
        let cases = [
            ("", "error: custom-columns format specified but no custom columns given".to_owned()),
            ("A", "error: unexpected custom-columns spec: A, expected <header>:<json-path-expr>".to_owned()),
            ("A:.a,", "error: unexpected custom-columns spec: , expected <header>:<json-path-expr>".to_owned()),
            ("A:{.a", format!("error: {path}")),
            ("A:.a[", "A\nerror: unterminated array".to_owned()),
            ("A:.s[0]", "A\nerror: string is not array or slice".to_owned()),
        ];
        for (spec, expected) in cases {
            assert_eq!(print(spec, &[json!({"s": "x"})], false), expected, "{spec}");
        }
    }
}
