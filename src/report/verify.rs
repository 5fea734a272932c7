//! Report of `verify`.

mod view;

use crate::model::{ShowValues, sanitize_for_terminal, shell_word};
use crate::operations::verify::{
    Difference, DifferenceKind, VerifiedTable, VerifyOutcome, VerifyStatus,
};

use super::Style;
use super::counts::{grouped, plural, table};

pub use view::VerifyView;

/// The result as text. Findings are printed separately. `show` is whether the differences show values.
#[must_use]
pub fn verify_text(outcome: &VerifyOutcome, show: ShowValues) -> String {
    let mut out = headline(outcome);
    out.push('\n');
    out.push_str(&tables(&outcome.tables));
    out.push_str("  digests of the compared values\n");
    let width = outcome.tables.iter().map(|table| table.table.len()).max();
    for table in &outcome.tables {
        let (files, database) = (table.files_digest, table.database_digest);
        let (name, width) = (&table.table, width.unwrap_or(0));
        let digests = if files == database {
            files.to_string()
        } else {
            format!("{files} files, {database} database")
        };
        out.push_str(&format!("    {name:<width$}  {digests}\n"));
    }
    if outcome.rejected > 0 {
        let records = plural(outcome.rejected, "record");
        out.push_str(&format!("  {records} not compared because of errors\n"));
    }
    for table in &outcome.tables {
        for (column, count) in &table.columns {
            let rows = plural(*count, "row");
            out.push_str(&format!(
                "  {}.{column}: different in {rows}\n",
                table.table
            ));
        }
    }
    outcome
        .differences
        .iter()
        .for_each(|difference| out.push_str(&block(difference)));
    if outcome.differences_not_kept > 0 {
        let more = plural(outcome.differences_not_kept, "more difference");
        out.push_str(&format!("  and {more}; use `--limit N` to list N\n"));
    }
    out.push_str(&next_step(outcome, show));
    if outcome.tables.iter().any(|table| table.extra.removed > 0) {
        out.push_str(
            "  `accession import --prune` deletes rows whose records are no longer in the files\n",
        );
    }
    out
}

fn headline(outcome: &VerifyOutcome) -> String {
    let files = plural(outcome.files.len() as u64, "file");
    let what = format!(
        "{files} of `{}` ({}) and `{}`",
        outcome.source, outcome.layout, outcome.database
    );
    match outcome.status {
        VerifyStatus::Equal => {
            format!("{}: {what}", Style::paint(Style::SUCCESS, "equal"))
        }
        VerifyStatus::Different => {
            let count = outcome.differences.len() as u64 + outcome.differences_not_kept;
            let count = plural(count, "difference");
            let errors = match outcome.files_have_errors {
                true => "; the files have errors, the valid records were compared",
                false => "",
            };
            format!(
                "{}: {what}: {count}{errors}",
                Style::paint(Style::ERROR, "different")
            )
        }
        VerifyStatus::Nothing => format!(
            "{}: no file of `{}` belongs to the layout `{}`",
            Style::paint(Style::ERROR, "nothing compared"),
            outcome.source,
            outcome.layout
        ),
        VerifyStatus::Invalid => format!(
            "{}: {what}: the files have errors, the valid records are equal",
            Style::paint(Style::ERROR, "not verified")
        ),
    }
}

