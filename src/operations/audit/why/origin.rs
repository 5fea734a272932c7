//! Reads and maps the record that a row came from again.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value as Json;

use crate::archive::Archive;
use crate::database::ReadTransaction;
use crate::database::ledger::{FileVersion, RowOrigin, RunRecord, StoredConversion};
use crate::layout::{Layout, source_of, unpacked};
use crate::map::{self, MappedElement, Mapper, Resolved};
use crate::model::{
    FileId, MappedRow, Pointer, RunId, SourceIndex, TableIndex, Value, canonical_json,
};
use crate::model::{RecordId, Timestamp};
use crate::operations::OperationError;
use crate::operations::audit::BlamedColumn;
use crate::operations::audit::row_history::RowEntry;
use crate::operations::directory::{AnyReference, parameter_substitutes};
use crate::parse::{Framing, Limits};

use super::evidence::{self, Element};
use super::expression::{Explained, find_rule};
use super::{ExplainedColumn, Origin, Proof, ValueSource, Verdict, WhyOptions};

/// The record of a row to look for.
pub(super) struct Wanted<'w> {
    /// The record ids that the row had, the last one at the end.
    pub(super) names: &'w [FormerName],
    /// The files that its entries name.
    pub(super) files: &'w [i64],
}

/// A record id that a row had, under which it may have been imported. Another row may have had it before and after.
#[derive(Default)]
pub(super) struct FormerName {
    record_id: RecordId,
    since: Option<String>,
    until: Option<String>,
    /// Runs that changed the row under this id.
    runs: Vec<RunId>,
}

impl FormerName {
    fn since(record_id: &RecordId, since: Option<String>) -> Self {
        Self {
            record_id: record_id.clone(),
            since,
            ..Self::default()
        }
    }

    /// The ids that a row had according to its entries, the last one, `record`, in the end, and then the `others`, which
    /// it had at any time. A row that another program inserted is not the one that an earlier run imported under the
    /// same key.
    pub(super) fn of_row(
        entries: &[RowEntry],
        record: &RecordId,
        others: &[RecordId],
    ) -> Vec<Self> {
        let first = entries.first();
        let inserted = first.filter(|one| one.is_insert() && one.entry.run_id.is_none());
        let inserted = inserted.map(|one| one.entry.changed_at.clone());
        let first = first.map_or(record, |one| &one.entry.record_id);
        let (mut names, mut name) = (Vec::new(), Self::since(first, inserted.clone()));
        for RowEntry { entry, moved_to } in entries {
            name.runs.extend(entry.run_id.clone());
            if let Some(to) = moved_to {
                let next = Self::since(to, Some(entry.changed_at.clone()));
                name.until.clone_from(&next.since);
                names.push(std::mem::replace(&mut name, next));
            }
        }
        names.push(name);
        let others = others.iter().map(|id| Self::since(id, inserted.clone()));
        names.extend(others);
        names
    }

    fn is_of(&self, run: &RunRecord) -> bool {
        let finished = run.finished_at.as_ref();
        let (since, until) = (self.since.as_ref(), self.until.as_ref());
        let had_it = since.is_none_or(|since| finished > Some(since))
            && until.is_none_or(|until| finished <= Some(until));
        had_it || self.runs.contains(&run.id)
    }
}

/// Finds the record and explains the columns with it.
pub(super) fn explain(
    database: &mut ReadTransaction,
    options: &WhyOptions<'_>,
    wanted: &Wanted<'_>,
    columns: Vec<BlamedColumn>,
) -> Result<(Option<Origin>, Vec<ExplainedColumn>), OperationError> {
    let origins = origins_of(database, &options.table, wanted)?;
    let others = origins.len().saturating_sub(1);
    let Some((row, file, run)) = origins.into_iter().next() else {
        let unexplained = |blamed| ExplainedColumn {
            blamed,
            source: None,
            conversion: None,
            verdict: Verdict::NotInFile,
            in_table: None,
        };
        return Ok((None, columns.into_iter().map(unexplained).collect()));
    };
    let conversions = database
        .ledger()
        .conversions_of_row(&options.table, &row.record_id)?;
    let place = Place::new(options, row, file, run);
    let (origin, columns) = place.explain(columns, &conversions, others);
    Ok((Some(origin), columns))
}

