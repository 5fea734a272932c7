//! Names that every database takes and that are not the ledger's.

use sqlparser::ast::Ident;

use crate::layout::problem::Problems;

use super::place_of;

/// The ledger's tables: a layout's names must not begin with any of them.
const LEDGER: [&str; 9] = [
    "import_runs",
    "source_files",
    "row_sources",
    "rejects",
    "conversions",
    "audit_log",
    "audit_context",
    "audit_seals",
    "__diesel_schema_migrations",
];

/// PostgreSQL cuts longer names off (NAMEDATALEN), which would make two of them one.
const LONGEST: usize = 63;

/// Reports a name that cannot be used for a table, column or index.
pub(super) fn check(name: &Ident, problems: &mut Problems) {
    let lower = name.value.to_lowercase();
    let reserved = LEDGER.iter().find(|taken| lower.starts_with(**taken));
    let message = if let Some(taken) = reserved {
        format!("`{}` begins like the ledger's own `{taken}`", name.value)
    } else if lower.starts_with("sqlite_") {
        format!(
            "`{}` begins with `sqlite_`, which SQLite keeps for itself",
            name.value
        )
    } else if name.value.is_empty() || name.value.chars().any(char::is_control) {
        "a name must not be empty or contain control characters".to_owned()
    } else if name.value.len() > LONGEST {
        format!("the name is longer than {LONGEST} bytes, which PostgreSQL cuts off")
    } else {
        return;
    };
    problems.error(place_of(name.span), message, "choose another name");
}
