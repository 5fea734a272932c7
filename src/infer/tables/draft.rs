//! Table drafts, derived from the profiles of the documents, without keys and references.
//!
//! Every scalar in a document is stored somewhere: in a column, in a JSON column, or in the `rest` column of its
//! record.

use crate::model::ColumnType;

use crate::infer::profile::{ObjectProfile, PathProfile};

use super::column::{ColumnDraft, column};
use super::types::{InferredType, MapType, are_records, as_map, infer_type, members};

/// A table, filled by one rule.
#[derive(Debug, Clone)]
pub(crate) struct TableDraft {
    /// Index of the cluster of files that contain its records.
    pub(crate) cluster: usize,
    /// Index of the table whose records contain its records.
    pub(crate) parent: Option<usize>,
    /// Location of its records in the enclosing record, or in the document.
    pub(crate) each: Vec<PathStep>,
    /// Its name in the documents, which may be taken.
    pub(crate) raw_name: String,
    pub(crate) records: u64,
    pub(crate) columns: Vec<ColumnDraft>,
    /// Whether members without a column are stored as JSON.
    pub(crate) rest: bool,
}

/// One token of `each`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PathStep {
    Member(String),
    /// Every element of an array.
    Each,
    /// Every member; the member name is data.
    Capture,
}

/// Whether a cluster has many files, or one file with a name of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Files {
    One,
    Many,
}

/// Creates the tables for documents of `profile`, parents before children.
pub(crate) fn drafts(
    cluster: usize,
    name: &str,
    profile: &PathProfile,
    files: Files,
) -> Vec<TableDraft> {
    let mut drafting = DraftBuilder {
        cluster,
        tables: Vec::new(),
    };
    drafting.document(name, profile, files);
    drafting.tables
}

struct DraftBuilder {
    cluster: usize,
    tables: Vec<TableDraft>,
}

/// The location of a table's records.
struct RecordPath {
    parent: Option<usize>,
    each: Vec<PathStep>,
    depth: usize,
}

impl RecordPath {
    fn below(&self, step: PathStep) -> Self {
        Self {
            parent: self.parent,
            each: self.each.iter().cloned().chain([step]).collect(),
            depth: self.depth,
        }
    }
}

impl DraftBuilder {
    fn document(&mut self, name: &str, profile: &PathProfile, files: Files) {
        let root = RecordPath {
            parent: None,
            each: Vec::new(),
            depth: 0,
        };
        if let Some(arrays) = profile.only_arrays().filter(|_| profile.nulls == 0) {
            return self.records(name, root.below(PathStep::Each), &arrays.elements);
        }
        let objects = profile
            .only_objects()
            .filter(|_| profile.nulls == 0 && !profile.has_no_content());
        let Some(objects) = objects else {
            return self.values(name, root, profile);
        };
        if let Some(found) = as_map(objects, 0) {
            return self.map(name, root, &found);
        }
        if files == Files::One && self.envelope(objects) {
            return;
        }
        self.objects(name, root, objects, profile.count);
    }

    /// A document that only contains named sets of records gets no row of its own.
    fn envelope(&mut self, objects: &ObjectProfile) -> bool {
        let (kept, rest) = members(objects);
        let is_set = |profile: &PathProfile| {
            matches!(
                infer_type(profile, 0),
                InferredType::Records(_) | InferredType::Map(_)
            )
        };
        let sets = !rest
            && kept
                .iter()
                .all(|(name, profile)| is_set(profile) && is_plain(name));
        if sets {
            for (name, profile) in kept {
                let path = RecordPath {
                    parent: None,
                    each: vec![PathStep::Member(name.clone())],
                    depth: 0,
                };
                self.set(name, path, profile);
            }
        }
        sets
    }

    /// Adds the records of an array or a map. Returns whether the profile is one of these.
    fn set(&mut self, name: &str, path: RecordPath, profile: &PathProfile) -> bool {
        match infer_type(profile, path.depth) {
            InferredType::Records(arrays) => {
                self.records(name, path.below(PathStep::Each), &arrays.elements)
            }
            InferredType::Map(found) => self.map(name, path, &found),
            InferredType::Column(_) | InferredType::Struct(_) => return false,
        }
        true
    }

