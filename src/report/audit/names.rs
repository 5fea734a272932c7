//! Names in a query that do not occur in the audit log.

use crate::operations::audit::UnknownName;

use super::shown::escape_line;

/// Reports an unknown name and the known ones.
#[must_use]
pub fn unknown_name_text(unknown: &UnknownName) -> String {
    match unknown {
        UnknownName::Table { name, tables } => {
            let message = format!(
                "the audit log has no entries of a table `{}`",
                escape_line(name)
            );
            match tables.is_empty() {
                true => format!("{message}\n"),
                false => format!("{message}; it has entries of {}\n", listed(tables)),
            }
        }
        UnknownName::Column { name, tables } => {
            let message = format!(
                "no table in the audit log has a column `{}`",
                escape_line(name)
            );
            let tables = tables.iter();
            let tables = tables.map(|(table, columns)| {
                format!("; `{}` has {}", escape_line(table), listed(columns))
            });
            format!("{message}{}\n", tables.collect::<String>())
        }
    }
}

fn listed(names: &[String]) -> String {
    let names = names.iter().map(|name| format!("`{}`", escape_line(name)));
    names.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_name_is_reported_with_the_known_names() {
        let names =
            |names: &[&str]| -> Vec<String> { names.iter().copied().map(str::to_owned).collect() };
        let table = |tables| UnknownName::Table {
            name: "profils".to_owned(),
            tables,
        };
        assert_eq!(
            unknown_name_text(&table(names(&["profiles", "words"]))),
            "the audit log has no entries of a table `profils`; it has entries of `profiles`, `words`\n"
        );
        assert_eq!(
            unknown_name_text(&table(Vec::new())),
            "the audit log has no entries of a table `profils`\n"
        );
        let column = UnknownName::Column {
            name: "scool".to_owned(),
            tables: vec![("profiles".to_owned(), names(&["id", "school"]))],
        };
        assert_eq!(
            unknown_name_text(&column),
            "no table in the audit log has a column `scool`; `profiles` has `id`, `school`\n"
        );
    }
}
