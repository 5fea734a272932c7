//! One past run, with everything the ledger keeps of it.

use serde_json::{Value, json};

use crate::database::DISABLED_AFTER;
use crate::database::ledger::RunRecord;
use crate::model::{Timestamp, harmless};
use crate::operations::RunDetails;

use super::counts::{Align, aligned, counted, facts, grouped, grouped_or_empty, moment};
use super::rows::{NamedCounts, conversion_line, counts_table};
use super::runs::{counts, read_directory, run_json};

/// Everything about one run.
#[must_use]
pub fn run_text(details: &RunDetails) -> String {
    let run = &details.run;
    let of_directory = read_directory(run);
    let mut out = facts(&[
        ("run", Some(run.id.clone())),
        ("kind", Some(format!("{}, {}", run.kind, run.status))),
        ("when", Some(when(run))),
        (
            "actor",
            Some(format!(
                "{} ({} on {})",
                run.actor,
                run.db_user.as_ref().unwrap_or(&run.os_user),
                run.host
            )),
        ),
        ("reason", run.reason.clone()),
        ("undoes", run.parent_run_id.clone()),
        (
            "layout",
            of_directory.then(|| format!("{}, digest {}", run.layout, run.layout_digest)),
        ),
        ("source", of_directory.then(|| run.source.clone())),
        ("archive", run.archive.clone()),
        (
            "backup",
            details
                .backup
                .as_ref()
                .map(|path| path.display().to_string()),
        ),
        ("version", Some(run.tool_version.clone())),
    ]);
    out.push('\n');
    let tables = counts(run);
    let disabled = disabled_lines(&tables);
    out.push_str(&match counts_table(&tables) {
        _ if !disabled.is_empty() => disabled,
        Some(table) => table,
        None => "  no row changes\n".to_owned(),
    });
    if !details.files.is_empty() {
        out.push('\n');
        out.push_str(&files(details));
    }
    if !details.conversions.is_empty() {
        out.push('\n');
    }
    for one in &details.conversions {
        let count = counted(one.count);
        out.push_str(&conversion_line(&one.table, &one.column, &one.rule, count));
    }
    out
}

fn when(run: &RunRecord) -> String {
    let instant = |text: &str| Timestamp::parse(text).map(|read| read.instant.micros());
    let began = instant(&run.started_at);
    let ended = run.finished_at.as_deref().and_then(instant);
    match began.zip(ended) {
        Some((began, ended)) => {
            let tenths = (ended - began) / 100_000;
            let (seconds, rest) = (tenths / 10, tenths % 10);
            format!("{}, took {seconds}.{rest} s", moment(&run.started_at))
        }
        None => moment(&run.started_at),
    }
}

/// What a run of the kind `disable` says of its tables, which is no count.
fn disabled_lines(tables: &[NamedCounts]) -> String {
    let line = |(table, counts): &NamedCounts| {
        let (_, after) = counts.iter().find(|(name, _)| name == DISABLED_AFTER)?;
        let table = harmless(table);
        Some(match after {
            0 => format!("  {table}: not recorded from then on, before the first entry\n"),
            after => format!("  {table}: not recorded from then on, after entry {after}\n"),
        })
    };
    tables.iter().filter_map(line).collect()
}

fn files(details: &RunDetails) -> String {
    let header = [
        ("file", Align::Left),
        ("records", Align::Right),
        ("rejected", Align::Right),
        ("bytes", Align::Right),
        ("sha256", Align::Left),
    ];
    let rows: Vec<Vec<String>> = details
        .files
        .iter()
        .map(|file| {
            let digest = file.sha256.clone();
            vec![
                file.path.clone(),
                grouped(counted(file.records)),
                grouped_or_empty(counted(file.rejected)),
                grouped(counted(file.bytes)),
                digest.unwrap_or_else(|| "gone from the directory".to_owned()),
            ]
        })
        .collect();
    aligned(&header, &rows)
}

