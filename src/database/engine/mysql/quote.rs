//! Names and text in MySQL's SQL (<https://dev.mysql.com/doc/refman/8.4/en/string-literals.html>).

use crate::database::engine::split::Quotes;

/// Backslashes are escapes in every string literal. No statement begins with one.
pub(in crate::database::engine) const QUOTES: Quotes = Quotes {
    has_escapes: |before, rest| !before.is_empty() && !rest.starts_with('`'),
    has_dollars: false,
};

/// A quoted name.
pub(in crate::database) fn identifier(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// A string literal. Whether a backslash is an escape depends on `sql_mode`: text that has one is written in
/// hexadecimal.
pub(in crate::database) fn literal(text: &str) -> String {
    if text.contains('\\') {
        format!(
            "CONVERT(X'{}' USING utf8mb4)",
            data_encoding::HEXUPPER.encode(text.as_bytes())
        )
    } else {
        format!("'{}'", text.replace('\'', "''"))
    }
}