/// The records that the ledger has under the last of the names. A later run can have replaced them by those of another
/// row that got the name.
fn origins_of(
    database: &mut ReadTransaction,
    table: &str,
    wanted: &Wanted<'_>,
) -> Result<Vec<(RowOrigin, FileVersion, RunRecord)>, OperationError> {
    for is_replaced in [false, true] {
        for name in wanted.names.iter().rev() {
            let mut ledger = database.ledger();
            let mut origins = match is_replaced {
                false => ledger.origins_of_row(table, &name.record_id, wanted.files)?,
                true => ledger.replaced_origins_of_row(table, &name.record_id)?,
            };
            origins.retain(|(_, _, run)| name.is_of(run));
            if !origins.is_empty() {
                return Ok(origins);
            }
        }
    }
    Ok(Vec::new())
}

/// The source of a row according to the ledger.
struct Place {
    row: RowOrigin,
    file: FileVersion,
    run: RunRecord,
    part: Option<u32>,
    archive: Option<PathBuf>,
    limits: Limits,
    layout: Result<Layout, String>,
}

/// The archive of the run; if it is not there, and one is where the database has it by default, that one: both were
/// moved.
fn archive_of(run: &RunRecord, options: &WhyOptions<'_>) -> Option<PathBuf> {
    let recorded = run.archive.as_ref().map(PathBuf::from)?;
    let is_there = |archive: &PathBuf| Archive::open(archive).is_ok();
    let moved = Some(options.database.default_archive()).filter(is_there);
    match is_there(&recorded) {
        true => Some(recorded),
        false => moved.or(Some(recorded)),
    }
}

impl Place {
    fn new(options: &WhyOptions<'_>, row: RowOrigin, file: FileVersion, run: RunRecord) -> Self {
        let layout = (options.layout)(&run.layout).and_then(|layout| {
            match layout.digest.to_string() == run.layout_digest {
                true => Ok(layout),
                false => Err(format!(
                    "the layout `{}` differs from the one that the run used: get that version from a backup or from \
                     version control, and name its directory with `--layout DIR`",
                    run.layout
                )),
            }
        });
        Self {
            part: row.part.and_then(|part| u32::try_from(part).ok()),
            archive: options
                .archive
                .clone()
                .or_else(|| archive_of(&run, options)),
            limits: options.limits,
            layout,
            row,
            file,
            run,
        }
    }

    fn explain(
        self,
        columns: Vec<BlamedColumn>,
        conversions: &[StoredConversion],
        others: usize,
    ) -> (Origin, Vec<ExplainedColumn>) {
        let (source, captures) = self.source().unzip();
        let document = unpacked(&self.file.path);
        let framing = match (&self.layout, source) {
            (Ok(layout), Some(source)) => Framing::of(&layout.sources[source], document),
            (Err(_), _) | (_, None) => Framing::by_name(document),
        };
        let mut element = match &self.archive {
            None => Err(Proof::Missing("the run has no archive".to_owned())),
            Some(archive) => {
                evidence::read(archive, &self.file, framing, self.limits, &self.row.pointer)
            }
        };
        let captures = captures.unwrap_or_default();
        let mapped = self.map_again(source, &captures, element.as_ref().ok());
        if let Ok(element) = &mut element {
            // From here on its text is needed only.
            element.value = Json::Null;
        }
        let found = element
            .as_ref()
            .ok()
            .and_then(|element| element.position(&self.row.pointer));
        let proof = match (&element, &mapped, &found) {
            (Err(proof), _, _) => proof.clone(),
            (Ok(_), _, None) => {
                Proof::Broken("the archived original has no such record".to_owned())
            }
            (Ok(_), Err(why), Some(_)) => Proof::Missing(why.clone()),
            (Ok(_), Ok(_), Some(_)) => Proof::Read,
        };
        let explained = self.explained(source, &captures, element.as_ref().ok());
        let column = |blamed: BlamedColumn| {
            let conversion = conversions.iter().rev().find(|conversion| {
                conversion.column_name == blamed.column && conversion.run_id == self.run.id
            });
            let index = self.column(&blamed.column);
            let mut source = match (&explained, index) {
                (Some(explained), Some(index)) => Some(explained.source(index)),
                // A column that is not in the layout belongs to the application.
                (Some(_), None) => Some(ValueSource::Database),
                (None, _) => None,
            };
            let value = mapped
                .as_ref()
                .ok()
                .zip(index)
                .map(|(row, index)| &row.values[index]);
            if let (Some(ValueSource::File { text, .. }), Some(value), Some(_)) =
                (&mut source, value, self.part)
            {
                *text = Some(Json::from(value.key_text()).to_string());
            }
            ExplainedColumn {
                verdict: self.verdict(&blamed, source.as_ref(), value),
                conversion: conversion
                    .map(|conversion| (conversion.rule.clone(), conversion.source_text.clone())),
                source,
                blamed,
                in_table: None,
            }
        };
        let columns = columns.into_iter().map(column).collect();
        let origin = Origin {
            position: found,
            pointer: self.row.pointer,
            part: self.part,
            removed: self.row.gone_run_id,
            archive: self.archive,
            file: self.file,
            run: self.run,
            proof,
            others,
        };
        (origin, columns)
    }