    fn map(&mut self, name: &str, path: RecordPath, found: &MapType) {
        let path = path.below(PathStep::Capture);
        let value = &found.value;
        if found.arrays {
            if let Some(arrays) = value.only_arrays() {
                // Without a row of its own, an empty member would be lost.
                let path = match arrays.empty {
                    0 => path,
                    _ => self.members(name, path, value.count),
                };
                let name = if arrays.empty == 0 { name } else { "entries" };
                self.records(name, path.below(PathStep::Each), &arrays.elements);
            }
            return;
        }
        let objects = value
            .only_objects()
            .filter(|inner| inner.count == value.count);
        let Some(objects) = objects else {
            return self.values(name, path, value);
        };
        match as_map(objects, path.depth + 1) {
            // One table for both levels, unless an empty member of the outer one would be lost.
            Some(inner) if objects.empty == 0 && !inner.arrays => self.map(name, path, &inner),
            Some(inner) => {
                let path = self.members(name, path, value.count);
                self.map("entries", path, &inner);
            }
            None if objects.any.is_some() => self.values(name, path, value),
            None => self.objects(name, path, objects, value.count),
        }
    }

    fn records(&mut self, name: &str, path: RecordPath, elements: &PathProfile) {
        match &elements.objects {
            Some(objects) if are_records(elements) => {
                self.objects(name, path, objects, elements.count);
            }
            Some(_) | None => self.values(name, path, elements),
        }
    }

    /// Adds records that are stored whole in one column.
    fn values(&mut self, name: &str, path: RecordPath, profile: &PathProfile) {
        let ty = match infer_type(profile, usize::MAX) {
            InferredType::Column(ty) => ty,
            InferredType::Struct(_) | InferredType::Records(_) | InferredType::Map(_) => {
                ColumnType::Json
            }
        };
        let table = self.table(name, path, profile.count);
        self.tables[table].columns = vec![column("value", Vec::new(), profile, ty)];
    }

    fn objects(&mut self, name: &str, path: RecordPath, objects: &ObjectProfile, records: u64) {
        let depth = path.depth + 1;
        let table = self.table(name, path, records);
        let (kept, rest) = members(objects);
        self.tables[table].rest = rest;
        for (name, profile) in kept {
            let pointer = vec![name.clone()];
            let inner = RecordPath {
                parent: Some(table),
                each: vec![PathStep::Member(name.clone())],
                depth,
            };
            match infer_type(profile, depth) {
                InferredType::Column(ty) => {
                    self.tables[table]
                        .columns
                        .push(column(name, pointer, profile, ty));
                }
                InferredType::Struct(members) => {
                    for (inner, profile) in &members.members {
                        let InferredType::Column(ty) = infer_type(profile, depth) else {
                            continue;
                        };
                        let pointer = vec![name.clone(), inner.clone()];
                        let raw_name = format!("{name}_{inner}");
                        self.tables[table]
                            .columns
                            .push(column(&raw_name, pointer, profile, ty));
                    }
                }
                InferredType::Records(_) | InferredType::Map(_) if is_plain(name) => {
                    self.set(name, inner, profile);
                }
                InferredType::Records(_) | InferredType::Map(_) => {
                    let column = column(name, pointer, profile, ColumnType::Json);
                    self.tables[table].columns.push(column);
                }
            }
        }
    }

    /// Adds a row for each member of a map. Returns the location of their contents.
    fn members(&mut self, name: &str, path: RecordPath, records: u64) -> RecordPath {
        let depth = path.depth + 1;
        RecordPath {
            parent: Some(self.table(name, path, records)),
            each: Vec::new(),
            depth,
        }
    }

    fn table(&mut self, name: &str, path: RecordPath, records: u64) -> usize {
        self.tables.push(TableDraft {
            cluster: self.cluster,
            parent: path.parent,
            each: path.each,
            raw_name: name.to_owned(),
            records,
            columns: Vec::new(),
            rest: false,
        });
        self.tables.len() - 1
    }
}

/// Whether `each` can name the member: it cannot express a literal `*` or literal braces.
fn is_plain(name: &str) -> bool {
    name != "*" && !(name.starts_with('{') && name.ends_with('}'))
}
