//! Report of `audit blame`: the last change of each column.

use std::io::{self, Write};

use crate::model::escape_line;
use crate::operations::audit::{Blame, BlamedColumn};
use crate::report::counts::{Align, aligned, short_timestamp};

use super::csv::attributed;
use super::not_recorded::not_recorded_text;
use super::shown::{self, Cut, attribution_text, author, short};

/// One line per column; then the entry that deleted the row, if any.
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
        let attribution = &column.attribution;
        vec![
            escape_line(&column.column),
            shown::value(&column.value, cut),
            short_timestamp(&attribution.at),
            author(attribution),
            attribution
                .run
                .as_deref()
                .map(short)
                .unwrap_or_default()
                .to_owned(),
            attribution.entry.to_string(),
            attribution
                .reason
                .as_deref()
                .map(escape_line)
                .unwrap_or_default(),
        ]
    };
    let rows: Vec<_> = blame.columns.iter().map(row).collect();
    let mut out = aligned(&header, &rows);
    if let Some(deleted) = &blame.deleted {
        let by = attribution_text(deleted);
        out.push_str(&format!(
            "the row was deleted by entry {}  {by}\n",
            deleted.entry
        ));
    }
    if let Some(name) = &blame.moved_to {
        out.push_str(&format!(
            "the key of the row is now `{}`\n",
            escape_line(name)
        ));
    }
    if let Some(missing) = &blame.not_recorded {
        out.push_str(&not_recorded_text(&blame.table, missing));
    }
    out
}

/// Writes one line per column.
///
/// # Errors
/// Those of `out`.
pub fn blame_csv(out: &mut dyn Write, blame: &Blame) -> io::Result<()> {
    attributed(out, &["action", "column", "value"], &blame.columns)
}
