//! The list of a schema's fields.

use super::{
    MAX_DEPTH, Stop, WIDTH,
    document::{Document, Schema},
    guess::{Untyped, some_values, type_of},
    text::{indent, wrap},
};

/// Longest page, in bytes; the longest real one is below 1 MiB.
const MAX_PAGE: usize = 16 << 20;
/// Most schemas looked at for one page, so that schemas that mention each other end.
const MAX_STEPS: usize = 1 << 20;

/// A page would become longer than anybody can read.
pub(super) struct TooLarge;

/// Whether more may be added to a page.
pub(super) const fn room(page: &str) -> Result<(), TooLarge> {
    if page.len() > MAX_PAGE { Err(TooLarge) } else { Ok(()) }
}

/// Writes a list of fields, or their tree.
pub(super) struct Fields<'a> {
    document: &'a Document,
    recursive: bool,
    out: String,
    /// The references on the way to the schema at hand; one that comes again is a cycle.
    seen: Vec<&'a str>,
    steps: usize,
}

impl<'a> Fields<'a> {
    pub(super) const fn new(document: &'a Document, recursive: bool) -> Self {
        Self { document, recursive, out: String::new(), seen: Vec::new(), steps: 0 }
    }

    /// The fields of `schema`; empty when it has none.
    pub(super) fn list(mut self, schema: &'a Schema) -> Result<String, Stop> {
        self.add(schema, 1)?;
        Ok(self.out)
    }

    fn add(&mut self, schema: &'a Schema, level: usize) -> Result<(), Stop> {
        self.steps += 1;
        if self.steps > MAX_STEPS || self.seen.len() > MAX_DEPTH {
            return Err(Stop::TooLarge);
        }
        room(&self.out)?;
        let reference = schema.reference();
        if !reference.is_empty() && self.seen.contains(&reference) {
            return Ok(());
        }
        self.seen.push(reference);
        self.add_resolved(self.document.resolved(schema), level)?;
        self.seen.pop();
        Ok(())
    }

    fn add_resolved(&mut self, schema: &'a Schema, level: usize) -> Result<(), Stop> {
        for (name, field) in &schema.properties {
            self.detail(schema, name, field, level)?;
            if self.recursive {
                self.add(field, level + 1)?;
            }
        }
        for part in schema.all_of.iter().chain(schema.items()).chain(schema.values()) {
            self.add(part, level)?;
        }
        Ok(())
    }

    fn detail(&mut self, parent: &Schema, name: &str, field: &Schema, level: usize) -> Result<(), Stop> {
        let amount = level * 2;
        let kind = type_of(self.document, field).map_err(|untyped| Untyped { listed: true, ..untyped })?;
        let required = if parent.requires(name) { " -required-" } else { "" };
        let values = some_values(field, amount);
        self.out += &format!("{}\t<{kind}>{required}{values}\n", indent(amount, name));
        if !self.recursive {
            let description = field.description().unwrap_or("<no description>");
            self.out += &indent(amount + 2, &wrap((WIDTH + 2).saturating_sub(amount), description));
            self.out += "\n\n";
        }
        Ok(())
    }
}
