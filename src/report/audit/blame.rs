//! The last writer of each column.

use serde_json::{Value, json};

use crate::operations::audit::{Blame, BlamedColumn};
use crate::report::counts::{Align, aligned, moment};

use super::csv::Cell;
use super::shown::{self, Cut, author, safe, short, signature, signature_json};
use super::signed::{signed_header, signed_line};

/// One line per column; then who deleted the row, if somebody did.
#[must_use]
pub fn blame_text(blame: &Blame, cut: Cut) -> String {
    let header = [
        ("column", Align::Left),
        ("value", Align::Left),
        ("when", Align::Left),
        ("actor", Align::Left),
        ("run", Align::Left),
        ("entry", Align::Right),
        ("reason", Align::Left),
    ];
    let row = |column: &BlamedColumn| {
        let signature = &column.signature;
        vec![
            safe(&column.column),
            shown::value(&column.value, cut),
            moment(&signature.at),
            author(signature),
            signature
                .run
                .as_deref()
                .map(short)
                .unwrap_or_default()
                .to_owned(),
            signature.entry.to_string(),
            signature.reason.as_deref().map(safe).unwrap_or_default(),
        ]
    };
    let rows: Vec<_> = blame.columns.iter().map(row).collect();
    let mut out = aligned(&header, &rows);
    if let Some(deleted) = &blame.deleted {
        let by = signature(deleted);
        out.push_str(&format!(
            "the row is gone: deleted by entry {}  {by}\n",
            deleted.entry
        ));
    }
    if let Some(name) = &blame.moved_to {
        out.push_str(&format!("the row is called `{}` now\n", safe(name)));
    }
    out
}

/// The columns as a JSON object; `docs/json.md` describes it.
#[must_use]
pub fn blame_json(blame: &Blame) -> Value {
    let columns: Vec<Value> = blame
        .columns
        .iter()
        .map(|column| {
            let mut members = signature_json(&column.signature);
            members.insert("column".to_owned(), column.column.clone().into());
            members.insert("value".to_owned(), column.value.clone());
            members.insert("action".to_owned(), column.action.clone().into());
            Value::Object(members)
        })
        .collect();
    let deleted = blame.deleted.as_ref().map(signature_json);
    json!({"table": blame.table, "record_id": blame.record_id, "columns": columns, "deleted": deleted, "moved_to": blame.moved_to})
}

/// One line per column.
#[must_use]
pub fn blame_csv(blame: &Blame) -> String {
    let lines = blame.columns.iter().map(|column| {
        let cells = [
            Cell::text(column.action.as_str()),
            Cell::text(column.column.as_str()),
            Cell::value(&column.value),
        ];
        signed_line(&column.signature, cells)
    });
    let header = signed_header(&["action", "column", "value"]);
    std::iter::once(header).chain(lines).collect()
}
