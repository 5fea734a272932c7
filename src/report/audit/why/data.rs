//! Report of `audit why` as JSON and CSV.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;

use crate::database::NotRecorded;
use crate::model::{EntryId, RecordId, RunId};
use crate::operations::audit::Attribution;
use crate::operations::audit::why::{
    ExplainedColumn, LiveRow, Origin, Proof, ValueSource, Verdict, Why,
};
use crate::parse::FilePosition;

use super::super::csv::attributed;

/// The explanation of a row as a document.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct WhyView<'o> {
    /// The table.
    table: &'o str,
    /// The row's primary key as text.
    record_id: &'o RecordId,
    /// Who deleted the row, if it was deleted.
    deleted: Option<&'o Attribution>,
    /// The record that the row came from; `null` for a row that no file accounts for.
    origin: Option<OriginView<'o>>,
    /// The row in its table: the same, or different values; `gone` although no entry deletes it; `unrecorded`: it
    /// exists although an entry deleted it; `not_compared`: its key changed.
    #[cfg_attr(
        test,
        schemars(extend("enum" = ["same", "differs", "gone", "unrecorded", "not_compared"]))
    )]
    in_table: &'static str,
    /// Why later changes may have no entry under the name of the table; `null` if they should have.
    not_recorded: Option<&'o NotRecorded>,
    /// Entries before which a change has no entry, as runs of kind `enable` found.
    known_gaps: Vec<KnownGapView<'o>>,
    /// The columns.
    columns: Vec<ExplainedColumnView<'o>>,
}

/// An entry that is inconsistent with the previous ones.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct KnownGapView<'o> {
    /// The entry.
    entry: EntryId,
    /// The run that accepted the row as it was.
    run: &'o RunId,
}

/// The record that a row came from.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct OriginView<'o> {
    /// The file, relative to the directory.
    path: &'o str,
    /// Digest of the file.
    sha256: Option<&'o str>,
    /// JSON Pointer to the record.
    pointer: &'o str,
    /// The part of a split string, from 0.
    part: Option<u32>,
    /// The record's location in the file.
    position: Option<&'o FilePosition>,
    /// The run that imported it.
    run: &'o RunId,
    /// Its kind.
    kind: &'o str,
    /// When it began.
    started_at: &'o str,
    /// Its actor.
    actor: &'o str,
    /// The reason given for it.
    reason: Option<&'o str>,
    /// The directory's name in the ledger.
    source: &'o str,
    /// Name of the layout.
    layout: &'o str,
    /// SHA-256 of the layout.
    layout_digest: &'o str,
    /// Directory of the originals.
    archive: Option<String>,
    /// The run that did not find the record any more.
    gone: Option<&'o RunId>,
    /// How many more records became this row.
    other_records: usize,
    /// The result of checking the archived original.
    #[cfg_attr(test, schemars(extend("enum" = ["proved", "unproved", "broken"])))]
    proof: &'static str,
    /// Why it is not proved.
    problem: Option<&'o str>,
}

/// A column, its last change, and the source of its value.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct ExplainedColumnView<'o> {
    #[serde(flatten)]
    attribution: &'o Attribution,
    /// The column.
    column: &'o str,
    /// The value according to the audit log.
    value: &'o Value,
    /// The source of the value according to the layout; `null` if the layout is unavailable.
    from: Option<&'o ValueSource>,
    /// The conversion of the value.
    conversion: Option<ConversionView<'o>>,
    /// Whether the file has the same value.
    #[cfg_attr(
        test,
        schemars(extend("enum" = ["proved", "differs", "changed_since", "not_in_file", "unproved"]))
    )]
    verdict: &'static str,
    /// The value in the file, if it differs.
    file_says: Option<&'o str>,
    /// Whether the value in the table differs from the audit log.
    differs_in_table: bool,
    /// The value in the table, if it differs.
    table_says: Option<&'o Value>,
}

/// A conversion of a value.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "ValueConversion"))]
struct ConversionView<'o> {
    /// The rule, as in a conversion.
    rule: &'o str,
    /// The text in the file.
    text: &'o str,
}

