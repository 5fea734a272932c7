//! Reads from the text of a stored trigger which table and columns it records. Texts of older versions are supported
//! too, because databases have them until their triggers are recreated.

use std::collections::HashSet;

use super::trigger::member_name;

/// Makes a string literal of the SQL of the database that has the trigger.
pub type Literal<'l> = &'l dyn Fn(&str) -> String;

/// Whether the entries of a trigger with this text are recorded under `table`.
#[must_use]
pub fn writes_entries_of(definition: &str, table: &str, literal: Literal<'_>) -> bool {
    let name = literal(table);
    // The statement may be a string literal itself.
    let quoted = literal(&format!(" SELECT {name}, "));
    let in_literal = quoted.trim_start_matches('E').trim_matches('\'');
    definition.contains(&format!("VALUES ({name}, "))
        || definition.contains(&format!("SELECT {name}, "))
        || definition.contains(in_literal)
}

/// The difference between the columns of a table and those in the text of its INSERT trigger: columns that were added,
/// dropped or renamed after the trigger was created.
#[must_use]
pub fn altered_columns<'c>(
    definition: &str,
    columns: impl IntoIterator<Item = &'c str>,
    literal: Literal<'_>,
) -> Vec<String> {
    let columns: Vec<&str> = columns.into_iter().collect();
    let mut members = Members {
        definition,
        after: 0,
        spelling: 0,
    };
    let unknown = columns
        .iter()
        .filter(|column| !members.has(column, literal));
    let mut altered: Vec<String> = unknown.map(|column| (*column).to_owned()).collect();
    let known: HashSet<String> = columns
        .iter()
        .map(|column| column.to_ascii_lowercase())
        .collect();
    for read in columns_read(definition) {
        if !known.contains(&read.to_ascii_lowercase()) && !altered.contains(&read) {
            altered.push(read);
        }
    }
    altered
}

/// Searches a trigger for the names of the members that it writes. They mostly are in the order of the columns and all
/// spelled alike, so that the text is not read again for each of a thousand columns.
struct Members<'d> {
    definition: &'d str,
    /// Where the last one was found.
    after: usize,
    /// How the last one was spelled.
    spelling: usize,
}

impl Members<'_> {
    fn has(&mut self, column: &str, literal: Literal<'_>) -> bool {
        let member = member_name(column);
        let spellings = [
            literal(&member),
            literal(&format!(",{member}")),
            format!("{}, ", literal(column)),
        ];
        let ahead = self.definition.get(self.after..).unwrap_or_default();
        if let Some(at) = ahead.find(&spellings[self.spelling]) {
            self.after += at;
            return true;
        }
        let found =
            |(spelling, text): (usize, &String)| Some((spelling, self.definition.find(text)?));
        match spellings.iter().enumerate().find_map(found) {
            Some((spelling, after)) => {
                (self.spelling, self.after) = (spelling, after);
                true
            }
            None => false,
        }
    }
}

/// Names of the columns that are read from the new row, without duplicates.
fn columns_read(definition: &str) -> Vec<String> {
    let (mut names, mut seen) = (Vec::new(), HashSet::new());
    for (start, quote) in [
        ("NEW.\"", '"'),
        ("NEW.`", '`'),
        (" r.\"", '"'),
        ("(r.\"", '"'),
        ("+r.\"", '"'),
    ] {
        for (at, _) in definition.match_indices(start) {
            let name = quoted_name(&definition[at + start.len()..], quote);
            if seen.insert(name.clone()) {
                names.push(name);
            }
        }
    }
    names
}

/// The name at the beginning of `text`, up to the closing quote.
pub(crate) fn quoted_name(text: &str, quote: char) -> String {
    let mut name = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == quote && chars.next_if_eq(&quote).is_none() {
            break;
        }
        name.push(c);
    }
    name
}
