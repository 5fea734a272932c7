//! Resolves the references and parameters that the mapping of a wave needs.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use crate::layout::{Expression, Layout, ParameterDefault, Reference};
use crate::map::{References, key_in_column};
use crate::model::{Origin, Place, ShowValues, SourceIndex, TableIndex, Value};
use crate::operations::OperationError;
use crate::plan::Planner;
use crate::source::SourceFile;

use super::shared::{SharedTransaction, lock};

/// The targets of references: per reference, the value by the text of its key.
#[derive(Debug)]
pub(super) struct KnownReferences<'s> {
    by_target: HashMap<ReferenceTarget, HashMap<String, Value>>,
    /// Likewise, the rejected records.
    invalid: HashMap<ReferenceTarget, HashMap<String, Origin>>,
    layout: &'s Layout,
    /// Sorted by path.
    files: &'s [SourceFile],
}

type ReferenceTarget = (TableIndex, usize, Vec<usize>);

impl References for KnownReferences<'_> {
    fn find(&self, reference: &Reference, key: &[Value]) -> Option<Value> {
        self.found(&self.by_target, reference, key).cloned()
    }

    fn find_invalid(&self, reference: &Reference, key: &[Value]) -> Option<Place> {
        let origin = self.found(&self.invalid, reference, key)?;
        Some(Place {
            pointer: Some(origin.pointer.to_string()),
            ..Place::file(&self.files[origin.file.0 as usize].path)
        })
    }

    fn has_file(&self, path: &str) -> bool {
        let packed = format!("{path}.gz");
        let mut names = [path, packed.as_str()].into_iter();
        names.any(|name| {
            let found = self
                .files
                .binary_search_by(|file| file.path.as_str().cmp(name));
            found.is_ok()
        })
    }
}

impl KnownReferences<'_> {
    /// The entry of one of these maps by a key.
    fn found<'t, T>(
        &self,
        targets: &'t HashMap<ReferenceTarget, HashMap<String, T>>,
        reference: &Reference,
        key: &[Value],
    ) -> Option<&'t T> {
        let by_key = targets.get(&target(reference))?;
        by_key.get(&key_text(key)).or_else(|| {
            // The values as the key columns would store them: `1.0` in an integer column, a time with an offset.
            let columns = reference.key.iter().zip(key);
            let typed = columns.map(|((column, _), value)| {
                key_in_column(self.layout, reference.table, *column, value)
            });
            by_key.get(&key_text(&typed.collect::<Vec<_>>()))
        })
    }
}

fn target(reference: &Reference) -> ReferenceTarget {
    (
        reference.table,
        reference.column,
        reference.key.iter().map(|(column, _)| *column).collect(),
    )
}

fn key_text(key: &[Value]) -> String {
    key.iter()
        .map(Value::key_text)
        .collect::<Vec<_>>()
        .join("\0")
}

/// Makes the planner record the values that later waves refer to.
pub(super) fn watch(layout: &Layout, planner: &mut Planner<'_>) {
    for parameter in &layout.parameters {
        if let Some(ParameterDefault::Only { table, column }) = parameter.default {
            planner.watch(table, &[column]);
        }
    }
    for reference in references(layout, &layout.sources.indexes().collect::<Vec<_>>()) {
        planner.watch(reference.table, &columns(reference));
    }
}

/// The key columns, followed by the column that the reference takes.
fn columns(reference: &Reference) -> Vec<usize> {
    reference
        .key
        .iter()
        .map(|(column, _)| *column)
        .chain([reference.column])
        .collect()
}

