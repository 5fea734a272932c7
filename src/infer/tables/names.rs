//! Names for tables and columns, derived from member names.
//!
//! Letters and digits of any script are kept, everything else becomes `_`; `createdAt` becomes `created_at`. Names
//! that are reserved in a database, or already in use (in any case), get a number.

use std::collections::BTreeSet;

use crate::layout::is_reserved_relation;

/// Leaves room for `idx_`, a column and a number within PostgreSQL's limit of 63 bytes.
const MAX_LENGTH: usize = 48;

/// Column names that PostgreSQL or SQLite define in every table.
const SYSTEM: [&str; 9] = [
    "tableoid", "xmin", "cmin", "xmax", "cmax", "ctid", "rowid", "oid", "_rowid_",
];

/// Names that are taken.
#[derive(Debug, Clone, Default)]
pub(crate) struct Namespace {
    taken: BTreeSet<String>,
}

impl Namespace {
    /// Creates the namespace of a table's columns.
    pub(crate) fn of_columns() -> Self {
        Self {
            taken: SYSTEM.map(str::to_owned).into_iter().collect(),
        }
    }

    /// Returns a free name like `preferred` for a column.
    pub(crate) fn column(&mut self, preferred: &str) -> String {
        self.take(&word(preferred))
    }

    /// Returns a free name like `preferred` for a table or an index.
    pub(crate) fn relation(&mut self, preferred: &str) -> String {
        let name = word(preferred);
        if is_reserved_relation(&name) {
            self.take(&format!("data_{name}"))
        } else {
            self.take(&name)
        }
    }

    /// Whether a column or table can have the name `preferred`.
    pub(crate) fn is_free(&self, preferred: &str) -> bool {
        let name = word(preferred);
        !self.taken.contains(&name.to_lowercase()) && !is_reserved_relation(&name)
    }

    fn take(&mut self, name: &str) -> String {
        let numbered = |number: usize| match number {
            1 => name.to_owned(),
            more => format!("{name}_{more}"),
        };
        let free = (1_usize..)
            .map(numbered)
            .find(|name| self.taken.insert(name.to_lowercase()));
        free.expect("the numbers are not exhausted")
    }
}

/// Converts `text` to one word, never empty.
pub(crate) fn word(text: &str) -> String {
    let mut name = String::with_capacity(text.len());
    let mut previous = ' ';
    for c in text.chars() {
        let here = if c.is_alphanumeric() { c } else { '_' };
        if here.is_ascii_uppercase() {
            if previous.is_ascii_lowercase() || previous.is_ascii_digit() {
                name.push('_');
            }
            name.push(here.to_ascii_lowercase());
        } else if here != '_' || !name.is_empty() && !name.ends_with('_') {
            name.push(here);
        }
        previous = c;
    }
    let mut name = name.trim_end_matches('_');
    if name.len() > MAX_LENGTH {
        let end = (0..=MAX_LENGTH)
            .rev()
            .find(|&end| name.is_char_boundary(end));
        name = &name[..end.unwrap_or(0)];
    }
    match name.chars().next() {
        None => "unnamed".to_owned(),
        Some(first) if first.is_numeric() => format!("_{name}"),
        Some(_) => name.to_owned(),
    }
}

/// Returns the singular of an English plural, approximately.
pub(crate) fn singular(name: &str) -> String {
    let lower = name.to_lowercase();
    if lower.ends_with("ies") && lower.len() > 4 {
        format!("{}y", &name[..name.len() - 3])
    } else if ["sses", "shes", "ches", "xes"]
        .iter()
        .any(|end| lower.ends_with(end))
    {
        name[..name.len() - 2].to_owned()
    } else if lower.ends_with('s')
        && !lower.ends_with("ss")
        && !lower.ends_with("us")
        && lower.len() > 3
    {
        match lower.as_str() {
            "shelves" => "shelf".to_owned(),
            _ => name[..name.len() - 1].to_owned(),
        }
    } else {
        name.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_becomes_a_word() {
        for (text, expected) in [
            ("createdAt", "created_at"),
            ("userID", "user_id"),
            ("first name", "first_name"),
            ("2024 total", "_2024_total"),
            ("", "unnamed"),
            ("--", "unnamed"),
            ("名前", "名前"),
            ("a\"b`c", "a_b_c"),
            ("_id", "id"),
            ("HTTPServer", "httpserver"),
        ] {
            assert_eq!(word(text), expected, "{text}");
        }
        assert!(word(&"漢".repeat(99)).len() <= MAX_LENGTH);
    }

    #[test]
    fn names_are_unique_in_any_case_and_not_reserved() {
        let mut names = Namespace::of_columns();
        assert_eq!(names.column("Name"), "name");
        assert_eq!(names.column("NAME"), "name_2");
        assert_eq!(names.column("rowid"), "rowid_2");
        assert_eq!(Namespace::default().relation("audit_log"), "data_audit_log");
        assert_eq!(
            Namespace::default().relation("sqlite stat"),
            "data_sqlite_stat"
        );
    }

    #[test]
    fn plurals_have_singulars() {
        for (plural, one) in [
            ("users", "user"),
            ("categories", "category"),
            ("boxes", "box"),
            ("status", "status"),
            ("data", "data"),
        ] {
            assert_eq!(singular(plural), one);
        }
    }
}
