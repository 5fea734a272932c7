//! Tables as the shapes of the documents suggest them; keys and references are not known yet.
//!
//! Every scalar of a document has its place: a column of its own, a JSON column around it, or the `rest` column of its
//! record.

use crate::model::ColumnType;

use super::column::{Column, column};
use super::form::{Form, Map, are_records, form, map, members};
use super::shape::{Objects, Shape};

/// A table, filled by one rule.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    /// Index of the kind of files whose documents hold its records.
    pub(super) kind: usize,
    /// Index of the table whose records hold its records.
    pub(super) parent: Option<usize>,
    /// Where its records stand in the enclosing record, or in the document.
    pub(super) each: Vec<Step>,
    /// What it would like to be called.
    pub(super) wanted: String,
    pub(super) records: u64,
    pub(super) columns: Vec<Column>,
    /// Whether members without a column are kept as JSON.
    pub(super) rest: bool,
}

/// One token of `each`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Name(String),
    Every,
    /// Every member; its name is data.
    Capture,
}

/// How many files a kind has, and whether it is one file with a name of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Files {
    One,
    Many,
}

/// The tables for documents of `shape`, parents before children.
pub(super) fn drafts(kind: usize, name: &str, shape: &Shape, files: Files) -> Vec<Draft> {
    let mut drafting = Drafting {
        kind,
        tables: Vec::new(),
    };
    drafting.document(name, shape, files);
    drafting.tables
}

struct Drafting {
    kind: usize,
    tables: Vec<Draft>,
}

/// Where a table's records are.
struct Place {
    parent: Option<usize>,
    each: Vec<Step>,
    depth: usize,
}

impl Place {
    fn below(&self, step: Step) -> Self {
        Self {
            parent: self.parent,
            each: self.each.iter().cloned().chain([step]).collect(),
            depth: self.depth,
        }
    }
}

impl Drafting {
    fn document(&mut self, name: &str, shape: &Shape, files: Files) {
        let root = Place {
            parent: None,
            each: Vec::new(),
            depth: 0,
        };
        if let Some(lists) = shape.only_lists().filter(|_| shape.nulls == 0) {
            return self.records(name, root.below(Step::Every), &lists.elements);
        }
        let objects = shape
            .only_objects()
            .filter(|_| shape.nulls == 0 && !shape.is_hollow());
        let Some(objects) = objects else {
            return self.values(name, root, shape);
        };
        if let Some(found) = map(objects, 0) {
            return self.map(name, root, &found);
        }
        if files == Files::One && self.envelope(objects) {
            return;
        }
        self.objects(name, root, objects, shape.count);
    }

    /// A document that does nothing but hold named sets of records needs no row of its own.
    fn envelope(&mut self, objects: &Objects) -> bool {
        let (kept, rest) = members(objects);
        let is_set = |shape: &Shape| matches!(form(shape, 0), Form::Records(_) | Form::Map(_));
        let sets = !rest
            && kept
                .iter()
                .all(|(name, shape)| is_set(shape) && is_plain(name));
        if sets {
            for (name, shape) in kept {
                let place = Place {
                    parent: None,
                    each: vec![Step::Name(name.clone())],
                    depth: 0,
                };
                self.set(name, place, shape);
            }
        }
        sets
    }

    /// Records in an array or a map; whether the place is one.
    fn set(&mut self, name: &str, place: Place, shape: &Shape) -> bool {
        match form(shape, place.depth) {
            Form::Records(lists) => self.records(name, place.below(Step::Every), &lists.elements),
            Form::Map(found) => self.map(name, place, &found),
            Form::Column(_) | Form::Nested(_) => return false,
        }
        true
    }

    fn map(&mut self, name: &str, place: Place, found: &Map) {
        let place = place.below(Step::Capture);
        let value = &found.value;
        if found.lists {
            if let Some(lists) = value.only_lists() {
                // A member with nothing in it would be lost without a row of its own.
                let place = match lists.empty {
                    0 => place,
                    _ => self.members(name, place, value.count),
                };
                let name = if lists.empty == 0 { name } else { "entries" };
                self.records(name, place.below(Step::Every), &lists.elements);
            }
            return;
        }
        let objects = value
            .only_objects()
            .filter(|inner| inner.count == value.count);
        let Some(objects) = objects else {
            return self.values(name, place, value);
        };
        match map(objects, place.depth + 1) {
            // One table for both levels, unless a member of the outer one would be lost with nothing in it.
            Some(inner) if objects.empty == 0 && !inner.lists => self.map(name, place, &inner),
            Some(inner) => {
                let place = self.members(name, place, value.count);
                self.map("entries", place, &inner);
            }
            None if objects.any.is_some() => self.values(name, place, value),
            None => self.objects(name, place, objects, value.count),
        }
    }

    fn records(&mut self, name: &str, place: Place, elements: &Shape) {
        match &elements.objects {
            Some(objects) if are_records(elements) => {
                self.objects(name, place, objects, elements.count);
            }
            Some(_) | None => self.values(name, place, elements),
        }
    }

    /// Records that are kept whole in one column.
    fn values(&mut self, name: &str, place: Place, shape: &Shape) {
        let ty = match form(shape, usize::MAX) {
            Form::Column(ty) => ty,
            Form::Nested(_) | Form::Records(_) | Form::Map(_) => ColumnType::Json,
        };
        let table = self.table(name, place, shape.count);
        self.tables[table].columns = vec![column("value", Vec::new(), shape, ty)];
    }

    fn objects(&mut self, name: &str, place: Place, objects: &Objects, records: u64) {
        let depth = place.depth + 1;
        let table = self.table(name, place, records);
        let (kept, rest) = members(objects);
        self.tables[table].rest = rest;
        for (name, shape) in kept {
            let pointer = vec![name.clone()];
            let inner = Place {
                parent: Some(table),
                each: vec![Step::Name(name.clone())],
                depth,
            };
            match form(shape, depth) {
                Form::Column(ty) => {
                    self.tables[table]
                        .columns
                        .push(column(name, pointer, shape, ty));
                }
                Form::Nested(members) => {
                    for (inner, shape) in &members.members {
                        let Form::Column(ty) = form(shape, depth) else {
                            continue;
                        };
                        let pointer = vec![name.clone(), inner.clone()];
                        let wanted = format!("{name}_{inner}");
                        self.tables[table]
                            .columns
                            .push(column(&wanted, pointer, shape, ty));
                    }
                }
                Form::Records(_) | Form::Map(_) if is_plain(name) => {
                    self.set(name, inner, shape);
                }
                Form::Records(_) | Form::Map(_) => {
                    let column = column(name, pointer, shape, ColumnType::Json);
                    self.tables[table].columns.push(column);
                }
            }
        }
    }

    /// A row for each member of a map; the place of what is in one.
    fn members(&mut self, name: &str, place: Place, records: u64) -> Place {
        let depth = place.depth + 1;
        Place {
            parent: Some(self.table(name, place, records)),
            each: Vec::new(),
            depth,
        }
    }

    fn table(&mut self, name: &str, place: Place, records: u64) -> usize {
        self.tables.push(Draft {
            kind: self.kind,
            parent: place.parent,
            each: place.each,
            wanted: name.to_owned(),
            records,
            columns: Vec::new(),
            rest: false,
        });
        self.tables.len() - 1
    }
}

/// Whether `each` can name the member: it has no way to write a `*` or a brace that is none of its own.
fn is_plain(name: &str) -> bool {
    name != "*" && !(name.starts_with('{') && name.ends_with('}'))
}