/// Loads the targets of the references of a wave's sources; `files` are those of the directory.
pub(super) fn known_references<'s>(
    layout: &'s Layout,
    wave: &[SourceIndex],
    files: &'s [SourceFile],
    planner: Option<&Planner<'_>>,
    database: Option<&SharedTransaction<'_>>,
) -> Result<KnownReferences<'s>, OperationError> {
    let mut known = KnownReferences {
        by_target: HashMap::new(),
        invalid: HashMap::new(),
        layout,
        files,
    };
    for reference in references(layout, wave) {
        let columns = columns(reference);
        let mut rows = match database {
            Some(database) => lock(database)
                .tables()
                .column_values(&layout.tables[reference.table], &columns)?,
            None => Vec::new(),
        };
        // A row of this run has the values of the files, not those that the database had before.
        let of_run = planner.map_or(&[][..], |planner| {
            planner.watched(reference.table, &columns)
        });
        if layout.tables[reference.table].table.primary_key == [reference.column] {
            let taken = of_run
                .iter()
                .filter_map(|row| row.last().map(Value::key_text));
            let taken: HashSet<String> = taken.collect();
            let superseded = |row: &Vec<Value>| {
                let key = row.last().map(Value::key_text);
                key.is_some_and(|key| taken.contains(&key))
            };
            rows.retain(|row| !superseded(row));
        }
        rows.extend_from_slice(of_run);
        let invalid = planner.map_or(&[][..], |planner| {
            planner.invalid(reference.table, &columns)
        });
        let places = known.invalid.entry(target(reference)).or_default();
        for (values, origin) in invalid {
            let (_, key) = values.split_last().expect("the column is the last one");
            places
                .entry(key_text(key))
                .or_insert_with(|| origin.clone());
        }
        let by_key = known.by_target.entry(target(reference)).or_default();
        for mut row in rows {
            if let Some(value) = row.pop() {
                by_key.insert(key_text(&row), value);
            }
        }
    }
    Ok(known)
}

/// The value of each parameter, or why it has none.
pub(super) fn parameters(
    layout: &Layout,
    given: &BTreeMap<String, String>,
    show: ShowValues,
    planner: Option<&Planner<'_>>,
    database: Option<&SharedTransaction<'_>>,
) -> Result<Vec<Result<Value, String>>, OperationError> {
    let mut values = Vec::new();
    for parameter in &layout.parameters {
        values.push(match (given.get(&parameter.name), &parameter.default) {
            (Some(text), _) => Ok(Value::Text(Arc::from(text.as_str()))),
            (None, Some(ParameterDefault::Text(text))) => Ok(Value::Text(Arc::from(text.as_str()))),
            (None, None) => Err(not_set(&parameter.name)),
            (None, Some(ParameterDefault::Only { table, column })) => {
                let of_run = planner.map(|planner| planner.watched(*table, &[*column]));
                let mut rows = of_run.unwrap_or_default().to_vec();
                if let Some(database) = database {
                    rows.extend(
                        lock(database)
                            .tables()
                            .column_values(&layout.tables[*table], &[*column])?,
                    );
                }
                only(layout, &parameter.name, *table, &rows, show)
            }
        });
    }
    Ok(values)
}

/// The beginning of every message about a parameter without a value.
pub(super) fn not_set(parameter: &str) -> String {
    format!("the parameter `{parameter}` is not set")
}

/// The single value, or a message with the number of candidates. Candidates may be names of people and are masked.
fn only(
    layout: &Layout,
    parameter: &str,
    table: TableIndex,
    rows: &[Vec<Value>],
    show: ShowValues,
) -> Result<Value, String> {
    const LISTED: usize = 10;
    let candidates: BTreeMap<String, &Value> = rows
        .iter()
        .map(|row| (row[0].key_text(), &row[0]))
        .collect();
    let table = &layout.tables[table].table.name;
    let not_set = not_set(parameter);
    let mut listed = candidates
        .keys()
        .take(LISTED)
        .map(|text| format!("`{text}`"))
        .collect::<Vec<_>>()
        .join(", ");
    if candidates.len() > LISTED {
        listed.push_str(&format!(" and {} more", candidates.len() - LISTED));
    }
    match candidates.values().next() {
        Some(value) if candidates.len() == 1 => Ok((*value).clone()),
        Some(_) => {
            let how = match show {
                ShowValues::Masked => "; `--show-values` lists them".to_owned(),
                ShowValues::Shown => format!(": {listed}"),
            };
            let count = candidates.len();
            Err(format!(
                "{not_set}, and `{table}` has {count} rows to choose from{how}"
            ))
        }
        None => Err(format!(
            "{not_set}, and `{table}` has no row to take it from"
        )),
    }
}

fn references<'l>(layout: &'l Layout, sources: &[SourceIndex]) -> Vec<&'l Reference> {
    let rules = sources
        .iter()
        .flat_map(|&source| layout.sources[source].rules());
    rules
        .flat_map(|rule| {
            let values = rule.expressions().filter_map(Expression::reference);
            values.chain(&rule.unless)
        })
        .collect()
}
