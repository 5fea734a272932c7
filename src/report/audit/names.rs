//! Reasons why a query of the audit log found nothing.

use crate::model::{escape_line, nearest};
use crate::operations::audit::Unmatched;
use crate::report::counts::short_timestamp;

/// Explains why a query found nothing, with the known names if a name is unknown.
#[must_use]
pub fn unmatched_text(unmatched: &Unmatched) -> String {
    match unmatched {
        Unmatched::Table {
            name,
            before,
            tables,
        } => {
            let message = format!(
                "the audit log has no entries of a table `{}`",
                escape_line(name)
            );
            if let Some(before) = before {
                let before = escape_line(before);
                return format!("{message}: it was renamed, and is recorded as `{before}`\n");
            }
            format!("{message}{}\n", known(name, tables, "it has entries of"))
        }
        Unmatched::Column { name, tables } => {
            let message = format!(
                "no table in the audit log has a column `{}`",
                escape_line(name)
            );
            let tables = tables.iter();
            let tables = tables.map(|(table, columns)| {
                known(name, columns, &format!("`{}` has", escape_line(table)))
            });
            format!("{message}{}\n", tables.collect::<String>())
        }
        Unmatched::Actor { name, actors } => {
            let message = format!("no run has the actor `{}`", escape_line(name));
            format!("{message}{}\n", known(name, actors, "the actors are"))
        }
        Unmatched::Record(name) => format!(
            "the audit log has no entries of a row `{}`; write a key of several columns as a JSON array of strings\n",
            escape_line(name)
        ),
        Unmatched::Time(first, last) => format!(
            "no entry is from this time: all are from {} to {}\n",
            short_timestamp(first),
            short_timestamp(last)
        ),
        Unmatched::Together => "no entry matches all of these options together\n".to_owned(),
    }
}

/// `; did you mean …?` if one name is near, else all names.
fn known(name: &str, names: &[String], introduction: &str) -> String {
    match nearest(name, names.iter().map(String::as_str)) {
        _ if names.is_empty() => String::new(),
        Some(near) => format!("; did you mean `{}`?", escape_line(near)),
        None => format!("; {introduction} {}", listed(names)),
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
        let table = |name: &str, tables| Unmatched::Table {
            name: name.to_owned(),
            before: None,
            tables,
        };
        assert_eq!(
            unmatched_text(&table("profils", names(&["profiles", "words"]))),
            "the audit log has no entries of a table `profils`; did you mean `profiles`?\n"
        );
        assert_eq!(
            unmatched_text(&table("invoices", names(&["profiles", "words"]))),
            "the audit log has no entries of a table `invoices`; it has entries of `profiles`, `words`\n"
        );
        assert_eq!(
            unmatched_text(&table("profils", Vec::new())),
            "the audit log has no entries of a table `profils`\n"
        );
        let column = Unmatched::Column {
            name: "born".to_owned(),
            tables: vec![("profiles".to_owned(), names(&["id", "school"]))],
        };
        assert_eq!(
            unmatched_text(&column),
            "no table in the audit log has a column `born`; `profiles` has `id`, `school`\n"
        );
        let actor = Unmatched::Actor {
            name: "extern".to_owned(),
            actors: names(&["external", "mei"]),
        };
        assert_eq!(
            unmatched_text(&actor),
            "no run has the actor `extern`; did you mean `external`?\n"
        );
    }
}