    /// The layout's source for the file, and the captures of the file's name.
    fn source(&self) -> Option<(SourceIndex, Vec<String>)> {
        let layout = self.layout.as_ref().ok()?;
        source_of(&layout.sources, &self.file.path)
    }

    fn table(&self) -> Option<TableIndex> {
        let layout = self.layout.as_ref().ok()?;
        layout
            .tables
            .position(|table| table.table.name == self.row.table_name)
    }

    fn column(&self, name: &str) -> Option<usize> {
        let layout = self.layout.as_ref().ok()?;
        layout.tables[self.table()?].table.column(name)
    }

    fn explained<'a>(
        &'a self,
        source: Option<SourceIndex>,
        captures: &'a [String],
        element: Option<&'a Element>,
    ) -> Option<Explained<'a>> {
        let layout = self.layout.as_ref().ok()?;
        let pointer = Pointer::parse(&self.row.pointer).ok()?;
        let found = find_rule(&layout.sources[source?], self.table()?, &pointer, self.part)?;
        Some(Explained {
            layout,
            found,
            captures,
            pointer: &self.row.pointer,
            part: self.part,
            element,
        })
    }

    /// The row that the record maps to; values that depend on other rows or on parameters stay open.
    fn map_again(
        &self,
        source: Option<SourceIndex>,
        captures: &[String],
        element: Option<&Element>,
    ) -> Result<MappedRow, String> {
        let layout = self.layout.as_ref().map_err(Clone::clone)?;
        let source = source.ok_or_else(|| {
            format!(
                "the layout `{}` has no source for a file of this name",
                layout.name
            )
        })?;
        let element = element.ok_or_else(|| "the original was not read".to_owned())?;
        let mapper = Mapper::new(layout).map_err(|error| error.to_string())?;
        let resolved = Resolved {
            parameters: parameter_substitutes(layout, &BTreeMap::new()),
            references: Box::new(AnyReference),
        };
        let mut mapped = MappedElement::default();
        let of = map::Element {
            source,
            file: FileId(0),
            path: unpacked(&self.file.path),
            captures,
            index: element.index(),
            value: &element.value,
        };
        mapper
            .map(&of, &resolved, &mut mapped)
            .map_err(|_| "the record cannot be mapped with this layout".to_owned())?;
        let table = self.table();
        let is_it = |row: &&MappedRow| {
            Some(row.table) == table
                && *row.origin.pointer == *self.row.pointer
                && row.origin.part == self.part
        };
        // Two rules may create rows of one record.
        let same = |row: &&MappedRow| is_it(row) && row.identity.0.as_slice() == self.row.identity;
        let place = mapped.rows.iter().position(|row| same(&row));
        let place = place.or_else(|| mapped.rows.iter().position(|row| is_it(&row)));
        let place = place.ok_or("the layout maps the record to no such row")?;
        Ok(mapped.rows.swap_remove(place))
    }

    fn verdict(
        &self,
        blamed: &BlamedColumn,
        source: Option<&ValueSource>,
        mapped: Option<&Value>,
    ) -> Verdict {
        match (source, mapped) {
            (
                Some(
                    ValueSource::Database
                    | ValueSource::Parameter { .. }
                    | ValueSource::Reference { .. },
                ),
                _,
            )
            | (Some(_), Some(Value::Default | Value::ParentKey(_))) => Verdict::NotInFile,
            (Some(_), Some(value)) if matches(value, &blamed.value) => Verdict::Proved,
            (Some(_), Some(value)) => {
                let file = match value {
                    Value::Null => "NULL".to_owned(),
                    other => other.key_text(),
                };
                match blamed.attribution.run.as_ref() == Some(&self.run.id) {
                    true => Verdict::Differs { file },
                    false => Verdict::ChangedSince { file },
                }
            }
            (None, _) | (Some(_), None) => Verdict::Unproved,
        }
    }
}

