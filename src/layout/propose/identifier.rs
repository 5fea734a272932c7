//! Names for tables and columns, made from names that were never meant for a database.
//!
//! Letters and digits of any script stay, everything else becomes `_`; `createdAt` becomes `created_at`. Names that a
//! database keeps for itself, or that are taken (in any case), get a number.

use std::collections::BTreeSet;

use crate::layout::tables::{is_plain_identifier, is_reserved_relation};

/// Leaves room for `idx_`, a column and a number within the 63 bytes of PostgreSQL.
const LONGEST: usize = 48;

/// Column names that PostgreSQL or SQLite give every table.
const SYSTEM: [&str; 9] = [
    "tableoid", "xmin", "cmin", "xmax", "cmax", "ctid", "rowid", "oid", "_rowid_",
];

/// Names of one name space.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    taken: BTreeSet<String>,
}

impl Names {
    /// Those of the columns of a table.
    pub(super) fn of_columns() -> Self {
        Self {
            taken: SYSTEM.map(str::to_owned).into_iter().collect(),
        }
    }

    /// A free name like `wanted` for a column.
    pub(super) fn column(&mut self, wanted: &str) -> String {
        self.take(&word(wanted))
    }

    /// A free name like `wanted` for a table or an index.
    pub(super) fn relation(&mut self, wanted: &str) -> String {
        let name = word(wanted);
        if is_reserved_relation(&name) {
            self.take(&format!("data_{name}"))
        } else {
            self.take(&name)
        }
    }

    /// Whether a column or table could be called `wanted`.
    pub(super) fn is_free(&self, wanted: &str) -> bool {
        let name = word(wanted);
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
        free.expect("there are more numbers than names")
    }
}

/// `text` as one word, never empty.
pub(super) fn word(text: &str) -> String {
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
    if name.len() > LONGEST {
        let end = (0..=LONGEST).rev().find(|&end| name.is_char_boundary(end));
        name = &name[..end.unwrap_or(0)];
    }
    match name.chars().next() {
        None => "unnamed".to_owned(),
        Some(first) if first.is_numeric() => format!("_{name}"),
        Some(_) => name.to_owned(),
    }
}

/// As it is written in `tables.sql`: in quotes where it could be taken for something else.
pub(super) fn in_sql(name: &str) -> String {
    if is_plain_identifier(name) {
        name.to_owned()
    } else {
        format!("\"{}\"", name.replace('"', "\"\""))
    }
}

/// The singular of an English plural, near enough for a name.
pub(super) fn singular(name: &str) -> String {
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
        assert!(word(&"漢".repeat(99)).len() <= LONGEST);
    }

    #[test]
    fn names_are_free_in_any_case_and_of_no_database() {
        let mut names = Names::of_columns();
        assert_eq!(names.column("Name"), "name");
        assert_eq!(names.column("NAME"), "name_2");
        assert_eq!(names.column("rowid"), "rowid_2");
        assert_eq!(Names::default().relation("audit_log"), "data_audit_log");
        assert_eq!(Names::default().relation("sqlite stat"), "data_sqlite_stat");
    }

    #[test]
    fn key_words_are_quoted() {
        for name in ["order", "select", "名前", "_1", "primary"] {
            let written = in_sql(name);
            assert!(
                is_plain_identifier(&written) || written.starts_with('"'),
                "{name}"
            );
        }
        assert_eq!(in_sql("order"), "\"order\"");
        assert_eq!(in_sql("user_id"), "user_id");
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
