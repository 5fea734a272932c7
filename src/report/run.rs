//! Report of `runs show`: one run with everything that the ledger records of it.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::database::ledger::{ConvertedColumn, RunFile, RunRecord};
use crate::database::{DISABLED_AFTER, LOST_TRIGGERS, RENAMED_TO};
use crate::model::{Timestamp, Timing, sanitize_for_terminal};
use crate::operations::RunDetails;

use super::counts::{Align, aligned, counted, facts, grouped, grouped_or_empty, short_timestamp};
use super::rows::{conversion_line, counts_table};
use super::runs::{Recorded, RunView};
use super::timings::timings_text;

/// All details of a run.
#[must_use]
pub fn run_text(details: &RunDetails) -> String {
    let run = &details.run;
    let of_directory = run.read_directory();
    let mut out = facts(&[
        ("run", Some(run.id.to_string())),
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
        (
            "reverts",
            run.parent_run_id.as_ref().map(ToString::to_string),
        ),
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
    let recorded = Recorded::of(run);
    let lines: String = recorded.tables.iter().filter_map(table_line).collect();
    let mut counts = recorded.counts();
    for (_, counts) in &mut counts {
        counts.retain(|(name, _)| name != DISABLED_AFTER);
        counts.iter_mut().for_each(|(name, _)| in_words(name));
    }
    counts.retain(|(_, counts)| !counts.is_empty());
    let counts = counts_table(&counts);
    if counts.is_none() && lines.is_empty() {
        out.push_str("  no row changes\n");
    }
    out.push_str(&counts.unwrap_or_default());
    out.push_str(&lines);
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
    let timings = timings_text(&recorded.timings);
    if !timings.is_empty() {
        out.push('\n');
        out.push_str(&timings);
    }
    out
}

/// What a run of kind `enable` recorded, in the words of `audit enable`.
fn in_words(name: &mut String) {
    let words = match name.as_str() {
        "noted" => "recorded as existing",
        "differences" => "recorded as changed",
        "completed" => "recorded with values of added columns",
        _ => return,
    };
    words.clone_into(name);
}

fn when(run: &RunRecord) -> String {
    let micros = |text: &str| Timestamp::parse(text).map(|read| read.timestamp.micros());
    let began = micros(&run.started_at);
    let ended = run.finished_at.as_deref().and_then(micros);
    match began.zip(ended) {
        Some((began, ended)) => {
            let tenths = (ended - began) / 100_000;
            let (seconds, rest) = (tenths / 10, tenths % 10);
            format!(
                "{}, took {seconds}.{rest} s",
                short_timestamp(&run.started_at)
            )
        }
        None => short_timestamp(&run.started_at),
    }
}

/// What a run of kind `enable` or `disable` recorded of a table besides counts.
fn table_line((table, recorded): (&String, &Value)) -> Option<String> {
    let is = |name: &str| recorded[name] == true;
    let what = match (
        recorded[RENAMED_TO].as_str(),
        recorded[DISABLED_AFTER].as_u64(),
    ) {
        (Some(now), _) => format!("renamed to {now}, and recorded with this name from now on"),
        (None, Some(0)) => "not recorded since before the first entry".to_owned(),
        (None, Some(after)) => format!("not recorded since entry {after}"),
        (None, None) if is("gone") => "dropped or renamed before the run was completed".to_owned(),
        (None, None) if is("no_key") => {
            "not recorded, because it has no primary key any more".to_owned()
        }
        (None, None) if recorded["inconsistent"].is_object() => {
            let found = &recorded["inconsistent"];
            let named = found["first"].as_array().into_iter().flatten();
            let named = named.map(|one| {
                let record = one["record_id"].as_str().unwrap_or_default();
                format!("{} of row {record}", one["entry"])
            });
            let named: Vec<String> = named.collect();
            let more = match found["count"]
                .as_u64()
                .unwrap_or(0)
                .saturating_sub(named.len() as u64)
            {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let named = named.join(", ");
            format!(
                "entries that do not follow from those before: {named}{more}; the changes in between have no entry"
            )
        }
        (None, None) => {
            let lost = recorded[LOST_TRIGGERS].as_array()?.iter();
            let lost: Vec<&str> = lost.filter_map(Value::as_str).collect();
            format!(
                "triggers recreated ({}); changes made before may have no entry, or an incorrect one",
                lost.join(", ")
            )
        }
    };
    let line = sanitize_for_terminal(&format!("{table}: {what}")).into_owned();
    Some(format!("  {line}\n"))
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
                digest.unwrap_or_else(|| "missing in the directory".to_owned()),
            ]
        })
        .collect();
    aligned(&header, &rows)
}

