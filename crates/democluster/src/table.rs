//! Server-side printing: the `Table` kubectl asks for, with the columns and cells of the API server.

mod batch;
mod cell;
mod cluster;
mod columns;
mod custom;
mod events;
mod network;
mod pods;
mod storage;
mod workloads;

use jiff::Timestamp;
use serde_json::{Value, json};

use self::{
    columns::{Column, Printer},
    custom::CustomColumn,
};
use crate::{catalog::ResourceType, scene::Scene};

/// What each row says about its object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Include {
    /// Nothing.
    None,
    /// Its metadata; the default.
    Metadata,
    /// All of it.
    Object,
}

impl Include {
    /// The query parameter `includeObject`.
    pub(crate) fn asked_for(parameter: Option<&str>) -> Self {
        match parameter {
            Some("None") => Self::None,
            Some("Object") => Self::Object,
            _ => Self::Metadata,
        }
    }
}

/// A resource's way to be printed at one moment.
#[derive(Debug)]
pub(crate) struct Table {
    printer: Rows,
    now: Timestamp,
}

#[derive(Debug)]
enum Rows {
    BuiltIn(Printer),
    Custom(Vec<CustomColumn>),
}

impl Table {
    pub(crate) fn of(scene: &Scene, resource: &ResourceType, now: Timestamp) -> Self {
        let printer = if resource.is_custom() {
            Rows::Custom(custom::columns(scene, resource))
        } else {
            Rows::BuiltIn(columns::printer(resource))
        };
        Self { printer, now }
    }

    /// The `Table` object; `metadata` is the list's.
    pub(crate) fn render<'a>(
        &self,
        objects: impl IntoIterator<Item = &'a Value>,
        include: Include,
        metadata: &Value,
    ) -> Value {
        let columns: Vec<Value> = match &self.printer {
            Rows::BuiltIn(printer) => printer.columns.iter().map(Column::definition).collect(),
            Rows::Custom(columns) => columns.iter().map(CustomColumn::definition).collect(),
        };
        let row = |object: &Value| json!({ "cells": self.cells(object), "object": included(object, include) });
        json!({
            "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata, "columnDefinitions": columns,
            "rows": objects.into_iter().map(row).collect::<Vec<_>>(),
        })
    }

    fn cells(&self, object: &Value) -> Vec<Value> {
        match &self.printer {
            Rows::BuiltIn(printer) => (printer.cells)(object, self.now),
            Rows::Custom(columns) => columns.iter().map(|column| column.cell(object, self.now)).collect(),
        }
    }
}

fn included(object: &Value, include: Include) -> Value {
    match include {
        Include::None => Value::Null,
        Include::Metadata => json!({
            "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"],
        }),
        Include::Object => object.clone(),
    }
}
