//! Names and text in SQLite's SQL (<https://sqlite.org/lang_keywords.html>, <https://sqlite.org/lang_expr.html>).

/// A quoted name.
pub(in crate::database) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A string literal.
pub(in crate::database) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