/// The counts of a table with their stable names.
fn named(table: &VerifiedTable) -> [(&'static str, u64); 8] {
    [
        ("rows in files", table.wanted),
        ("equal", table.equal),
        ("missing", table.missing),
        ("different", table.different),
        ("gone", table.extra.removed),
        ("unread", table.extra.unread),
        ("other sources", table.extra.other_sources),
        ("foreign", table.extra.foreign),
    ]
}

/// The first two columns, and those of the others that are not zero.
fn tables(tables: &[VerifiedTable]) -> String {
    let Some(first) = tables.first() else {
        return String::new();
    };
    let is_shown =
        |&column: &usize| column < 2 || tables.iter().any(|table| named(table)[column].1 > 0);
    let columns: Vec<usize> = (0..named(first).len()).filter(is_shown).collect();
    let names = named(first);
    let header: Vec<&str> = std::iter::once("table")
        .chain(columns.iter().map(|&column| names[column].0))
        .collect();
    let rows: Vec<Vec<String>> = tables
        .iter()
        .map(|table| {
            let cells = columns
                .iter()
                .map(|&column| match (column, named(table)[column].1) {
                    (2.., 0) => String::new(),
                    (_, count) => grouped(count),
                });
            std::iter::once(table.table.clone()).chain(cells).collect()
        })
        .collect();
    table(&header, &rows)
}

/// How to find out more about the first different row; empty if there is none.
fn next_step(outcome: &VerifyOutcome, show: ShowValues) -> String {
    let mut different = (outcome.differences.iter())
        .filter(|difference| matches!(difference.kind, DifferenceKind::Different { .. }));
    let Some((table, record)) =
        different.find_map(|difference| Some((&difference.table, difference.record_id.as_ref()?)))
    else {
        return String::new();
    };
    let values = match show {
        ShowValues::Masked => "`--show-values` shows the values; ",
        ShowValues::Shown => "",
    };
    let (table, record) = (shell_word(table), shell_word(record));
    let command = format!("accession audit history {table} {record}");
    let command = sanitize_for_terminal(&command);
    format!("  {values}`{command}` shows who changed the row\n")
}

fn block(difference: &Difference) -> String {
    let record = match &difference.record_id {
        Some(record_id) => format!("{} {}", difference.table, sanitize_for_terminal(record_id)),
        None => difference.table.clone(),
    };
    let what = match &difference.kind {
        DifferenceKind::Missing => "the row is missing in the database".to_owned(),
        DifferenceKind::Different {
            column,
            expected,
            found,
        } => {
            let (expected, found) = (
                sanitize_for_terminal(expected),
                sanitize_for_terminal(found),
            );
            format!("`{column}`: the file has {expected}, the database has {found}")
        }
        DifferenceKind::Removed => "imported earlier, but no longer in the files".to_owned(),
        DifferenceKind::Unread => {
            "imported earlier, but the layout no longer reads this file".to_owned()
        }
    };
    let kind = Style::paint(Style::ERROR, difference.kind.name());
    let at = Style::paint(Style::DIM, "at:");
    let pointer = sanitize_for_terminal(difference.place.pointer.as_deref().unwrap_or_default());
    let part = match difference.part {
        Some(part) => format!(", part {}", u64::from(part) + 1),
        None => String::new(),
    };
    format!(
        "{kind}: {record}: {what}\n  {at} {} {pointer}{part}\n",
        difference.place
    )
}

#[cfg(test)]
mod tests {
    use super::super::testing::json;
    use super::*;
    use crate::model::{FindingList, Place, TableDigest};
    use crate::operations::verify::ExtraRows;

    fn outcome() -> VerifyOutcome {
        let difference = |kind, pointer: &str, part| Difference {
            kind,
            table: "words".to_owned(),
            record_id: Some("7".into()),
            place: Place {
                path: "a.json".to_owned(),
                line: Some(3),
                column: Some(5),
                pointer: Some(pointer.to_owned()),
            },
            part,
        };
        let changed = DifferenceKind::Different {
            column: "word".to_owned(),
            expected: "a text of 3 characters".to_owned(),
            found: "NULL".to_owned(),
        };
        VerifyOutcome {
            status: VerifyStatus::Different,
            layout: "library".to_owned(),
            source: "/data".to_owned(),
            database: "x.db".to_owned(),
            files: Vec::new(),
            tables: vec![VerifiedTable {
                table: "words".to_owned(),
                wanted: 1200,
                equal: 1198,
                missing: 1,
                different: 1,
                columns: vec![("word".to_owned(), 1)],
                extra: ExtraRows::default(),
                files_digest: TableDigest::default(),
                database_digest: TableDigest::default(),
            }],
            rejected: 0,
            files_have_errors: false,
            differences: vec![
                difference(changed, "/0/words", Some(0)),
                difference(DifferenceKind::Missing, "/1", None),
            ],
            differences_not_kept: 3,
            findings: FindingList::default(),
        }
    }

    #[test]
    fn differences_are_listed_with_their_locations_and_the_rest_is_counted() {
        let text =
            anstream::adapter::strip_str(&verify_text(&outcome(), ShowValues::Masked)).to_string();
        let expected = "\
different: 0 files of `/data` (library) and `x.db`: 5 differences
  table  rows in files  equal  missing  different
  words          1 200  1 198        1          1
  digests of the compared values
    words  00000000000000000000000000000000
  words.word: different in 1 row
different: words 7: `word`: the file has a text of 3 characters, the database has NULL
  at: a.json:3:5 /0/words, part 1
missing: words 7: the row is missing in the database
  at: a.json:3:5 /1
  and 3 more differences; use `--limit N` to list N
  `--show-values` shows the values; `accession audit history words 7` shows who changed the row
";
        assert_eq!(text, expected);
    }

    #[test]
    fn json_has_every_count_and_difference() {
        let outcome = outcome();
        let json = json(VerifyView::from(&outcome));
        assert_eq!(json["status"], "different");
        assert_eq!(json["tables"]["words"]["different_columns"]["word"], 1);
        assert_eq!(json["differences"][0]["column"], "word");
        assert_eq!(json["differences"][0]["place"]["line"], 3);
        assert_eq!(json["differences"][1]["found"], serde_json::Value::Null);
        assert_eq!(json["differences_not_listed"], 3);
    }
}