/// Whether a value of the audit log equals this one, however the database writes it.
fn matches(value: &Value, stored: &Json) -> bool {
    let text = stored.as_str();
    match value {
        Value::Null => stored.is_null(),
        Value::Boolean(value) => {
            stored.as_bool() == Some(*value) || stored.as_i64() == Some(i64::from(*value))
        }
        Value::Integer(value) => stored.as_i64() == Some(*value),
        Value::Real(value) => stored.as_f64() == Some(*value),
        Value::Text(value) => text == Some(value),
        // Databases without a JSON type store a string; others embed the value.
        Value::Json(value) if text == Some(value) => true,
        Value::Json(value) => {
            let stored = text.map_or_else(|| stored.to_string().into(), Cow::Borrowed);
            canonical_json(&stored) == canonical_json(value)
        }
        Value::Timestamp(value) => {
            let read = text.and_then(Timestamp::parse);
            read.is_some_and(|read| read.timestamp == *value)
        }
        Value::Date(value) => text == Some(&value.to_string()),
        Value::Uuid(value) => text.and_then(|text| text.parse().ok()) == Some(*value),
        Value::Blob(bytes) => {
            let hex = stored.get("$blob").and_then(Json::as_str);
            hex.is_some_and(|hex| hex.eq_ignore_ascii_case(&data_encoding::HEXUPPER.encode(bytes)))
        }
        Value::Default | Value::ParentKey(_) | Value::InvalidText(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_equal_in_all_spellings_of_the_databases() {
        let timestamp = Timestamp::parse("2024-05-01T10:00:00.5Z")
            .expect("valid")
            .timestamp;
        for (value, stored) in [
            (
                Value::Timestamp(timestamp),
                json!("2024-05-01T10:00:00.500000Z"),
            ),
            (
                Value::Timestamp(timestamp),
                json!("2024-05-01T12:00:00.5+02:00"),
            ),
            (
                Value::Timestamp(timestamp),
                json!("2024-05-01 10:00:00.500000"),
            ),
            (Value::Boolean(true), json!(1)),
            (Value::Boolean(true), json!(true)),
            (
                Value::Json(r#"{"b":1.50,"a":2}"#.into()),
                json!(r#"{"b":1.50,"a":2}"#),
            ),
            (
                Value::Json(r#"{"b":1.5,"a":2}"#.into()),
                json!({"a": 2, "b": 1.5}),
            ),
            (
                Value::Real(0.1),
                serde_json::from_str("0.10000000000000001").expect("JSON"),
            ),
            (Value::Null, Json::Null),
        ] {
            assert!(matches(&value, &stored), "{value:?} {stored}");
        }
        for (value, stored) in [
            (Value::text("1"), json!(1)),
            (Value::Integer(1), json!(2)),
            (Value::Null, json!("")),
            (Value::Boolean(false), Json::Null),
        ] {
            assert!(!matches(&value, &stored), "{value:?} {stored}");
        }
    }
}
