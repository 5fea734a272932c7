//! Splits accession's own scripts (migrations, triggers) into statements. Each is sent in its own message, because a
//! proxy may not accept several in one.
//!
//! Semicolons in quotes and comments do not end a statement, nor do those in a trigger's body `BEGIN … END` (MySQL)
//! or `NAME: BEGIN … END`, which ends with `END;` at the end of a line.

#[cfg(all(test, feature = "postgres", feature = "mysql"))]
mod tests;

/// The quoting rules of an engine's SQL.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quotes {
    /// Whether backslashes are escapes in the quoted text that `rest` begins with, after the text of the statement
    /// `before`.
    pub(super) has_escapes: fn(before: &str, rest: &str) -> bool,
    /// Whether `$tag$…$tag$` is text.
    pub(super) has_dollars: bool,
}

/// The statements of `text`, without the semicolons after them.
pub(super) fn statements(text: &str, quotes: Quotes) -> Vec<&str> {
    let mut statements = Vec::new();
    let (mut begin, mut at) = (0, 0);
    while at < text.len() {
        let (statement, rest) = (&text[begin..at], &text[at..]);
        if rest.starts_with(';') && is_whole(statement, &rest[1..]) {
            statements.push(statement);
            begin = at + 1;
        }
        at += passed_over(statement, rest, quotes);
    }
    statements.push(&text[begin..]);
    let comment = |line: &str| line.trim().is_empty() || line.trim_start().starts_with("--");
    statements.retain(|statement| !statement.lines().all(comment));
    statements
}

/// Whether a semicolon between the two ends a statement.
fn is_whole(statement: &str, rest: &str) -> bool {
    let at_line_end = rest.is_empty() || rest.starts_with('\n');
    let body = statement.split_once("FOR EACH ROW");
    let is_open =
        body.is_some_and(|(_, body)| without_label(body.trim_start()).starts_with("BEGIN"));
    !is_open || (statement.ends_with("END") && at_line_end)
}

/// A body without the name of its block, if that has one.
fn without_label(body: &str) -> &str {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    match body.split_once(": ") {
        Some((label, rest)) if label.chars().all(is_name) => rest,
        _ => body,
    }
}

/// The length of the quoted text or the comment that `rest` begins with, else of its first character.
fn passed_over(before: &str, rest: &str, quotes: Quotes) -> usize {
    let until = |from: usize, end: &str| {
        let found = rest[from..].find(end);
        found.map_or(rest.len(), |at| from + at + end.len())
    };
    match rest.as_bytes()[0] {
        b'-' if rest.starts_with("--") => until(2, "\n"),
        b'/' if rest.starts_with("/*") => until(2, "*/"),
        b'\'' | b'"' | b'`' => quoted(rest, (quotes.has_escapes)(before, rest)),
        b'$' if quotes.has_dollars => {
            dollar_tag(before, rest).map_or(1, |tag| until(tag.len(), tag))
        }
        _ => rest.chars().next().map_or(1, char::len_utf8),
    }
}

/// A doubled quote ends one text and begins the next.
fn quoted(rest: &str, escapes: bool) -> usize {
    let bytes = rest.as_bytes();
    let mut at = 1;
    while at < bytes.len() && bytes[at] != bytes[0] {
        at += if escapes && bytes[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(rest.len())
}

/// `$tag$`, if that is what `rest` begins with.
fn dollar_tag<'t>(before: &str, rest: &'t str) -> Option<&'t str> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let length = rest[1..].find('$')?;
    let tag = &rest[..length + 2];
    (!before.ends_with(is_name) && tag[1..=length].chars().all(is_name)).then_some(tag)
}
