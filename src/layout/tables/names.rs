//! Names that are valid in every database and do not conflict with the ledger.

use sqlparser::ast::Ident;

use crate::layout::problem::Problems;

use super::place_of;

/// The ledger's tables. Names of a layout's tables and indexes must not start with any of them.
const LEDGER: [&str; 11] = [
    "import_runs",
    "source_files",
    "row_sources",
    "rejects",
    "conversions",
    "audit_log",
    "audit_context",
    "audit_replaced",
    "audit_seals",
    "audit_seal_blocks",
    "__diesel_schema_migrations",
];

/// PostgreSQL truncates longer names (NAMEDATALEN), so two of them could become equal.
const LONGEST: usize = 63;

/// Whether `name` is reserved for the ledger or SQLite, and so not available for a table or an index.
pub(crate) fn is_reserved_relation(name: &str) -> bool {
    let lower = name.to_lowercase();
    LEDGER.iter().any(|taken| lower.starts_with(taken)) || lower.starts_with("sqlite_")
}

/// Keywords of some database, which must be quoted when used as names.
const RESERVED: &str = "all alter and any array as asc autoincrement begin between both by case cast check collate column commit \
    constraint create cross current_date current_time current_timestamp database default deferrable delete desc \
    describe distinct do drop else end escape except exists explain false fetch for foreign from full function \
    glob grant group groups having if in index inner insert intersect interval into is isnull join key keys lateral \
    leading left like limit match natural not notnull null of offset on only or order outer over partition primary \
    procedure range rank read recursive references replace restrict returning right row rows schema select session_user \
    set some system table then to trailing transaction trigger true union unique update usage user using values \
    view virtual when where window with write";

/// Whether `name` can be written in SQL without quotes.
pub(crate) fn is_plain_identifier(name: &str) -> bool {
    let letter = |c: char| c.is_ascii_lowercase() || c == '_';
    name.starts_with(letter)
        && name.chars().all(|c| letter(c) || c.is_ascii_digit())
        && !RESERVED.split_whitespace().any(|word| word == name)
}

/// Reports names that are invalid for a table or an index, which share a namespace with the ledger's.
pub(super) fn check_relation(name: &Ident, problems: &mut Problems) {
    let lower = name.value.to_lowercase();
    let reserved = LEDGER.iter().find(|taken| lower.starts_with(**taken));
    let message = if let Some(taken) = reserved {
        Some(match lower == *taken {
            true => format!("`{}` is a table of the ledger", name.value),
            false => format!("`{}` starts like the ledger's table `{taken}`", name.value),
        })
    } else if lower.starts_with("sqlite_") {
        Some(format!(
            "`{}` starts with `sqlite_`, which is reserved by SQLite",
            name.value
        ))
    } else {
        unusable(&name.value)
    };
    report(name, message, problems);
}

/// Reports names that are invalid for a column. Each table has its own namespace of columns.
pub(super) fn check_column(name: &Ident, problems: &mut Problems) {
    report(name, unusable(&name.value), problems);
}

fn unusable(name: &str) -> Option<String> {
    if name.is_empty() || name.chars().any(char::is_control) {
        Some("a name must not be empty or contain control characters".to_owned())
    } else if name.len() > LONGEST {
        Some(format!(
            "the name is longer than {LONGEST} bytes, the limit of PostgreSQL"
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