impl<'o> From<&'o Why> for WhyView<'o> {
    fn from(why: &'o Why) -> Self {
        Self {
            table: &why.table,
            record_id: &why.record_id,
            deleted: why.deleted.as_ref(),
            origin: why.origin.as_ref().map(Into::into),
            in_table: in_table(why),
            not_recorded: why.not_recorded.as_ref(),
            known_gaps: (why.known_gaps.iter())
                .map(|(entry, run)| KnownGapView { entry: *entry, run })
                .collect(),
            columns: why.columns.iter().map(Into::into).collect(),
        }
    }
}

/// How the row compares with its table.
fn in_table(why: &Why) -> &'static str {
    match why.live {
        LiveRow::There if why.differs_from_table() => "differs",
        LiveRow::There | LiveRow::Deleted => "same",
        LiveRow::Removed => "gone",
        LiveRow::Unrecorded => "unrecorded",
        LiveRow::NotCompared => "not_compared",
    }
}

impl<'o> From<&'o Origin> for OriginView<'o> {
    fn from(origin: &'o Origin) -> Self {
        let (proof, problem) = match &origin.proof {
            Proof::Read => ("proved", None),
            Proof::Missing(why) => ("unproved", Some(why.as_str())),
            Proof::Broken(why) => ("broken", Some(why.as_str())),
        };
        let run = &origin.run;
        let archive = origin.archive.as_ref();
        Self {
            path: &origin.file.path,
            sha256: origin.file.sha256.as_deref(),
            pointer: &origin.pointer,
            part: origin.part,
            position: origin.position.as_ref(),
            run: &run.id,
            kind: &run.kind,
            started_at: &run.started_at,
            actor: &run.actor,
            reason: run.reason.as_deref(),
            source: &run.source,
            layout: &run.layout,
            layout_digest: &run.layout_digest,
            archive: archive.map(|path| path.display().to_string()),
            gone: origin.removed.as_ref(),
            other_records: origin.others,
            proof,
            problem,
        }
    }
}

impl<'o> From<&'o ExplainedColumn> for ExplainedColumnView<'o> {
    fn from(column: &'o ExplainedColumn) -> Self {
        let (verdict, file_says) = match &column.verdict {
            Verdict::Proved => ("proved", None),
            Verdict::Differs { file } => ("differs", Some(file.as_str())),
            Verdict::ChangedSince { file } => ("changed_since", Some(file.as_str())),
            Verdict::NotInFile => ("not_in_file", None),
            Verdict::Unproved => ("unproved", None),
        };
        let conversion = column.conversion.as_ref();
        Self {
            attribution: &column.blamed.attribution,
            column: &column.blamed.column,
            value: &column.blamed.value,
            from: column.source.as_ref(),
            conversion: conversion.map(|(rule, text)| ConversionView { rule, text }),
            verdict,
            file_says,
            differs_in_table: column.in_table.is_some(),
            table_says: column.in_table.as_ref(),
        }
    }
}

/// Writes one line per column.
///
/// # Errors
/// Those of `out`.
pub fn why_csv(out: &mut dyn Write, why: &Why) -> io::Result<()> {
    /// A column, with the members of its origin and source that are on the line.
    #[derive(Serialize)]
    struct Line<'o> {
        /// Its `column` is replaced by that of the row.
        #[serde(flatten)]
        position: Option<&'o FilePosition>,
        #[serde(flatten)]
        column: ExplainedColumnView<'o>,
        source_path: Option<&'o str>,
        pointer: Option<&'o str>,
        text: Option<&'o str>,
        rule: Option<&'o str>,
    }
    let lines = why.columns.iter().map(|column| {
        let (pointer, position, text) = match &column.source {
            Some(ValueSource::File {
                pointer,
                position,
                text,
            }) => (Some(pointer.as_str()), position.as_ref(), text.as_deref()),
            Some(_) | None => (None, None, None),
        };
        Line {
            position,
            column: column.into(),
            source_path: why.origin.as_ref().map(|origin| origin.file.path.as_str()),
            pointer,
            text,
            rule: column.conversion.as_ref().map(|(rule, _)| rule.as_str()),
        }
    });
    let columns = [
        "column",
        "value",
        "source_path",
        "pointer",
        "line",
        "first_byte",
        "end_byte",
        "text",
        "conversion=rule",
        "verdict",
        "file_says",
        "differs_in_table",
        "table_says",
    ];
    attributed(out, &columns, lines)
}
