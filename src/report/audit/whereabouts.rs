//! The rows that came from a place in a file.

use serde_json::{Value, json};

use crate::operations::audit::{FromFile, Whereabouts};
use crate::report::counts::{Align, aligned, moment};

use super::csv::{Cell, sheet};
use super::log::shown_of;
use super::shown::{safe, short};

/// One line per row, then how many there are.
#[must_use]
pub fn whereabouts_text(found: &Whereabouts) -> String {
    let header = [
        ("table", Align::Left),
        ("record", Align::Left),
        ("pointer", Align::Left),
        ("part", Align::Right),
        ("run", Align::Left),
        ("when", Align::Left),
        ("actor", Align::Left),
        ("", Align::Left),
    ];
    let row = |row: &FromFile| {
        let origin = &row.origin;
        vec![
            safe(&origin.table_name),
            safe(&origin.record_id),
            safe(&origin.pointer),
            origin.part.map(|part| part.to_string()).unwrap_or_default(),
            short(&row.run.id).to_owned(),
            moment(&row.run.started_at),
            safe(&row.run.actor),
            origin
                .gone_run_id
                .as_ref()
                .map(|run| format!("gone since run {}", short(run)))
                .unwrap_or_default(),
        ]
    };
    let rows: Vec<_> = found.rows.iter().map(row).collect();
    let mut out = match rows.is_empty() {
        true => String::new(),
        false => aligned(&header, &rows),
    };
    if let Some(around) = &found.around {
        let around = match around.as_str() {
            "" => "the whole document".to_owned(),
            around => safe(around),
        };
        out.push_str(&format!(
            "no row is that place itself; these are the record around it: {around}\n"
        ));
    }
    out.push_str(&shown_of(found.rows.len(), found.count, "row"));
    out
}

/// The rows as a JSON object; `docs/json.md` describes it.
#[must_use]
pub fn whereabouts_json(found: &Whereabouts) -> Value {
    let rows: Vec<Value> = found
        .rows
        .iter()
        .map(|row| {
            json!({
                "table": row.origin.table_name, "record_id": row.origin.record_id,
                "pointer": row.origin.pointer, "part": row.origin.part, "gone": row.origin.gone_run_id,
                "path": row.file.path, "sha256": row.file.sha256,
                "run": row.run.id, "started_at": row.run.started_at, "actor": row.run.actor,
            })
        })
        .collect();
    json!({"rows": rows, "count": found.count, "around": found.around})
}

/// One line per row.
#[must_use]
pub fn whereabouts_csv(found: &Whereabouts) -> String {
    let header = [
        "table",
        "record_id",
        "pointer",
        "part",
        "gone",
        "path",
        "sha256",
        "run",
        "started_at",
        "actor",
    ];
    let rows = found.rows.iter().map(|row| {
        let origin = &row.origin;
        vec![
            Cell::text(origin.table_name.as_str()),
            Cell::text(origin.record_id.as_str()),
            Cell::text(origin.pointer.as_str()),
            origin.part.map_or(Cell::text(""), Cell::number),
            Cell::optional(origin.gone_run_id.as_deref()),
            Cell::text(row.file.path.as_str()),
            Cell::optional(row.file.sha256.as_deref()),
            Cell::text(row.run.id.as_str()),
            Cell::text(row.run.started_at.as_str()),
            Cell::text(row.run.actor.as_str()),
        ]
    });
    sheet(&header, rows)
}
