//! Lines that begin with who wrote an entry, when, in which run and from which file.

use crate::operations::audit::Signature;

use super::csv::{Cell, line};

const SIGNATURE: [&str; 8] = [
    "entry",
    "changed_at",
    "actor",
    "db_user",
    "run",
    "kind",
    "reason",
    "file",
];

/// The header of lines that go on with these columns.
pub(super) fn signed_header(columns: &[&str]) -> String {
    let names = SIGNATURE.iter().chain(columns);
    line(&names.map(|name| Cell::text(*name)).collect::<Vec<_>>())
}

/// A line that goes on with these cells.
pub(super) fn signed_line(signature: &Signature, cells: impl IntoIterator<Item = Cell>) -> String {
    let mut all = vec![
        Cell::number(signature.entry),
        Cell::text(signature.at.as_str()),
        Cell::text(signature.actor.as_str()),
        Cell::optional(signature.db_user.as_deref()),
        Cell::optional(signature.run.as_deref()),
        Cell::optional(signature.kind.as_deref()),
        Cell::optional(signature.reason.as_deref()),
        Cell::optional(signature.file.as_deref()),
    ];
    all.extend(cells);
    line(&all)
}
