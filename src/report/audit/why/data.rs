//! Why a row is as it is, for programs: JSON and CSV.

use serde_json::{Map, Value, json};

use crate::operations::audit::why::{
    ExplainedColumn, LiveRow, Origin, ParameterStandIn, Proof, ValueSource, Verdict, Why,
};
use crate::parse::FilePosition;

use super::super::csv::Cell;
use super::super::shown::signature_json;
use super::super::signed::{signed_header, signed_line};

/// The explanation as a JSON object; `docs/json.md` describes it.
#[must_use]
pub fn why_json(why: &Why) -> Value {
    let columns: Vec<Value> = why.columns.iter().map(column_json).collect();
    json!({
        "table": why.table,
        "record_id": why.record_id,
        "deleted": why.deleted.as_ref().map(signature_json),
        "origin": why.origin.as_ref().map(origin_json),
        "in_table": in_table(why),
        "columns": columns,
    })
}

/// What the table says of the row.
fn in_table(why: &Why) -> &'static str {
    match why.live {
        LiveRow::There(_) if why.differs_from_table() => "differs",
        LiveRow::There(_) | LiveRow::Deleted => "same",
        LiveRow::Gone => "gone",
        LiveRow::Unrecorded => "unrecorded",
        LiveRow::NotCompared => "not_compared",
    }
}

fn origin_json(origin: &Origin) -> Value {
    let (proof, problem) = match &origin.proof {
        Proof::Read => ("proved", None),
        Proof::Missing(why) => ("unproved", Some(why)),
        Proof::Broken(why) => ("broken", Some(why)),
    };
    let run = &origin.run;
    json!({
        "path": origin.file.path, "sha256": origin.file.sha256, "pointer": origin.pointer, "part": origin.part,
        "position": origin.position.as_ref().map(position_json),
        "run": run.id, "kind": run.kind, "started_at": run.started_at, "actor": run.actor, "reason": run.reason,
        "source": run.source, "layout": run.layout, "layout_digest": run.layout_digest,
        "archive": origin.archive.as_ref().map(|path| path.display().to_string()),
        "gone": origin.gone, "other_records": origin.others, "proof": proof, "problem": problem,
    })
}

fn position_json(position: &FilePosition) -> Value {
    let (line, column) = (position.line, position.column);
    json!({"line": line, "column": column, "first_byte": position.bytes.start, "end_byte": position.bytes.end})
}

fn column_json(column: &ExplainedColumn) -> Value {
    let mut members: Map<String, Value> = signature_json(&column.blamed.signature);
    let (verdict, file) = verdict(&column.verdict);
    let conversion = column
        .conversion
        .as_ref()
        .map(|(rule, text)| json!({"rule": rule, "text": text}));
    let more = [
        ("column", column.blamed.column.clone().into()),
        ("value", column.blamed.value.clone()),
        (
            "from",
            column.source.as_ref().map_or(Value::Null, source_json),
        ),
        ("conversion", conversion.into()),
        ("verdict", verdict.into()),
        ("file_says", file.into()),
        ("differs_in_table", column.in_table.is_some().into()),
        ("table_says", column.in_table.clone().into()),
    ];
    members.extend(more.map(|(name, value)| (name.to_owned(), value)));
    Value::Object(members)
}

fn verdict(verdict: &Verdict) -> (&'static str, Option<String>) {
    match verdict {
        Verdict::Proved => ("proved", None),
        Verdict::Differs { file } => ("differs", Some(file.clone())),
        Verdict::ChangedSince { file } => ("changed_since", Some(file.clone())),
        Verdict::NotInFile => ("not_in_file", None),
        Verdict::Unproved => ("unproved", None),
    }
}

fn source_json(source: &ValueSource) -> Value {
    let position = |position: &Option<FilePosition>| position.as_ref().map(position_json);
    match source {
        ValueSource::File {
            pointer,
            position: at,
            text,
        } => json!({"kind": "file", "pointer": pointer, "position": position(at), "text": text}),
        ValueSource::Absent {
            pointers,
            nulls,
            default,
        } => {
            json!({"kind": "absent", "pointers": pointers, "nulls": nulls, "default": default})
        }
        ValueSource::Capture { name, value } => {
            json!({"kind": "capture", "name": name, "value": value})
        }
        ValueSource::Parent { table, column } => {
            json!({"kind": "parent", "table": table, "column": column})
        }
        ValueSource::Constant(value) => json!({"kind": "constant", "value": value}),
        ValueSource::Parameter { name, default } => {
            let default = default.as_ref().map(|default| match default {
                ParameterStandIn::Text(text) => json!({ "value": text }),
                ParameterStandIn::OnlyRow { table, column } => {
                    json!({ "only": format!("{table}.{column}") })
                }
            });
            json!({"kind": "parameter", "name": name, "default": default})
        }
        ValueSource::Reference { table, column, key } => {
            json!({"kind": "reference", "table": table, "column": column, "key": key})
        }
        ValueSource::Rest { pointer } => json!({"kind": "rest", "pointer": pointer}),
        ValueSource::MadeId => json!({"kind": "made_id"}),
        ValueSource::Database => json!({"kind": "database"}),
    }
}

/// One line per column.
#[must_use]
pub fn why_csv(why: &Why) -> String {
    let header = signed_header(&[
        "column",
        "value",
        "source_path",
        "pointer",
        "line",
        "first_byte",
        "end_byte",
        "text",
        "conversion",
        "verdict",
        "file_says",
        "differs_in_table",
        "table_says",
    ]);
    let lines = why.columns.iter().map(|column| {
        let (mut pointer, mut position, mut text) = (None, None, None);
        if let Some(ValueSource::File {
            pointer: at,
            position: place,
            text: written,
        }) = &column.source
        {
            (pointer, position, text) = (Some(at.as_str()), place.as_ref(), written.as_deref());
        }
        let number = |number: Option<u64>| number.map_or(Cell::text(""), Cell::number);
        let (verdict, file) = verdict(&column.verdict);
        let path = why.origin.as_ref().map(|origin| origin.file.path.as_str());
        let cells = [
            Cell::text(column.blamed.column.as_str()),
            Cell::value(&column.blamed.value),
            Cell::optional(path),
            Cell::optional(pointer),
            number(position.map(|position| position.line)),
            number(position.map(|position| position.bytes.start)),
            number(position.map(|position| position.bytes.end)),
            Cell::optional(text),
            Cell::optional(column.conversion.as_ref().map(|(rule, _)| rule.as_str())),
            Cell::text(verdict),
            Cell::optional(file.as_deref()),
            Cell::text(if column.in_table.is_some() {
                "true"
            } else {
                "false"
            }),
            column.in_table.as_ref().map_or(Cell::text(""), Cell::value),
        ];
        signed_line(&column.blamed.signature, cells)
    });
    std::iter::once(header).chain(lines).collect()
}