/// One run as a document.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RunDetailsView<'o> {
    #[serde(flatten)]
    run: RunView<'o>,
    /// Per table: counts of the run's kind. `import` and `revert`: as for these commands. `enable`: `noted` (rows that
    /// had no entry and have one now), `differences` (rows that differed from their entries and have a new entry now),
    /// `completed` (rows with values in added or renamed columns, which have an entry now), or `gone` (`true`: the
    /// table was dropped or renamed before the run was completed), and at the old name of a renamed table `renamed_to`;
    /// or only `lost_triggers` (names of triggers that were missing or outdated and were recreated, without comparing
    /// the rows with their entries). `inconsistent`, if there are any: the `count` of entries that do not follow from
    /// those before, and the `first` of them with `entry` and `record_id`; the changes in between have no entry.
    /// `disable`: `disabled_after` (the last entry of the audit log at that time; 0 if there was none).
    #[cfg_attr(
        test,
        schemars(with = "std::collections::BTreeMap<String, Map<String, Value>>")
    )]
    tables: Map<String, Value>,
    /// The files that it read or found removed.
    files: &'o [RunFile],
    /// Values that are stored differently from the file.
    conversions: &'o [ConvertedColumn],
    /// The copy of the database as it was before, if it still exists.
    backup: Option<String>,
    /// Where the time went until the run was sealed; empty unless it was made with `--timings`.
    run_timings: Vec<Timing>,
}

impl<'o> From<&'o RunDetails> for RunDetailsView<'o> {
    fn from(details: &'o RunDetails) -> Self {
        let backup = details.backup.as_ref();
        let recorded = Recorded::of(&details.run);
        Self {
            run: RunView::of(&details.run, &recorded),
            tables: recorded.tables,
            files: &details.files,
            conversions: &details.conversions,
            backup: backup.map(|path| path.display().to_string()),
            run_timings: recorded.timings,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::runs::tests::run;
    use super::super::testing::{assert_lines, json};
    use super::*;
    use crate::database::ACCOUNTED;

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
    fn a_run_is_shown_with_all_details() {
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
                "  people.born: 1 value without an offset interpreted as UTC",
            ],
        );
    }

    #[test]
    fn a_run_without_a_directory_shows_none() {
        let mut disabled = details();
        disabled.files.clear();
        disabled.conversions.clear();
        let counts = serde_json::json!({"tables": {"words": {DISABLED_AFTER: 12}, "notes": {DISABLED_AFTER: 0}}});
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
                "  words: not recorded since entry 12",
                "  notes: not recorded since before the first entry",
            ],
        );
        let json = json(RunDetailsView::from(&disabled));
        for name in ["layout", "layout_digest", "source"] {
            assert_eq!(json[name], Value::Null, "{name}");
        }
        assert_eq!(json["tables"]["words"][DISABLED_AFTER], 12);
    }

    #[test]
    fn what_a_run_recorded_of_a_table_is_printed_as_it_is() {
        let counts = serde_json::json!({"tables": {
            "notes": {"gone": true, ACCOUNTED: {"until": 4}},
            "words": {DISABLED_AFTER: 4, "renamed_to": "terms"},
        }});
        let mut enabled = details();
        enabled.run.counts = Some(counts.to_string());
        let text = run_text(&enabled);
        let lines = "\n  notes: dropped or renamed before the run was completed\n  words: renamed to terms, and recorded with this name from now on\n";
        assert!(text.contains(lines), "{text}");
        let tables = &json(RunDetailsView::from(&enabled))["tables"];
        assert_eq!(
            tables.to_string(),
            r#"{"notes":{"gone":true},"words":{"disabled_after":4,"renamed_to":"terms"}}"#
        );
    }

    #[test]
    fn json_has_the_same_members_in_the_list_and_alone() {
        let details = details();
        let one = json(RunDetailsView::from(&details));
        for (name, value) in json(RunView::from(&run())).as_object().expect("an object") {
            assert_eq!(&one[name], value, "{name}");
        }
        assert_eq!(one["inserted"], 10_005);
        assert_eq!(one["tables"]["words"]["updated"], 2);
        assert_eq!(one["files"][0]["sha256"], "cd34");
        assert_eq!(one["conversions"][0]["count"], 1);
    }
}