/// One run as a JSON object; `docs/json.md` describes it.
#[must_use]
pub fn run_details_json(details: &RunDetails) -> Value {
    let mut object = run_json(&details.run);
    let files: Vec<Value> = details
        .files
        .iter()
        .map(|file| {
            json!({
                "path": file.path, "sha256": file.sha256, "bytes": file.bytes, "modified_at": file.modified_at,
                "records": file.records, "rejected": file.rejected,
            })
        })
        .collect();
    let conversions: Vec<Value> = details
        .conversions
        .iter()
        .map(|one| json!({"table": one.table, "column": one.column, "rule": one.rule, "count": one.count}))
        .collect();
    let tables = counts(&details.run).into_iter().map(|(table, counts)| {
        let counts = counts.into_iter().map(|(name, count)| (name, count.into()));
        (table, Value::Object(counts.collect()))
    });
    object["tables"] = Value::Object(tables.collect());
    object["files"] = files.into();
    object["conversions"] = conversions.into();
    object["backup"] = details
        .backup
        .as_ref()
        .map(|path| path.display().to_string())
        .into();
    object
}

#[cfg(test)]
mod tests {
    use super::super::runs::runs_json;
    use super::super::runs::tests::run;
    use super::super::testing::{assert_documented, assert_lines};
    use super::*;
    use crate::database::ledger::{ConvertedColumn, RunFile};

    fn details() -> RunDetails {
        RunDetails {
            run: run(),
            files: vec![RunFile {
                path: "people.json".to_owned(),
                sha256: Some("cd34".to_owned()),
                bytes: 1_700,
                modified_at: None,
                records: 5,
                rejected: 0,
            }],
            conversions: vec![ConvertedColumn {
                table: "people".to_owned(),
                column: "born".to_owned(),
                rule: "assumed_utc".to_owned(),
                count: 1,
            }],
            backup: None,
        }
    }

    #[test]
    fn a_run_is_shown_with_everything_that_is_known() {
        assert_lines(
            &run_text(&details()),
            &[
                "  run      01a1f8d1-1c57-7668-bd97-c3c52542f6b1",
                "  kind     import, complete",
                "  when     2024-05-01 10:00:00Z, took 62.3 s",
                "  actor    mei (mei on desk)",
                "  reason   first load",
                "  layout   sample, digest ab12",
                "  source   /data",
                "  archive  /x.db.archive",
                "  version  0.1.0",
                "",
                "  table   inserted  updated  converted",
                "  people         5                   1",
                "  words     10 000        2",
                "",
                "  file         records  rejected  bytes  sha256",
                "  people.json        5            1 700  cd34",
                "",
                "  people.born: 1 value without an offset taken as UTC",
            ],
        );
    }

    #[test]
    fn a_run_without_a_directory_says_nothing_of_one() {
        let mut disabled = details();
        disabled.files.clear();
        disabled.conversions.clear();
        let counts =
            json!({"tables": {"words": {DISABLED_AFTER: 12}, "notes": {DISABLED_AFTER: 0}}});
        disabled.run = RunRecord {
            kind: "disable".to_owned(),
            layout: String::new(),
            layout_digest: "e3b0".to_owned(),
            source: String::new(),
            archive: None,
            counts: Some(counts.to_string()),
            ..run()
        };
        assert_lines(
            &run_text(&disabled),
            &[
                "  run      01a1f8d1-1c57-7668-bd97-c3c52542f6b1",
                "  kind     disable, complete",
                "  when     2024-05-01 10:00:00Z, took 62.3 s",
                "  actor    mei (mei on desk)",
                "  reason   first load",
                "  version  0.1.0",
                "",
                "  words: not recorded from then on, after entry 12",
                "  notes: not recorded from then on, before the first entry",
            ],
        );
        let json = run_details_json(&disabled);
        assert_documented(&json);
        for name in ["layout", "layout_digest", "source"] {
            assert_eq!(json[name], Value::Null, "{name}");
        }
        assert_eq!(json["tables"]["words"][DISABLED_AFTER], 12);
    }

    #[test]
    fn json_has_the_same_members_in_the_list_and_alone() {
        let one = run_details_json(&details());
        assert_documented(&one);
        for (name, value) in runs_json(&[run()])[0].as_object().expect("an object") {
            assert_eq!(&one[name], value, "{name}");
        }
        assert_eq!(one["inserted"], 10_005);
        assert_eq!(one["tables"]["words"]["updated"], 2);
        assert_eq!(one["files"][0]["sha256"], "cd34");
        assert_eq!(one["conversions"][0]["count"], 1);
    }
}
