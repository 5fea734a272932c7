//! Names that every database takes and that are not the ledger's.

use sqlparser::ast::Ident;

use crate::layout::problem::Problems;

use super::place_of;

/// The ledger's tables: names of a layout's tables and indexes must not begin with any of them.
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

/// Reports a name that cannot be used for a table or an index, which share one name space with the ledger's.
pub(super) fn check_relation(name: &Ident, problems: &mut Problems) {
    let lower = name.value.to_lowercase();
    let reserved = LEDGER.iter().find(|taken| lower.starts_with(**taken));
    let message = if let Some(taken) = reserved {
        Some(format!(
            "`{}` begins like the ledger's own `{taken}`",
            name.value
        ))
    } else if lower.starts_with("sqlite_") {
        Some(format!(
            "`{}` begins with `sqlite_`, which SQLite keeps for itself",
            name.value
        ))
    } else {
        unusable(&name.value)
    };
    report(name, message, problems);
}

/// Reports a name that cannot be used for a column. Columns have their table's name space to themselves.
pub(super) fn check_column(name: &Ident, problems: &mut Problems) {
    report(name, unusable(&name.value), problems);
}

fn unusable(name: &str) -> Option<String> {
    if name.is_empty() || name.chars().any(char::is_control) {
        Some("a name must not be empty or contain control characters".to_owned())
    } else if name.len() > LONGEST {
        Some(format!(
            "the name is longer than {LONGEST} bytes, which PostgreSQL cuts off"
        ))
    } else {
        None
    }
}

fn report(name: &Ident, message: Option<String>, problems: &mut Problems) {
    if let Some(message) = message {
        problems.error(place_of(name.span), message, "choose another name");
    }
}
