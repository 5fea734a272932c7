//! Past runs, as the ledger has them.

use serde_json::{Value, json};

use crate::database::ledger::RunRecord;
use crate::model::Timestamp;
use crate::operations::RunDetails;

use super::counts::{Align, aligned, counted, facts, grouped, grouped_or_empty, moment};
use super::rows::{NamedCounts, conversion_line, counts_table};

/// One line per run.
#[must_use]
pub fn runs_text(runs: &[RunRecord]) -> String {
    if runs.is_empty() {
        return "no runs\n".to_owned();
    }
    let header = [
        ("run", Align::Left),
        ("kind", Align::Left),
        ("when", Align::Left),
        ("actor", Align::Left),
        ("inserted", Align::Right),
        ("updated", Align::Right),
        ("deleted", Align::Right),
        ("layout", Align::Left),
        ("source", Align::Left),
    ];
    let rows: Vec<Vec<String>> = runs
        .iter()
        .map(|run| {
            let counts = counts(run);
            let rows = |name| grouped_or_empty(total(&counts, name));
            vec![
                run.id.clone(),
                run.kind.clone(),
                moment(&run.started_at),
                run.actor.clone(),
                rows("inserted"),
                rows("updated"),
                rows("deleted"),
                run.layout.clone(),
                run.source.clone(),
            ]
        })
        .collect();
    aligned(&header, &rows)
}

/// All runs as a JSON array; `docs/json.md` describes it.
#[must_use]
pub fn runs_json(runs: &[RunRecord]) -> Value {
    runs.iter().map(run_json).collect()
}

/// Everything about one run.
#[must_use]
pub fn run_text(details: &RunDetails) -> String {
    let run = &details.run;
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
            Some(format!("{}, digest {}", run.layout, run.layout_digest)),
        ),
        ("source", Some(run.source.clone())),
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
    out.push_str(&counts_table(&counts(run)).unwrap_or_else(|| "  no row changes\n".to_owned()));
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

fn run_json(run: &RunRecord) -> Value {
    let counts = counts(run);
    json!({
        "id": run.id, "kind": run.kind, "status": run.status,
        "started_at": run.started_at, "finished_at": run.finished_at,
        "actor": run.actor, "reason": run.reason, "os_user": run.os_user, "host": run.host, "db_user": run.db_user,
        "layout": run.layout, "layout_digest": run.layout_digest, "source": run.source,
        "archive": run.archive, "parent_run": run.parent_run_id, "tool_version": run.tool_version,
        "inserted": total(&counts, "inserted"), "updated": total(&counts, "updated"),
        "deleted": total(&counts, "deleted"),
    })
}

/// The counts per table that the run entered in the ledger.
fn counts(run: &RunRecord) -> Vec<NamedCounts> {
    let counts = run.counts.as_deref().map(serde_json::from_str::<Value>);
    let counts = counts.and_then(Result::ok).unwrap_or_default();
    let Some(tables) = counts["tables"].as_object() else {
        return Vec::new();
    };
    let named = |counts: &Value| {
        let counts = counts.as_object().into_iter().flatten();
        counts
            .map(|(name, count)| (name.clone(), count.as_u64().unwrap_or(0)))
            .collect()
    };
    tables
        .iter()
        .map(|(table, counts)| (table.clone(), named(counts)))
        .collect()
}

fn total(tables: &[NamedCounts], wanted: &str) -> u64 {
    let counts = tables.iter().flat_map(|(_, counts)| counts);
    counts
        .filter(|(name, _)| name == wanted)
        .map(|(_, count)| count)
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::ledger::{ConvertedColumn, RunFile};

    fn run() -> RunRecord {
        let counts = json!({"tables": {
            "people": {"inserted": 5, "updated": 0, "converted": 1},
            "words": {"inserted": 10_000, "updated": 2, "converted": 0},
        }});
        RunRecord {
            id: "01a1f8d1-1c57-7668-bd97-c3c52542f6b1".to_owned(),
            kind: "import".to_owned(),
            status: "complete".to_owned(),
            layout: "sample".to_owned(),
            layout_digest: "ab12".to_owned(),
            source: "/data".to_owned(),
            actor: "mei".to_owned(),
            reason: Some("first load".to_owned()),
            os_user: "mei".to_owned(),
            host: "desk".to_owned(),
            db_user: None,
            tool_version: "0.1.0".to_owned(),
            started_at: "2024-05-01T10:00:00.000000Z".to_owned(),
            finished_at: Some("2024-05-01T10:01:02.380000Z".to_owned()),
            counts: Some(counts.to_string()),
            archive: Some("/x.db.archive".to_owned()),
            parent_run_id: None,
        }
    }

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
    fn a_run_is_a_line_with_the_sums_over_all_tables() {
        insta::assert_snapshot!(runs_text(&[run()]), @r"
        run                                   kind    when                  actor  inserted  updated  deleted  layout  source
        01a1f8d1-1c57-7668-bd97-c3c52542f6b1  import  2024-05-01 10:00:00Z  mei      10 005        2           sample  /data
        ");
        assert_eq!(runs_text(&[]), "no runs\n");
    }

    #[test]
    fn a_run_is_shown_with_everything_that_is_known() {
        insta::assert_snapshot!(run_text(&details()), @r"
        run      01a1f8d1-1c57-7668-bd97-c3c52542f6b1
        kind     import, complete
        when     2024-05-01 10:00:00Z, took 62.3 s
        actor    mei (mei on desk)
        reason   first load
        layout   sample, digest ab12
        source   /data
        archive  /x.db.archive
        version  0.1.0

        table   inserted  updated  converted
        people         5                   1
        words     10 000        2

        file         records  rejected  bytes  sha256
        people.json        5            1 700  cd34

        people.born: 1 value without an offset taken as UTC
        ");
    }

    #[test]
    fn json_has_the_same_members_in_the_list_and_alone() {
        let one = run_details_json(&details());
        for (name, value) in runs_json(&[run()])[0].as_object().expect("an object") {
            assert_eq!(&one[name], value, "{name}");
        }
        assert_eq!(one["inserted"], 10_005);
        assert_eq!(one["tables"]["words"]["updated"], 2);
        assert_eq!(one["files"][0]["sha256"], "cd34");
        assert_eq!(one["conversions"][0]["count"], 1);
    }
}
