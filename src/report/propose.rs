//! The report of a proposed layout.

use serde_json::{Value, json};

use crate::operations::propose::ProposeOutcome;

use super::Style;
use super::counts::{grouped, plural, table};
use super::findings::findings_json;

/// What was proposed, and what to do with it: `path` is where the layout was written, as it is given to `--layout`.
#[must_use]
pub fn proposed_text(outcome: &ProposeOutcome, path: &str, directory: &str) -> String {
    let proposal = &outcome.proposal;
    let mut out = format!(
        "{} a layout for {} of `{}` into `{path}`\n",
        Style::paint(Style::SUCCESS, "wrote"),
        plural((outcome.files - outcome.unread.len()) as u64, "file"),
        outcome.directory,
    );
    let kinds: Vec<Vec<String>> = proposal
        .kinds
        .iter()
        .map(|kind| {
            let tables = kind.tables.join(", ");
            vec![kind.patterns.join(", "), grouped(kind.files as u64), tables]
        })
        .collect();
    out.push_str(&table(&["kind of file", "files", "tables"], &kinds));
    let tables: Vec<Vec<String>> = proposal
        .tables
        .iter()
        .map(|table| {
            let key = match &table.key[..] {
                [] => "place in the file".to_owned(),
                key => key.join(", "),
            };
            let references = table.references.join(", ");
            vec![table.name.clone(), grouped(table.records), key, references]
        })
        .collect();
    out.push('\n');
    out.push_str(&table(
        &["table", "records", "known again by", "refers to"],
        &tables,
    ));
    if !outcome.unread.is_empty() {
        let files = plural(outcome.unread.len() as u64, "file");
        out.push_str(&format!(
            "  {files} could not be read, and taught nothing\n"
        ));
    }
    let (path, directory) = (quoted(path), quoted(directory));
    out.push_str(&format!(
        "\nread and improve it; then\n  check it:        accession layout check {path}\n  try it:          accession validate {directory} --layout {path}\n  import with it:  accession import {directory} --layout {path} --database legacy.db\n"
    ));
    out
}

/// A path as a shell takes it.
fn quoted(path: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '-' | '_');
    match !path.is_empty() && path.chars().all(plain) {
        true => path.to_owned(),
        false => format!("'{}'", path.replace('\'', "'\\''")),
    }
}

/// The whole outcome as one JSON object; `docs/json.md` describes it.
#[must_use]
pub fn proposed_json(outcome: &ProposeOutcome, path: &str) -> Value {
    let proposal = &outcome.proposal;
    let kinds: Vec<Value> = proposal
        .kinds
        .iter()
        .map(|kind| {
            json!({"patterns": kind.patterns, "schema": kind.schema, "files": kind.files, "tables": kind.tables})
        })
        .collect();
    let tables: Vec<Value> = proposal
        .tables
        .iter()
        .map(|table| {
            json!({
                "name": table.name, "records": table.records, "columns": table.columns, "key": table.key,
                "references": table.references,
            })
        })
        .collect();
    json!({
        "status": "proposed",
        "layout": outcome.name,
        "directory": outcome.directory,
        "path": path,
        "files": outcome.files,
        "unread": outcome.unread,
        "kinds": kinds,
        "tables": tables,
        "findings": findings_json(&outcome.findings),
        "findings_not_listed": outcome.findings.not_listed(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_documented, assert_lines};
    use super::*;
    use crate::layout::{LayoutFiles, Proposal, ProposedKind, ProposedTable};
    use crate::model::FindingList;

    fn outcome() -> ProposeOutcome {
        let table = |name: &str, key: &[&str], references: &[&str]| ProposedTable {
            name: name.to_owned(),
            records: 1200,
            columns: vec!["id".to_owned()],
            key: key.iter().map(|&name| name.to_owned()).collect(),
            references: references.iter().map(|&name| name.to_owned()).collect(),
        };
        ProposeOutcome {
            directory: "/data/shop".to_owned(),
            name: "shop".to_owned(),
            proposal: Proposal {
                files: LayoutFiles::default(),
                kinds: vec![ProposedKind {
                    patterns: vec!["users/{id}.json".to_owned()],
                    schema: "users.schema.json".to_owned(),
                    files: 1200,
                    tables: vec!["users".to_owned(), "pets".to_owned()],
                }],
                tables: vec![table("users", &["id"], &[]), table("pets", &[], &["users"])],
            },
            files: 1201,
            unread: vec!["users/x.json".to_owned()],
            findings: FindingList::default(),
        }
    }

    #[test]
    fn text_tells_kinds_and_tables_and_what_to_do_next() {
        assert_lines(
            &proposed_text(&outcome(), "./shop-layout", "/data/my shop"),
            &[
                "wrote a layout for 1 200 files of `/data/shop` into `./shop-layout`",
                "  kind of file     files       tables",
                "  users/{id}.json  1 200  users, pets",
                "",
                "  table  records     known again by  refers to",
                "  users    1 200                 id",
                "  pets     1 200  place in the file      users",
                "  1 file could not be read, and taught nothing",
                "",
                "read and improve it; then",
                "  check it:        accession layout check ./shop-layout",
                "  try it:          accession validate '/data/my shop' --layout ./shop-layout",
                "  import with it:  accession import '/data/my shop' --layout ./shop-layout --database legacy.db",
            ],
        );
    }

    #[test]
    fn json_tells_all_of_it() {
        let json = proposed_json(&outcome(), "./shop-layout");
        let Value::Object(mut members) = json else {
            panic!("not an object");
        };
        // Its tables are an array, unlike those of the other reports.
        let tables = members.remove("tables").expect("tables");
        assert_documented(&Value::Object(members));
        assert_documented(&tables);
        assert_eq!(tables[1]["references"], json!(["users"]));
    }
}
