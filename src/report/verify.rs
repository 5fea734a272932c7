//! The report of a verification.

use serde_json::{Value, json};

use crate::model::harmless;
use crate::operations::verify::{
    Difference, DifferenceKind, VerifiedTable, VerifyOutcome, VerifyStatus,
};

use super::Style;
use super::counts::{grouped, plural, table};
use super::findings::{finding_groups_json, findings_json};
use super::rows::file_json;

/// How files and database compare, for people. The findings are told apart from it.
#[must_use]
pub fn verify_text(outcome: &VerifyOutcome) -> String {
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
        out.push_str(&format!("  and {more}; `--limit N` lists N of them\n"));
    }
    if outcome.tables.iter().any(|table| table.extra.gone > 0) {
        out.push_str(
            "  rows whose records are gone from the files are deleted by `accession import --prune`\n",
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
            let errors = match outcome.findings.has_errors() {
                true => "; the files have errors, the rest was compared",
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
            "{}: {what}: the files have errors, the rest is equal",
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
        ("gone", table.extra.gone),
        ("unread", table.extra.unread),
        ("other sources", table.extra.other_sources),
        ("foreign", table.extra.foreign),
    ]
}

/// The first two columns, and the others where they say something.
fn tables(tables: &[VerifiedTable]) -> String {
    let Some(first) = tables.first() else {
        return String::new();
    };
    let says =
        |&column: &usize| column < 2 || tables.iter().any(|table| named(table)[column].1 > 0);
    let columns: Vec<usize> = (0..named(first).len()).filter(says).collect();
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

fn block(difference: &Difference) -> String {
    let record = match &difference.record_id {
        Some(record_id) => format!("{} {}", difference.table, harmless(record_id)),
        None => difference.table.clone(),
    };
    let what = match &difference.kind {
        DifferenceKind::Missing => "the database has no such row".to_owned(),
        DifferenceKind::Different {
            column,
            expected,
            found,
        } => {
            let (expected, found) = (harmless(expected), harmless(found));
            format!("`{column}`: the file says {expected}, the database has {found}")
        }
        DifferenceKind::Gone => "imported earlier, and no longer in the files".to_owned(),
    };
    let kind = Style::paint(Style::ERROR, difference.kind.name());
    let at = Style::paint(Style::DIM, "at:");
    let pointer = harmless(difference.place.pointer.as_deref().unwrap_or_default());
    let part = match difference.part {
        Some(part) => format!(", part {}", u64::from(part) + 1),
        None => String::new(),
    };
    format!(
        "{kind}: {record}: {what}\n  {at} {} {pointer}{part}\n",
        difference.place
    )
}

/// The whole outcome as one JSON object; `docs/json.md` describes it.
#[must_use]
pub fn verify_json(outcome: &VerifyOutcome) -> Value {
    let status = match outcome.status {
        VerifyStatus::Equal => "equal",
        VerifyStatus::Different => "different",
        VerifyStatus::Invalid => "invalid",
        VerifyStatus::Nothing => "nothing_compared",
    };
    let files: Vec<Value> = outcome.files.iter().map(file_json).collect();
    let tables = outcome
        .tables
        .iter()
        .map(|table| (table.table.clone(), table_json(table)));
    let differences: Vec<Value> = outcome.differences.iter().map(difference_json).collect();
    json!({
        "status": status,
        "layout": outcome.layout,
        "source": outcome.source,
        "database": outcome.database,
        "files": files,
        "tables": Value::Object(tables.collect()),
        "rejected": outcome.rejected,
        "differences": differences,
        "differences_not_listed": outcome.differences_not_kept,
        "findings": findings_json(&outcome.findings),
        "finding_groups": finding_groups_json(&outcome.findings),
        "findings_not_listed": outcome.findings.not_listed(),
    })
}

fn table_json(table: &VerifiedTable) -> Value {
    let columns = table
        .columns
        .iter()
        .map(|(name, count)| (name.clone(), Value::from(*count)));
    json!({
        "rows_in_files": table.wanted,
        "equal": table.equal,
        "missing": table.missing,
        "different": table.different,
        "different_columns": Value::Object(columns.collect()),
        "gone": table.extra.gone,
        "unread": table.extra.unread,
        "other_sources": table.extra.other_sources,
        "foreign": table.extra.foreign,
        "foreign_record_ids": table.extra.foreign_record_ids,
        "files_digest": table.files_digest.to_string(),
        "database_digest": table.database_digest.to_string(),
    })
}

fn difference_json(difference: &Difference) -> Value {
    let (column, expected, found) = match &difference.kind {
        DifferenceKind::Different {
            column,
            expected,
            found,
        } => (Some(column), Some(expected), Some(found)),
        DifferenceKind::Missing | DifferenceKind::Gone => (None, None, None),
    };
    let place = &difference.place;
    json!({
        "kind": difference.kind.name(),
        "table": difference.table,
        "record_id": difference.record_id,
        "column": column,
        "expected": expected,
        "found": found,
        "place": {
            "path": place.path,
            "line": place.line,
            "column": place.column,
            "pointer": place.pointer,
            "part": difference.part,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::assert_documented;
    use super::*;
    use crate::model::{FindingList, Place, TableDigest};
    use crate::operations::verify::ExtraRows;

    fn outcome() -> VerifyOutcome {
        let difference = |kind, pointer: &str, part| Difference {
            kind,
            table: "words".to_owned(),
            record_id: Some("7".to_owned()),
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
            differences: vec![
                difference(changed, "/0/words", Some(0)),
                difference(DifferenceKind::Missing, "/1", None),
            ],
            differences_not_kept: 3,
            findings: FindingList::default(),
        }
    }

    #[test]
    fn differences_are_told_with_their_places_and_the_rest_is_counted() {
        let text = anstream::adapter::strip_str(&verify_text(&outcome())).to_string();
        let expected = "\
different: 0 files of `/data` (library) and `x.db`: 5 differences
  table  rows in files  equal  missing  different
  words          1 200  1 198        1          1
  digests of the compared values
    words  00000000000000000000000000000000
  words.word: different in 1 row
different: words 7: `word`: the file says a text of 3 characters, the database has NULL
  at: a.json:3:5 /0/words, part 1
missing: words 7: the database has no such row
  at: a.json:3:5 /1
  and 3 more differences; `--limit N` lists N of them
";
        assert_eq!(text, expected);
    }

    #[test]
    fn the_json_has_every_count_and_difference() {
        let json = verify_json(&outcome());
        assert_documented(&json);
        assert_eq!(json["status"], "different");
        assert_eq!(json["tables"]["words"]["different_columns"]["word"], 1);
        assert_eq!(json["differences"][0]["column"], "word");
        assert_eq!(json["differences"][0]["place"]["line"], 3);
        assert_eq!(json["differences"][1]["found"], Value::Null);
        assert_eq!(json["differences_not_listed"], 3);
    }
}
