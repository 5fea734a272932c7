//! Names and text in PostgreSQL's SQL (<https://www.postgresql.org/docs/current/sql-syntax-lexical.html>).

use crate::database::engine::split::Quotes;

/// Backslashes are escapes in `E'…'` alone.
pub(in crate::database::engine) const QUOTES: Quotes = Quotes {
    has_escapes: |before, rest| rest.starts_with('\'') && before.ends_with('E'),
    has_dollars: true,
};

/// A quoted name.
pub(in crate::database) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A string literal, whatever `standard_conforming_strings` is.
pub(in crate::database) fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if quoted.contains('\\') {
        format!("E'{}'", quoted.replace('\\', "\\\\"))
    } else {
        format!("'{quoted}'")
    }
}

/// A function's text between dollar quotes that do not occur in it.
pub(super) fn dollar_quoted(body: &str) -> String {
    let mut tag = "$accession$".to_owned();
    while body.contains(&tag) {
        tag.insert(tag.len() - 1, '_');
    }
    format!("{tag}{body}{tag}")
}
