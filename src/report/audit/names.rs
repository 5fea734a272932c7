//! Names that the trail does not know.

use crate::operations::audit::UnknownName;

use super::shown::safe;

/// Which name is not known, and which are.
#[must_use]
pub fn unknown_name_text(unknown: &UnknownName) -> String {
    match unknown {
        UnknownName::Table { name, tables } => {
            let told = format!("the trail has no entry of a table `{}`", safe(name));
            match tables.is_empty() {
                true => format!("{told}\n"),
                false => format!("{told}; it has entries of {}\n", listed(tables)),
            }
        }
        UnknownName::Column { name, tables } => {
            let told = format!("no table of the trail has a column `{}` now", safe(name));
            let tables = tables.iter();
            let tables = tables
                .map(|(table, columns)| format!("; `{}` has {}", safe(table), listed(columns)));
            format!("{told}{}\n", tables.collect::<String>())
        }
    }
}

fn listed(names: &[String]) -> String {
    let names = names.iter().map(|name| format!("`{}`", safe(name)));
    names.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_not_known_is_told_with_those_that_are() {
        let names =
            |names: &[&str]| -> Vec<String> { names.iter().copied().map(str::to_owned).collect() };
        let table = |tables| UnknownName::Table {
            name: "profils".to_owned(),
            tables,
        };
        assert_eq!(
            unknown_name_text(&table(names(&["profiles", "words"]))),
            "the trail has no entry of a table `profils`; it has entries of `profiles`, `words`\n"
        );
        assert_eq!(
            unknown_name_text(&table(Vec::new())),
            "the trail has no entry of a table `profils`\n"
        );
        let column = UnknownName::Column {
            name: "scool".to_owned(),
            tables: vec![("profiles".to_owned(), names(&["id", "school"]))],
        };
        assert_eq!(
            unknown_name_text(&column),
            "no table of the trail has a column `scool` now; `profiles` has `id`, `school`\n"
        );
    }
}
