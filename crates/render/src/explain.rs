//! `explain`: what a type's or field's schema says, in the layout of kubectl's `plaintext`.

mod document;
mod fields;
mod guess;
mod text;

pub use document::Document;

use document::{Gvk, Schema};
use fields::{Fields, TooLarge};
use guess::Untyped;
use text::{indent, wrap};

/// Columns of a description, without its indentation.
const WIDTH: usize = 76;
/// Deepest chain of schemas that is followed; real ones are below 50.
const MAX_DEPTH: usize = 200;

/// A type, and the field of it that is asked about.
#[derive(Debug, Clone)]
pub struct Question<'a> {
    /// Empty for the core group.
    pub group: &'a str,
    /// `v1`
    pub version: &'a str,
    /// The type's plural name.
    pub plural: &'a str,
    /// The way to the field; empty for the type itself.
    pub path: &'a [String],
    /// Whether to print the tree of all fields below, without descriptions.
    pub recursive: bool,
}

/// What is printed, and how it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// For standard output, also when it ends with an error.
    pub text: String,
    /// What went wrong, in kubectl's words, without `error: ` in front.
    pub error: Option<String>,
}

/// Explains what `question` asks about.
#[must_use]
pub fn explain(document: &Document, question: &Question<'_>) -> Explained {
    let mut text = String::new();
    let error = write(&mut text, document, question).err();
    Explained { text, error }
}

fn write(out: &mut String, document: &Document, question: &Question<'_>) -> Result<(), String> {
    let Question { group, version, plural, .. } = question;
    let Some(gvk) = document.kind_of(group, version, plural) else {
        return Err(format!("GVR ({group}/{version}, Resource={plural}) not found in OpenAPI schema"));
    };
    if !gvk.group.is_empty() {
        *out += &format!("GROUP:      {}\n", gvk.group);
    }
    *out += &format!("KIND:       {}\nVERSION:    {}\n\n", gvk.kind, gvk.version);
    let Some(schema) = document.of_kind(gvk) else {
        let Gvk { group, version, kind } = gvk;
        return Err(format!("GVK map[group:{group} kind:{kind} version:{version}] not found in OpenAPI schema"));
    };
    let page = Page { document, recursive: question.recursive };
    match page.of(schema, question.path, &mut Vec::new(), 0) {
        Ok(Some(text)) => *out += &text,
        Ok(None) => {
            let field = question.path.last().map(String::as_str).unwrap_or_default();
            return Err(format!("field \"{field}\" does not exist"));
        }
        Err(Stop::TooLarge) => return Err("the schema is too large to be explained".to_owned()),
        Err(Stop::Untyped(untyped)) => return Err(untyped.message()),
    }
    out.push('\n');
    Ok(())
}

/// Why a page cannot be printed.
enum Stop {
    TooLarge,
    Untyped(Untyped),
}

impl Stop {
    /// It happened inside of a part of an `allOf`.
    fn in_part(self) -> Self {
        match self {
            Self::Untyped(untyped) => Self::Untyped(Untyped { parts: untyped.parts + 1, ..untyped }),
            Self::TooLarge => self,
        }
    }
}

impl From<TooLarge> for Stop {
    fn from(_: TooLarge) -> Self {
        Self::TooLarge
    }
}

impl From<Untyped> for Stop {
    fn from(untyped: Untyped) -> Self {
        Self::Untyped(untyped)
    }
}

struct Page<'a> {
    document: &'a Document,
    recursive: bool,
}

impl<'a> Page<'a> {
    /// The page about the field at `path` of `schema`; none when there is no such field. `seen` are the references
    /// followed since the last field.
    fn of(
        &self,
        schema: &'a Schema,
        path: &[String],
        seen: &mut Vec<&'a str>,
        depth: usize,
    ) -> Result<Option<String>, Stop> {
        if depth > MAX_DEPTH {
            return Err(Stop::TooLarge);
        }
        let reference = schema.reference();
        let resolved = self.document.resolved(schema);
        let Some((first, rest)) = path.split_first() else { return self.body(resolved).map(Some) };
        if seen.contains(&reference) && !reference.is_empty() {
            return Ok(None);
        }
        if let Some(field) = resolved.property(first) {
            let mut page = String::new();
            if rest.is_empty() {
                page = self.heading(first, field)?;
            }
            let below = self.of(field, rest, &mut Vec::new(), depth + 1)?;
            return Ok(below.map(|below| page + &below));
        }
        seen.push(reference);
        let found = self.of_parts(resolved, path, seen, depth + 1);
        seen.pop();
        found
    }

    /// Looks for a field in what a list or map holds, else in the parts of an `allOf`.
    fn of_parts(
        &self,
        schema: &'a Schema,
        path: &[String],
        seen: &mut Vec<&'a str>,
        depth: usize,
    ) -> Result<Option<String>, Stop> {
        if let Some(inner) = schema.items().or_else(|| schema.values()) {
            return self.of(inner, path, seen, depth);
        }
        for part in &schema.all_of {
            if let Some(found) = self.of(part, path, seen, depth).map_err(Stop::in_part)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn heading(&self, name: &str, field: &Schema) -> Result<String, Stop> {
        let kind = guess::type_of(self.document, field)?;
        Ok(format!("FIELD: {name} <{kind}>\n{}\n\n", guess::all_values(field)))
    }

    fn body(&self, schema: &'a Schema) -> Result<String, Stop> {
        let mut description = String::new();
        self.describe(&mut description, schema, 0)?;
        if description.is_empty() {
            description.push_str("<empty>");
        }
        let mut body = format!("DESCRIPTION:\n{}\n", indent(4, &wrap(WIDTH, &description)));
        let fields = Fields::new(self.document, self.recursive).list(schema)?;
        if !fields.is_empty() {
            body += "FIELDS:\n";
            body += &fields;
        }
        Ok(body)
    }

    /// The descriptions of `schema` and of everything it is made of.
    fn describe(&self, out: &mut String, schema: &'a Schema, depth: usize) -> Result<(), Stop> {
        if depth > MAX_DEPTH {
            return Err(Stop::TooLarge);
        }
        let resolved = self.document.resolved(schema);
        if let Some(description) = resolved.description() {
            *out += description;
            out.push('\n');
        }
        let parts = resolved.all_of.iter().chain(resolved.items()).chain(resolved.values());
        for part in parts {
            fields::room(out)?;
            self.describe(out, part, depth + 1)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
